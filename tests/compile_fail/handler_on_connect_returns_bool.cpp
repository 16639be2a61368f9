// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Handler::on_connect must be `backchannel::connect_answer on_connect(backchannel::gateway_client&,
#include <backchannel/gateway/handler.hpp>

struct my_handler {
#if defined(COMPILE_FAIL_CORRECTED)
    backchannel::connect_answer on_connect(backchannel::gateway_client&, backchannel::request_view const&) {
        return {};
    }
#else
    bool on_connect(backchannel::gateway_client&, backchannel::request_view const&) { return true; }
#endif
};

static_assert(backchannel::check_handler<my_handler>());
