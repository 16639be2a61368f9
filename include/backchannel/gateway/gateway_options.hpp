// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_GATEWAY_OPTIONS_HPP
#define BACKCHANNEL_GATEWAY_GATEWAY_OPTIONS_HPP

#include <backchannel/auth.hpp>
#include <backchannel/gateway/compression.hpp>
#include <backchannel/hub_options.hpp>
#include <backchannel/protocol/http1_request.hpp>
#include <backchannel/protocol/websocket_frame.hpp>
#include <backchannel/support/ip_text.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Every limit and deadline of the embedded gateway. Durations are totals, not times between two reads; one of a
/// hundred years or more is no deadline, and zero is at once unless it says otherwise.
struct gateway_options {
    router_options router{}; ///< stage, region, public hosts, longest message of a POST (413)
    hub_options hub{};       ///< WebSockets (503); idle, lifetime and closing deadlines; bytes of each send queue (429)
    http1::head_limits head{};        ///< bytes of target (414) and head, number of headers (431)
    websocket::frame_limits frames{}; ///< bytes of a frame and of a message (1009), fragments of a message (1008)

    std::size_t max_request_body = 1024 * 1024; ///< bytes of a body for the application's own routes; beyond it 413

    // Connections. Those beyond a limit are answered 503 and closed; over TLS they are closed.
    std::size_t max_connections = 100'000;       ///< TCP connections, of all kinds
    std::size_t max_connections_per_address = 0; ///< of one client's address, trusted proxies excepted; 0: any number
    std::size_t max_handshakes = 20'000;         ///< that have not sent the whole head of a request yet

    std::chrono::milliseconds handshake_timeout{std::chrono::seconds{10}}; ///< for the TLS handshake; closed
    std::chrono::milliseconds header_timeout{std::chrono::seconds{20}};    ///< for a head, from its first byte; 408
    std::chrono::milliseconds request_timeout{std::chrono::seconds{30}};   ///< for a whole request; 408
    std::chrono::milliseconds answer_timeout{
        std::chrono::seconds{60}}; ///< for a handler or Auth that answers later; 504
    std::chrono::milliseconds keep_alive_timeout{std::chrono::seconds{75}}; ///< for the next request to begin; closed
    std::chrono::milliseconds write_timeout{
        std::chrono::seconds{10}}; ///< for the peer to take some of what waits for it; dropped
    std::chrono::milliseconds linger_timeout{std::chrono::seconds{2}}; ///< for the peer to end after us; dropped

    /// Time between two pings to a WebSocket; zero: none. A peer that sends nothing at all for `pong_timeout` after a
    /// ping has gone: it is dropped (1006). A stream that has nothing for as long, or 15 s, is kept alive.
    std::chrono::milliseconds ping_interval{std::chrono::seconds{30}};
    std::chrono::milliseconds pong_timeout{std::chrono::seconds{10}};

    /// Pings and pongs of one client within a second; beyond it 1008. 0: any number.
    std::uint32_t control_frame_rate = 100;

    /// Compression of WebSocket messages, such as `permessage_deflate` of `gateway/deflate.hpp`; none: no compression.
    std::shared_ptr<message_compression const> compression{};

    /// Origins of web pages that may open a WebSocket, such as `https://example.com`; `*` stands for all. If there are
    /// none, a page may only come from the authority that it dials. Clients without Origin are no browsers.
    std::vector<std::string> allowed_origins{};

    /// Proxies whose `X-Forwarded-For` is believed: the client is the right-most address that is not one of them.
    std::vector<ip_network> trusted_proxies{};

    /// Header of the 101 answer that tells the client its id; empty: none.
    std::string connection_id_header = "X-Connection-Id";
};

}

#endif
