// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/crypto/sha256.hpp>

#include "support/catch.hpp"
#include "support/digest_text.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace crypto_sha256_tests {

namespace crypto = backchannel::crypto;
using test::as_text;
using test::hex_of;
using test::pattern;

static_assert(std::is_trivially_copyable_v<crypto::sha256>);
static_assert(std::is_nothrow_default_constructible_v<crypto::sha256>);
static_assert(!std::is_convertible_v<crypto::sha256_engine, crypto::sha256>);

namespace {

std::vector<crypto::sha256_engine> engines() {
    std::vector<crypto::sha256_engine> available{crypto::sha256_engine::portable};
    if (crypto::sha256_engine_available(crypto::sha256_engine::sha_ni))
        available.push_back(crypto::sha256_engine::sha_ni);
    return available;
}

std::string digest_with(crypto::sha256_engine engine, std::string_view message) {
    crypto::sha256 hash(engine);
    hash.update(message);
    return hex_of(hash.finish());
}

}

TEST_CASE("sha256 gives the NIST example digests with every engine", "[sha256]") {
    std::vector<std::pair<std::string, std::string>> const examples{
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqr"
         "s"
         "tu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
        {"\xbd", "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"},
        {"\xd3", "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"},
        {"\xc9\x8c\x8e\x55", "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504"},
        {std::string(55, '\0'), "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"},
        {std::string(56, '\0'), "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"},
        {std::string(57, '\0'), "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785"},
        {std::string(64, '\0'), "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"},
        {std::string(1000, '\0'), "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53"},
        {std::string(1000, 'A'), "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4"},
        {std::string(1005, 'U'), "f4d62ddec0f3dd90ea1380fa16a5ff8dc4c54b21740650f24afc4120903552b0"},
        {std::string(1000000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}};
    for (auto const& [message, digest] : examples) {
        INFO(message.substr(0, 60) << ", " << message.size() << " bytes");
        CHECK(hex_of(crypto::sha256::digest(message)) == digest);
        for (auto const engine : engines()) CHECK(digest_with(engine, message) == digest);
    }
}

TEST_CASE("sha256 is right for every length around the block boundaries with every engine", "[sha256]") {
    for (auto const engine : engines()) {
        INFO(static_cast<int>(engine));
        crypto::sha256 all(engine);
        for (std::size_t size = 0; size <= 130; ++size) {
            crypto::sha256 one(engine);
            one.update(pattern(size));
            all.update(as_text(one.finish()));
        }
        // the digest of the 131 digests, found with another implementation
        CHECK(hex_of(all.finish()) == "cec4c6d09a19510a15db5bcadc0491d8921c4ac138b9237e9b623d4c0998fb45");
    }
}

TEST_CASE("sha256 doesn't depend on how a message is cut into pieces", "[sha256]") {
    test::random_source random;
    for (int round = 0; round < 300; ++round) {
        std::string const message = random.bytes(random.below(600));
        std::string const expected = digest_with(crypto::sha256_engine::portable, message);
        for (auto const engine : engines()) {
            crypto::sha256 hash(engine);
            std::string_view left = message;
            while (!left.empty()) {
                std::size_t const size = std::min(left.size(), random.below(150));
                hash.update(left.substr(0, size));
                left.remove_prefix(size);
            }
            REQUIRE(hex_of(hash.finish()) == expected);
        }
    }
}

TEST_CASE("sha256 takes a message in two pieces cut at any byte, and byte by byte", "[sha256]") {
    std::string const message = pattern(200);
    std::string const expected = hex_of(crypto::sha256::digest(message));
    crypto::sha256 single_bytes;
    for (std::size_t cut = 0; cut <= message.size(); ++cut) {
        crypto::sha256 hash;
        hash.update(std::string_view(message).substr(0, cut));
        hash.update(std::string_view(message).substr(cut));
        REQUIRE(hex_of(hash.finish()) == expected);
        if (cut < message.size()) single_bytes.update(std::string_view(message).substr(cut, 1));
    }
    CHECK(hex_of(single_bytes.finish()) == expected);
}

TEST_CASE("sha256 takes empty pieces, with a null pointer too", "[sha256]") {
    crypto::sha256 hash;
    hash.update({});
    hash.update("ab");
    hash.update(std::string_view());
    hash.update("c");
    hash.update("");
    CHECK(hex_of(hash.finish()) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a copy of a sha256 goes on by itself from any state", "[sha256]") {
    for (std::size_t const prefix_size : {0U, 1U, 63U, 64U, 65U, 128U}) {
        std::string const prefix = pattern(prefix_size);
        crypto::sha256 prepared;
        prepared.update(prefix);
        for (std::string const suffix :
             {"", "one", "another suffix that is longer than what is left of the block it begins in"}) {
            crypto::sha256 hash = prepared;
            hash.update(suffix);
            CHECK(hex_of(hash.finish()) == hex_of(crypto::sha256::digest(prefix + suffix)));
        }
        CHECK(hex_of(prepared.finish()) == hex_of(crypto::sha256::digest(prefix)));
        prepared = crypto::sha256();
        CHECK(hex_of(prepared.finish()) == hex_of(crypto::sha256::digest("")));
    }
}

TEST_CASE("the engines hash blocks at any address into the same state", "[sha256]") {
    test::random_source random;
    for (std::size_t offset = 0; offset < 16; ++offset) {
        std::size_t const count = random.below(5);
        std::string const memory = random.bytes(offset + count * 64);
        auto const* const blocks = reinterpret_cast<std::uint8_t const*>(memory.data()) + offset;
        std::array<std::uint32_t, 8> initial{};
        for (auto& word : initial) word = static_cast<std::uint32_t>(random.below(1U << 31));
        std::array<std::uint32_t, 8> expected = initial;
        for (std::size_t i = 0; i < count; ++i) {
            crypto::sha256_compress(crypto::sha256_engine::portable, expected.data(), blocks + 64 * i, 1);
        }
        CHECK((expected == initial) == (count == 0));
        for (auto const engine : engines()) {
            auto state = initial;
            crypto::sha256_compress(engine, state.data(), blocks, count);
            CHECK(state == expected);
        }
    }
}

TEST_CASE("two messages are hashed side by side as each is alone", "[sha256]") {
    test::random_source random;
    for (auto const engine : engines()) {
        for (int round = 0; round != 200; ++round) {
            std::string const text_a = random.bytes(random.below(700)), text_b = random.bytes(random.below(700));
            crypto::sha256 a(engine), b(engine);
            std::string_view left_a = text_a, left_b = text_b;
            auto const take = [&](std::string_view& left) {
                std::string_view const piece = left.substr(0, random.below(left.size() + 1));
                left.remove_prefix(piece.size());
                return piece;
            };
            a.update(take(left_a)); // so that they begin anywhere in a block
            b.update(take(left_b));
            while (!left_a.empty() || !left_b.empty()) {
                std::string_view piece_a = take(left_a), piece_b = take(left_b);
                crypto::sha256::update_two(a, piece_a, b, piece_b);
                REQUIRE(std::min(piece_a.size(), piece_b.size()) < 64);
                a.update(piece_a);
                b.update(piece_b);
            }
            REQUIRE(hex_of(a.finish()) == digest_with(engine, text_a));
            REQUIRE(hex_of(b.finish()) == digest_with(engine, text_b));
        }
    }
}

TEST_CASE("messages of different engines are left to be hashed one by one", "[sha256]") {
    std::string const text = pattern(128);
    for (auto const engine : engines()) {
        crypto::sha256 a(crypto::sha256_engine::portable), b(engine);
        std::string_view piece_a = text, piece_b = text;
        crypto::sha256::update_two(a, piece_a, b, piece_b);
        CHECK(piece_a.empty() == (engine == crypto::sha256_engine::portable));
        CHECK(piece_b.size() == piece_a.size());
    }
}

TEST_CASE("the best sha256 engine is the last available one and stays the same", "[sha256]") {
    CHECK(crypto::sha256_engine_available(crypto::sha256_engine::portable));
    CHECK_FALSE(crypto::sha256_engine_available(static_cast<crypto::sha256_engine>(0xff)));
    CHECK(crypto::sha256_best_engine() == engines().back());
    CHECK(crypto::sha256_best_engine() == engines().back());
}

}
