// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/signing_key_cache.hpp>

#include "support/catch.hpp"
#include "support/counting_crypto.hpp"
#include "support/signer.hpp"

#include <mutex>
#include <string>

namespace auth_signing_key_cache_tests {

using namespace backchannel;
using namespace test;

namespace {

using cache = signing_key_cache<counting_crypto::hmac_sha256, std::mutex>;

/// How many keys had to be derived for one more lookup, and what the key then signs.
struct looked_up {
    std::size_t derived;
    std::string signs;
};

[[nodiscard]] looked_up look_up(cache& keys, access_key const& key, std::string const& scope_text) {
    std::string const credential = key.id + "/" + scope_text;
    protocol::sigv4_scope scope;
    REQUIRE(protocol::parse_sigv4_scope(credential, scope));
    crypto_calls::current() = {};
    auto mac = keys.find(key, scope);
    if (!mac)
        keys.keep(key, scope,
                  mac.emplace(protocol::sigv4_signing_key<counting_crypto::hmac_sha256>(key.secret, scope)));
    std::size_t const derived = crypto_calls::current().keys;
    mac->update("text");
    std::string const signs = hex_of(mac->finish());
    auto fresh = protocol::sigv4_signing_key<crypto::hmac_sha256>(key.secret, scope);
    fresh.update("text");
    CHECK(signs == hex_of(fresh.finish()));
    return {derived, signs};
}

}

TEST_CASE("A signing key is derived once for each key, secret and scope", "[signing_key_cache]") {
    cache keys;
    std::string const scope = "20261121/us-east-1/execute-api/aws4_request";
    access_key key = example_key();
    auto const first = look_up(keys, key, scope);
    CHECK(first.derived == 5); // four steps, and the prepared result
    CHECK(look_up(keys, key, scope).derived == 0);
    CHECK(look_up(keys, key, scope).signs == first.signs);
    for (std::string const other :
         {"20261122/us-east-1/execute-api/aws4_request", "20261121/us-east-2/execute-api/aws4_request",
          "20261121/us-east-1/execute-apj/aws4_request"}) {
        CHECK(look_up(keys, key, other).derived == 5);
        CHECK(look_up(keys, key, other).signs != first.signs);
    }
    (void)look_up(keys, key, scope); // the last of them may have taken its place
    CHECK(look_up(keys, key, scope).derived == 0);
    key.secret += "x";
    CHECK(look_up(keys, key, scope).derived == 5);
    CHECK(look_up(keys, key, scope).derived == 0);
    access_key other = example_key();
    other.id = "OTHER";
    CHECK(look_up(keys, other, scope).derived == 5);
    CHECK(look_up(keys, other, scope).derived == 0);
}

TEST_CASE("The cache is bounded and right whatever shares its places", "[signing_key_cache]") {
    cache keys;
    std::string const scope = "20261121/us-east-1/execute-api/aws4_request";
    for (int round = 0; round != 2; ++round)
        for (int i = 0; i != 3 * static_cast<int>(cache::capacity); ++i) {
            access_key key{"KEY" + std::to_string(i), "secret" + std::to_string(i)};
            (void)look_up(keys, key, scope); // compares with a fresh one
        }
}

}
