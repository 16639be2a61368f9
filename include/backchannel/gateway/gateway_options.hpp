// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_GATEWAY_OPTIONS_HPP
#define BACKCHANNEL_GATEWAY_GATEWAY_OPTIONS_HPP

#include <backchannel/auth.hpp>
#include <backchannel/hub_options.hpp>
#include <backchannel/protocol/http1_request.hpp>
#include <backchannel/protocol/websocket_frame.hpp>
#include <backchannel/support/ip_text.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Every limit and deadline of the embedded gateway. Durations are totals, not times between two reads.
struct gateway_options {
    router_options router{};   ///< stage, region, public hosts, longest message of a POST
    hub_options hub{};         ///< connections, idle and lifetime deadlines; `queue_limit` bounds each send queue
    http1::head_limits head{}; ///< bytes of target and head, number of headers; beyond it 414 or 431
    websocket::frame_limits frames{}; ///< bytes of a frame and of a message (1009), fragments of a message (1008)

    std::size_t max_request_body = 1024 * 1024; ///< bytes of a body for the application's own routes; beyond it 413

    std::chrono::milliseconds request_timeout{
        std::chrono::seconds{30}}; ///< for a whole request, from its first byte; 408
    std::chrono::milliseconds keep_alive_timeout{std::chrono::seconds{75}}; ///< for the next request to begin
    std::chrono::milliseconds linger_timeout{std::chrono::seconds{2}};      ///< for the peer to read the last bytes

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
