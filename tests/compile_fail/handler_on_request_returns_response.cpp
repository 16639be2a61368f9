// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Handler::on_request must be `std::optional<backchannel::response>
#include <backchannel/gateway/handler.hpp>

struct my_handler {
#if defined(COMPILE_FAIL_CORRECTED)
    std::optional<backchannel::response> on_request(backchannel::request_view const&) { return std::nullopt; }
#else
    backchannel::response on_request(backchannel::request_view const&) { return {}; }
#endif
};

static_assert(backchannel::check_handler<my_handler>());
