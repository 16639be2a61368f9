// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_WEBSOCKET_HANDSHAKE_HPP
#define BACKCHANNEL_PROTOCOL_WEBSOCKET_HANDSHAKE_HPP

#include <backchannel/config.hpp>
#include <backchannel/protocol/http1_request.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::websocket {

/// The value of Sec-WebSocket-Accept that answers a key. RFC 6455 4.2.2.
[[nodiscard]] BACKCHANNEL_DECL std::array<char, 28> accept_key(std::string_view key);

/// Why a request opens no WebSocket.
enum class handshake_error : std::uint8_t {
    none,
    bad_method,       ///< not GET: 405
    bad_http_version, ///< HTTP/1.0: 400
    not_websocket,    ///< asks for no upgrade to `websocket`: 426
    body_present,     ///< 400
    bad_version,      ///< Sec-WebSocket-Version isn't 13, exactly once: 426
    bad_key,          ///< Sec-WebSocket-Key isn't 16 bytes in base64, exactly once: 400
    bad_subprotocols, ///< see `read_subprotocols`: 400
    bad_extensions,   ///< see `extensions_are_valid`: 400
    repeated_origin   ///< more than one Origin: 400
};

/// The only protocol version there is, for the Sec-WebSocket-Version that goes with a 426. RFC 6455 4.4.
inline constexpr std::string_view supported_version = "13";

/// Whether a request may be answered with 101, but for the Origin and the subprotocol, which are the application's.
/// RFC 6455 4.2.1.
[[nodiscard]] BACKCHANNEL_DECL handshake_error check_handshake(http1::request_head const& head);

/// The status that answers such a request: 400, 405 (with `Allow: GET`) or 426 (with `Upgrade: websocket`,
/// `Connection: Upgrade` and `Sec-WebSocket-Version: 13`); 101 for `none`.
[[nodiscard]] BACKCHANNEL_DECL int status_of(handshake_error error) noexcept;

/// One plain phrase for logs and response bodies; a constant.
[[nodiscard]] BACKCHANNEL_DECL std::string_view describe(handshake_error error) noexcept;

/// The subprotocols that a client offers, in its order of preference; views into the request.
class subprotocol_list {
public:
    static constexpr std::size_t capacity = 32;

    [[nodiscard]] std::string_view const* begin() const noexcept { return names_.data(); }
    [[nodiscard]] std::string_view const* end() const noexcept { return names_.data() + size_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    /// Compared with case. RFC 6455 leaves that open; registered names differ in more than case.
    [[nodiscard]] BACKCHANNEL_DECL bool contains(std::string_view name) const noexcept;

    /// False if the name is no token, is there already, or there is no room.
    [[nodiscard]] BACKCHANNEL_DECL bool add(std::string_view name) noexcept;

private:
    std::array<std::string_view, capacity> names_{};
    std::size_t size_ = 0;
};

/// Reads Sec-WebSocket-Protocol, all its lines together. RFC 6455 4.1 and 11.3.4.
///
/// Nothing if an offer is no token, stands there twice, or is one of more than 32, or if a line offers nothing.
[[nodiscard]] BACKCHANNEL_DECL std::optional<subprotocol_list>
read_subprotocols(http1::request_head const& head) noexcept;

/// What a request says of its Origin. RFC 6454 7, RFC 6455 10.2.
struct origin_field {
    bool valid = true;                       ///< false: there is more than one, and none may be believed
    std::optional<std::string_view> value{}; ///< as sent, `null` included; nothing: no browser sent this
};

[[nodiscard]] BACKCHANNEL_DECL origin_field read_origin(http1::request_head const& head) noexcept;

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/websocket_handshake.ipp>
#endif

#endif
