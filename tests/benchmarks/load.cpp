// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "load/exchanges.hpp"

#include "support/catch.hpp"

#include <string>

// The load generator of the benchmarks notices what a server does wrong.

using bench::exchanges;
using bench::faults;

namespace {

std::string text_of(bench::bodies const& contents, bench::label of) {
    auto const end = of.text();
    return std::string{contents.text()}.append(end.data(), end.size());
}

}

TEST_CASE("a message is read from any pieces, and what was altered is noticed", "[load]") {
    bench::bodies const contents{100};
    bench::label const sent{3, 70'000};
    std::string text = text_of(contents, sent);
    REQUIRE(text.size() == contents.size());
    CHECK(contents.digest(sent) == backchannel::crypto::sha256::digest(text));

    bench::arrival seen{contents};
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        seen.take(std::string_view{text}.substr(0, cut), true);
        seen.take(std::string_view{text}.substr(cut), true);
        auto const found = seen.end();
        REQUIRE(found);
        CHECK(found->slot == sent.slot);
        CHECK(found->number == sent.number);
    }
    SECTION("a byte of the text") {
        text[50] = '!';
        seen.take(text, true);
        CHECK_FALSE(seen.end());
        seen.take(text, false); // only if it is compared
        CHECK(seen.end());
    }
    SECTION("the label") {
        text.back() = 'X';
        seen.take(text, false);
        CHECK_FALSE(seen.end());
    }
    SECTION("a byte less") {
        seen.take(std::string_view{text}.substr(1), false);
        CHECK_FALSE(seen.end());
    }
    SECTION("a byte more") {
        seen.take(text, false);
        seen.take("0", false);
        CHECK_FALSE(seen.end());
    }
    seen.take(text_of(contents, sent), true);
    CHECK(seen.end()); // it began anew
}

TEST_CASE("an exchange is complete with its answer and its message, in either order", "[load]") {
    exchanges slots{2, 5, false};
    faults wrong;
    auto const first = slots.begin(0, 4, 1, 0);
    auto const second = slots.begin(1, 2, 1, 0);
    CHECK(slots.active() == 2);
    CHECK_FALSE(slots.answered(0));
    CHECK(slots.delivered(4, first, wrong));
    CHECK_FALSE(slots.delivered(2, second, wrong));
    CHECK(slots.answered(1));
    CHECK(slots.active() == 0);
    slots.give_up(wrong);
    CHECK(wrong.all() == 0);
}

TEST_CASE("deliveries that nobody asked for are told apart", "[load]") {
    exchanges slots{1, 5, false};
    faults wrong;
    auto const first = slots.begin(0, 4, 1, 0);
    SECTION("to somebody else") {
        CHECK_FALSE(slots.delivered(3, first, wrong));
        CHECK(wrong.stray == 1);
    }
    SECTION("twice before the answer") {
        CHECK_FALSE(slots.delivered(4, first, wrong));
        CHECK_FALSE(slots.delivered(4, first, wrong));
        CHECK(wrong.doubled == 1);
        CHECK(slots.answered(0));
        return;
    }
    SECTION("again, when the slot has its next request") {
        CHECK_FALSE(slots.delivered(4, first, wrong));
        CHECK(slots.answered(0));
        (void)slots.begin(0, 4, 1, 0);
        CHECK_FALSE(slots.delivered(4, first, wrong));
        CHECK(wrong.doubled == 1);
    }
    SECTION("of a request that was never made") {
        CHECK_FALSE(slots.delivered(4, {0, 2}, wrong));
        CHECK_FALSE(slots.delivered(4, {1, 1}, wrong));
        CHECK(wrong.altered == 2);
    }
    CHECK(wrong.all() == wrong.stray + wrong.doubled + wrong.altered);
    CHECK(slots.active() == 1);
}

TEST_CASE("what does not come is lost if it was promised, and unanswered otherwise", "[load]") {
    exchanges slots{2, 3, true};
    faults wrong;
    auto const first = slots.begin(0, exchanges::everybody, 1, 0);
    (void)slots.begin(1, exchanges::everybody, 1, 0);
    CHECK_FALSE(slots.answered(0));
    CHECK_FALSE(slots.delivered(1, first, wrong));
    slots.give_up(wrong);
    CHECK(wrong.lost == 2);
    CHECK(wrong.unanswered == 1);
}

TEST_CASE("a broadcast is complete when everybody has it once", "[load]") {
    exchanges slots{1, 3, true};
    faults wrong;
    auto const first = slots.begin(0, exchanges::everybody, 1, 0);
    CHECK_FALSE(slots.answered(0));
    CHECK_FALSE(slots.delivered(0, first, wrong));
    CHECK_FALSE(slots.delivered(0, first, wrong));
    CHECK(wrong.doubled == 1);
    CHECK_FALSE(slots.delivered(2, first, wrong));
    CHECK(slots.delivered(1, first, wrong));
}

TEST_CASE("a disconnect is complete when the WebSocket has ended", "[load]") {
    exchanges slots{2, 3, false};
    (void)slots.begin(0, 0, 1, 0);
    (void)slots.begin(1, 2, 1, 0);
    CHECK(slots.slot_of(2) == 1);
    CHECK(slots.slot_of(1) == slots.size());
    CHECK_FALSE(slots.answered(1));
    CHECK(slots.ended(1));
    CHECK(slots.slot_of(2) == slots.size());
}
