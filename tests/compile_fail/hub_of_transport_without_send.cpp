// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Transport needs `backchannel::delivery send(handle const&, backchannel::message const&)`
#include <backchannel/connection_hub.hpp>

struct my_transport {
    using handle = int;
    static constexpr bool unbounded = true;
#if defined(COMPILE_FAIL_CORRECTED)
    backchannel::delivery send(handle const&, backchannel::message const&) { return backchannel::delivery::accepted; }
#endif
    void close(handle const&, std::uint16_t, std::string_view) {}
};

template class backchannel::connection_hub<my_transport>;
