// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TRAITS_HPP
#define BACKCHANNEL_TRAITS_HPP

#include <backchannel/connection.hpp>
#include <backchannel/connection_id.hpp>
#include <backchannel/hub/atomic_cell.hpp>

#include <chrono>
#include <mutex>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The clocks that hub, router and authorizers read; they read no other.
struct system_clocks {
    [[nodiscard]] time_point steady() const noexcept { return std::chrono::steady_clock::now(); }
    [[nodiscard]] wall_time wall() const noexcept {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

/// Observes nothing. A hooks type of one's own has any subset of the members that `connection_hub` and
/// `management_router` name, each of them noexcept; what is absent costs nothing.
struct no_hooks {};

/// What a hub is made of, apart from its Transport. Derive from it and name what is to be different.
struct default_hub_traits {
    using clock = system_clocks; ///< `steady()` and `wall()`
    using mutex = std::mutex;    ///< `lock()` and `unlock()`
    using ids = plain_ids;       ///< how ids look outside, see `plain_ids`
    using hooks = no_hooks;      ///< `on_open`, `on_closed`, `on_delivery`
    static constexpr bool single_threaded = false;
};

/// For a hub that only ever sees one thread: no atomic operation, no lock.
struct single_threaded_traits : default_hub_traits {
    using mutex = null_mutex;
    static constexpr bool single_threaded = true;
};

/// The instances of a hub's traits, for those that carry state.
template <class Traits>
struct hub_policies {
    typename Traits::clock clock{};
    typename Traits::ids ids{};
    typename Traits::hooks hooks{};
};

}

#endif
