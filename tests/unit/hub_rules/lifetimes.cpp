// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace hub_rules_lifetimes_tests {

// What a server may rely on, whatever it does inside the hub's calls: handles, sessions, tasks and the hub may end in
// any order. The rules stand in the comments of the Transport concept and of connection_hub.

using namespace backchannel;
using test::lines;
using test::text;

namespace {

/// A handle that counts how many of its copies exist, and on no thread in particular.
struct counted_handle {
    static inline std::atomic<int> alive{0};
    int number = 0;

    explicit counted_handle(int n) : number{n} { alive.fetch_add(1); }
    counted_handle(counted_handle const& other) : number{other.number} { alive.fetch_add(1); }
    counted_handle& operator=(counted_handle const&) = default;
    ~counted_handle() { alive.fetch_sub(1); }
};

struct counted_transport {
    using handle = counted_handle;
    static constexpr bool bounds_itself = true;
    delivery send(handle const&, message const&) { return delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

}

TEST_CASE("R1: the hub copies and destroys handles, keeps one and gives it back", "[hub_rules]") {
    {
        connection_hub<counted_transport> hub;
        auto s = hub.open(counted_handle{7});
        CHECK(counted_handle::alive == 1);
        (void)hub.send(s.id(), text("x"));
        CHECK(counted_handle::alive == 1);
        s.closed();
        CHECK(counted_handle::alive == 1);
        std::thread{[&s] { s = session{}; }}.join();
        CHECK(counted_handle::alive == 0);
        auto outliving = hub.open(counted_handle{8});
        auto reserved = hub.reserve();
        s = std::move(outliving);
    }
    CHECK(counted_handle::alive == 0);
}

TEST_CASE("R1: a session that outlives its hub keeps the handle until it goes", "[hub_rules]") {
    session s;
    {
        connection_hub<counted_transport> hub;
        s = hub.open(counted_handle{7});
    }
    CHECK(counted_handle::alive == 1);
    s = session{};
    CHECK(counted_handle::alive == 0);
}

TEST_CASE("R13: sessions and tasks that outlive the hub do nothing", "[hub_rules]") {
    session s;
    std::vector<delivery> answers;
    auto log = std::make_shared<test::transport_log>();
    std::string id;
    {
        test::test_hub<test::keyed_transport> t;
        t.transport.log = log;
        log->owned = true;
        t.hub.emplace(t.transport, hub_options{}, hub_policies<test::recording_traits>{t.clock, {}, t.hooks});
        s = t.open(0);
        id = s.id();
        t.hub->async_send(s.id(), text("x"), [&](delivery d) { answers.push_back(d); });
        CHECK(t.hub->send(s.id(), text("y")) == delivery::accepted);
        CHECK(answers.empty());
        t.hub.reset();
        CHECK(t.hooks.log->take() == lines{"open", "closed 1001", "delivery 2 1", "delivery 2 1"});
    }
    CHECK(answers == std::vector{delivery::gone});
    CHECK(log->loops[0].run() == 1);
    CHECK(log->take().empty());
    s.touch();
    s.written(5);
    CHECK(s.id() == id);
    s.closed();
    auto moved = std::move(s);
    moved = session{};
    CHECK(answers.size() == 1);
}

TEST_CASE("R13: a queued task is the last that keeps the hub's state", "[hub_rules]") {
    auto log = std::make_shared<test::transport_log>();
    {
        test::looping_transport transport;
        transport.log = log;
        connection_hub<test::looping_transport> hub{transport};
        auto s = hub.open(0);
        CHECK(hub.send(s.id(), text("x")) == delivery::accepted);
    }
    SECTION("run") { CHECK(log->loops[0].run() == 1); }
    SECTION("dropped") { CHECK(log->loops[0].drop() == 1); }
    CHECK(log->take().empty());
}

TEST_CASE("R13: a loop's task that is dropped after the hub has gone dispatches no other", "[hub_rules]") {
    auto log = std::make_shared<test::transport_log>();
    {
        test::keyed_transport transport;
        transport.log = log;
        connection_hub<test::keyed_transport> hub{transport};
        auto a = hub.open(0), b = hub.open(2);
        CHECK(hub.send(a.id(), text("x")) == delivery::accepted);
        CHECK(hub.send(b.id(), text("x")) == delivery::accepted);
    }
    CHECK(log->loops[0].drop() == 1);
    CHECK(log->loops[0].pending() == 0);
}

TEST_CASE("R13: sessions may end on other threads while their hub is destroyed", "[hub_rules]") {
    for (int round = 0; round != 50; ++round) {
        std::vector<session> sessions;
        std::optional<connection_hub<counted_transport>> hub{std::in_place};
        for (int i = 0; i != 64; ++i) sessions.push_back(hub->open(counted_handle{i}));
        std::atomic<bool> go{false};
        std::thread other{[&] {
            while (!go) {
            }
            sessions.clear();
        }};
        go = true;
        hub.reset();
        other.join();
        REQUIRE(counted_handle::alive == 0);
    }
}

}
