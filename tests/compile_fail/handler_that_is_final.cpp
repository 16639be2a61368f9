// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Handler::on_open must be callable as `on_open(backchannel::gateway_client&)`
#include <backchannel/gateway/handler.hpp>

struct my_handler final {
#if defined(COMPILE_FAIL_CORRECTED)
    void on_open(backchannel::gateway_client&) {}
#else
    void on_open(std::string_view) {}
#endif
};

static_assert(backchannel::check_handler<my_handler>());
