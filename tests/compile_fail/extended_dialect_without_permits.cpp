// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: this dialect reaches many connections in one call, and asks for each of them: Auth needs `bool
#include <backchannel/dialect/extensions.hpp>
#include <backchannel/management_router.hpp>

struct my_auth {
    backchannel::auth_decision authorize(backchannel::request_view const&, backchannel::operation, std::string_view);
#if defined(COMPILE_FAIL_CORRECTED)
    bool permits(backchannel::request_view const&, backchannel::principal const&, backchannel::operation,
                 std::string_view id);
#endif
};

template class backchannel::management_router<my_auth,
                                              backchannel::router_traits_for<backchannel::extended_dialect>>;
