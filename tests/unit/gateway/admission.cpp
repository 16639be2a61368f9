// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/admission.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace gateway_admission_tests {

using backchannel::admission;
using backchannel::place_counter;
using backchannel::places_per_address;

TEST_CASE("places are as many as there are, and 0 means any number", "[admission]") {
    place_counter two{2}, any{0};
    CHECK(two.take());
    CHECK(two.take());
    CHECK_FALSE(two.take());
    CHECK_FALSE(two.take());
    two.give_back();
    CHECK(two.take());
    CHECK_FALSE(two.take());
    for (int i = 0; i != 1000; ++i) CHECK(any.take());
}

TEST_CASE("each address has places of its own", "[admission]") {
    places_per_address places{2};
    auto* const a = places.take("a");
    REQUIRE(a != nullptr);
    CHECK(places.take("a") == a);
    CHECK(places.take("a") == nullptr);
    auto* const b = places.take("b");
    REQUIRE(b != nullptr);
    CHECK(b != a);
    places.give_back(*a);
    CHECK(places.take("a") == a);
    CHECK(places.take("a") == nullptr);
    places.give_back(*b);
    CHECK(places.take("b") != nullptr);
    CHECK(places.counts());
    CHECK_FALSE(places_per_address{0}.counts());
}

TEST_CASE("a permit gives back what it holds, once, wherever it goes", "[admission]") {
    admission a{2, 2, 2};
    {
        auto first = a.enter("x");
        CHECK(first);
        CHECK(first.refusal().empty());
        auto moved = std::move(first);
        CHECK_FALSE(first);
        admission::permit assigned;
        CHECK_FALSE(assigned);
        assigned = std::move(moved);
        auto const second = a.enter("x");
        CHECK(second.refusal().empty());
        CHECK(a.enter("x").refusal() == "Too many connections");
        assigned = {};
        CHECK(a.enter("x").refusal().empty());
    }
    std::vector<admission::permit> all;
    for (int i = 0; i != 2; ++i) all.push_back(a.enter("x"));
    for (auto const& p : all) CHECK(p.refusal().empty());
}

TEST_CASE("whoever is refused at one limit takes no place at another", "[admission]") {
    admission a{100, 1, 3};
    auto const x = a.enter("x");
    for (int i = 0; i != 50; ++i) CHECK(a.enter("x").refusal() == "Too many connections from one address");
    auto const y = a.enter("y"), z = a.enter({});
    CHECK(y.refusal().empty());
    CHECK(z.refusal().empty());
    for (int i = 0; i != 50; ++i) CHECK(a.enter("w").refusal() == "Too many handshakes");
    for (int i = 0; i != 50; ++i) CHECK(a.enter({}).refusal() == "Too many handshakes");
    auto w = a.enter("w"); // its address was given back each time
    CHECK(w.refusal() == "Too many handshakes");
    w = {};
    {
        auto done = a.enter({});
        CHECK_FALSE(done.refusal().empty());
    }
}

TEST_CASE("a handshake's place comes back when it is done, and once only", "[admission]") {
    admission a{0, 0, 1};
    auto first = a.enter("x");
    CHECK(a.enter("x").refusal() == "Too many handshakes");
    first.handshake_done();
    first.handshake_done();
    auto second = a.enter("x");
    CHECK(second.refusal().empty());
    first = {};
    CHECK_FALSE(a.enter("x").refusal().empty());
    second.handshake_done();
    second = {};
    auto const third = a.enter("x");
    CHECK(third.refusal().empty());
    CHECK_FALSE(a.enter("x").refusal().empty());
}

TEST_CASE("those that are told of a limit are bounded too", "[admission]") {
    admission a{1, 0, 0};
    auto const in = a.enter({});
    std::vector<admission::permit> told;
    for (int i = 0; i != 1000; ++i) {
        auto p = a.enter({});
        if (!p) break;
        CHECK_FALSE(p.refusal().empty());
        told.push_back(std::move(p));
    }
    CHECK(told.size() == 64);
    told.pop_back();
    CHECK(a.enter({}));
}

TEST_CASE("threads that come and go leave all places free", "[admission]") {
    admission a{50, 5, 20};
    std::atomic<bool> wrong{false};
    std::vector<std::thread> threads;
    for (int t = 0; t != 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i != 2000; ++i) {
                auto p = a.enter(std::to_string((t + i) % 3));
                if (!p) wrong = true;
                else if (i % 2 == 0) p.handshake_done();
            }
        });
    }
    for (auto& t : threads) t.join();
    CHECK_FALSE(wrong);
    std::vector<admission::permit> all;
    for (int i = 0; i != 20; ++i) {
        all.push_back(a.enter(std::to_string(i / 5)));
        CHECK(all.back().refusal().empty());
    }
    CHECK(a.enter("0").refusal() == "Too many connections from one address");
    CHECK(a.enter("9").refusal() == "Too many handshakes");
}

}
