// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Transport must say how its unsent bytes are known, by exactly one of:
#include <backchannel/concepts.hpp>

struct my_transport {
    using handle = int;
    static constexpr bool unbounded = true;
    backchannel::delivery send(handle const&, backchannel::message const&) { return backchannel::delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
#if defined(COMPILE_FAIL_CORRECTED)

#else
    std::size_t buffered(handle const&) { return 0; }
#endif
};

static_assert(backchannel::check_transport<my_transport>());
