// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/crypto/sha256_lanes.hpp>

#include "support/catch.hpp"
#include "support/digest_text.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crypto_sha256_lanes_tests {

using backchannel::crypto::sha256;
using backchannel::crypto::sha256_digest;
using backchannel::crypto::sha256_lanes;
using test::hex_of;
using test::pattern;

namespace {

using message = sha256_lanes::message;

/// A loop, whose turn the test ends.
struct loop {
    int woken = 0;
    sha256_lanes lanes{[this] { ++woken; }};

    [[nodiscard]] std::unique_ptr<message> begin() { return std::make_unique<message>(lanes); }
    [[nodiscard]] std::unique_ptr<message> begin(std::string_view text) {
        auto m = begin();
        m->append(text);
        return m;
    }
};

/// The digest goes where it is looked for.
[[nodiscard]] auto into(std::string& where) {
    return [&where](sha256_digest const& digest) {
        CHECK(where.empty());
        where = hex_of(digest);
    };
}

[[nodiscard]] std::string digest_of(std::string_view text) { return hex_of(sha256::digest(text)); }

}

TEST_CASE("a long message waits for the end of the turn, a short one does not", "[sha256_lanes]") {
    loop l;
    for (std::string const& text : {std::string{}, pattern(1), pattern(4095)}) {
        std::string digest;
        message::finish(l.begin(text), into(digest));
        CHECK(digest == digest_of(text));
    }
    CHECK(l.woken == 0);

    std::string const text = pattern(4096);
    std::string digest;
    message::finish(l.begin(text), into(digest));
    CHECK(digest.empty());
    CHECK(l.woken == 1);
    l.lanes.settle();
    CHECK(digest == digest_of(text));
    l.lanes.settle(); // there is nothing left
    CHECK(l.woken == 1);
}

TEST_CASE("two long messages of a turn are hashed together", "[sha256_lanes]") {
    loop l;
    std::string const longer = pattern(100'000), shorter = pattern(90'001);
    std::string first, second, third;
    SECTION("the second is as long: it needs not wait") {
        message::finish(l.begin(longer), into(first));
        message::finish(l.begin(longer), into(second));
        CHECK(first.empty()); // its digest is known, but whoever waits for it is not called from another's call
        CHECK(second == digest_of(longer));
        l.lanes.settle();
        CHECK(first == digest_of(longer));
    }
    SECTION("what is left of the longer one waits for a third") {
        message::finish(l.begin(longer), into(first));
        message::finish(l.begin(shorter), into(second));
        CHECK(second == digest_of(shorter));
        message::finish(l.begin(longer), into(third));
        CHECK(third.empty()); // it is the longer one now
        l.lanes.settle();
        CHECK(first == digest_of(longer));
        CHECK(third == digest_of(longer));
    }
    CHECK(l.woken == 1);
}

