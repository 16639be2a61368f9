// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: router traits need a type `dialect` made from `backchannel::router_options const&`
// expect: derive the traits from backchannel::default_router_traits
#include <backchannel/management_router.hpp>

struct my_traits : backchannel::default_router_traits {
#if defined(COMPILE_FAIL_CORRECTED)
    using dialect = backchannel::aws_dialect;
#else
    using dialect = int;
#endif
};

static_assert(backchannel::check_router_traits<my_traits>());
