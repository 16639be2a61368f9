// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: or `bool on_request(backchannel::request_view
#include <backchannel/gateway/handler.hpp>

struct my_handler {
#if defined(COMPILE_FAIL_CORRECTED)
    bool on_request(backchannel::request_view const&, backchannel::completion<backchannel::response>) { return false; }
#else
    void on_request(backchannel::request_view const&, backchannel::completion<backchannel::response>) {}
#endif
};

static_assert(backchannel::check_handler<my_handler>());
