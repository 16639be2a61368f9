// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Transport::on_thread must be callable as `bool on_thread(handle const&)`
#include <backchannel/concepts.hpp>

struct my_transport {
    using handle = int;
    static constexpr bool unbounded = true;
    backchannel::delivery send(handle const&, backchannel::message const&) { return backchannel::delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
#if defined(COMPILE_FAIL_CORRECTED)
    void dispatch(handle const&, backchannel::task) {}
    bool on_thread(handle const&) { return true; }
#else
    void dispatch(handle const&, backchannel::task) {}
    bool on_thread() { return true; }
#endif
};

static_assert(backchannel::check_transport<my_transport>());
