// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Transport::dispatch must be callable as `dispatch(handle const&, backchannel::task)`
#include <backchannel/concepts.hpp>

struct my_transport {
    using handle = int;
    static constexpr bool unbounded = true;
    backchannel::delivery send(handle const&, backchannel::message const&) { return backchannel::delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
#if defined(COMPILE_FAIL_CORRECTED)
    void dispatch(handle const&, backchannel::task) {}
#else
    void dispatch(backchannel::task) {}
#endif
};

static_assert(backchannel::check_transport<my_transport>());
