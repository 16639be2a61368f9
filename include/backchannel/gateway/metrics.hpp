// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_METRICS_HPP
#define BACKCHANNEL_GATEWAY_METRICS_HPP

#include <backchannel/auth.hpp>
#include <backchannel/hub_metrics.hpp>
#include <backchannel/protocol/parse_error.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace backchannel::inline BACKCHANNEL_ABI {

inline constexpr std::size_t parse_errors = static_cast<std::size_t>(http1::parse_error::body_too_large) + 1;
inline constexpr std::size_t auth_errors = static_cast<std::size_t>(auth_error::internal) + 1;

/// Where a close code is counted: 1000 to 1015 each, then 3000 to 3999, then 4000 to 4999, then any other.
[[nodiscard]] constexpr std::size_t close_code_index(int code) noexcept {
    if (code >= 1000 && code <= 1015) return static_cast<std::size_t>(code - 1000);
    return code >= 3000 && code <= 3999 ? 16 : code >= 4000 && code <= 4999 ? 17 : 18;
}

/// The statuses of management answers, each where it is counted; the 0 stands for any other.
inline constexpr std::array<int, 14> management_statuses{200, 204, 400, 401, 403, 404, 405,
                                                         410, 413, 429, 500, 503, 504, 0};

[[nodiscard]] constexpr std::size_t management_status_index(int status) noexcept {
    std::size_t i = 0;
    while (management_statuses[i] != status && management_statuses[i] != 0) ++i;
    return i;
}

/// What happens in a gateway, as numbers: those that only grow, and a few that tell how it is now.
template <class Number>
struct gateway_numbers {
    // now
    Number connections_open{};   ///< TCP connections
    Number websockets_open{};    ///< WebSockets; one that is closing counts until its end
    Number handshakes_pending{}; ///< connections that have not sent the whole head of a request
    Number queue_bytes{};        ///< bytes that wait for clients, in all queues together

    // since the start
    Number connections_accepted{}, connections_refused{}, accept_errors{}, handshake_errors{};
    Number bytes_received{}, bytes_sent{}; ///< as HTTP and WebSocket have them, inside TLS
    Number websockets_opened{}, websockets_refused{};
    Number messages_received{}, messages_sent{}; ///< from and (queued) for WebSocket clients
    Number pings_sent{}, peers_vanished{}, peers_stalled{};
    Number request_timeouts{}; ///< answered 408

    std::array<Number, 6> responses{};                    ///< by the first digit of the status
    std::array<Number, 19> websockets_closed{};           ///< by `close_code_index`
    std::array<Number, parse_errors> requests_rejected{}; ///< by `http1::parse_error`
    std::array<std::array<Number, management_statuses.size()>, 4>
        management{}; ///< by operation (POST, GET, DELETE, none of them) and `management_status_index`

    /// Calls `f(to, from)` for each number of both.
    template <class From, class F>
    void combine(From const& from, F f) {
        f(connections_open, from.connections_open);
        f(websockets_open, from.websockets_open);
        f(handshakes_pending, from.handshakes_pending);
        f(queue_bytes, from.queue_bytes);
        f(connections_accepted, from.connections_accepted);
        f(connections_refused, from.connections_refused);
        f(accept_errors, from.accept_errors);
        f(handshake_errors, from.handshake_errors);
        f(bytes_received, from.bytes_received);
        f(bytes_sent, from.bytes_sent);
        f(websockets_opened, from.websockets_opened);
        f(websockets_refused, from.websockets_refused);
        f(messages_received, from.messages_received);
        f(messages_sent, from.messages_sent);
        f(pings_sent, from.pings_sent);
        f(peers_vanished, from.peers_vanished);
        f(peers_stalled, from.peers_stalled);
        f(request_timeouts, from.request_timeouts);
        auto const each = [&f](auto& a, auto const& b) {
            for (std::size_t i = 0; i != a.size(); ++i) f(a[i], b[i]);
        };
        each(responses, from.responses);
        each(websockets_closed, from.websockets_closed);
        each(requests_rejected, from.requests_rejected);
        for (std::size_t i = 0; i != management.size(); ++i) each(management[i], from.management[i]);
    }
};

/// What a gateway has done since it was made, see `gateway::metrics`.
struct gateway_metrics : gateway_numbers<std::uint64_t> {
    std::array<std::uint64_t, auth_errors> requests_denied{}; ///< by `auth_error`
    hub_metrics hub{};
};

/// A number that one thread changes and any thread reads.
class loop_counter {
public:
    void add(std::uint64_t n) noexcept { value_.store(get() + n, std::memory_order_relaxed); }
    void subtract(std::uint64_t n) noexcept { value_.store(get() - n, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// The numbers of one event loop.
using gateway_counters = gateway_numbers<loop_counter>;

}

#endif
