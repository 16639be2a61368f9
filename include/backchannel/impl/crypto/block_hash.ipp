// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_CRYPTO_BLOCK_HASH_IPP
#define BACKCHANNEL_IMPL_CRYPTO_BLOCK_HASH_IPP

// What SHA-1 and SHA-256 have in common (FIPS 180-4, sections 5.1.1 and 5.2.1): 64-byte blocks of big-endian words and
// the padding. `compress(blocks, count)` is the part in which they differ.

#include <backchannel/config.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI::crypto::detail_block_hash {

inline constexpr std::size_t block_size = 64;
inline constexpr std::size_t length_size = 8;

using block = std::array<std::uint8_t, block_size>;

// Swaps on the whole word, as compilers know it for one instruction; they don't see it in stores of single bytes.
[[nodiscard]] constexpr std::uint32_t big_endian(std::uint32_t word) noexcept {
    if constexpr (std::endian::native == std::endian::big) return word;
    return word >> 24 | (word >> 8 & 0xff00) | (word << 8 & 0xff0000) | word << 24;
}

[[nodiscard]] inline std::uint32_t load_word(std::uint8_t const* from) noexcept {
    std::uint32_t word;
    std::memcpy(&word, from, sizeof(word));
    return big_endian(word);
}

inline void store_word(std::uint32_t word, std::uint8_t* to) noexcept {
    word = big_endian(word);
    std::memcpy(to, &word, sizeof(word));
}

template <std::size_t Words>
[[nodiscard]] std::array<std::uint8_t, 4 * Words> to_digest(std::array<std::uint32_t, Words> const& state) noexcept {
    std::array<std::uint8_t, 4 * Words> digest;
    auto const store = [&]<std::size_t... I>(std::index_sequence<I...>) {
        (store_word(state[I], digest.data() + 4 * I), ...);
    };
    store(std::make_index_sequence<Words>{}); // compilers don't take the loop apart
    return digest;
}

// `size` counts all bytes of the message; the last `size % block_size` of them wait in `pending`.
template <class Compress>
void absorb(block& pending, std::uint64_t& size, std::string_view data, Compress compress) noexcept {
    if (data.empty()) return; // its pointer may be null, which memcpy doesn't take
    auto const* bytes = reinterpret_cast<std::uint8_t const*>(data.data());
    std::size_t left = data.size();
    auto const held = static_cast<std::size_t>(size % block_size);
    size += left;
    if (held != 0) {
        std::size_t const room = block_size - held;
        std::size_t const taken = left < room ? left : room;
        std::memcpy(pending.data() + held, bytes, taken);
        if (taken < room) return;
        compress(pending.data(), std::size_t{1});
        bytes += taken;
        left -= taken;
    }
    std::size_t const whole = left / block_size;
    if (whole != 0) compress(bytes, whole);
    std::memcpy(pending.data(), bytes + whole * block_size, left % block_size);
}

template <class Compress>
void pad(block const& pending, std::uint64_t size, Compress compress) noexcept {
    auto const held = static_cast<std::size_t>(size % block_size);
    std::size_t const count = held < block_size - length_size ? 1 : 2;
    std::array<std::uint8_t, 2 * block_size> last; // copied and cleared in sizes that are known, which is a few stores
    std::memcpy(last.data(), pending.data(), block_size);
    std::memset(last.data() + held, 0, block_size);
    last[held] = 0x80;
    std::uint8_t* const length = last.data() + count * block_size - length_size;
    store_word(static_cast<std::uint32_t>(size >> 29), length);
    store_word(static_cast<std::uint32_t>(size << 3 & 0xffffffff), length + 4);
    compress(last.data(), count);
}

}

#endif
