// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Transport::buffered must be callable as `std::size_t buffered(handle const&)`
#include <backchannel/concepts.hpp>

struct my_transport {
    using handle = int;
#if defined(COMPILE_FAIL_CORRECTED)
    std::size_t buffered(handle const&) { return 0; }
#else
    static constexpr bool unbounded = true;
    std::size_t buffered() { return 0; }
#endif
    backchannel::delivery send(handle const&, backchannel::message const&) { return backchannel::delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

static_assert(backchannel::check_transport<my_transport>());
