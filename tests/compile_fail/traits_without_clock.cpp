// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: hub traits need a type `clock` with `backchannel::time_point steady() const noexcept`
#include <backchannel/concepts.hpp>
#include <backchannel/traits.hpp>

struct my_traits {
#if defined(COMPILE_FAIL_CORRECTED)
    using clock = backchannel::system_clocks;
#endif
    using mutex = backchannel::null_mutex;
    using ids = backchannel::plain_ids;
    using hooks = backchannel::no_hooks;
    static constexpr bool single_threaded = true;
};

static_assert(backchannel::check_hub_traits<my_traits>());
