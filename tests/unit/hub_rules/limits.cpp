// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace hub_rules_limits_tests {

// What a server may rely on: unsent bytes are bounded, wherever they wait. The rules stand in the comments of the
// Transport concept and of connection_hub.

using namespace backchannel;
using test::lines;
using test::text;

TEST_CASE("R7: the mailbox is bounded in bytes, and a refusal is counted as backpressure", "[hub_rules]") {
    test::test_hub<test::looping_transport> t{{.queue_limit = 2000}};
    auto a = t.open(0);
    std::string const body(300, 'x');
    std::size_t accepted = 0;
    for (int i = 0; i != 50; ++i) accepted += t.hub->send(a.id(), text(body)) == delivery::accepted;
    CHECK(accepted >= 3);
    CHECK(accepted <= 2000 / 300);
    CHECK(t.hub->send(a.id(), text(body)) == delivery::backpressure);
    auto hooks = t.hooks.log->take();
    CHECK(std::count(hooks.begin(), hooks.end(), "delivery 1 300") == 51 - static_cast<int>(accepted));
    t.run();
    CHECK(t.sent().size() == accepted);
    CHECK(t.hub->send(a.id(), text(body)) == delivery::accepted);
}

TEST_CASE("R7: a message longer than the limit is refused, one of just the limit is not", "[hub_rules]") {
    test::test_hub<test::looping_transport> t{{.queue_limit = 1000}};
    auto a = t.open(0);
    CHECK(t.hub->send(a.id(), text(std::string(1001, 'x'))) == delivery::backpressure);
    CHECK(t.hub->send(a.id(), text(std::string(1000, 'x'))) == delivery::accepted);
    CHECK(t.hub->send(a.id(), text("")) == delivery::backpressure);
}

