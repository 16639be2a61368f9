// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>
#include <vector>

namespace connection_hub_deadlines_tests {

using namespace backchannel;
using namespace std::chrono_literals;
using test::lines;
using test::text;

TEST_CASE("a message to the client counts as activity only if the options say so", "[connection_hub]") {
    for (bool const counts : {true, false}) {
        test::test_hub<test::direct_transport> t{{.sends_are_activity = counts}};
        auto s = t.open(0);
        t.clock.advance(5min);
        CHECK(t.hub->send(s.id(), text("x")) == delivery::accepted);
        CHECK((t.hub->find(s.id())->last_active_at != t.hub->find(s.id())->connected_at) == counts);
        t.clock.advance(5min);
        CHECK(t.expire() == (counts ? 0 : 1));
    }
}

TEST_CASE("a loop that asks for deadlines in each turn takes no lock as long as nothing is due", "[connection_hub]") {
    struct counted_mutex {
        static int& locks() {
            static thread_local int count = 0;
            return count;
        }
        void lock() { ++locks(); }
        void unlock() {}
    };
    struct traits : test::recording_traits {
        using mutex = counted_mutex;
    };
    test::test_hub<test::direct_transport, traits> t{{.idle_timeout = 10min, .max_lifetime = 2h}};
    auto const first = t.open(0), second = t.open(2);
    t.clock.advance(9min);
    second.touch();
    counted_mutex::locks() = 0;
    auto const turn = [&] { return std::pair{t.hub->next_deadline().has_value(), t.expire()}; };
    CHECK(turn() == std::pair{true, std::size_t{0}});
    CHECK(counted_mutex::locks() == 0);
    t.clock.advance(1min);
    CHECK(turn() == std::pair{true, std::size_t{1}});
    CHECK(counted_mutex::locks() != 0);
}

TEST_CASE("idle connections are closed with 1001, exactly when they are due", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.idle_timeout = 10min, .max_lifetime = 2h}};
    CHECK_FALSE(t.hub->next_deadline());
    auto s = t.open(0);
    auto const start = t.clock.steady();
    REQUIRE(t.hub->next_deadline());
    CHECK(*t.hub->next_deadline() == start + 10min);
    t.clock.advance(10min - 1us);
    CHECK(t.expire() == 0);
    CHECK(t.hub->find(s.id()));
    t.clock.advance(1us);
    CHECK(t.expire() == 1);
    CHECK(t.sent() == lines{"close 0 1001 Going away"});
    CHECK_FALSE(t.hub->find(s.id()));
    CHECK(t.expire() == 0);
}

TEST_CASE("an end between two milliseconds is not anticipated", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    auto const start = t.clock.steady();
    auto s = t.open(0, {.expires_at = start + 1000500us});
    CHECK(t.hub->next_deadline() == start + 1001ms);
    t.clock.advance(1000499us);
    CHECK(t.expire() == 0);
    t.clock.advance(501us);
    CHECK(t.expire() == 1);
    CHECK(t.sent() == lines{"close 0 1008 Expired"});
}

TEST_CASE("activity moves the idle deadline when it is looked at", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.idle_timeout = 10min}};
    auto const start = t.clock.steady();
    auto s = t.open(0);
    t.clock.advance(4min);
    s.touch();
    CHECK(*t.hub->next_deadline() == start + 10min); // lazily
    t.clock.advance(6min);
    CHECK(t.expire() == 0);
    CHECK(*t.hub->next_deadline() == start + 14min);
    t.clock.advance(3min);
    s.touch(start + 12min);
    t.clock.advance(1min);
    CHECK(t.expire() == 0);
    CHECK(*t.hub->next_deadline() == start + 22min);
    t.clock.advance(8min - 1ms);
    CHECK(t.expire() == 0);
    t.clock.advance(1ms);
    CHECK(t.expire() == 1);
}

TEST_CASE("no activity keeps a connection beyond its lifetime", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.idle_timeout = 10min, .max_lifetime = 25min}};
    auto s = t.open(0);
    for (int minute = 1; minute != 25; ++minute) {
        t.clock.advance(1min);
        s.touch();
        CHECK(t.expire() == 0);
    }
    t.clock.advance(1min - 1ms);
    CHECK(t.expire() == 0);
    t.clock.advance(1ms);
    CHECK(t.expire() == 1);
    CHECK(t.sent() == lines{"close 0 1001 Going away"});
}

TEST_CASE("a connection that expires is closed with 1008", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    auto const start = t.clock.steady();
    auto later = t.open(1, {.expires_at = start + 5min}), first = t.open(0, {.expires_at = start + 3min});
    auto past = t.open(2, {.expires_at = time_point::min()}), never = t.open(3, {.expires_at = time_point::max()});
    CHECK(t.expire() == 1);
    CHECK(t.sent() == lines{"close 2 1008 Expired"});
    past = session{};
    CHECK(*t.hub->next_deadline() == start + 3min);
    t.clock.advance(3min - 1ms);
    CHECK(t.expire() == 0);
    t.clock.advance(1ms);
    CHECK(t.expire() == 1);
    CHECK(t.sent() == lines{"close 0 1008 Expired"});
    first = session{};
    CHECK(*t.hub->next_deadline() == start + 5min);
    t.clock.advance(10min);
    CHECK(t.expire() == 2);
    CHECK(t.sent() == lines{"close 1 1008 Expired", "close 3 1001 Going away"});
}

