// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: async_handle needs a callable `void done(backchannel::response)` as second argument
#include <backchannel/auth/allow_all.hpp>
#include <backchannel/management_router.hpp>

void answer(backchannel::management_router<backchannel::allow_all>& router, backchannel::request_view const& request) {
#if defined(COMPILE_FAIL_CORRECTED)
    (void)router.async_handle(request, [](backchannel::response) {});
#else
    (void)router.async_handle(request, [] {});
#endif
}
