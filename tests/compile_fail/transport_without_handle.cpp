// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Transport needs a copyable type `handle` that names one connection
// without: Transport needs `backchannel::delivery send
// without: Transport needs `void close
#include <backchannel/concepts.hpp>

struct my_transport {
#if defined(COMPILE_FAIL_CORRECTED)
    using handle = int;
#endif
    static constexpr bool unbounded = true;
    backchannel::delivery send(int const&, backchannel::message const&) { return backchannel::delivery::accepted; }
    void close(int const&, std::uint16_t, std::string_view) {}
};

static_assert(backchannel::check_transport<my_transport>());
