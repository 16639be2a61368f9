// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Handler::on_message must be callable as `on_message(backchannel::gateway_client&,
#include <backchannel/gateway/handler.hpp>

struct my_handler {
#if defined(COMPILE_FAIL_CORRECTED)
    void on_message(backchannel::gateway_client&, backchannel::message const&) {}
#else
private:
    void on_message(backchannel::gateway_client&, backchannel::message const&) {}
#endif
};

static_assert(backchannel::check_handler<my_handler>());
