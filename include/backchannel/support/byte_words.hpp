// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_BYTE_WORDS_HPP
#define BACKCHANNEL_SUPPORT_BYTE_WORDS_HPP

// Text looked at eight bytes at a time, in plain C++.

#include <backchannel/config.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::byte_words {

inline constexpr std::uint64_t every_byte = 0x0101010101010101u;
inline constexpr std::uint64_t high_bits = 0x80 * every_byte;

/// Eight bytes that need not be aligned.
[[nodiscard]] inline std::uint64_t load(char const* from) noexcept {
    std::uint64_t word;
    std::memcpy(&word, from, sizeof word);
    return word;
}

/// Four of them, in the low half of a word.
[[nodiscard]] inline std::uint64_t load_half(char const* from) noexcept {
    std::uint32_t word;
    std::memcpy(&word, from, sizeof word);
    return word;
}

/// Whether a text is this literal; compilers make a few instructions of it, not a call.
template <std::size_t N>
[[nodiscard]] inline bool same(std::string_view text, char const (&literal)[N]) noexcept {
    return text.size() == N - 1 && std::memcmp(text.data(), literal, N - 1) == 0;
}

/// The bit that tells small ASCII letters from capitals, for each letter in a word.
[[nodiscard]] constexpr std::uint64_t case_bits(std::uint64_t word) noexcept {
    std::uint64_t const small = (word | 0x20 * every_byte) & ~high_bits; // so that no sum carries
    std::uint64_t const from_a = small + (0x80 - 'a') * every_byte, beyond_z = small + (0x80 - 'z' - 1) * every_byte;
    return (from_a & ~beyond_z & ~word & high_bits) >> 2;
}

/// Whether two words are the same but for the case of ASCII letters.
// Always inline: where `b` is a constant, two instructions are left.
[[nodiscard, gnu::always_inline]] constexpr bool same_letters(std::uint64_t a, std::uint64_t b) noexcept {
    std::uint64_t const letters = case_bits(b);
    return (a | letters) == (b | letters);
}

/// The same for texts of one size.
[[nodiscard]] inline bool same_letters(char const* a, char const* b, std::size_t size) noexcept {
    if (size >= 8) { // the last word may overlap with the one before it
        for (std::size_t i = 0; i + 8 < size; i += 8)
            if (!same_letters(load(a + i), load(b + i))) return false;
        return same_letters(load(a + size - 8), load(b + size - 8));
    }
    if (size >= 4)
        return same_letters(load_half(a), load_half(b)) &&
               same_letters(load_half(a + size - 4), load_half(b + size - 4));
    for (std::size_t i = 0; i != size; ++i)
        if (!same_letters(static_cast<unsigned char>(a[i]), static_cast<unsigned char>(b[i]))) return false;
    return true;
}

/// Whether a text is this literal but for the case of ASCII letters; a few instructions, like `same`.
template <std::size_t N>
[[nodiscard]] inline bool same_name(std::string_view text, char const (&literal)[N]) noexcept {
    constexpr std::size_t size = N - 1;
    if (text.size() != size) return false;
    char const* const a = text.data();
    if constexpr (size < 8) {
        static_assert(size >= 4);
        return same_letters(load_half(a), load_half(literal)) &&
               same_letters(load_half(a + size - 4), load_half(literal + size - 4));
    } else {
        for (std::size_t i = 0; i + 8 < size; i += 8)
            if (!same_letters(load(a + i), load(literal + i))) return false;
        return same_letters(load(a + size - 8), load(literal + size - 8));
    }
}

/// How many of the first bytes of a word a mask of high bits leaves out. Precondition: it is not zero.
[[nodiscard]] inline std::size_t bytes_before(std::uint64_t mask) noexcept {
    int const bits = std::endian::native == std::endian::little ? std::countr_zero(mask) : std::countl_zero(mask);
    return static_cast<std::size_t>(bits) / 8;
}

#if defined(__SSE2__) && (defined(__GNUC__) || defined(__clang__))
inline constexpr bool finds_by_sixteen = true;

// The compilers' vectors, as the header of intrinsics is a large one.
using sixteen = unsigned char __attribute__((vector_size(16)));

[[nodiscard]] inline sixteen load_sixteen(char const* from) noexcept {
    sixteen bytes;
    std::memcpy(&bytes, from, 16);
    return bytes;
}

template <class Mask>
[[nodiscard]] unsigned bits_of(Mask mask) noexcept {
    using chars = char __attribute__((vector_size(16))); // what the builtin takes
    return static_cast<unsigned>(__builtin_ia32_pmovmskb128(reinterpret_cast<chars>(mask)));
}

/// A bit for each of sixteen bytes that is below 0x20 or is 0x7F.
[[nodiscard]] inline unsigned controls_of_sixteen(char const* from) noexcept {
    sixteen const bytes = load_sixteen(from);
    return bits_of((bytes < 0x20) | (bytes == 0x7F));
}

/// A bit for each of sixteen bytes that is `c`.
[[nodiscard]] inline unsigned matches_of_sixteen(char const* from, char c) noexcept {
    return bits_of(load_sixteen(from) == static_cast<unsigned char>(c));
}

