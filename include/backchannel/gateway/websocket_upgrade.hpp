// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_WEBSOCKET_UPGRADE_HPP
#define BACKCHANNEL_GATEWAY_WEBSOCKET_UPGRADE_HPP

#include <backchannel/gateway/answers.hpp>
#include <backchannel/gateway/compression.hpp>
#include <backchannel/gateway/request_rules.hpp>
#include <backchannel/gateway/websocket_session.hpp>
#include <backchannel/protocol/http1_request.hpp>
#include <backchannel/protocol/websocket_handshake.hpp>
#include <backchannel/support/guarded.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What becomes of a request to open a WebSocket: a session and the 101 that opens it, or a refusal. RFC 6455 4.2.
template <class Handler>
struct websocket_upgrade {
    response answer;
    std::unique_ptr<websocket_session<Handler>> accepted{}; ///< empty: refused
    bool readable = true; ///< whether the next request can be told from what is behind this one

    /// `request` is the same as `head`, with the client's address.
    template <class Core>
    [[nodiscard]] static websocket_upgrade decide(Core& core, websocket_carrier& carrier,
                                                  http1::request_head const& head, request_view const& request) {
        if (!core.is_websocket_path(head.target_path))
            return {gateway_answers::forbidden(), {}, !head.chunked && head.content_length.value_or(0) == 0};
        websocket::handshake_error const wrong = websocket::check_handshake(head);
        if (wrong != websocket::handshake_error::none) return {gateway_answers::bad_handshake(wrong), {}, false};
        auto const origin = websocket::read_origin(head);
        if (origin.value && !origin_is_allowed(*origin.value, head.authority, core.options.allowed_origins))
            return {gateway_answers::forbidden()};
        if (core.stopping) return {gateway_answers::unavailable("Going away")};

        std::string const source_ip{request.source_ip};
        session tracked = core.hub.reserve({source_ip, std::string{head.find("User-Agent")}, {}});
        if (!tracked) return {gateway_answers::unavailable("Too many connections")};
        std::optional<message_compression::agreement> compressed;
        if (core.options.compression != nullptr) compressed = core.options.compression->negotiate(head.headers);
        auto accepted = std::make_unique<websocket_session<Handler>>(
            carrier, core.handler, std::move(tracked), source_ip, core.options,
            compressed ? std::move(compressed->codec) : std::unique_ptr<message_codec>{});

        connect_answer decision;
        if constexpr (has_on_connect<Handler>) {
            gateway_client shown = accepted->client();
            if (!guarded([&] { decision = core.handler.on_connect(shown, request); }))
                return {gateway_answers::internal_error()};
            if (auto& refusal = decision.refusal()) {
                bool const allowed = refusal->status >= 400 && refusal->status <= 599;
                return {allowed ? std::move(*refusal) : gateway_answers::internal_error()};
            }
        }
        std::string_view const subprotocol = decision.subprotocol();
        if (!subprotocol.empty() && !websocket::read_subprotocols(head)->contains(subprotocol))
            return {gateway_answers::internal_error()}; // the handler's mistake: the client did not offer it

        response answer{101};
        auto const key = websocket::accept_key(head.find("Sec-WebSocket-Key"));
        answer.headers.add("Upgrade", "websocket");
        answer.headers.add("Connection", "Upgrade");
        answer.headers.add("Sec-WebSocket-Accept", {key.data(), key.size()});
        if (!subprotocol.empty()) answer.headers.add("Sec-WebSocket-Protocol", subprotocol);
        if (compressed) answer.headers.add("Sec-WebSocket-Extensions", compressed->answer);
        if (!core.options.connection_id_header.empty())
            answer.headers.add(core.options.connection_id_header, accepted->tracked().id());
        for (auto const& router : core.routers())
            if (auto const name = router->connection_id_header(); !name.empty())
                answer.headers.add(name, accepted->tracked().id());
        return {std::move(answer), std::move(accepted)};
    }
};

}

#endif
