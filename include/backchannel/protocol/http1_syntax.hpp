// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_HTTP1_SYNTAX_HPP
#define BACKCHANNEL_PROTOCOL_HTTP1_SYNTAX_HPP

#include <backchannel/config.hpp>
#include <backchannel/support/byte_words.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::http1 {

/// Whether `text` is a token: a method, a header name, a subprotocol. RFC 9110 5.6.2.
[[nodiscard]] BACKCHANNEL_DECL bool is_token(std::string_view text) noexcept;

/// Whether `text` may be the value of a field: no control characters but tabs. RFC 9110 5.5.
[[nodiscard]] BACKCHANNEL_DECL bool is_field_value(std::string_view text) noexcept;

/// Whether `text` is a host with an optional port, as in Host: no userinfo, no empty host. RFC 3986 3.2.2 and 3.2.3.
[[nodiscard]] BACKCHANNEL_DECL bool is_host_and_port(std::string_view text) noexcept;

/// Takes the next element off a comma-separated list, without the blanks around it; empty elements are skipped.
///
/// False at the end of the list. RFC 9110 5.6.1.
[[nodiscard]] BACKCHANNEL_DECL bool next_list_element(std::string_view& list, std::string_view& element) noexcept;

namespace detail_syntax {

enum char_class : std::uint8_t { token_char = 1, host_char = 2, value_char = 4, target_char = 8, digit = 16, hex = 32 };

inline constexpr std::array<std::uint8_t, 256> classes = [] {
    std::array<std::uint8_t, 256> table{};
    auto const add = [&](std::string_view chars, int flags) {
        for (char const c : chars)
            table[static_cast<unsigned char>(c)] =
                static_cast<std::uint8_t>(table[static_cast<unsigned char>(c)] | flags);
    };
    for (std::size_t c = 0x21; c != 0x7F; ++c) table[c] = value_char | target_char;
    for (std::size_t c = 0x80; c != 0x100; ++c) table[c] = value_char;
    table['#'] = value_char;
    add(" \t", value_char);
    add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", token_char | host_char);
    add("!#$%&'*+-.^_`|~", token_char);
    add("-._~!$&'()*+,;=", host_char);
    add("0123456789", digit | hex);
    add("abcdefABCDEF", hex);
    return table;
}();

[[nodiscard]] inline bool is(char c, std::uint8_t flag) noexcept {
    return (classes[static_cast<unsigned char>(c)] & flag) != 0;
}

[[nodiscard]] inline bool all(std::string_view text, std::uint8_t flag) noexcept {
    for (char const c : text)
        if (!is(c, flag)) return false;
    return true;
}

using byte_words::every_byte;
using byte_words::high_bits;

// Looks at eight bytes at once and sets high bits if one of them may lack the class. A carry from byte to byte can set
// one too many, but never one too few.
struct odd_in_target {
    [[nodiscard]] constexpr std::uint64_t operator()(std::uint64_t word) const noexcept {
        std::uint64_t const hashes = byte_words::matches_of_word(word, '#');
        return ((word - 0x21 * every_byte) | (word + every_byte) | word | hashes) & high_bits;
    }
};

// The first byte at or behind `from` that lacks the class.
template <class Odd>
[[nodiscard]] std::size_t skip(std::string_view text, std::size_t from, std::uint8_t flag, Odd odd) noexcept {
    char const* at = text.data() + from;
    char const* const end = text.data() + text.size();
    while (end - at >= 8) {
        std::uint64_t const mask = odd(byte_words::load(at));
        at += mask == 0 ? 8 : byte_words::bytes_before(mask);
        if (mask == 0) continue;
        if (!is(*at, flag)) return static_cast<std::size_t>(at - text.data());
        ++at;
    }
    while (at != end && is(*at, flag)) ++at;
    return static_cast<std::size_t>(at - text.data());
}

// The first byte at or behind `from` that a field value may not have.
[[nodiscard]] inline std::size_t skip_value(std::string_view text, std::size_t from) noexcept {
    char const* at = text.data() + from;
    char const* const end = text.data() + text.size();
    for (;; ++at) {
        at = byte_words::find_control(at, end);
        if (at == end || *at != '\t') return static_cast<std::size_t>(at - text.data());
    }
}

[[nodiscard]] inline std::size_t skip_token(std::string_view text, std::size_t from) noexcept {
    char const* const end = text.data() + text.size();
    char const* at = byte_words::skip_plain(text.data() + from, end);
    while (at != end && is(*at, token_char)) ++at;
    return static_cast<std::size_t>(at - text.data());
}

[[nodiscard]] inline std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/http1_syntax.ipp>
#endif

#endif