/// A bit for each of sixteen bytes that is no printable ASCII character or DEL, or is a quote or a backslash.
[[nodiscard]] inline unsigned escapes_of_sixteen(char const* from) noexcept {
    using signed_sixteen = signed char __attribute__((vector_size(16)));
    sixteen const bytes = load_sixteen(from);
    auto const others = reinterpret_cast<signed_sixteen>(bytes) < 0x20; // those from 0x80 on are negative
    return bits_of(others | (bytes == '"') | (bytes == '\\'));
}

/// A bit for each of sixteen bytes that is no ASCII letter, digit, '-' or '_'.
[[nodiscard]] inline unsigned marks_of_sixteen(char const* from) noexcept {
    sixteen const bytes = load_sixteen(from), letters = (bytes | 0x20) - 'a', digits = bytes - '0';
    return 0xFFFF ^ bits_of((letters < 26) | (digits < 10) | (bytes == '-') | (bytes == '_'));
}
#else
inline constexpr bool finds_by_sixteen = false;
[[nodiscard]] inline unsigned controls_of_sixteen(char const*) noexcept { return 0; }
[[nodiscard]] inline unsigned matches_of_sixteen(char const*, char) noexcept { return 0; }
[[nodiscard]] inline unsigned escapes_of_sixteen(char const*) noexcept { return 0; }
[[nodiscard]] inline unsigned marks_of_sixteen(char const*) noexcept { return 0; }
#endif

/// Where the last byte is that is `c`; `end` if none is.
[[nodiscard]] inline char const* find_last(char const* begin, char const* end, char c) noexcept {
    char const* at = end;
    if constexpr (finds_by_sixteen)
        for (; at - begin >= 16; at -= 16)
            if (unsigned const found = matches_of_sixteen(at - 16, c)) return at - 16 + (std::bit_width(found) - 1);
    while (at != begin)
        if (*--at == c) return at;
    return end;
}

/// Skips ASCII letters, digits, '-' and '_'; perhaps not all of them: what is there is to be looked at.
[[nodiscard]] inline char const* skip_plain(char const* at, char const* end) noexcept {
    if constexpr (finds_by_sixteen)
        for (; end - at >= 16; at += 16)
            if (unsigned const found = marks_of_sixteen(at)) return at + std::countr_zero(found);
    return at;
}

/// High bits at bytes that are below 0x20 or are 0x7F, and perhaps at some behind one of those.
[[nodiscard]] constexpr std::uint64_t controls_of_word(std::uint64_t word) noexcept {
    return ((word - 0x20 * every_byte) | (word + every_byte)) & ~word & high_bits;
}

/// High bits at bytes that are `c`, and perhaps at some behind one of those; its other bits mean nothing.
[[nodiscard]] constexpr std::uint64_t matches_of_word(std::uint64_t word, char c) noexcept {
    std::uint64_t const others = word ^ static_cast<unsigned char>(c) * every_byte;
    return (others - every_byte) & ~others;
}

/// Where the first byte is that is below 0x20 or is 0x7F; `end` if none is.
[[nodiscard]] inline char const* find_control(char const* at, char const* end) noexcept {
    if constexpr (finds_by_sixteen)
        for (; end - at >= 16; at += 16)
            if (unsigned const found = controls_of_sixteen(at)) return at + std::countr_zero(found);
    auto const is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
    while (end - at >= 8) {
        std::uint64_t const mask = controls_of_word(load(at));
        at += mask == 0 ? 8 : bytes_before(mask);
        if (mask == 0) continue;
        if (is_control(*at)) return at;
        ++at; // a carry only looked like one
    }
    while (at != end && !is_control(*at)) ++at;
    return at;
}

/// Whether `odd(word)` is not zero for one of the words of a text. They may overlap; a short text is a word a byte.
template <class Odd>
[[nodiscard]] bool any_word(std::string_view text, Odd odd) noexcept {
    std::uint64_t found = 0;
    if (text.size() < 8) {
        for (char const c : text) found |= odd(static_cast<unsigned char>(c) * every_byte);
        return found != 0;
    }
    char const* const end = text.data() + text.size() - 8;
    for (char const* at = text.data(); at < end; at += 8) found |= odd(load(at));
    return (found | odd(load(end))) != 0;
}

/// The same with sixteen bytes. Precondition: there are as many.
template <class Odd>
[[nodiscard]] bool any_sixteen(std::string_view text, Odd odd) noexcept {
    char const* const end = text.data() + text.size() - 16;
    unsigned found = odd(end);
    for (char const* at = text.data(); at < end; at += 16) found |= odd(at);
    return found != 0;
}

/// False: there is no byte from 0 to 0x20 in it.
[[nodiscard]] inline bool may_have_blanks(std::string_view text) noexcept {
    return any_word(text, [](std::uint64_t word) { return (word - 0x21 * every_byte) & ~word & high_bits; });
}

/// False: there is no byte from 0 to 0x1F and no 0x7F in it.
[[nodiscard]] inline bool may_have_controls(std::string_view text) noexcept {
    if (!finds_by_sixteen || text.size() < 16) return any_word(text, controls_of_word);
    return any_sixteen(text, controls_of_sixteen);
}

}

#endif
