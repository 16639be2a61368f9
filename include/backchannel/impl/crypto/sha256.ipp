// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_CRYPTO_SHA256_IPP
#define BACKCHANNEL_IMPL_CRYPTO_SHA256_IPP

#include <backchannel/crypto/sha256.hpp>

#include <backchannel/impl/crypto/block_hash.ipp>
#include <backchannel/impl/crypto/sha256_constants.ipp>
#include <backchannel/impl/crypto/sha256_ni.ipp>

#include <algorithm>
#include <atomic>
#include <bit>

namespace backchannel::inline BACKCHANNEL_ABI::crypto {

namespace detail_sha256 {

// One round (FIPS 180-4, section 6.2.2, step 3). Only d and h change; the caller renames the others instead of moving.
inline void one_round(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t& d, std::uint32_t e,
                      std::uint32_t f, std::uint32_t g, std::uint32_t& h, std::uint32_t input) noexcept {
    std::uint32_t const choice = g ^ (e & (f ^ g));
    std::uint32_t const majority = (a & b) | (c & (a | b));
    h += (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + choice + input;
    d += h;
    h += (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + majority;
}

inline void extend_message(std::uint32_t (&w)[64]) noexcept {
    for (std::size_t t = 16; t < 64; ++t) {
        std::uint32_t const s0 = std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ w[t - 15] >> 3;
        std::uint32_t const s1 = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
}

inline void compress_block(std::uint32_t* state, std::uint8_t const* block) noexcept {
    std::uint32_t w[64];
    for (std::size_t t = 0; t < 16; ++t) w[t] = detail_block_hash::load_word(block + 4 * t);
    extend_message(w);
    std::uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    std::uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (std::size_t t = 0; t < 64; t += 8) {
        std::uint32_t const* const k = round_constants + t;
        one_round(a, b, c, d, e, f, g, h, k[0] + w[t]);
        one_round(h, a, b, c, d, e, f, g, k[1] + w[t + 1]);
        one_round(g, h, a, b, c, d, e, f, k[2] + w[t + 2]);
        one_round(f, g, h, a, b, c, d, e, k[3] + w[t + 3]);
        one_round(e, f, g, h, a, b, c, d, k[4] + w[t + 4]);
        one_round(d, e, f, g, h, a, b, c, k[5] + w[t + 5]);
        one_round(c, d, e, f, g, h, a, b, k[6] + w[t + 6]);
        one_round(b, c, d, e, f, g, h, a, k[7] + w[t + 7]);
    }
    std::uint32_t const sums[8] = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i) state[i] += sums[i];
}

inline constexpr std::uint8_t engine_unknown = 0xff;

// Threads that meet here at first use find the same engine, and nothing else is published with it: relaxed is enough.
inline constinit std::atomic<std::uint8_t> best_engine{engine_unknown};

}

BACKCHANNEL_DECL bool sha256_engine_available(sha256_engine engine) noexcept {
    if (engine == sha256_engine::sha_ni) return detail_sha256::cpu_has_sha_ni();
    return engine == sha256_engine::portable;
}

BACKCHANNEL_DECL sha256_engine sha256_best_engine() noexcept {
    std::uint8_t const known = detail_sha256::best_engine.load(std::memory_order_relaxed);
    if (known != detail_sha256::engine_unknown) return static_cast<sha256_engine>(known);
    sha256_engine const found =
        sha256_engine_available(sha256_engine::sha_ni) ? sha256_engine::sha_ni : sha256_engine::portable;
    detail_sha256::best_engine.store(static_cast<std::uint8_t>(found), std::memory_order_relaxed);
    return found;
}

BACKCHANNEL_DECL void sha256_compress(sha256_engine engine, std::uint32_t* state, std::uint8_t const* blocks,
                                      std::size_t count) noexcept {
    if (detail_sha256::has_sha_ni_code && engine == sha256_engine::sha_ni) {
        detail_sha256::compress_sha_ni(state, blocks, count);
        return;
    }
    for (; count != 0; --count, blocks += 64) detail_sha256::compress_block(state, blocks);
}

BACKCHANNEL_DECL void sha256_compress_two(sha256_engine engine, std::uint32_t* state_a, std::uint8_t const* blocks_a,
                                          std::uint32_t* state_b, std::uint8_t const* blocks_b,
                                          std::size_t count) noexcept {
    if (detail_sha256::has_sha_ni_code && engine == sha256_engine::sha_ni)
        return detail_sha256::compress_two_sha_ni(state_a, blocks_a, state_b, blocks_b, count);
    sha256_compress(engine, state_a, blocks_a, count);
    sha256_compress(engine, state_b, blocks_b, count);
}

BACKCHANNEL_DECL void sha256::update(std::string_view data) noexcept {
    detail_block_hash::absorb(pending_, size_, data, [this](std::uint8_t const* blocks, std::size_t count) {
        sha256_compress(engine_, state_.data(), blocks, count);
    });
}

BACKCHANNEL_DECL bool sha256::fill_block(std::string_view& piece) noexcept {
    std::size_t const held = size_ % detail_block_hash::block_size;
    std::size_t const missing = held == 0 ? 0 : detail_block_hash::block_size - held;
    if (piece.size() < missing) return false;
    update(piece.substr(0, missing));
    piece.remove_prefix(missing);
    return true;
}

BACKCHANNEL_DECL void sha256::update_two(sha256& a, std::string_view& piece_a, sha256& b,
                                         std::string_view& piece_b) noexcept {
    if (a.engine_ != b.engine_ || !a.fill_block(piece_a) || !b.fill_block(piece_b)) return;
    std::size_t const count = std::min(piece_a.size(), piece_b.size()) / detail_block_hash::block_size;
    std::size_t const bytes = count * detail_block_hash::block_size;
    auto const* const blocks_a = reinterpret_cast<std::uint8_t const*>(piece_a.data());
    auto const* const blocks_b = reinterpret_cast<std::uint8_t const*>(piece_b.data());
    sha256_compress_two(a.engine_, a.state_.data(), blocks_a, b.state_.data(), blocks_b, count);
    a.size_ += bytes;
    b.size_ += bytes;
    piece_a.remove_prefix(bytes);
    piece_b.remove_prefix(bytes);
}

BACKCHANNEL_DECL sha256_digest sha256::finish() noexcept {
    detail_block_hash::pad(pending_, size_, [this](std::uint8_t const* blocks, std::size_t count) {
        sha256_compress(engine_, state_.data(), blocks, count);
    });
    return detail_block_hash::to_digest(state_);
}

}

#endif
