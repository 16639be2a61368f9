// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/crypto/openssl.hpp>

#include <backchannel/crypto/builtin.hpp>
#include <backchannel/crypto/sha1.hpp>

#include "support/catch.hpp"
#include "support/random.hpp"

#include <openssl/crypto.h>

#include <array>
#include <cstdlib>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace crypto_openssl_tests {

namespace crypto = backchannel::crypto;

static_assert(std::is_nothrow_copy_constructible_v<crypto::openssl::sha256>);
static_assert(std::is_nothrow_copy_assignable_v<crypto::openssl::sha256>);
static_assert(std::is_nothrow_move_constructible_v<crypto::openssl::hmac_sha256>);
static_assert(!std::is_convertible_v<std::string_view, crypto::openssl::hmac_sha256>);

namespace {

// How often OpenSSL still gets memory. Its allocator can be replaced only before it allocates for the first time, hence
// before main.
constexpr std::size_t unlimited = static_cast<std::size_t>(-1);
std::size_t allocations_left = unlimited;

bool may_allocate() {
    if (allocations_left == 0) return false;
    if (allocations_left != unlimited) --allocations_left;
    return true;
}

void* allocate(std::size_t size, char const*, int) { return may_allocate() ? std::malloc(size) : nullptr; }
void* reallocate(void* memory, std::size_t size, char const*, int) {
    return may_allocate() ? std::realloc(memory, size) : nullptr;
}
void release(void* memory, char const*, int) { std::free(memory); }

bool const allocator_replaced = CRYPTO_set_mem_functions(&allocate, &reallocate, &release) == 1;

struct limited_memory {
    explicit limited_memory(std::size_t allocations) { allocations_left = allocations; }
    ~limited_memory() { allocations_left = unlimited; }
    limited_memory(limited_memory const&) = delete;
    limited_memory& operator=(limited_memory const&) = delete;
};

crypto::sha1_digest sha1_by_openssl(std::string_view message) {
    crypto::sha1_digest digest{};
    REQUIRE(EVP_Digest(message.data(), message.size(), digest.data(), nullptr, EVP_sha1(), nullptr) == 1);
    return digest;
}

}

TEST_CASE("the providers give the same digests and codes for random messages", "[openssl]") {
    test::random_source random;
    for (int round = 0; round < 200; ++round) {
        std::string const message = random.bytes(random.below(1000));
        std::string const key = random.bytes(random.below(150));
        REQUIRE(crypto::openssl::sha256::digest(message) == crypto::builtin::sha256::digest(message));
        REQUIRE(crypto::openssl::hmac_sha256::digest(key, message) ==
                crypto::builtin::hmac_sha256::digest(key, message));
        REQUIRE(crypto::sha1::digest(message) == sha1_by_openssl(message));
    }
}

TEST_CASE("both sha256 engines agree with OpenSSL on a large message", "[openssl]") {
    test::random_source random;
    std::string const message = random.bytes(131072 + 17);
    auto const expected = crypto::openssl::sha256::digest(message);
    for (auto const engine : {crypto::sha256_engine::portable, crypto::sha256_engine::sha_ni}) {
        if (!crypto::sha256_engine_available(engine)) continue;
        crypto::sha256 hash(engine);
        hash.update(message);
        CHECK(hash.finish() == expected);
    }
}

TEST_CASE("openssl takes pieces, empty ones too, and empty keys", "[openssl]") {
    crypto::openssl::sha256 hash;
    hash.update({});
    hash.update("ab");
    hash.update("");
    hash.update("c");
    CHECK(hash.finish() == crypto::sha256::digest("abc"));
    CHECK(crypto::openssl::hmac_sha256::digest({}, {}) == crypto::hmac_sha256::digest("", ""));
}

TEST_CASE("copies of openssl objects go on by themselves", "[openssl]") {
    crypto::openssl::sha256 prefix;
    prefix.update("ab");
    crypto::openssl::sha256 copy = prefix;
    crypto::openssl::sha256 assigned;
    assigned.update("something else");
    assigned = prefix;
    crypto::openssl::sha256& itself = assigned;
    assigned = itself;
    prefix.update("x");
    copy.update("c");
    assigned.update("d");
    CHECK(prefix.finish() == crypto::sha256::digest("abx"));
    CHECK(copy.finish() == crypto::sha256::digest("abc"));
    CHECK(assigned.finish() == crypto::sha256::digest("abd"));
    copy = crypto::openssl::sha256();
    CHECK(copy.finish() == crypto::sha256::digest(""));
}

