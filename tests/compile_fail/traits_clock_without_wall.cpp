// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: hub traits need a type `clock` with `backchannel::time_point steady() const noexcept`
#include <backchannel/concepts.hpp>
#include <backchannel/traits.hpp>

struct half_clock {
    backchannel::time_point steady() const noexcept;
};

struct my_traits : backchannel::default_hub_traits {
#if !defined(COMPILE_FAIL_CORRECTED)
    using clock = half_clock;
#endif
};

static_assert(backchannel::check_hub_traits<my_traits>());
