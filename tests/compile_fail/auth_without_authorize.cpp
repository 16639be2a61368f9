// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Auth needs `backchannel::auth_decision authorize(backchannel::request_view const&,
// expect: use backchannel::allow_all to let everybody in
#include <backchannel/management_router.hpp>

struct my_auth {
#if defined(COMPILE_FAIL_CORRECTED)
    backchannel::auth_decision authorize(backchannel::request_view const&, backchannel::operation, std::string_view);
#endif
};

template class backchannel::management_router<my_auth>;
