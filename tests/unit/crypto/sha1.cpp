// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/crypto/sha1.hpp>

#include "support/catch.hpp"
#include "support/digest_text.hpp"

#include <string>
#include <type_traits>

namespace crypto_sha1_tests {

namespace crypto = backchannel::crypto;
using test::as_text;
using test::hex_of;
using test::pattern;

static_assert(std::is_trivially_copyable_v<crypto::sha1>);

namespace {

std::string repeated(std::string const& piece, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += piece;
    return text;
}

}

TEST_CASE("sha1 gives the RFC 3174 and FIPS 180 example digests", "[sha1]") {
    CHECK(hex_of(crypto::sha1::digest("")) == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    CHECK(hex_of(crypto::sha1::digest("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(hex_of(crypto::sha1::digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
          "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    CHECK(hex_of(crypto::sha1::digest(std::string(1000000, 'a'))) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    CHECK(hex_of(crypto::sha1::digest("a")) == "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8");
    CHECK(hex_of(crypto::sha1::digest(repeated("01234567", 80))) == "dea356a2cddd90c7a7ecedc5ebb563934f460452");
}

TEST_CASE("sha1 gives the digest of the RFC 6455 handshake example", "[sha1]") {
    crypto::sha1 hash;
    hash.update("dGhlIHNhbXBsZSBub25jZQ==");
    hash.update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    CHECK(hex_of(hash.finish()) == "b37a4f2cc0624f1690f64606cf385945b2bec4ea");
}

TEST_CASE("sha1 is right for every length around the block boundaries", "[sha1]") {
    crypto::sha1 all;
    for (std::size_t size = 0; size <= 130; ++size) all.update(as_text(crypto::sha1::digest(pattern(size))));
    // the digest of the 131 digests, found with another implementation
    CHECK(hex_of(all.finish()) == "e692b3bd0a527de7772c57da8e1b06fc2894026c");
}

TEST_CASE("sha1 doesn't depend on how a message is cut into pieces", "[sha1]") {
    std::string const message = pattern(200);
    std::string const expected = hex_of(crypto::sha1::digest(message));
    crypto::sha1 single_bytes;
    for (std::size_t cut = 0; cut <= message.size(); ++cut) {
        crypto::sha1 hash;
        hash.update(std::string_view(message).substr(0, cut));
        hash.update({});
        hash.update(std::string_view(message).substr(cut));
        REQUIRE(hex_of(hash.finish()) == expected);
        if (cut < message.size()) single_bytes.update(std::string_view(message).substr(cut, 1));
    }
    CHECK(hex_of(single_bytes.finish()) == expected);
}

TEST_CASE("a copy of a sha1 goes on by itself", "[sha1]") {
    crypto::sha1 prepared;
    prepared.update("a");
    crypto::sha1 hash = prepared;
    hash.update("bc");
    CHECK(hex_of(hash.finish()) == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(hex_of(prepared.finish()) == "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8");
    prepared = crypto::sha1();
    CHECK(hex_of(prepared.finish()) == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

}
