// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <vector>

namespace connection_hub_event_loop_tests {

using namespace backchannel;
using namespace std::chrono_literals;
using test::lines;

// What docs/event-loops.md promises to whoever plugs a hub into a loop.

TEST_CASE("a timer that is armed anew after expire and when the loop is woken is never late", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.idle_timeout = 60s, .max_lifetime = 200s, .closing_timeout = 7s}};
    bool woken = false;
    time_point armed = time_point::max();
    t.hub->on_deadline_earlier([&] { woken = true; });
    auto const tick = [&] {
        woken = false;
        (void)t.expire();
        armed = t.hub->next_deadline().value_or(time_point::max());
    };
    std::vector<session> connections(20), replacements;
    std::mt19937 random{7};
    t.wire().on_close = [&](int, std::uint16_t, std::string_view) { // some servers make good the loss at once
        if (random() % 4 == 0) replacements.push_back(t.hub->open(1));
    };
    int woken_before_time = 0, times_empty = 0;
    for (int step = 0; step != 20'000; ++step) {
        auto& c = connections[random() % connections.size()];
        switch (random() % 6) {
        case 0:
            if (!c) c = t.open(0);
            break;
        case 1:
            if (!c) c = t.open(0, {.expires_at = t.clock.steady() + std::chrono::milliseconds{random() % 90'000} - 1s});
            break;
        case 2:
            c.touch();
            break;
        case 3:
            if (c) (void)t.hub->close(c.id());
            break;
        case 4:
            c = session{};
            if (random() % 50 == 0) connections = std::vector<session>(20), replacements.clear();
            break;
        case 5:
            t.clock.advance(std::chrono::milliseconds{random() % 4000});
            break;
        }
        times_empty += !t.hub->next_deadline();
        CHECK_FALSE((!woken && armed > t.hub->next_deadline().value_or(time_point::max())));
        woken_before_time += woken && t.clock.steady() < armed;
        if ((woken && random() % 2 == 0) || t.clock.steady() >= armed) tick();
    }
    CHECK(woken_before_time > 100);
    CHECK(times_empty > 100);
}

TEST_CASE("a loop is woken again by the first connection of a hub that was empty again", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    int woken = 0;
    t.hub->on_deadline_earlier([&] { ++woken; });
    auto s = t.open(0);
    s = session{};
    CHECK_FALSE(t.hub->next_deadline());
    CHECK(woken == 1);
    t.clock.advance(1h);
    s = t.open(1);
    CHECK(woken == 2);
}

TEST_CASE("a wake-up may call expire itself, even from inside open", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    std::size_t closed = 0;
    t.hub->on_deadline_earlier([&] { closed += t.expire(); });
    auto late = t.open(0, {.expires_at = t.clock.steady()});
    CHECK(closed == 1);
    CHECK(t.sent() == lines{"close 0 1008 Expired"});
    CHECK(late); // the server learns it as it learns any other close
    CHECK_FALSE(t.hub->find(late.id()));
}

TEST_CASE("expire inside expire closes each connection once", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.idle_timeout = 1min}};
    auto a = t.open(0), b = t.open(1), c = t.open(2);
    std::size_t inner = 0;
    t.wire().on_close = [&](int, std::uint16_t, std::string_view) { inner += t.expire(); };
    t.clock.advance(1min);
    std::size_t const outer = t.expire();
    CHECK(outer + inner == 3);
    CHECK(inner == 2);
    auto sent = t.sent();
    std::sort(sent.begin(), sent.end());
    CHECK(sent == lines{"close 0 1001 Going away", "close 1 1001 Going away", "close 2 1001 Going away"});
}

TEST_CASE("after expire the next deadline lies ahead, whatever the durations", "[connection_hub]") {
    for (auto const closing : {0ms, 1ms, 10'000ms}) {
        test::test_hub<test::bounded<test::plain_recorder>> t{{.idle_timeout = 1ms, .closing_timeout = closing}};
        auto s = t.open(0);
        for (int i = 0; i != 10; ++i) { // a server that never says that the connection has closed
            t.clock.advance(1500us);
            (void)t.expire();
            CHECK(t.hub->next_deadline().value_or(time_point::max()) > t.clock.steady());
        }
    }
}

}
