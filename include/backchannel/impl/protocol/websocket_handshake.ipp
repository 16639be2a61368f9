// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_WEBSOCKET_HANDSHAKE_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_WEBSOCKET_HANDSHAKE_IPP

#include <backchannel/crypto/sha1.hpp>
#include <backchannel/protocol/base64.hpp>
#include <backchannel/protocol/websocket_extensions.hpp>
#include <backchannel/protocol/websocket_handshake.hpp>

#include <algorithm>
#include <string>

namespace backchannel::inline BACKCHANNEL_ABI::websocket {

namespace detail_handshake {

inline constexpr std::string_view accept_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
inline constexpr std::size_t key_bytes = 16, key_characters = 24;

// The value of a header that stands there exactly once.
[[nodiscard]] inline std::optional<std::string_view> only_one(http1::request_head const& head,
                                                              std::string_view name) noexcept {
    std::optional<std::string_view> found;
    for (header_view const& header : head.headers) {
        if (!equal_ignoring_case(header.name, name)) continue;
        if (found.has_value()) return std::nullopt;
        found = header.value;
    }
    return found;
}

[[nodiscard]] inline bool is_key(std::string_view key) {
    if (key.size() != key_characters) return false;
    std::optional<std::string> const bytes = protocol::base64_decode(key);
    return bytes.has_value() && bytes->size() == key_bytes;
}

}

BACKCHANNEL_DECL std::array<char, 28> accept_key(std::string_view key) {
    crypto::sha1 hash;
    hash.update(key);
    hash.update(detail_handshake::accept_suffix);
    auto const digest = hash.finish();
    std::string const text = protocol::base64_encode({reinterpret_cast<char const*>(digest.data()), digest.size()});
    std::array<char, 28> out{};
    std::copy_n(text.data(), out.size(), out.data());
    return out;
}

BACKCHANNEL_DECL handshake_error check_handshake(http1::request_head const& head) {
    if (head.method != "GET") return handshake_error::bad_method;
    if (head.minor_version < 1) return handshake_error::bad_http_version;
    if (!head.upgrade) return handshake_error::not_websocket;
    if (head.chunked || head.content_length.value_or(0) != 0) return handshake_error::body_present;
    // the version first: another one might mean something else by the key
    if (detail_handshake::only_one(head, "sec-websocket-version") != supported_version)
        return handshake_error::bad_version;
    if (!detail_handshake::is_key(detail_handshake::only_one(head, "sec-websocket-key").value_or("")))
        return handshake_error::bad_key;
    if (!read_subprotocols(head).has_value()) return handshake_error::bad_subprotocols;
    if (!extensions_are_valid(head.headers)) return handshake_error::bad_extensions;
    return read_origin(head).valid ? handshake_error::none : handshake_error::repeated_origin;
}

BACKCHANNEL_DECL int status_of(handshake_error error) noexcept {
    switch (error) {
    case handshake_error::none:
        return 101;
    case handshake_error::bad_method:
        return 405;
    case handshake_error::not_websocket:
    case handshake_error::bad_version:
        return 426;
    default:
        return 400;
    }
}

BACKCHANNEL_DECL std::string_view describe(handshake_error error) noexcept {
    switch (error) {
    case handshake_error::none:
        return "no error";
    case handshake_error::bad_method:
        return "a WebSocket is opened with GET";
    case handshake_error::bad_http_version:
        return "a WebSocket needs HTTP/1.1";
    case handshake_error::not_websocket:
        return "no upgrade to websocket";
    case handshake_error::body_present:
        return "a WebSocket handshake has no body";
    case handshake_error::bad_version:
        return "Sec-WebSocket-Version must be 13";
    case handshake_error::bad_key:
        return "invalid Sec-WebSocket-Key";
    case handshake_error::bad_subprotocols:
        return "invalid Sec-WebSocket-Protocol";
    case handshake_error::bad_extensions:
        return "invalid Sec-WebSocket-Extensions";
    case handshake_error::repeated_origin:
        return "repeated Origin";
    }
    return "unknown error";
}

BACKCHANNEL_DECL bool subprotocol_list::contains(std::string_view name) const noexcept {
    return std::find(begin(), end(), name) != end();
}

BACKCHANNEL_DECL bool subprotocol_list::add(std::string_view name) noexcept {
    if (size_ == capacity || !http1::is_token(name) || contains(name)) return false;
    names_[size_++] = name;
    return true;
}

BACKCHANNEL_DECL std::optional<subprotocol_list> read_subprotocols(http1::request_head const& head) noexcept {
    subprotocol_list offered;
    for (header_view const& header : head.headers) {
        if (!equal_ignoring_case(header.name, "sec-websocket-protocol")) continue;
        std::size_t const before = offered.size();
        for (std::string_view list = header.value, name; http1::next_list_element(list, name);)
            if (!offered.add(name)) return std::nullopt;
        if (offered.size() == before) return std::nullopt;
    }
    return offered;
}

BACKCHANNEL_DECL origin_field read_origin(http1::request_head const& head) noexcept {
    origin_field origin{true, detail_handshake::only_one(head, "origin")};
    origin.valid = origin.value.has_value() || find_header(head.headers, "origin") == nullptr;
    return origin;
}

}

#endif
