// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/hub_alarm.hpp>

#include <backchannel/connection.hpp>

#include "support/catch.hpp"
#include "support/count_allocations.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <utility>

namespace gateway_hub_alarm_tests {

using backchannel::hub_alarm;
using backchannel::loop_door;
using backchannel::time_point;
using namespace std::chrono_literals;

namespace {

/// Deadlines as a hub has them.
struct deadlines {
    std::set<time_point> waiting;
    int expired = 0, asked = 0;

    [[nodiscard]] std::optional<time_point> next_deadline() const {
        return waiting.empty() ? std::nullopt : std::optional{*waiting.begin()};
    }
    void expire(time_point now) {
        ++asked;
        while (!waiting.empty() && *waiting.begin() <= now) {
            waiting.erase(waiting.begin());
            ++expired;
        }
    }
    time_point in(std::chrono::milliseconds wait) {
        return *waiting.insert(std::chrono::steady_clock::now() + wait).first;
    }
};

struct fixture {
    asio::io_context io;
    std::shared_ptr<deadlines> hub = std::make_shared<deadlines>();
    std::shared_ptr<loop_door> door = std::make_shared<loop_door>(io);
    std::shared_ptr<hub_alarm<deadlines>> alarm = std::make_shared<hub_alarm<deadlines>>(io, door, hub);
};

}

TEST_CASE("deadlines come when they are due, and the loop ends behind the last", "[hub_alarm]") {
    fixture f;
    f.alarm->look_again();
    f.io.run(); // there is none
    f.io.restart();
    (void)f.hub->in(20ms);
    time_point const last = f.hub->in(60ms);
    f.alarm->look_again();
    f.io.run();
    CHECK(f.hub->expired == 2);
    CHECK(f.hub->asked == 2);
    CHECK(std::chrono::steady_clock::now() >= last);
}

TEST_CASE("an earlier deadline is not missed", "[hub_alarm]") {
    fixture f;
    (void)f.hub->in(1h);
    f.alarm->look_again();
    (void)f.io.poll();
    (void)f.hub->in(20ms);
    f.alarm->look_again();
    while (f.hub->expired == 0) (void)f.io.run_one();
    CHECK(f.hub->waiting.size() == 1);
    f.alarm->stop();
    f.io.run();
}

TEST_CASE("from any thread, as often as it likes", "[hub_alarm]") {
    fixture f;
    std::thread other{[&] {
        for (int i = 0; i != 1000; ++i) f.alarm->look_again();
    }};
    for (int i = 0; i != 1000; ++i) {
        (void)f.io.poll();
        f.io.restart();
    }
    other.join();
    (void)f.hub->in(1ms);
    f.alarm->look_again();
    f.io.restart();
    f.io.run();
    CHECK(f.hub->expired == 1);
}

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
TEST_CASE("a deadline needs no memory", "[hub_alarm]") {
    fixture f;
    (void)f.hub->in(1ms);
    f.alarm->look_again();
    f.io.run(); // the loop's own lists have grown
    for (int i = 0; i != 3; ++i) {
        f.io.restart();
        (void)f.hub->in(1h);
        time_point const early = f.hub->in(10ms);
        test::allocation_count const made;
        f.alarm->look_again();
        (void)f.io.poll();
        f.alarm->look_again();
        f.alarm->look_again();
        while (std::chrono::steady_clock::now() < early + 1ms) (void)f.io.run_one_for(1ms);
        (void)f.io.poll();
        CHECK(made.so_far() == 0);
        CHECK(f.hub->expired == 2 + i);
        f.hub->waiting.clear();
        f.alarm->look_again();
        (void)f.io.poll();
    }
}

TEST_CASE("a loop whose list of timers cannot grow is asked again", "[hub_alarm]") {
    fixture f;
    (void)f.hub->in(1ms);
    {
        f.alarm->look_again();
        test::allocation_failure const none{1, 1};
        for (int i = 0; i != 10; ++i) (void)f.io.poll_one();
        CHECK(none.happened());
    }
    f.io.run();
    CHECK(f.hub->expired == 1);
}
#endif

TEST_CASE("hub, alarm and loop may go in any order", "[hub_alarm]") {
    SECTION("stopped before it looks") {
        fixture f;
        (void)f.hub->in(0ms);
        f.alarm->look_again();
        f.alarm->stop();
        f.io.run();
        CHECK(f.hub->expired == 0);
    }
    SECTION("stopped while it waits, and the loop runs on or does not") {
        for (bool const runs : {true, false}) {
            fixture f;
            (void)f.hub->in(1h);
            f.alarm->look_again();
            (void)f.io.poll();
            f.alarm->stop();
            f.alarm.reset();
            if (runs) f.io.run();
            CHECK(f.hub->asked == 0);
        }
    }
    SECTION("let go while it waits") {
        fixture f;
        (void)f.hub->in(10ms);
        f.alarm->look_again();
        f.alarm.reset();
        f.io.run();
        CHECK(f.hub->expired == 1);
    }
    SECTION("the hub goes first") {
        fixture f;
        (void)f.hub->in(10ms);
        f.alarm->look_again();
        (void)f.io.poll();
        f.hub.reset();
        f.io.run();
    }
    SECTION("asked to look behind the loop's end") {
        std::optional<fixture> f{std::in_place};
        auto const alarm = f->alarm;
        auto const hub = f->hub;
        (void)hub->in(0ms);
        alarm->stop();
        f->door->shut();
        f.reset();
        alarm->look_again();
        CHECK(hub->asked == 0);
    }
    SECTION("the loop never runs") {
        fixture f;
        f.alarm->look_again();
        f.alarm->stop();
        f.alarm.reset();
    }
}

}
