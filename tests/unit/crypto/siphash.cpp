// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/crypto/siphash.hpp>

#include "support/catch.hpp"
#include "support/random.hpp"

#include <bit>
#include <cstdint>
#include <set>

namespace crypto_siphash_tests {

using backchannel::crypto::siphash_word;

namespace {

/// SipHash-1-3 of one word as the paper describes it, less the block with the length.
[[nodiscard]] std::uint64_t by_the_book(std::uint64_t k0, std::uint64_t k1, std::uint64_t m) {
    std::uint64_t v0 = k0 ^ 0x736f6d6570736575u, v1 = k1 ^ 0x646f72616e646f6du, v2 = k0 ^ 0x6c7967656e657261u,
                  v3 = k1 ^ 0x7465646279746573u;
    auto const sip_round = [&] {
        v0 += v1;
        v1 = std::rotl(v1, 13);
        v1 ^= v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16);
        v3 ^= v2;
        v0 += v3;
        v3 = std::rotl(v3, 21);
        v3 ^= v0;
        v2 += v1;
        v1 = std::rotl(v1, 17);
        v1 ^= v2;
        v2 = std::rotl(v2, 32);
    };
    v3 ^= m;
    sip_round();
    v0 ^= m;
    v2 ^= 0xff;
    for (int i = 0; i != 3; ++i) sip_round();
    return v0 ^ v1 ^ v2 ^ v3;
}

}

TEST_CASE("siphash_word is SipHash-1-3 of one word", "[siphash]") {
    siphash_word hash;
    test::random_source random;
    for (int i = 0; i != 1000; ++i) {
        std::uint64_t const k0 = random(), k1 = random(), word = random();
        hash.set_key({k0, k1});
        REQUIRE(hash(word) == by_the_book(k0, k1, word));
    }
}

TEST_CASE("siphash_word depends on every bit of key and word, and on the seed", "[siphash]") {
    std::set<std::uint64_t> values;
    siphash_word hash;
    for (int bit = 0; bit != 64; ++bit) {
        std::uint64_t const one = std::uint64_t{1} << bit;
        hash.set_key({0, 0});
        values.insert(hash(one));
        hash.set_key({one, 0});
        values.insert(hash(0));
        hash.set_key({0, one});
        values.insert(hash(0));
    }
    CHECK(values.size() == 192);
    siphash_word first, second;
    REQUIRE(first.seed());
    REQUIRE(second.seed());
    CHECK(first(1) != second(1));
    siphash_word const copy = first;
    CHECK(copy(7) == first(7));
}

}
