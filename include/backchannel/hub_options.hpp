// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_OPTIONS_HPP
#define BACKCHANNEL_HUB_OPTIONS_HPP

#include <backchannel/config.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Limits and deadlines of a hub. A duration of zero switches its deadline off.
struct hub_options {
    /// Connections at a time, at most 16,777,216 together with `retired_kept`; beyond it `open` gives an empty session.
    std::uint32_t max_connections = 1'000'000;

    /// Bytes that may wait for one connection, in the hub and (as far as it can be known) in the Transport; beyond it
    /// a send is refused with `backpressure`. What is on its way to the connection's own thread, which is to answer, is
    /// counted by itself until that thread's next turn.
    std::size_t queue_limit = 1024 * 1024;

    /// A connection with no activity for this long is closed with 1001.
    std::chrono::milliseconds idle_timeout{std::chrono::minutes{10}};

    /// A connection that is this old is closed with 1001.
    std::chrono::milliseconds max_lifetime{std::chrono::hours{2}};

    /// After a close was asked for, the connection is terminated (if the Transport can) when this has passed.
    std::chrono::milliseconds closing_timeout{std::chrono::seconds{10}};

    /// An id that is closed is remembered as such at least until this many sessions of others have ended after its own.
    std::uint32_t retired_kept = 1024;

    /// Whether the reason of a close is remembered as long as its code is; each takes up to 200 bytes.
    bool close_reasons = false;

    /// Latest changes (opened, closed, tagged) that are kept for readers of `connection_hub::changes`; 0: none, and
    /// nothing is written down. Each takes some 300 bytes.
    std::size_t changes_kept = 0;

    /// Whether a message that was sent to a client counts as its activity, as one that came from it does.
    bool sends_are_activity = true;

    /// Whether a message for a connection that is reserved and not open yet waits for it to open, as far as the queue's
    /// limit goes, and is the first that it gets; it is `gone` if the connection never opens. That holds for senders
    /// who wait for the answer (`async_send`, a router's `async_handle`), and needs a Transport with `dispatch`.
    bool hold_before_open = false;

    /// Sends with a key that are remembered, so that a repeated one is not delivered twice; 0: none, keys mean nothing.
    /// Each takes some 160 bytes once it is answered, and 260 before.
    std::size_t sends_remembered = 4096;

    /// For how long after its answer; zero: as long as there is room.
    std::chrono::milliseconds send_memory_time{std::chrono::seconds{60}};
};

}

#endif
