// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_WEBSOCKET_FRAME_HEADER_HPP
#define BACKCHANNEL_PROTOCOL_WEBSOCKET_FRAME_HEADER_HPP

#include <backchannel/config.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::websocket {

/// The kinds of frames. RFC 6455 5.2.
enum class opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// A frame's header, ready to be sent in front of its payload.
struct frame_header {
    std::array<char, 14> bytes{};
    std::uint8_t size = 0;

    [[nodiscard]] std::string_view view() const noexcept { return {bytes.data(), size}; }
};

/// The size of an unmasked header: 2, 4 or 10 bytes. A masked one has 4 more. RFC 6455 5.2.
[[nodiscard]] constexpr std::size_t frame_header_size(std::uint64_t payload_size) noexcept {
    return payload_size < 126 ? 2 : payload_size <= 0xFFFF ? 4 : 10;
}

/// The header of a server's frame. Preconditions: `payload_size` below 2^63, and at most 125 for control frames.
[[nodiscard]] BACKCHANNEL_DECL frame_header make_frame_header(opcode kind, std::uint64_t payload_size, bool fin = true,
                                                              bool rsv1 = false) noexcept;

/// The header of a client's frame; its payload must be masked with the same key. Preconditions as above.
[[nodiscard]] BACKCHANNEL_DECL frame_header make_masked_frame_header(opcode kind, std::uint64_t payload_size,
                                                                     std::array<char, 4> key, bool fin = true,
                                                                     bool rsv1 = false) noexcept;

/// Whether a close frame may carry this code: 1000-1003, 1007-1014, 3000-4999. RFC 6455 7.4 and its IANA registry.
[[nodiscard]] constexpr bool is_sendable_close_code(std::uint16_t code) noexcept {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/websocket_frame_header.ipp>
#endif

#endif