TEST_CASE("R7: empty messages and pings are bounded too", "[hub_rules]") {
    test::test_hub<test::looping_transport> t{{.queue_limit = 10'000}};
    auto a = t.open(0);
    int accepted = 0;
    for (int i = 0; i != 1000; ++i) accepted += t.hub->send(a.id(), text("")) == delivery::accepted;
    CHECK(accepted > 10);
    CHECK(accepted < 1000);
    t.run();
    CHECK(t.sent().size() == static_cast<std::size_t>(accepted));
    for (int i = 0; i != 1000; ++i) t.hub->ping(a.id(), "p");
    t.run();
    CHECK(t.sent().size() < 1000);
}

TEST_CASE("R9: what the transport says it holds counts against the limit", "[hub_rules]") {
    std::size_t held = 0;
    SECTION("without dispatch") {
        test::test_hub<test::tells_buffered<test::plain_recorder>> t{{.queue_limit = 100}};
        t.wire().on_buffered = [&](int) { return held; };
        auto a = t.open(0);
        CHECK(t.hub->send(a.id(), text(std::string(100, 'x'))) == delivery::accepted);
        held = 1;
        CHECK(t.hub->send(a.id(), text(std::string(100, 'x'))) == delivery::backpressure);
        CHECK(t.hub->send(a.id(), text(std::string(99, 'x'))) == delivery::accepted);
        held = 101;
        CHECK(t.hub->send(a.id(), text("")) == delivery::backpressure);
        CHECK(t.sent().size() == 2);
    }
    SECTION("with dispatch the last known figure is used, and refreshed after a refusal") {
        test::test_hub<test::with_dispatch<test::tells_buffered<test::plain_recorder>>> t{{.queue_limit = 1000}};
        t.wire().on_buffered = [&](int) { return held; };
        auto a = t.open(0);
        CHECK(t.hub->send(a.id(), text("1")) == delivery::accepted);
        held = 990;
        // the message that waits was promised when nothing was held
        t.run();
        CHECK(t.sent() == lines{"send 0 1"});
        std::string const eleven(11, 'x');
        CHECK(t.hub->send(a.id(), text(eleven)) == delivery::backpressure);
        held = 0;
        CHECK(t.hub->send(a.id(), text(eleven)) == delivery::backpressure);
        t.run();
        CHECK(t.hub->send(a.id(), text(eleven)) == delivery::accepted);
        t.run();
        CHECK(t.wire().wrong_thread == 0);
    }
    SECTION("with dispatch a caller that waits for the thread's answer is not refused by an old figure") {
        test::test_hub<test::with_dispatch<test::tells_buffered<test::plain_recorder>>> t{{.queue_limit = 1000}};
        t.wire().on_buffered = [&](int) { return held; };
        auto a = t.open(0);
        std::vector<delivery> told;
        auto const send_and_run = [&] {
            t.hub->async_send(a.id(), text(std::string(11, 'x')), [&](delivery d) { told.push_back(d); });
            t.run();
            return std::exchange(told, {});
        };
        held = 990;
        CHECK(send_and_run() == std::vector{delivery::backpressure});
        CHECK(t.sent().empty());
        held = 0; // the client has read
        CHECK(send_and_run() == std::vector{delivery::accepted});
    }
}

TEST_CASE("R9: bytes that the session has not reported as written count against the limit", "[hub_rules]") {
    SECTION("without dispatch") {
        test::test_hub<test::counts_written<test::plain_recorder>> t{{.queue_limit = 100}};
        auto a = t.open(0);
        std::string const body(60, 'x');
        CHECK(t.hub->send(a.id(), text(body)) == delivery::accepted);
        CHECK(t.hub->send(a.id(), text(body)) == delivery::backpressure);
        a.written(19);
        CHECK(t.hub->send(a.id(), text(body)) == delivery::backpressure);
        a.written(20);
        CHECK(t.hub->send(a.id(), text(body)) == delivery::accepted);
        t.wire().on_send = [](int, message const&) { return delivery::backpressure; };
        a.written(120);
        CHECK(t.hub->send(a.id(), text(body)) == delivery::backpressure);
        t.wire().on_send = nullptr;
        CHECK(t.hub->send(a.id(), text(std::string(100, 'x'))) == delivery::accepted); // a refusal reserves nothing
        SECTION("a server that counts frame headers as well is not locked out") {
            a.written(1000);
            CHECK(t.hub->send(a.id(), text(body)) == delivery::accepted);
        }
        SECTION("the next connection of the slot starts at zero") {
            auto b = t.open(1);
            CHECK(t.hub->send(b.id(), text(std::string(100, 'x'))) == delivery::accepted);
            CHECK(t.hub->send(b.id(), text("x")) == delivery::backpressure);
        }
    }
    SECTION("with dispatch they are reserved when accepted") {
        test::test_hub<test::with_dispatch<test::counts_written<test::plain_recorder>>> t{{.queue_limit = 1000}};
        auto a = t.open(0);
        std::string const body(600, 'x');
        CHECK(t.hub->send(a.id(), text(body)) == delivery::accepted);
        CHECK(t.hub->send(a.id(), text(body)) == delivery::backpressure);
        t.run();
        CHECK(t.hub->send(a.id(), text(body)) == delivery::backpressure);
        a.written(600);
        CHECK(t.hub->send(a.id(), text(body)) == delivery::accepted);
        t.wire().loops[0].drop();
        CHECK(t.hub->send(a.id(), text(body)) == delivery::gone); // the promise was broken
        CHECK(t.sent().size() == 1);
    }
}

TEST_CASE("R9: a reused slot does not inherit its predecessor's unsent bytes", "[hub_rules]") {
    test::test_hub<test::counts_written<test::plain_recorder>> t{
        {.max_connections = 1, .queue_limit = 100, .retired_kept = 0}};
    std::string const full(100, 'x');
    for (int i = 0; i != 3; ++i) {
        auto a = t.open(0);
        REQUIRE(a);
        CHECK(t.hub->send(a.id(), text(full)) == delivery::accepted);
        CHECK(t.hub->send(a.id(), text("x")) == delivery::backpressure);
        if (i == 1) a.written(7);
    }
}

TEST_CASE("R9: transports that bound themselves or admit to be unbounded are not limited", "[hub_rules]") {
    test::test_hub<test::bounded<test::plain_recorder>> own{{.queue_limit = 1}};
    test::test_hub<test::admits_unbounded<test::plain_recorder>> none{{.queue_limit = 1}};
    auto a = own.open(0);
    auto b = none.open(0);
    CHECK(own.hub->send(a.id(), text("long")) == delivery::accepted);
    CHECK(none.hub->send(b.id(), text("long")) == delivery::accepted);
    own.wire().on_send = [](int, message const&) { return delivery::backpressure; };
    CHECK(own.hub->send(a.id(), text("long")) == delivery::backpressure);
    CHECK(own.hub->find(a.id()));
}

}
