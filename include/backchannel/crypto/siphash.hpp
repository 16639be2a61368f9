// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_CRYPTO_SIPHASH_HPP
#define BACKCHANNEL_CRYPTO_SIPHASH_HPP

#include <backchannel/config.hpp>
#include <backchannel/crypto/entropy.hpp>

#include <array>
#include <bit>
#include <cstdint>

namespace backchannel::inline BACKCHANNEL_ABI::crypto {

/// SipHash-1-3 of exactly one 64-bit word: a keyed function whose values tell nothing about each other.
///
/// A short-input pseudorandom function (Aumasson and Bernstein, 2012), not a MAC. Since all inputs have the same
/// length, the length block is left out. Thread-safe once seeded.
class siphash_word {
public:
    /// Draws the key. False if the operating system gives no random bytes; the object must not be used then.
    [[nodiscard]] bool seed() noexcept {
        std::array<std::uint64_t, 2> key;
        if (!fill_random(key.data(), sizeof key)) return false;
        set_key(key);
        return true;
    }

    void set_key(std::array<std::uint64_t, 2> const& key) noexcept {
        // SipHash's initial state; keeping it instead of the key saves four operations a word
        state_ = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du, key[0] ^ 0x6c7967656e657261u,
                  key[1] ^ 0x7465646279746573u};
    }

    [[nodiscard]] std::uint64_t operator()(std::uint64_t word) const noexcept {
        std::uint64_t a = state_[0], b = state_[1], c = state_[2], d = state_[3] ^ word;
        round(a, b, c, d);
        a ^= word;
        c ^= 0xFF;
        round(a, b, c, d);
        round(a, b, c, d);
        round(a, b, c, d);
        return a ^ b ^ c ^ d;
    }

private:
    // Inline, as a call would put the four words into memory.
    [[gnu::always_inline]] static void round(std::uint64_t& a, std::uint64_t& b, std::uint64_t& c,
                                             std::uint64_t& d) noexcept {
        a += b;
        b = std::rotl(b, 13) ^ a;
        a = std::rotl(a, 32);
        c += d;
        d = std::rotl(d, 16) ^ c;
        a += d;
        d = std::rotl(d, 21) ^ a;
        c += b;
        b = std::rotl(b, 17) ^ c;
        c = std::rotl(c, 32);
    }

    std::array<std::uint64_t, 4> state_{};
};

}

#endif
