// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Transport needs `void close(handle const&, std::uint16_t code, std::string_view reason)`
#include <backchannel/concepts.hpp>

struct my_transport {
    using handle = int;
    static constexpr bool unbounded = true;
    backchannel::delivery send(handle const&, backchannel::message const&) { return backchannel::delivery::accepted; }
#if defined(COMPILE_FAIL_CORRECTED)
    void close(handle const&, std::uint16_t, std::string_view) {}
#endif
};

static_assert(backchannel::check_transport<my_transport>());
