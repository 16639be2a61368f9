// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_GUARDED_HPP
#define BACKCHANNEL_SUPPORT_GUARDED_HPP

#include <backchannel/config.hpp>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Runs code of the user's, or code that may run out of memory. False: it threw.
template <class F>
[[nodiscard]] bool guarded(F&& act) {
#if BACKCHANNEL_EXCEPTIONS
    try {
        act();
    } catch (...) {
        return false;
    }
#else
    act();
#endif
    return true;
}

/// What `act` returns, or what `otherwise` does if it throws.
template <class F, class Otherwise>
[[nodiscard]] auto guarded_or(F&& act, Otherwise&& otherwise) {
#if BACKCHANNEL_EXCEPTIONS
    try {
        return act();
    } catch (...) {
        return otherwise();
    }
#else
    (void)otherwise;
    return act();
#endif
}

}

#endif
