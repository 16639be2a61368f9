// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace connection_hub_drain_tests {

using namespace backchannel;
using namespace std::chrono_literals;
using test::lines;
using test::text;

namespace {

using direct_hub = test::test_hub<test::direct_transport>;

template <class Hub>
[[nodiscard]] std::vector<session> open_many(Hub& t, int count) {
    std::vector<session> open;
    for (int i = 0; i != count; ++i) open.push_back(t.open(i));
    return open;
}

/// How many are closed in each of so many equal parts of a time.
[[nodiscard]] std::vector<std::size_t> closed_in_parts(direct_hub& t, std::chrono::milliseconds time, int parts) {
    std::vector<std::size_t> counts;
    for (int i = 0; i != parts; ++i) {
        t.clock.advance(time / parts);
        counts.push_back(t.expire());
    }
    return counts;
}

}

TEST_CASE("a hub that drains opens no connection, and closes those that are open", "[connection_hub]") {
    direct_hub t;
    std::vector<session> open = open_many(t, 3);
    CHECK_FALSE(t.hub->draining());
    CHECK_FALSE(t.hub->drained());

    t.hub->drain();
    CHECK(t.hub->draining());
    CHECK_FALSE(t.open(7));
    CHECK_FALSE(t.hub->reserve({}));
    CHECK(t.hub->send(open[0].id(), text("last")) == delivery::accepted);
    CHECK(t.hub->next_deadline() == t.clock.steady());
    CHECK(t.expire() == 3);
    lines told = t.sent();
    REQUIRE(told.size() == 4);
    CHECK(told[0] == "send 0 last");
    std::sort(told.begin() + 1, told.end());
    CHECK(lines(told.begin() + 1, told.end()) ==
          lines{"close 0 1001 Going away", "close 1 1001 Going away", "close 2 1001 Going away"});
    CHECK(t.hub->send(open[0].id(), text("late")) == delivery::gone);
    CHECK(t.hub->find_tombstone(open[0].id())->code == 1001);

    CHECK(t.expire() == 0); // they have time to answer
    CHECK_FALSE(t.hub->drained());
    open.clear();
    CHECK(t.hub->drained());
    CHECK(t.hub->draining());
    CHECK_FALSE(t.hub->next_deadline());
}

TEST_CASE("a hub without connections is drained at once", "[connection_hub]") {
    direct_hub t;
    t.hub->drain(1h);
    CHECK(t.hub->drained());
    CHECK_FALSE(t.hub->next_deadline());
}

TEST_CASE("connections are drained evenly over the window", "[connection_hub]") {
    direct_hub t{{.idle_timeout = 0s, .max_lifetime = 0s, .closing_timeout = 1h}};
    std::vector<session> open = open_many(t, 1000);
    auto const start = t.clock.steady();
    t.hub->drain(10s);
    CHECK(t.hub->next_deadline() <= start + 20ms);
    std::size_t const at_once = t.expire();
    CHECK(at_once <= 1);
    std::size_t all = at_once;
    for (std::size_t const count : closed_in_parts(t, 10s, 100)) {
        CHECK(count >= 8);
        CHECK(count <= 12);
        all += count;
    }
    CHECK(all == 1000);
}

TEST_CASE("those of a hub that was fuller once are drained evenly too", "[connection_hub]") {
    direct_hub t{{.closing_timeout = 1h}};
    std::vector<session> open = open_many(t, 1000);
    open.erase(open.begin(), open.begin() + 900);
    t.hub->drain(10s);
    std::size_t all = t.expire();
    for (std::size_t const count : closed_in_parts(t, 10s, 10)) {
        CHECK(count >= 7);
        CHECK(count <= 13);
        all += count;
    }
    CHECK(all == 100);
}

TEST_CASE("a drain wakes the loop that sleeps until a later deadline", "[connection_hub]") {
    direct_hub t{{.idle_timeout = 10min}};
    int woken = 0;
    t.hub->on_deadline_earlier([&] { ++woken; });
    auto const open = open_many(t, 100);
    int const before = woken;
    t.hub->drain(5s);
    CHECK(woken > before);
    CHECK(woken < before + 20); // not for each
    CHECK(*t.hub->next_deadline() <= t.clock.steady() + 100ms);
}

