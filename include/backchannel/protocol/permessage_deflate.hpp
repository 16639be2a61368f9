// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_PERMESSAGE_DEFLATE_HPP
#define BACKCHANNEL_PROTOCOL_PERMESSAGE_DEFLATE_HPP

#include <backchannel/http.hpp>

#include <optional>
#include <span>
#include <string>

namespace backchannel::inline BACKCHANNEL_ABI::websocket {

/// What a server wants of permessage-deflate. RFC 7692 7.1.
///
/// Context takeover: a message is compressed with the help of those before it, which pays most where messages are short
/// and alike, and costs memory for as long as the connection lives. The server's side compresses what is sent, the
/// client's side what is received.
struct deflate_settings {
    bool server_context_takeover = false; ///< false also if the client asks for none
    bool client_context_takeover = false; ///< false also if the client does without

    /// Base-2 logarithm of the window's bytes, 9 to 15; less if the client asks for less.
    int server_max_window_bits = 15;

    /// Base-2 logarithm of the window's bytes, 8 to 15; less if the client says so. Below 15, the offers of clients
    /// that cannot be told are declined.
    int client_max_window_bits = 15;
};

/// What server and client have agreed on.
struct deflate_agreement {
    bool server_context_takeover = true;
    bool client_context_takeover = true;
    int server_window_bits = 15; ///< 9 to 15
    int client_window_bits = 15; ///< 8 to 15
    std::string answer{};        ///< the value of Sec-WebSocket-Extensions in the 101 answer
};

/// Accepts the first offer of permessage-deflate that can be met; nothing if there is none. RFC 7692 5.1 and 7.1.
///
/// Declined are offers with a parameter that is unknown, stands there twice or has a value it must not have, and a
/// server's window of 2^8 bytes, which zlib cannot compress with. Nothing too if the header is malformed (see
/// `extensions_are_valid`). Settings beyond their ranges count as the nearest end.
[[nodiscard]] BACKCHANNEL_DECL std::optional<deflate_agreement> negotiate_deflate(std::span<header_view const> headers,
                                                                                  deflate_settings const& settings);

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/permessage_deflate.ipp>
#endif

#endif
