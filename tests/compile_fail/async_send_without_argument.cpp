// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: async_send needs a callable `void done(backchannel::delivery)` as third argument
#include <backchannel/connection_hub.hpp>

struct my_transport {
    using handle = int;
    static constexpr bool unbounded = true;
    backchannel::delivery send(handle const&, backchannel::message const&) { return backchannel::delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

void wrong(backchannel::connection_hub<my_transport>& hub, backchannel::message const& m) {
#if defined(COMPILE_FAIL_CORRECTED)
    hub.async_send("id", m, [](backchannel::delivery) {});
#else
    hub.async_send("id", m, [] {});
#endif
}