TEST_CASE("activity does not put a drain off, and what is due earlier is not put off by it", "[connection_hub]") {
    direct_hub t{{.idle_timeout = 10s}};
    auto const start = t.clock.steady();
    auto const open = open_many(t, 50);
    auto const expires = t.open(50, {.expires_at = start + 1ms});
    t.hub->drain(1min);
    t.clock.advance(1ms);
    CHECK(t.expire() <= 3);
    lines const first = t.sent();
    CHECK(std::count(first.begin(), first.end(), "close 50 1008 Expired") == 1);
    for (int second = 1; second != 10; ++second) { // some are active, some are not
        t.clock.advance(1s);
        for (std::size_t i = 0; i < 25; ++i) open[i].touch();
        (void)t.expire();
    }
    t.clock.advance(2s);
    (void)t.expire();
    for (std::size_t i = 25; i != 50; ++i) CHECK_FALSE(t.hub->find(open[i].id()));
    CHECK(std::count_if(open.begin(), open.begin() + 25, [&](session const& s) { return t.hub->find(s.id()); }) > 10);
    for (int second = 0; second != 49; ++second) {
        for (std::size_t i = 0; i < 25; ++i) open[i].touch();
        t.clock.advance(1s);
        (void)t.expire();
    }
    CHECK(t.hub->metrics().open == 0);
}

TEST_CASE("what was reserved before a drain may open, and is drained in its turn", "[connection_hub]") {
    direct_hub t;
    session reserved = t.hub->reserve({});
    t.hub->drain(10s);
    CHECK_FALSE(t.hub->drained()); // it may still open
    t.hub->attach(reserved, 4);
    CHECK(t.hub->send(reserved.id(), text("x")) == delivery::accepted);
    CHECK(*t.hub->next_deadline() <= t.clock.steady() + 10s);
    t.clock.advance(10s);
    CHECK(t.expire() == 1);
    CHECK(t.sent() == lines{"send 4 x", "close 4 1001 Going away"});
}

TEST_CASE("a drain that is asked for again spreads what is left anew", "[connection_hub]") {
    direct_hub t{{.idle_timeout = 0s}};
    auto const open = open_many(t, 100);
    t.hub->drain(1h);
    t.clock.advance(30min);
    std::size_t const first = t.expire();
    CHECK(first >= 45);
    CHECK(first <= 55);
    t.hub->drain(0s);
    CHECK(t.expire() + first == 100);
}

TEST_CASE("a window of any length will do", "[connection_hub]") {
    direct_hub t{{.idle_timeout = 0s, .max_lifetime = 0s}};
    auto const open = open_many(t, 10);
    t.hub->drain(std::chrono::milliseconds::max());
    t.clock.advance(24h);
    CHECK(t.expire() <= 1); // the first of all slots goes at once
    t.hub->drain(-5s);
    CHECK(t.hub->next_deadline() == t.clock.steady());
    (void)t.expire();
    CHECK(t.hub->metrics().open == 0);
}

TEST_CASE("a client that does not answer its close is terminated during a drain as ever", "[connection_hub]") {
    direct_hub t{{.closing_timeout = 2s}};
    session const s = t.open(0);
    t.hub->drain();
    CHECK(t.expire() == 1);
    t.clock.advance(2s);
    CHECK(t.expire() == 1);
    CHECK(t.sent() == lines{"close 0 1001 Going away", "terminate 0"});
}

TEST_CASE("a hub is not drained while a loop has tasks of it", "[connection_hub]") {
    test::test_hub<test::looping_transport> t;
    session s = t.open(0);
    std::string const id{s.id()};
    delivery told = delivery::accepted;
    t.hub->async_send(id, text("x"), [&](delivery d) { told = d; }); // from another thread, as the hub sees it
    t.hub->drain();
    t.on_loop(0, [&] { s = session{}; });
    CHECK_FALSE(t.hub->drained());
    t.run();
    CHECK(told == delivery::gone);
    CHECK(t.hub->drained());
}

TEST_CASE("a connection that a hook closes again is no trouble for a drain", "[connection_hub]") {
    direct_hub t;
    session const first = t.open(0);
    session reserved = t.hub->reserve({});
    t.hooks.log->on_open = [&](std::string_view) { t.hub->drain(); };
    t.hub->attach(reserved, 1);
    CHECK(t.expire() == 2);
    CHECK(t.hub->metrics().open == 0);
}

}
