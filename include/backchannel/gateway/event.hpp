// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_EVENT_HPP
#define BACKCHANNEL_GATEWAY_EVENT_HPP

#include <backchannel/config.hpp>

#include <cstdint>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// One thing that happened in a gateway, for its log. Borrowed until the hook returns.
///
/// It never has a secret in it: no header, no query, no body, no message. `path`, and the `text` of `websocket_closed`
/// (the reason in the close frame), are the peer's: a log that is made of lines escapes them.
struct gateway_event {
    enum class type : std::uint8_t {
        connection_accepted,
        connection_refused, ///< `text` names the limit; `status` is 0 where there was no answer, over TLS say
        connection_closed,
        handshake_failed, ///< no TLS came about; `text`: why
        accept_failed,    ///< `text`: why; accepting pauses, or one connection was lost
        request_answered, ///< `status`, `method`, `path`
        request_rejected, ///< answered too, as it broke HTTP, a limit or a deadline: `status`, `text`
        websocket_opened,
        websocket_refused, ///< `status`, `method`, `path`
        websocket_closed,  ///< `status` is the close code (RFC 6455 7.4), 1006 if there was no closing handshake
        peer_stalled,      ///< the peer took nothing of what waited for it: the connection is dropped
        peer_vanished,     ///< no answer to a ping: the connection is dropped
        request_denied,    ///< a management request was not authorized; `text`: why; its answer comes behind
        draining,          ///< the gateway is asked to end
        drained            ///< its last connection has gone
    };

    type what;
    int status = 0;                   ///< of HTTP, or a close code
    std::string_view source_ip{};     ///< of the client; behind a trusted proxy the address that this names
    std::string_view connection_id{}; ///< of a WebSocket
    std::string_view method{};
    std::string_view path{}; ///< without query
    std::string_view text{}; ///< in English
};

/// The event's name, as it stands above.
[[nodiscard]] constexpr std::string_view name_of(gateway_event::type what) noexcept {
    using enum gateway_event::type;
    switch (what) {
    case connection_accepted:
        return "connection_accepted";
    case connection_refused:
        return "connection_refused";
    case connection_closed:
        return "connection_closed";
    case handshake_failed:
        return "handshake_failed";
    case accept_failed:
        return "accept_failed";
    case request_answered:
        return "request_answered";
    case request_rejected:
        return "request_rejected";
    case websocket_opened:
        return "websocket_opened";
    case websocket_refused:
        return "websocket_refused";
    case websocket_closed:
        return "websocket_closed";
    case peer_stalled:
        return "peer_stalled";
    case peer_vanished:
        return "peer_vanished";
    case request_denied:
        return "request_denied";
    case draining:
        return "draining";
    case drained:
        return "drained";
    }
    return "unknown";
}

}

#endif
