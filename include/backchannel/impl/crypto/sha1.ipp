// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_CRYPTO_SHA1_IPP
#define BACKCHANNEL_IMPL_CRYPTO_SHA1_IPP

#include <backchannel/crypto/sha1.hpp>

#include <backchannel/impl/crypto/block_hash.ipp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace backchannel::inline BACKCHANNEL_ABI::crypto {

namespace detail_sha1 {

using words = std::array<std::uint32_t, 5>;
using schedule = std::array<std::uint32_t, 16>; // the latest sixteen words; word t is at t % 16

[[nodiscard]] inline std::uint32_t input_of_round(schedule& w, std::size_t t) noexcept {
    std::uint32_t& word = w[t & 15];
    if (t >= 16) word = std::rotl(w[(t - 3) & 15] ^ w[(t - 8) & 15] ^ w[(t - 14) & 15] ^ word, 1);
    return word;
}

// The rounds differ in the function and the constant, which change every twenty (FIPS 180-4, sections 4.1.1 and 4.2.1).
template <class Mix>
void twenty_rounds(words& v, schedule& w, std::size_t first, std::uint32_t constant, Mix mix) noexcept {
    std::uint32_t a = v[0], b = v[1], c = v[2], d = v[3], e = v[4];
    for (std::size_t t = first; t < first + 20; ++t) {
        std::uint32_t const next = std::rotl(a, 5) + mix(b, c, d) + e + constant + input_of_round(w, t);
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = next;
    }
    v = {a, b, c, d, e};
}

inline void compress_block(words& state, std::uint8_t const* block) noexcept {
    auto const choice = [](std::uint32_t b, std::uint32_t c, std::uint32_t d) { return d ^ (b & (c ^ d)); };
    auto const parity = [](std::uint32_t b, std::uint32_t c, std::uint32_t d) { return b ^ c ^ d; };
    auto const majority = [](std::uint32_t b, std::uint32_t c, std::uint32_t d) { return (b & c) | (d & (b | c)); };
    schedule w;
    for (std::size_t t = 0; t < w.size(); ++t) w[t] = detail_block_hash::load_word(block + 4 * t);
    words v = state;
    twenty_rounds(v, w, 0, 0x5a827999, choice);
    twenty_rounds(v, w, 20, 0x6ed9eba1, parity);
    twenty_rounds(v, w, 40, 0x8f1bbcdc, majority);
    twenty_rounds(v, w, 60, 0xca62c1d6, parity);
    for (std::size_t i = 0; i < v.size(); ++i) state[i] += v[i];
}

inline void compress(words& state, std::uint8_t const* blocks, std::size_t count) noexcept {
    for (; count != 0; --count, blocks += detail_block_hash::block_size) compress_block(state, blocks);
}

}

BACKCHANNEL_DECL void sha1::update(std::string_view data) noexcept {
    detail_block_hash::absorb(pending_, size_, data, [this](std::uint8_t const* blocks, std::size_t count) {
        detail_sha1::compress(state_, blocks, count);
    });
}

BACKCHANNEL_DECL sha1_digest sha1::finish() noexcept {
    detail_block_hash::pad(pending_, size_, [this](std::uint8_t const* blocks, std::size_t count) {
        detail_sha1::compress(state_, blocks, count);
    });
    return detail_block_hash::to_digest(state_);
}

}

#endif
