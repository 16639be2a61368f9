// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: router traits need a type `hooks`, such as backchannel::no_hooks
// expect: derive the traits from backchannel::default_router_traits
#include <backchannel/management_router.hpp>

struct my_traits {
    using clock = backchannel::system_clocks;
    using dialect = backchannel::aws_dialect;
#if defined(COMPILE_FAIL_CORRECTED)
    using hooks = backchannel::no_hooks;
#endif
};

static_assert(backchannel::check_router_traits<my_traits>());
