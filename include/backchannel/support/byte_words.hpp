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

/// Whether two words are the same but for the case of ASCII letters.
[[nodiscard]] constexpr bool same_letters(std::uint64_t a, std::uint64_t b) noexcept {
    std::uint64_t const differ = a ^ b;
    if ((differ & ~(0x20 * every_byte)) != 0) return false;
    if (differ == 0) return true;
    std::uint64_t const small = (a | 0x20 * every_byte) & ~high_bits; // so that no sum carries
    std::uint64_t const from_a = small + (0x80 - 'a') * every_byte, beyond_z = small + (0x80 - 'z' - 1) * every_byte;
    std::uint64_t const letters = (from_a & ~beyond_z & ~a & high_bits) >> 2;
    return (differ & ~letters) == 0;
}

/// How many of the first bytes of a word a mask of high bits leaves out. Precondition: it is not zero.
[[nodiscard]] inline std::size_t bytes_before(std::uint64_t mask) noexcept {
    int const bits = std::endian::native == std::endian::little ? std::countr_zero(mask) : std::countl_zero(mask);
    return static_cast<std::size_t>(bits) / 8;
}

#if defined(__SSE2__) && (defined(__GNUC__) || defined(__clang__))
inline constexpr bool finds_by_sixteen = true;

/// A bit for each of sixteen bytes that is below 0x20 or is 0x7F; with the compilers' vectors, as the header of
/// intrinsics is a large one.
[[nodiscard]] inline unsigned controls_of_sixteen(char const* from) noexcept {
    using sixteen = unsigned char __attribute__((vector_size(16)));
    using sixteen_chars = char __attribute__((vector_size(16))); // what the builtin takes
    sixteen bytes;
    std::memcpy(&bytes, from, 16);
    return static_cast<unsigned>(
        __builtin_ia32_pmovmskb128(reinterpret_cast<sixteen_chars>((bytes < 0x20) | (bytes == 0x7F))));
}
#else
inline constexpr bool finds_by_sixteen = false;
[[nodiscard]] inline unsigned controls_of_sixteen(char const*) noexcept { return 0; }
#endif

/// Where the first byte is that is below 0x20 or is 0x7F; `end` if none is.
[[nodiscard]] inline char const* find_control(char const* at, char const* end) noexcept {
    if constexpr (finds_by_sixteen)
        for (; end - at >= 16; at += 16)
            if (unsigned const found = controls_of_sixteen(at)) return at + std::countr_zero(found);
    auto const is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
    while (end - at >= 8) {
        std::uint64_t const word = load(at);
        std::uint64_t const mask = ((word - 0x20 * every_byte) | (word + every_byte)) & ~word & high_bits;
        at += mask == 0 ? 8 : bytes_before(mask);
        if (mask == 0) continue;
        if (is_control(*at)) return at;
        ++at; // a carry only looked like one
    }
    while (at != end && !is_control(*at)) ++at;
    return at;
}

/// False: there is no byte from 0 to 0x20 in it.
[[nodiscard]] inline bool may_have_blanks(std::string_view text) noexcept {
    char const* at = text.data();
    char const* const end = at + text.size();
    std::uint64_t found = 0;
    for (; end - at >= 8; at += 8) {
        std::uint64_t const word = load(at);
        found |= (word - 0x21 * every_byte) & ~word & high_bits;
    }
    for (; at != end; ++at) found |= static_cast<std::uint64_t>(static_cast<unsigned char>(*at) <= 0x20);
    return found != 0;
}

}

#endif
