// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Transport::ping must be callable as `ping(handle const&, std::string_view payload)`
#include <backchannel/concepts.hpp>

struct my_transport {
    using handle = int;
    static constexpr bool unbounded = true;
    backchannel::delivery send(handle const&, backchannel::message const&) { return backchannel::delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
#if defined(COMPILE_FAIL_CORRECTED)
    void ping(handle const&, std::string_view) {}
#else
    void ping(handle const&) {}
#endif
};

static_assert(backchannel::check_transport<my_transport>());
