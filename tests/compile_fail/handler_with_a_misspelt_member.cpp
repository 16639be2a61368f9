// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Handler must have at least one of on_connect, on_open, on_message, on_disconnect, on_request and on_event
#include <backchannel/gateway/handler.hpp>

struct my_handler {
#if defined(COMPILE_FAIL_CORRECTED)
    void on_message(backchannel::gateway_client&, backchannel::message const&) {}
#else
    void on_mesage(backchannel::gateway_client&, backchannel::message const&) {}
#endif
};

static_assert(backchannel::check_handler<my_handler>());
