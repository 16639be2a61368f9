// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_CONNECTION_DEADLINES_HPP
#define BACKCHANNEL_GATEWAY_CONNECTION_DEADLINES_HPP

#include <backchannel/connection.hpp>

#include <chrono>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Whoever waits a hundred years waits for ever; later times would be beyond what the clock can count.
inline constexpr std::chrono::milliseconds beyond_all_deadlines = std::chrono::hours{24} * 36525;

/// The time at which a wait that began `since` is over; the largest: never.
[[nodiscard]] constexpr time_point deadline_after(std::chrono::milliseconds wait, time_point since) noexcept {
    return wait < beyond_all_deadlines ? since + wait : time_point::max();
}

/// The deadlines of a connection that do not depend on what its bytes mean; all connections of a gateway share them.
struct connection_deadlines {
    std::chrono::milliseconds handshake; ///< until bytes can be exchanged
    std::chrono::milliseconds write;     ///< for the peer to take some of what waits for it
    std::chrono::milliseconds linger;    ///< for the peer to end its side when ours has ended
};

}

#endif
