// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_WEBSOCKET_FRAME_HEADER_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_WEBSOCKET_FRAME_HEADER_IPP

#include <backchannel/protocol/websocket_frame_header.hpp>

namespace backchannel::inline BACKCHANNEL_ABI::websocket {

namespace detail_frame {

inline constexpr std::uint8_t fin_bit = 0x80, rsv1_bit = 0x40; // of the first byte
inline constexpr std::uint8_t mask_bit = 0x80;                 // of the second
inline constexpr std::uint8_t length_in_16_bits = 126, length_in_64_bits = 127;

}

BACKCHANNEL_DECL frame_header make_frame_header(opcode kind, std::uint64_t payload_size, bool fin, bool rsv1) noexcept {
    using namespace detail_frame;
    frame_header out;
    auto const put = [&out](std::uint64_t byte) { out.bytes[out.size++] = static_cast<char>(byte & 0xFF); };
    put((fin ? fin_bit : 0u) | (rsv1 ? rsv1_bit : 0u) | static_cast<std::uint8_t>(kind));
    int const extra = static_cast<int>(frame_header_size(payload_size)) - 2;
    put(extra == 0 ? payload_size : extra == 2 ? length_in_16_bits : length_in_64_bits);
    for (int i = extra - 1; i >= 0; --i) put(payload_size >> (8 * i));
    return out;
}

BACKCHANNEL_DECL frame_header make_masked_frame_header(opcode kind, std::uint64_t payload_size, std::array<char, 4> key,
                                                       bool fin, bool rsv1) noexcept {
    frame_header out = make_frame_header(kind, payload_size, fin, rsv1);
    out.bytes[1] = static_cast<char>(static_cast<std::uint8_t>(out.bytes[1]) | detail_frame::mask_bit);
    for (char const c : key) out.bytes[out.size++] = c;
    return out;
}

}

#endif
