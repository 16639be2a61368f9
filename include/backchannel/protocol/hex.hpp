// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_HEX_HPP
#define BACKCHANNEL_PROTOCOL_HEX_HPP

#include <backchannel/config.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

namespace detail_hex {

inline constexpr char digits[] = "0123456789abcdef";
inline constexpr std::uint8_t not_a_digit = 0xff;

// By sums, so that the time does not depend on the byte.
[[nodiscard]] constexpr char digit_of(unsigned half) noexcept {
    return static_cast<char>('0' + half + (((9 - half) >> 8) & ('a' - '0' - 10)));
}

[[nodiscard]] constexpr std::array<std::uint8_t, 256> make_values() noexcept {
    std::array<std::uint8_t, 256> values{};
    values.fill(not_a_digit);
    for (std::uint8_t value = 0; value < 16; ++value) values[static_cast<unsigned char>(digits[value])] = value;
    return values;
}

inline constexpr std::array<std::uint8_t, 256> values = make_values();

[[nodiscard]] constexpr std::uint8_t value_of(char c) noexcept { return values[static_cast<unsigned char>(c)]; }

#if defined(__SSE2__) && (defined(__GNUC__) || defined(__clang__))
inline constexpr bool encodes_sixteen = true;

// Sixteen bytes at once, with the compilers' vectors: the header of intrinsics is a large one.
inline void encode_sixteen(std::uint8_t const* bytes, char* out) noexcept {
    using sixteen = std::uint8_t __attribute__((vector_size(16)));
    using signed_sixteen = std::int8_t __attribute__((vector_size(16))); // compared by one instruction
    sixteen all;
    std::memcpy(&all, bytes, 16);
    signed_sixteen const high = reinterpret_cast<signed_sixteen>(all >> 4);
    signed_sixteen const low = reinterpret_cast<signed_sixteen>(all & 15);
    auto const write = [](signed_sixteen halves, char* to) {
        signed_sixteen const text = halves + '0' + ((halves > 9) & ('a' - '0' - 10));
        std::memcpy(to, &text, 16);
    };
    write(__builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), out);
    write(__builtin_shufflevector(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), out + 16);
}
#else
inline constexpr bool encodes_sixteen = false;
inline void encode_sixteen(std::uint8_t const*, char*) noexcept {}
#endif

}

/// Writes bytes as lower-case hexadecimal digits, the high half of a byte first (RFC 4648, section 8).
///
/// Precondition: `out` has room for two characters per byte. No terminating zero is written. The time does not depend on
/// the bytes.
inline void hex_encode(std::span<std::uint8_t const> bytes, char* out) noexcept {
    std::uint8_t const* at = bytes.data();
    std::uint8_t const* const end = at + bytes.size();
    if constexpr (detail_hex::encodes_sixteen)
        for (; end - at >= 16; at += 16, out += 32) detail_hex::encode_sixteen(at, out);
    for (; at != end; ++at) {
        *out++ = detail_hex::digit_of(*at >> 4);
        *out++ = detail_hex::digit_of(*at & 15u);
    }
}

/// Reads exactly `Size` bytes from lower-case hexadecimal digits.
///
/// Nothing if the text isn't the one that `hex_encode` writes: another length, an upper-case digit, any other
/// character. The time depends on the text, so this isn't for secrets.
template <std::size_t Size>
[[nodiscard]] constexpr std::optional<std::array<std::uint8_t, Size>> hex_decode(std::string_view text) noexcept {
    if (text.size() != 2 * Size) return std::nullopt;
    std::array<std::uint8_t, Size> bytes{};
    for (std::size_t at = 0; at < Size; ++at) {
        unsigned const high = detail_hex::value_of(text[2 * at]);
        unsigned const low = detail_hex::value_of(text[2 * at + 1]);
        if ((high | low) > 15) return std::nullopt;
        bytes[at] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return bytes;
}

}

#endif
