// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_BASE64_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_BASE64_IPP

#include <backchannel/protocol/base64.hpp>

#include <array>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

namespace detail_base64 {

inline constexpr char standard_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
inline constexpr char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

inline constexpr std::uint8_t not_a_digit = 0xff;

using digit_table = std::array<std::uint8_t, 256>;

[[nodiscard]] constexpr digit_table make_table(bool url_too) noexcept {
    digit_table table{};
    table.fill(not_a_digit);
    for (std::uint8_t digit = 0; digit < 64; ++digit) {
        table[static_cast<unsigned char>(standard_alphabet[digit])] = digit;
        if (url_too) table[static_cast<unsigned char>(url_alphabet[digit])] = digit;
    }
    return table;
}

inline constexpr digit_table standard_digits = make_table(false);
inline constexpr digit_table any_digits = make_table(true);

// Writes the digits without padding and returns the end of what was written.
inline char* write_digits(std::uint8_t const* bytes, std::size_t size, char const* alphabet, char* out) noexcept {
    std::size_t at = 0;
    for (; size - at >= 3; at += 3) {
        std::uint32_t const group = std::uint32_t{bytes[at]} << 16 | std::uint32_t{bytes[at + 1]} << 8 | bytes[at + 2];
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = alphabet[group >> 6 & 63];
        *out++ = alphabet[group & 63];
    }
    if (size - at == 1) {
        *out++ = alphabet[bytes[at] >> 2];
        *out++ = alphabet[bytes[at] << 4 & 63];
    } else if (size - at == 2) {
        *out++ = alphabet[bytes[at] >> 2];
        *out++ = alphabet[(bytes[at] << 4 | bytes[at + 1] >> 4) & 63];
        *out++ = alphabet[bytes[at + 1] << 2 & 63];
    }
    return out;
}

[[nodiscard]] inline std::uint8_t const* as_bytes(std::string_view text) noexcept {
    return reinterpret_cast<std::uint8_t const*>(text.data());
}

// `text` has no padding any more.
[[nodiscard]] inline std::optional<std::string> decode_digits(std::string_view text, digit_table const& digits) {
    if (text.size() % 4 == 1) return std::nullopt;
    std::string bytes(base64_decoded_size(text.size()), '\0');
    std::size_t written = 0;
    std::uint32_t pending = 0; // only its lowest `bits` bits count
    unsigned bits = 0;
    for (char const c : text) {
        std::uint8_t const digit = digits[static_cast<unsigned char>(c)];
        if (digit == not_a_digit) return std::nullopt;
        pending = pending << 6 | digit;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        bytes[written++] = static_cast<char>(static_cast<std::uint8_t>(pending >> bits & 0xff));
    }
    if ((pending & ((std::uint32_t{1} << bits) - 1)) != 0) return std::nullopt;
    return bytes;
}

// Text of a multiple of four characters ends in zero, one or two padding characters.
[[nodiscard]] inline std::string_view without_padding(std::string_view text) noexcept {
    if (text.ends_with("==")) return text.substr(0, text.size() - 2);
    if (text.ends_with('=')) return text.substr(0, text.size() - 1);
    return text;
}

}

BACKCHANNEL_DECL std::string base64_encode(std::string_view bytes) {
    std::string text(base64_encoded_size(bytes.size()), '=');
    detail_base64::write_digits(detail_base64::as_bytes(bytes), bytes.size(), detail_base64::standard_alphabet,
                                text.data());
    return text;
}

BACKCHANNEL_DECL std::string base64url_encode(std::string_view bytes) {
    std::string text(base64url_encoded_size(bytes.size()), '\0');
    detail_base64::write_digits(detail_base64::as_bytes(bytes), bytes.size(), detail_base64::url_alphabet, text.data());
    return text;
}

BACKCHANNEL_DECL std::size_t base64url_encode(std::span<std::uint8_t const> bytes, char* out) noexcept {
    char* const end = detail_base64::write_digits(bytes.data(), bytes.size(), detail_base64::url_alphabet, out);
    return static_cast<std::size_t>(end - out);
}

BACKCHANNEL_DECL std::optional<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    return detail_base64::decode_digits(detail_base64::without_padding(text), detail_base64::standard_digits);
}

BACKCHANNEL_DECL std::optional<std::string> base64_decode_any(std::string_view text) {
    std::string_view const digits = detail_base64::without_padding(text);
    if (digits.size() != text.size() && text.size() % 4 != 0) return std::nullopt;
    return detail_base64::decode_digits(digits, detail_base64::any_digits);
}

}

#endif
