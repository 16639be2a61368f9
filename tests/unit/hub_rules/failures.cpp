// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace hub_rules_failures_tests {

// What a server may rely on when its Transport throws, loses the connection or loses the hub's tasks. The rules stand
// in the comments of the Transport concept and of connection_hub.

using namespace backchannel;
using namespace std::chrono_literals;
using test::lines;
using test::text;

namespace {

struct server_error : std::runtime_error {
    server_error() : std::runtime_error{"socket"} {}
};

}

TEST_CASE("R7: a dropped task answers unavailable and never leaves a promise standing", "[hub_rules]") {
    test::test_hub<test::hopping_transport> t;
    auto a = t.open(0), b = t.open(2);
    std::string const id_a{a.id()}, id_b{b.id()};
    std::vector<delivery> answers;
    CHECK(t.hub->send(id_a, text("promised")) == delivery::accepted);
    t.hub->async_send(id_b, text("awaited"), [&](delivery d) { answers.push_back(d); });
    CHECK(t.wire().loops[0].drop() == 2);
    CHECK(answers == std::vector{delivery::unavailable});
    CHECK_FALSE(t.hub->find(id_a)); // the promise was broken, so the connection is over
    CHECK(t.hub->find(id_b));       // nothing was promised
    CHECK(t.hub->send(id_b, text("again")) == delivery::accepted);
    t.run();
    CHECK(t.sent() == lines{"send 2 again"});
}

TEST_CASE("R7: a connection that ends with a broken promise is terminated when its closing time is over",
          "[hub_rules]") {
    test::test_hub<test::hopping_transport> t{{.idle_timeout = 0ms, .max_lifetime = 0ms, .closing_timeout = 10s}};
    int wakes = 0;
    t.hub->on_deadline_earlier([&] { ++wakes; });
    auto a = t.open(0);
    CHECK(t.hub->send(a.id(), text("promised")) == delivery::accepted);
    CHECK_FALSE(t.hub->next_deadline());
    CHECK(t.wire().loops[0].drop() == 1);
    CHECK_FALSE(t.hub->find(a.id()));
    CHECK(t.hub->next_deadline() == t.clock.steady() + 10s);
    CHECK(wakes == 1);
    t.clock.advance(10s);
    CHECK(t.expire() == 1);
    t.run();
    CHECK(t.sent() == lines{"terminate 0"});
}

TEST_CASE("R7: a task that dispatch drops at once is no promise", "[hub_rules]") {
    test::test_hub<test::hopping_transport> t;
    auto a = t.open(0);
    SECTION("dropped") {
        t.wire().on_dispatch = [](int, task const&) {};
    }
    SECTION("thrown away") {
        t.wire().on_dispatch = [](int, task const&) { throw server_error{}; };
    }
    CHECK(t.hub->send(a.id(), text("x")) == delivery::unavailable);
    CHECK(t.hub->find(a.id()));
    delivery told = delivery::unknown;
    t.hub->async_send(a.id(), text("x"), [&](delivery d) { told = d; });
    CHECK(told == delivery::unavailable);
}

TEST_CASE("R7: a task that is copied and run twice does its work once", "[hub_rules]") {
    test::test_hub<test::hopping_transport> t{{.max_connections = 1, .retired_kept = 0}};
    auto a = t.open(0);
    std::vector<task> kept;
    t.wire().on_dispatch = [&](int, task const& f) { kept.assign(3, f); };
    CHECK(t.hub->send(a.id(), text("1")) == delivery::accepted);
    t.on_loop(0, [&] { kept[1](), kept[2](), kept[1](); });
    kept.clear();
    CHECK(t.sent() == lines{"send 0 1"});
    CHECK(t.hub->find(a.id()));
    a = session{}; // all pins are gone: the slot is free for the next
    auto const next = t.open(0);
    REQUIRE(next);
    CHECK(t.hub->send(next.id(), text("2")) == delivery::accepted);
}

TEMPLATE_TEST_CASE("R7: a connection's place is free again when its session and its tasks are gone", "[hub_rules]",
                   test::hopping_transport, test::looping_transport, test::keyed_transport) {
    test::test_hub<TestType> t{{.max_connections = 1, .retired_kept = 0}};
    for (int round = 0; round != 8; ++round) {
        auto s = t.open(0);
        REQUIRE(s);
        CHECK(t.hub->send(s.id(), text("x")) == delivery::accepted);
        CHECK(t.hub->close(s.id()));
        if (round % 2 == 0) t.run();
        s = session{};
        if (round % 4 == 1) {
            CHECK_FALSE(t.open(1)); // a task still knows the old one
            t.run();
        } else {
            t.wire().loops[0].drop();
        }
    }
}

TEST_CASE("R12: a transport that throws from send has lost its connection", "[hub_rules]") {
    SECTION("without dispatch") {
        test::test_hub<test::direct_transport> t;
        auto a = t.open(0);
        t.wire().on_send = [](int, message const&) -> delivery { throw server_error{}; };
        CHECK(t.hub->send(a.id(), text("x")) == delivery::gone);
        CHECK_FALSE(t.hub->find(a.id()));
        CHECK(t.hub->send(a.id(), text("y")) == delivery::gone);
        CHECK(t.sent() == lines{"send 0 x", "terminate 0"});
        CHECK(t.hooks.log->take() == lines{"open", "closed 1011", "delivery 2 1"});
    }
    SECTION("inside a task") {
        test::test_hub<test::hopping_transport> t;
        auto a = t.open(0);
        t.wire().on_send = [](int, message const&) -> delivery { throw server_error{}; };
        delivery told = delivery::unknown;
        t.hub->async_send(a.id(), text("x"), [&](delivery d) { told = d; });
        CHECK(t.hub->send(a.id(), text("y")) == delivery::accepted);
        t.run();
        CHECK(told == delivery::gone);
        CHECK_FALSE(t.hub->find(a.id()));
        CHECK(t.sent() == lines{"send 0 x", "terminate 0"});
    }
    SECTION("without terminate the connection is closed") {
        test::test_hub<test::bounded<test::plain_recorder>> t;
        auto a = t.open(0);
        t.wire().on_send = [](int, message const&) -> delivery { throw server_error{}; };
        CHECK(t.hub->send(a.id(), text("x")) == delivery::gone);
        CHECK(t.sent() == lines{"send 0 x", "close 0 1011 "});
    }
    SECTION("close and terminate may throw too") {
        test::test_hub<test::direct_transport> t{{.closing_timeout = 1s}};
        auto a = t.open(0);
        t.wire().on_close = [](int, std::uint16_t, std::string_view) { throw server_error{}; };
        t.wire().on_terminate = [](int) { throw server_error{}; };
        CHECK(t.hub->close(a.id()));
        t.clock.advance(1s);
        CHECK(t.expire() == 1);
        CHECK(t.sent() == lines{"close 0 1000 ", "terminate 0"});
    }
}

TEST_CASE("R12: a transport that answers gone has lost its connection", "[hub_rules]") {
    test::test_hub<test::direct_transport> t;
    auto a = t.open(0);
    t.wire().on_send = [](int, message const&) { return delivery::gone; };
    CHECK(t.hub->send(a.id(), text("x")) == delivery::gone);
    CHECK_FALSE(t.hub->find(a.id()));
    CHECK(t.hooks.log->take() == lines{"open", "closed 1006", "delivery 2 1"});
}

}
