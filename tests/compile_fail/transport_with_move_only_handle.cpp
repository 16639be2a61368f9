// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Transport needs a copyable type `handle` that names one connection
#include <backchannel/concepts.hpp>

#include <memory>

struct my_transport {
#if defined(COMPILE_FAIL_CORRECTED)
    using handle = std::shared_ptr<int>;
#else
    using handle = std::unique_ptr<int>;
#endif
    static constexpr bool unbounded = true;
    backchannel::delivery send(handle const&, backchannel::message const&) { return backchannel::delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

static_assert(backchannel::check_transport<my_transport>());
