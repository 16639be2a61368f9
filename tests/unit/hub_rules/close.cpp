// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hub_rules_close_tests {

// What a server may rely on: closing is told once, behind what was accepted before. The rules stand in the comments of
// the Transport concept and of connection_hub.

using namespace backchannel;
using namespace std::chrono_literals;
using test::lines;
using test::text;

TEST_CASE("R5: close retires the id before the transport is called", "[hub_rules]") {
    test::test_hub<test::direct_transport> t;
    auto a = t.open(0);
    std::string const id{a.id()};
    bool checked = false;
    t.wire().on_close = [&](int, std::uint16_t, std::string_view) {
        CHECK(t.hub->send(id, text("x")) == delivery::gone);
        CHECK_FALSE(t.hub->find(id));
        CHECK_FALSE(t.hub->close(id));
        CHECK(t.hub->was_open(id));
        checked = true;
    };
    CHECK(t.hub->close(id));
    CHECK(checked);
    CHECK(t.sent() == lines{"close 0 1000 "});
}

TEST_CASE("R5: the close event may come twice, late or never", "[hub_rules]") {
    test::test_hub<test::direct_transport> t;
    auto twice = t.open(0), late = t.open(1);
    twice.closed(1001);
    twice.closed(1002);
    { auto const never = t.open(2); }
    CHECK(t.hub->close(late.id(), 1012));
    late.closed(1000);
    late.closed();
    twice = session{};
    late = session{};
    CHECK(t.hooks.log->take() == lines{"open", "open", "closed 1001", "open", "closed 1006", "closed 1012"});
    CHECK(t.sent() == lines{"close 1 1012 "});
    CHECK_FALSE(t.hub->next_deadline());
}

TEST_CASE("R7: a promised message that the transport refuses closes the connection with 1013", "[hub_rules]") {
    test::test_hub<test::hopping_transport> t;
    auto a = t.open(0);
    std::string const id{a.id()};
    t.wire().on_send = [](int, message const& m) {
        return m.data() == "1" ? delivery::accepted : delivery::backpressure;
    };
    std::vector<delivery> answers;
    CHECK(t.hub->send(id, text("1")) == delivery::accepted);
    t.hub->async_send(id, text("2"), [&](delivery d) { answers.push_back(d); });
    CHECK(t.hub->send(id, text("3")) == delivery::accepted);
    CHECK(t.hub->send(id, text("4")) == delivery::accepted);
    t.hub->async_send(id, text("5"), [&](delivery d) { answers.push_back(d); });
    t.run();
    CHECK(t.sent() == lines{"send 0 1", "send 0 2", "send 0 3", "close 0 1013 "});
    // who waited for the answer got it, so its refusal costs nothing; the rest finds the connection closing
    CHECK(answers == std::vector{delivery::backpressure, delivery::gone});
    CHECK(t.hub->send(id, text("6")) == delivery::gone);
    auto const hooks = t.hooks.log->take();
    CHECK(std::count(hooks.begin(), hooks.end(), "closed 1013") == 1);
    REQUIRE(t.hub->next_deadline());
    CHECK(*t.hub->next_deadline() == t.clock.steady() + 10s);
}

TEST_CASE("R7: the transport is told to close once, and not after the connection has gone", "[hub_rules]") {
    test::test_hub<test::hopping_transport> t;
    auto a = t.open(0);
    CHECK(t.hub->send(a.id(), text("x")) == delivery::accepted);
    SECTION("a broken promise before a close that waits") {
        t.wire().on_send = [](int, message const&) { return delivery::backpressure; };
        CHECK(t.hub->close(a.id(), 1000, "bye"));
        t.run();
        CHECK(t.sent() == lines{"send 0 x", "close 0 1013 "});
    }
    SECTION("a broken promise on a connection that has just gone") {
        t.wire().on_send = [&](int, message const&) {
            a.closed(1001);
            return delivery::backpressure;
        };
        t.run();
        CHECK(t.sent() == lines{"send 0 x"});
    }
}

TEST_CASE("R7: a close goes out behind the messages accepted before it", "[hub_rules]") {
    test::test_hub<test::looping_transport> t;
    auto a = t.open(0);
    std::string const id{a.id()};
    CHECK(t.hub->send(id, text("1")) == delivery::accepted);
    CHECK(t.hub->send(id, text("2")) == delivery::accepted);
    SECTION("asked for on another thread") {
        CHECK(t.hub->close(id, 1000, "done"));
        CHECK(t.hub->send(id, text("3")) == delivery::gone);
        t.run();
    }
    SECTION("asked for on the connection's thread") {
        CHECK(t.on_loop(0, [&] { return t.hub->close(id, 1000, "done"); }));
        CHECK(t.hub->send(id, text("3")) == delivery::gone);
    }
    CHECK(t.sent() == lines{"send 0 1", "send 0 2", "close 0 1000 done"});
    t.run();
    CHECK(t.sent().empty());
}

}