TEST_CASE("a connection that does not finish closing is terminated", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.closing_timeout = 10s}};
    auto slow = t.open(0), quick = t.open(1);
    t.clock.advance(1min);
    CHECK(t.hub->close(slow.id()));
    CHECK(t.hub->close(quick.id()));
    CHECK(*t.hub->next_deadline() == t.clock.steady() + 10s);
    quick.closed(1000);
    (void)t.sent();
    t.clock.advance(10s - 1ms);
    CHECK(t.expire() == 0);
    slow.touch(); // a peer that talks on does not hold off the end
    t.clock.advance(1ms);
    CHECK(t.expire() == 1);
    CHECK(t.sent() == lines{"terminate 0"});
    slow.closed();
    CHECK_FALSE(t.hub->next_deadline());
    CHECK(t.expire() == 0);
}

TEST_CASE("without terminate a connection that does not finish closing is not closed twice", "[connection_hub]") {
    test::test_hub<test::bounded<test::plain_recorder>> t{{.closing_timeout = 10s}};
    auto s = t.open(0);
    CHECK(t.hub->close(s.id()));
    t.clock.advance(10s);
    (void)t.expire();
    CHECK(t.sent() == lines{"close 0 1000 "});
}

TEST_CASE("a duration of zero switches its deadline off", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.idle_timeout = 0ms, .max_lifetime = 0ms, .closing_timeout = 0ms}};
    int earlier = 0;
    t.hub->on_deadline_earlier([&] { ++earlier; });
    auto s = t.open(0);
    CHECK_FALSE(t.hub->next_deadline());
    t.clock.advance(1000h);
    CHECK(t.expire() == 0);
    CHECK(t.hub->find(s.id()));
    CHECK(t.hub->close(s.id()));
    CHECK_FALSE(t.hub->next_deadline());
    t.clock.advance(1000h);
    CHECK(t.expire() == 0);
    CHECK(t.sent() == lines{"close 0 1000 "});
    CHECK(earlier == 0);
    auto with_end = t.open(1, {.expires_at = t.clock.steady() + 1ms});
    CHECK(t.hub->next_deadline() == t.clock.steady() + 1ms);
    CHECK(earlier == 1);
    t.clock.advance(1ms);
    CHECK(t.expire() == 1);
}

TEST_CASE("expire ends, whatever time it is given", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    auto a = t.open(0), b = t.open(1);
    CHECK(t.hub->expire(time_point::min()) == 0);
    CHECK(t.hub->expire(time_point{}) == 0);
    CHECK(t.hub->find(a.id()));
    CHECK(t.hub->expire(time_point::max()) >= 2);
    CHECK_FALSE(t.hub->find(a.id()));
    CHECK_FALSE(t.hub->find(b.id()));
}

TEST_CASE("the loop is woken when the next deadline becomes an earlier one, and only then", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.idle_timeout = 10min, .closing_timeout = 10s}};
    int earlier = 0;
    t.hub->on_deadline_earlier([&] {
        ++earlier;
        CHECK(t.hub->next_deadline()); // not called under the hub's lock
    });
    auto a = t.open(0);
    CHECK(earlier == 1);
    t.clock.advance(1min);
    auto b = t.open(1);
    CHECK(earlier == 1);
    a.touch();
    auto c = t.open(2, {.expires_at = t.clock.steady() + 10min});
    CHECK(earlier == 1);
    auto d = t.open(3, {.expires_at = t.clock.steady() + 1min});
    CHECK(earlier == 2);
    CHECK(t.hub->close(b.id()));
    CHECK(earlier == 3);
    CHECK(t.hub->close(c.id())); // due at the same time
    CHECK(earlier == 3);
    b.closed(), c.closed();
    t.clock.advance(1min);
    CHECK(t.expire() == 1); // who calls expire asks for the next deadline anyway
    d.closed();
    CHECK(earlier == 3);
    t.clock.advance(10min);
    CHECK(t.expire() == 1);
    CHECK(earlier == 3);
}

TEST_CASE("deadlines of many connections agree with a naive model", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.idle_timeout = 60s, .max_lifetime = 200s, .closing_timeout = 7s}};
    struct modelled {
        session tracked;
        time_point opened, active;
    };
    std::vector<modelled> model(200);
    std::mt19937 random{11};
    for (int step = 0; step != 20'000; ++step) {
        auto& m = model[random() % model.size()];
        auto const now = t.clock.steady();
        switch (random() % 4) {
        case 0:
            if (!m.tracked)
                m = {t.open(0), now, now};
            else
                m.tracked = session{};
            break;
        case 1:
        case 2:
            if (m.tracked) {
                m.tracked.touch();
                m.active = now;
            }
            break;
        case 3:
            t.clock.advance(std::chrono::milliseconds{random() % 500});
            break;
        }
        std::size_t due = 0;
        time_point next = time_point::max();
        auto const at = t.clock.steady();
        for (auto& e : model) {
            if (!e.tracked) continue;
            auto const when = std::min(e.active + 60s, e.opened + 200s);
            if (when <= at)
                ++due;
            else
                next = std::min(next, when);
        }
        if (random() % 8 != 0) continue;
        CHECK_FALSE(t.expire() != due);
        for (auto& e : model) {
            if (e.tracked && std::min(e.active + 60s, e.opened + 200s) <= at) e.tracked = session{};
        }
        auto const said = t.hub->next_deadline();
        // never late, and exact once everything due has been looked at
        CHECK_FALSE(said.value_or(time_point::max()) > next);
        CHECK_FALSE(said.value_or(time_point::max()) <= at);
    }
}

}