TEST_CASE("a message in pieces is hashed from where they are", "[sha256_lanes]") {
    loop l;
    std::string const text = pattern(50'000);
    std::string_view const all = text;
    std::string digest;
    auto m = l.begin();
    SECTION("one behind the other") {
        m->append(all.substr(0, 10'000));
        m->append({});
        m->append(all.substr(10'000, 7));
        m->append(all.substr(10'007));
        CHECK(l.woken == 1);
    }
    SECTION("anywhere") {
        std::string const apart{all.substr(10'000, 20'000)};
        m->append(all.substr(0, 10'000));
        m->append(apart);
        m->append(all.substr(30'000));
    }
    SECTION("in memory that goes") {
        auto const piece = std::make_unique<std::string>(all.substr(0, 10'000));
        m->append(*piece);
        m->settle();
        std::fill(piece->begin(), piece->end(), '?');
        m->append(all.substr(10'000));
    }
    SECTION("over several turns") {
        m->append(all.substr(0, 10'000));
        l.lanes.settle();
        m->append(all.substr(10'000, 20'000));
        CHECK(l.woken == 2);
        l.lanes.settle();
        m->append(all.substr(30'000, 20'000));
    }
    message::finish(std::move(m), into(digest));
    l.lanes.settle();
    CHECK(digest == digest_of(text));
}

TEST_CASE("a message that is given up leaves the others alone", "[sha256_lanes]") {
    loop l;
    std::string digest;
    std::string const text = pattern(10'000);
    std::string const another = pattern(20'000);
    std::optional<message> given_up{std::in_place, l.lanes};
    given_up->append(another);
    given_up.reset();
    message::finish(l.begin(text), into(digest));
    CHECK(digest.empty()); // there is nobody beside it
    l.lanes.settle();
    CHECK(digest == digest_of(text));
}

TEST_CASE("where the loop cannot be told, nothing waits", "[sha256_lanes]") {
#if BACKCHANNEL_EXCEPTIONS
    sha256_lanes lanes{[] { throw std::bad_alloc{}; }};
    std::string const text = pattern(10'000);
    for (int i = 0; i != 2; ++i) {
        std::string digest;
        auto m = std::make_unique<message>(lanes);
        m->append(text);
        message::finish(std::move(m), into(digest));
        CHECK(digest == digest_of(text));
    }
#endif
}

TEST_CASE("what throws for one digest is not the others'", "[sha256_lanes]") {
#if BACKCHANNEL_EXCEPTIONS
    loop l;
    std::string const first = pattern(10'000), second = pattern(20'000);
    std::string digest;
    message::finish(l.begin(first), [](sha256_digest const&) { throw std::bad_alloc{}; });
    message::finish(l.begin(second), into(digest));
    l.lanes.settle();
    CHECK(digest == digest_of(second));
#endif
}

TEST_CASE("what is owed when the lanes end is reported", "[sha256_lanes]") {
    std::string const text = pattern(10'000);
    std::string digest;
    {
        loop l;
        message::finish(l.begin(text), into(digest));
    }
    CHECK(digest == digest_of(text));
}

TEST_CASE("who is given a digest may begin another message", "[sha256_lanes]") {
    loop l;
    std::string const text = pattern(10'000);
    std::string second, third;
    message::finish(l.begin(text), [&](sha256_digest const&) {
        message::finish(l.begin(text), into(second));
        message::finish(l.begin(text), into(third));
    });
    l.lanes.settle();
    CHECK(second.empty()); // in the next turn
    CHECK(third == digest_of(text));
    CHECK(l.woken == 2);
    l.lanes.settle();
    CHECK(second == digest_of(text));
}

TEST_CASE("random messages in random pieces all have their digests", "[sha256_lanes]") {
    test::random_source random;
    for (int round = 0; round != 50; ++round) {
        loop l;
        std::vector<std::string> texts(1 + random.below(6));
        std::vector<std::string> digests(texts.size());
        std::vector<std::unique_ptr<message>> messages;
        std::vector<std::size_t> come(texts.size(), 0);
        for (auto& text : texts) {
            text = random.bytes(random.below(30'000));
            messages.push_back(l.begin());
        }
        for (std::size_t left = texts.size(); left != 0;) {
            std::size_t const i = random.below(texts.size());
            if (random.below(8) == 0) l.lanes.settle();
            if (messages[i] == nullptr) continue;
            std::string_view const rest = std::string_view{texts[i]}.substr(come[i]);
            std::string_view const piece = rest.substr(0, random.below(2) == 0 ? rest.size() : random.below(9000));
            messages[i]->append(piece);
            come[i] += piece.size();
            if (random.below(8) == 0) messages[i]->settle();
            if (come[i] != texts[i].size()) continue;
            message::finish(std::move(messages[i]), into(digests[i]));
            --left;
        }
        l.lanes.settle();
        for (std::size_t i = 0; i != texts.size(); ++i) REQUIRE(digests[i] == digest_of(texts[i]));
    }
}

}
