// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Transport::thread_key must be callable as `thread_key(handle const&)` and return a copyable
#include <backchannel/concepts.hpp>

struct my_transport {
    using handle = int;
    static constexpr bool unbounded = true;
    backchannel::delivery send(handle const&, backchannel::message const&) { return backchannel::delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
#if defined(COMPILE_FAIL_CORRECTED)
    void dispatch(handle const&, backchannel::task) {}
    int thread_key(handle const&) { return 0; }
#else
    void dispatch(handle const&, backchannel::task) {}
    void thread_key(handle const&) {}
#endif
};

static_assert(backchannel::check_transport<my_transport>());
