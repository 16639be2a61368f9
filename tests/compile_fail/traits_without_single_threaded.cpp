// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: hub traits need `static constexpr bool single_threaded`
#include <backchannel/concepts.hpp>
#include <backchannel/traits.hpp>

struct my_traits {
    using clock = backchannel::system_clocks;
    using mutex = backchannel::null_mutex;
    using ids = backchannel::plain_ids;
    using hooks = backchannel::no_hooks;
#if defined(COMPILE_FAIL_CORRECTED)
    static constexpr bool single_threaded = true;
#endif
};

static_assert(backchannel::check_hub_traits<my_traits>());
