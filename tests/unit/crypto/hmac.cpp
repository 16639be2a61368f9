// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/crypto/hmac.hpp>

#include <backchannel/crypto/builtin.hpp>

#include "support/catch.hpp"
#include "support/digest_text.hpp"

#include <string>
#include <type_traits>
#include <vector>

namespace crypto_hmac_tests {

namespace crypto = backchannel::crypto;
using test::as_text;
using test::hex_of;
using test::pattern;

static_assert(std::is_trivially_copyable_v<crypto::hmac_sha256>);
static_assert(!std::is_convertible_v<std::string_view, crypto::hmac_sha256>);
static_assert(std::is_same_v<crypto::builtin::hmac_sha256, crypto::hmac_sha256>);
static_assert(std::is_same_v<crypto::builtin::sha256, crypto::sha256>);

namespace {

struct example {
    std::string key;
    std::string message;
    std::string code; // as much of it as the RFC shows
};

std::vector<example> rfc_4231_examples() {
    std::string counting;
    for (char c = 1; c <= 25; ++c) counting.push_back(c);
    return {
        {std::string(20, '\x0b'), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {std::string(20, '\xaa'), std::string(50, '\xdd'),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {counting, std::string(50, '\xcd'), "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {std::string(20, '\x0c'), "Test With Truncation", "a3b6167473100ee06e0c796c2955552b"},
        {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {std::string(131, '\xaa'),
         "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
         "hashed before being used by the HMAC algorithm.",
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"}};
}

}

TEST_CASE("hmac_sha256 gives the RFC 4231 examples", "[hmac]") {
    for (auto const& [key, message, code] : rfc_4231_examples()) {
        INFO(message);
        CHECK(hex_of(crypto::hmac_sha256::digest(key, message)).substr(0, code.size()) == code);
        crypto::hmac_sha256 pieces(key);
        pieces.update(message.substr(0, 5));
        pieces.update({});
        pieces.update(message.substr(5));
        CHECK(hex_of(pieces.finish()).substr(0, code.size()) == code);
    }
}

TEST_CASE("hmac_sha256 takes an empty key and an empty message", "[hmac]") {
    std::string const expected = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    CHECK(hex_of(crypto::hmac_sha256::digest({}, {})) == expected);
    CHECK(hex_of(crypto::hmac_sha256::digest("", "")) == expected);
}

TEST_CASE("hmac_sha256 is right for every length of the key around the block size", "[hmac]") {
    crypto::sha256 all;
    for (std::size_t size = 0; size <= 130; ++size) {
        all.update(as_text(crypto::hmac_sha256::digest(pattern(size), "message")));
    }
    // the digest of the 131 codes, found with another implementation
    CHECK(hex_of(all.finish()) == "0f1186e20e53dbe7d1e19079c41dfad1dc53f8aeedc5f366467d7c6313e03de3");
}

TEST_CASE("a copy of a prepared hmac_sha256 key is as good as a new one", "[hmac]") {
    crypto::hmac_sha256 const prepared("Jefe");
    for (int use = 0; use < 3; ++use) {
        crypto::hmac_sha256 mac = prepared;
        mac.update("what do ya want ");
        crypto::hmac_sha256 other = mac;
        mac.update("for nothing?");
        CHECK(hex_of(mac.finish()) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        other.update("for something?");
        CHECK(other.finish() == crypto::hmac_sha256::digest("Jefe", "what do ya want for something?"));
        mac = prepared;
        CHECK(mac.finish() == crypto::hmac_sha256::digest("Jefe", ""));
    }
}

TEST_CASE("hmac_sha256 derives the signing key of the AWS documentation's example", "[hmac]") {
    auto key = crypto::hmac_sha256::digest("AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20120215");
    for (char const* const part : {"us-east-1", "iam", "aws4_request"}) {
        key = crypto::hmac_sha256::digest(as_text(key), part);
    }
    CHECK(hex_of(key) == "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
}

}
