// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: hub traits need a default constructible type `mutex` with lock() and unlock()
#include <backchannel/concepts.hpp>
#include <backchannel/traits.hpp>

struct half_mutex {
    void lock();
};

struct my_traits : backchannel::default_hub_traits {
#if !defined(COMPILE_FAIL_CORRECTED)
    using mutex = half_mutex;
#endif
};

static_assert(backchannel::check_hub_traits<my_traits>());