TEST_CASE("a prepared openssl key serves any number of messages", "[openssl]") {
    crypto::openssl::hmac_sha256 const prepared("key");
    crypto::openssl::hmac_sha256 kept = prepared;
    for (std::string const message : {"one", "two", ""}) {
        crypto::openssl::hmac_sha256 mac = prepared;
        mac.update(message);
        CHECK(mac.finish() == crypto::hmac_sha256::digest("key", message));
        kept = prepared; // what it has allocated for the message before serves again
        kept.update(message);
        CHECK(kept.finish() == crypto::hmac_sha256::digest("key", message));
    }
}

TEST_CASE("a moved openssl object goes on, and the one moved from works again once assigned", "[openssl]") {
    crypto::openssl::sha256 source;
    source.update("ab");
    crypto::openssl::sha256 target = std::move(source);
    target.update("c");
    crypto::openssl::sha256 const prepared = target;
    CHECK(target.finish() == crypto::sha256::digest("abc"));
    source = prepared;
    source.update("d");
    CHECK(source.finish() == crypto::sha256::digest("abcd"));
}

TEST_CASE("an openssl object that got no memory gives a digest that nobody can foresee", "[openssl]") {
    REQUIRE(allocator_replaced);
    crypto::openssl::sha256 const prepared;
    crypto::openssl::hmac_sha256 const key("key");
    std::vector<crypto::sha256_digest> digests{crypto::sha256_digest{}, crypto::sha256::digest(""),
                                               crypto::hmac_sha256::digest("key", "")};
    {
        limited_memory const none(0);
        crypto::openssl::sha256 fresh;
        fresh.update("");
        digests.push_back(fresh.finish());
        crypto::openssl::sha256 copy = prepared;
        digests.push_back(copy.finish());
        crypto::openssl::hmac_sha256 new_key("key");
        digests.push_back(new_key.finish());
        crypto::openssl::hmac_sha256 copied_key = key;
        digests.push_back(copied_key.finish());
        digests.push_back(crypto::openssl::hmac_sha256::digest(std::string(65, 'k'), ""));
    }
    for (std::size_t i = 0; i < digests.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) CHECK(digests[i] != digests[j]);
    }
}

TEST_CASE("a failed openssl object stays failed in its copies and works again once assigned", "[openssl]") {
    REQUIRE(allocator_replaced);
    crypto::openssl::sha256 const good;
    crypto::openssl::sha256 failed;
    {
        limited_memory const none(0);
        failed = crypto::openssl::sha256();
    }
    crypto::openssl::sha256 copy = failed;
    crypto::openssl::sha256 assigned;
    assigned = failed;
    failed.update("abc");
    CHECK(copy.finish() != crypto::sha256::digest(""));
    CHECK(assigned.finish() != crypto::sha256::digest(""));
    CHECK(failed.finish() != crypto::sha256::digest("abc"));
    failed = good;
    failed.update("abc");
    CHECK(failed.finish() == crypto::sha256::digest("abc"));
}

TEST_CASE("an openssl object is right or cannot be foreseen wherever memory runs out", "[openssl]") {
    REQUIRE(allocator_replaced);
    crypto::openssl::hmac_sha256 const prepared("key");
    auto const expected = crypto::hmac_sha256::digest("key", "message");
    std::vector<crypto::sha256_digest> wrong{crypto::sha256_digest{}};
    std::size_t enough = 0;
    for (std::size_t allocations = 0; enough == 0 && allocations < 100; ++allocations) {
        crypto::openssl::hmac_sha256 assigned("another key");
        limited_memory const some(allocations);
        crypto::openssl::hmac_sha256 fresh("key");
        crypto::openssl::hmac_sha256 copied = prepared;
        assigned = prepared;
        bool all_right = true;
        for (auto* mac : {&fresh, &copied, &assigned}) {
            mac->update("message");
            auto const digest = mac->finish();
            if (digest == expected) continue;
            all_right = false;
            for (auto const& other : wrong) CHECK(digest != other);
            wrong.push_back(digest);
        }
        if (all_right) enough = allocations;
    }
    CHECK(enough > 0);
    CHECK(wrong.size() > enough);
}

}
