// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/hub_alarm.hpp>

#include "support/alarm_fixture.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <thread>

namespace gateway_hub_alarm_tests {

using backchannel::time_point;
using fixture = test::alarm_fixture;
using namespace std::chrono_literals;

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
    CHECK(f.hub->asked <= 2); // once, if both were due before the loop came to it
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
        (void)f.io.run_for(10s);
        CHECK(f.io.stopped()); // there is nothing to wait for
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
        std::optional<fixture> f{std::in_place};
        std::weak_ptr const alarm = f->alarm;
        f->alarm->look_again();
        f->alarm->stop();
        f->alarm.reset();
        CHECK_FALSE(alarm.expired());
        f.reset(); // with what waits in the loop
        CHECK(alarm.expired());
    }
}

}
