// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: handle() needs an Auth with authorize(); this one takes its time: use async_handle()
#include <backchannel/management_router.hpp>

struct my_auth {
    void async_authorize(backchannel::request_view const&, backchannel::operation, std::string_view,
                         backchannel::completion<backchannel::auth_decision>);
};

void answer(backchannel::management_router<my_auth>& router, backchannel::request_view const& request) {
#if defined(COMPILE_FAIL_CORRECTED)
    (void)router.async_handle(request, [](backchannel::response) {});
#else
    (void)router.handle(request);
#endif
}
