// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/crypto/gathering.hpp>

#include <backchannel/crypto/builtin.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace crypto_gathering_tests {

namespace crypto = backchannel::crypto;

TEST_CASE("pieces of any size have the digest of the whole", "[gathering]") {
    std::string text;
    for (int i = 0; i != 3000; ++i) text += static_cast<char>(i * 7);
    for (std::size_t const piece : {1u, 5u, 63u, 64u, 65u, 511u, 512u, 513u, 1500u}) {
        INFO("pieces of " << piece);
        crypto::gathering<crypto::sha256> hash;
        for (std::size_t at = 0; at < text.size(); at += piece) {
            hash(std::string_view{text}.substr(at, piece));
            hash(std::string_view{}); // adds nothing
        }
        CHECK(hash.finish() == crypto::sha256::digest(text));
    }
}

TEST_CASE("a long piece between short ones stays in its place", "[gathering]") {
    std::string const longer(2000, 'x');
    crypto::gathering<crypto::hmac_sha256> code{crypto::hmac_sha256{"key"}};
    code("before");
    code(longer);
    code("behind");
    CHECK(code.finish() == crypto::hmac_sha256::digest("key", "before" + longer + "behind"));
}

TEST_CASE("no piece at all is the empty text", "[gathering]") {
    CHECK(crypto::gathering<crypto::sha256>{}.finish() == crypto::sha256::digest({}));
}

}
