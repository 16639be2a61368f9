// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: hub traits need a type `hooks`, such as backchannel::no_hooks
#include <backchannel/concepts.hpp>
#include <backchannel/traits.hpp>

struct my_traits {
    using clock = backchannel::system_clocks;
    using mutex = backchannel::null_mutex;
    using ids = backchannel::plain_ids;
#if defined(COMPILE_FAIL_CORRECTED)
    using hooks = backchannel::no_hooks;
#endif
    static constexpr bool single_threaded = true;
};

static_assert(backchannel::check_hub_traits<my_traits>());
