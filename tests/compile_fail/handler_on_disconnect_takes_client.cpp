// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Handler::on_disconnect must be callable as `on_disconnect(std::string_view id,
#include <backchannel/gateway/handler.hpp>

struct my_handler {
#if defined(COMPILE_FAIL_CORRECTED)
    void on_disconnect(std::string_view, std::uint16_t, std::string_view) {}
#else
    void on_disconnect(backchannel::gateway_client&) {}
#endif
};

static_assert(backchannel::check_handler<my_handler>());
