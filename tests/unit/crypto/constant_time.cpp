// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/crypto/constant_time.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <concepts>
#include <string>
#include <type_traits>
#include <vector>

namespace crypto_constant_time_tests {

namespace crypto = backchannel::crypto;

static_assert(!std::equality_comparable<crypto::signature>);
static_assert(!std::three_way_comparable<crypto::signature>);
static_assert(!std::is_default_constructible_v<crypto::signature>);
static_assert(!std::is_convertible_v<crypto::sha256_digest, crypto::signature>);
static_assert(std::is_constructible_v<crypto::signature, crypto::sha256_digest>);

namespace {

std::string const digits = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

crypto::sha256_digest bytes_of_digits() {
    crypto::sha256_digest bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
    bytes.back() = 0xff;
    return bytes;
}

}

TEST_CASE("constant_time_equal sees every bit at every place of every length", "[constant_time]") {
    for (std::size_t size = 0; size <= 40; ++size) {
        std::string const a(size, '\x5a');
        std::string b = a;
        REQUIRE(crypto::constant_time_equal(a, b));
        for (std::size_t at = 0; at < size; ++at) {
            for (int bit = 0; bit < 8; ++bit) {
                b[at] = static_cast<char>(a[at] ^ (1 << bit));
                REQUIRE_FALSE(crypto::constant_time_equal(a, b));
                REQUIRE_FALSE(crypto::constant_time_equal(b, a));
            }
            b[at] = a[at];
        }
    }
}

TEST_CASE("constant_time_equal doesn't let two differences cancel each other", "[constant_time]") {
    for (std::size_t first = 0; first < 35; ++first) {
        for (std::size_t second = first + 1; second < 35; ++second) {
            std::string const a(35, 'a');
            std::string b = a;
            b[first] = 'b';
            b[second] = 'b';
            REQUIRE_FALSE(crypto::constant_time_equal(a, b));
        }
    }
}

TEST_CASE("constant_time_equal tells lengths apart", "[constant_time]") {
    CHECK(crypto::constant_time_equal(std::string_view(), ""));
    CHECK_FALSE(crypto::constant_time_equal("", std::string_view("\0", 1)));
    CHECK_FALSE(crypto::constant_time_equal("abc", "abcd"));
    CHECK_FALSE(crypto::constant_time_equal("abcd", "abc"));
    CHECK_FALSE(crypto::constant_time_equal("abcdefgh", "abcdefghi"));
}

TEST_CASE("constant_time_equal takes bytes at any address", "[constant_time]") {
    std::vector<std::uint8_t> a(48);
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<std::uint8_t>(i);
    for (std::size_t offset = 0; offset < 8; ++offset) {
        std::vector<std::uint8_t> b(offset, 0);
        b.insert(b.end(), a.begin(), a.end());
        CHECK(crypto::constant_time_equal(a, std::span<std::uint8_t const>(b).subspan(offset)));
        b.back() ^= 0x80;
        CHECK_FALSE(crypto::constant_time_equal(a, std::span<std::uint8_t const>(b).subspan(offset)));
    }
}

TEST_CASE("secure_zero clears exactly the given bytes", "[constant_time]") {
    std::array<unsigned char, 40> memory{};
    memory.fill(0xaa);
    crypto::secure_zero(memory.data() + 1, 0);
    CHECK(std::count(memory.begin(), memory.end(), 0xaa) == 40);
    crypto::secure_zero(memory.data() + 1, 38);
    CHECK(memory.front() == 0xaa);
    CHECK(std::count(memory.begin(), memory.end(), 0) == 38);
    CHECK(memory.back() == 0xaa);
}

TEST_CASE("a signature matches the same bytes only", "[constant_time]") {
    crypto::signature const expected(bytes_of_digits());
    CHECK(expected.matches(expected));
    CHECK(expected.matches(crypto::signature(bytes_of_digits())));
    for (std::size_t at = 0; at < 32; ++at) {
        auto bytes = bytes_of_digits();
        bytes[at] ^= 0x01;
        CHECK_FALSE(expected.matches(crypto::signature(bytes)));
        CHECK_FALSE(crypto::signature(bytes).matches(expected));
    }
}

TEST_CASE("a signature is 64 lower-case hexadecimal digits", "[constant_time]") {
    CHECK(crypto::signature(bytes_of_digits()).matches_hex(digits));
}

TEST_CASE("a signature is no other text", "[constant_time]") {
    crypto::signature const expected(bytes_of_digits());
    CHECK_FALSE(expected.matches_hex(""));
    CHECK_FALSE(expected.matches_hex(digits.substr(1)));
    CHECK_FALSE(expected.matches_hex(digits.substr(2)));
    CHECK_FALSE(expected.matches_hex(digits + "0"));
    CHECK_FALSE(expected.matches_hex(digits + "00"));
    for (std::size_t at = 0; at < digits.size(); ++at) {
        for (int c = 0; c != 256; ++c) {
            std::string text = digits;
            text[at] = static_cast<char>(c);
            REQUIRE(expected.matches_hex(text) == (text == digits));
        }
    }
}

}
