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

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A client that asks for a WebSocket and may have one, if the application lets it in. RFC 6455 4.2.
template <class Core>
struct websocket_candidate {
    std::unique_ptr<websocket_session<Core>> session; ///< with an id that nobody can find yet
    connection_info info{};
    std::array<char, 28> accept_key{};
    std::vector<std::string> subprotocols{}; ///< that it offers
    std::string extensions{};                ///< of the 101
};

/// What becomes of a request to open a WebSocket.
template <class Core>
struct websocket_upgrade {
    response answer{};                                   ///< a refusal, or the 101
    std::optional<websocket_candidate<Core>> accepted{}; ///< nothing: refused
    bool readable = true; ///< whether the next request can be told from what is behind this one

    /// Whether the protocol and the gateway's rules allow it; `answer` says why not. `request` is the same as `head`,
    /// with the client's address.
    [[nodiscard]] static websocket_upgrade examine(Core& core, websocket_carrier<Core>& carrier,
                                                   http1::request_head const& head, request_view const& request) {
        if (!core.is_websocket_path(head.target_path))
            return {gateway_answers::forbidden(), {}, !head.chunked && head.content_length.value_or(0) == 0};
        websocket::handshake_error const wrong = websocket::check_handshake(head);
        if (wrong != websocket::handshake_error::none) return {gateway_answers::bad_handshake(wrong), {}, false};
        auto const origin = websocket::read_origin(head);
        if (origin.value && !origin_is_allowed(*origin.value, head.authority, core.options.allowed_origins))
            return {gateway_answers::forbidden()};
        if (core.stopping) return {gateway_answers::unavailable("Going away")};

        websocket_candidate<Core> made;
        made.info = {std::string{request.source_ip}, std::string{head.find("User-Agent")}, {}};
        auto tracked = core.hub.reserve(made.info); // the rest is told when it opens
        if (!tracked) return {gateway_answers::unavailable("Too many connections")};
        std::optional<message_compression::agreement> compressed;
        if (core.options.compression != nullptr) compressed = core.options.compression->negotiate(head.headers);
        if (compressed) made.extensions = std::move(compressed->answer);
        made.accept_key = websocket::accept_key(head.find("Sec-WebSocket-Key"));
        auto const offered = websocket::read_subprotocols(head);
        made.subprotocols.assign(offered->begin(), offered->end());
        made.session = std::make_unique<websocket_session<Core>>(
            carrier, std::move(tracked), compressed ? std::move(compressed->codec) : std::unique_ptr<message_codec>{});
        return {{}, std::move(made)};
    }

    /// What the application has decided about a candidate.
    [[nodiscard]] static websocket_upgrade conclude(Core& core, websocket_candidate<Core> c, connect_answer decision) {
        if (response* const refusal = decision.refusal()) {
            bool const allowed = refusal->status >= 400 && refusal->status <= 599;
            return {allowed ? std::move(*refusal) : gateway_answers::internal_error()};
        }
        if (core.stopping) return {gateway_answers::unavailable("Going away")};
        std::string_view const subprotocol = decision.subprotocol();
        if (!subprotocol.empty() &&
            std::find(c.subprotocols.begin(), c.subprotocols.end(), subprotocol) == c.subprotocols.end())
            return {gateway_answers::internal_error()}; // the handler's mistake: the client did not offer it
        c.info.attributes = std::move(decision.attributes());
        c.info.expires_at = decision.expires_at();

        response answer{101};
        std::string_view const id = c.session->tracked().id();
        answer.headers.add("Upgrade", "websocket");
        answer.headers.add("Connection", "Upgrade");
        answer.headers.add("Sec-WebSocket-Accept", {c.accept_key.data(), c.accept_key.size()});
        if (!subprotocol.empty()) answer.headers.add("Sec-WebSocket-Protocol", subprotocol);
        if (!c.extensions.empty()) answer.headers.add("Sec-WebSocket-Extensions", c.extensions);
        if (!core.options.connection_id_header.empty()) answer.headers.add(core.options.connection_id_header, id);
        for (auto const& router : core.routers())
            if (auto const name = router->connection_id_header(); !name.empty()) answer.headers.add(name, id);
        return {std::move(answer), std::move(c)};
    }
};

}

#endif
