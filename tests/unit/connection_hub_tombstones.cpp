// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/idle_transport.hpp"
#include "support/test_hub.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace connection_hub_tombstones_tests {

using namespace backchannel;
using namespace std::chrono_literals;
using test::text;

namespace {

/// Checks what the hub remembers, now and later.
template <class T>
void check_tombstone(T& t, std::string_view id, wall_time closed_at, std::uint16_t code, closed_by by,
                     std::string_view reason = {}) {
    for (int i = 0; i != 2; ++i) {
        auto const found = t.hub->find_tombstone(id);
        REQUIRE(found);
        CHECK(found->closed_at == closed_at);
        CHECK(found->code == code);
        CHECK(found->by == by);
        CHECK(found->reason == reason);
        CHECK(t.hub->was_open(id));
        t.clock.advance(1234ms);
    }
}

/// A clock that does something before it is read.
struct asking_clock : test::manual_clock {
    std::shared_ptr<std::function<void()>> ask = std::make_shared<std::function<void()>>();

    [[nodiscard]] time_point steady() const noexcept {
        if (*ask) (*ask)();
        return manual_clock::steady();
    }
};

struct asking_traits : default_hub_traits {
    using clock = asking_clock;
};

}

TEST_CASE("what has not been open, or still is, has no tombstone", "[tombstones]") {
    test::test_hub<test::direct_transport> t;
    for (std::string_view const id : {"", "no id at all", "AAAAAAAAAAAAAAAA"}) CHECK_FALSE(t.hub->find_tombstone(id));
    auto reserved = t.hub->reserve(), open = t.open(1);
    CHECK_FALSE(t.hub->find_tombstone(reserved.id()));
    CHECK_FALSE(t.hub->find_tombstone(open.id()));
    std::string const never{reserved.id()};
    reserved = session{};
    CHECK_FALSE(t.hub->find_tombstone(never));
}

TEST_CASE("whoever finds a connection closed finds when", "[tombstones]") {
    asking_clock clock;
    connection_hub<test::idle_transport, asking_traits> hub{{}, {}, hub_policies<asking_traits>{clock, {}, {}}};
    auto client = hub.open(1);
    std::string const id{client.id()};
    clock.advance(5s);
    int asked = 0;
    *clock.ask = [&] { // on another thread in a server
        if (++asked != 1) return;
        CHECK_FALSE(hub.find_tombstone(id));
        CHECK_FALSE(hub.close(id, 4000)); // whoever comes second changes nothing
        CHECK_FALSE(hub.find_tombstone(id));
    };
    client.closed(4999);
    CHECK(asked > 0);
    *clock.ask = {};
    REQUIRE(hub.find_tombstone(id));
    CHECK(hub.find_tombstone(id)->closed_at == clock.wall());
    CHECK(hub.find_tombstone(id)->code == 4999);
}

TEST_CASE("a tombstone tells when a connection was closed, how, and by whom", "[tombstones]") {
    test::test_hub<test::direct_transport> t;
    auto a = t.open(1), b = t.open(2), c = t.open(3), d = t.open(4);
    std::string const id_of_c{c.id()};
    t.clock.advance(5s);
    wall_time const then = t.clock.wall();
    SECTION("the client closes it") {
        a.closed(4999);
        check_tombstone(t, a.id(), then, 4999, closed_by::peer);
    }
    SECTION("the network") {
        a.closed();
        check_tombstone(t, a.id(), then, 1006, closed_by::peer);
    }
    SECTION("the server") {
        a.closed(1008, "not remembered", closed_by::server);
        check_tombstone(t, a.id(), then, 1008, closed_by::server);
    }
    SECTION("its session ends") {
        c = session{};
        check_tombstone(t, id_of_c, then, 1006, closed_by::peer);
    }
    SECTION("the Transport knows that it is gone") {
        t.wire().on_send = [](int, message const&) { return delivery::gone; };
        CHECK(t.hub->send(a.id(), text("x")) == delivery::gone);
        check_tombstone(t, a.id(), then, 1006, closed_by::peer);
    }
    SECTION("the Transport fails") {
        t.wire().on_send = [](int, message const&) -> delivery { throw std::runtime_error{"send"}; };
        CHECK(t.hub->send(a.id(), text("x")) == delivery::gone);
        check_tombstone(t, a.id(), then, 1011, closed_by::server);
    }
    SECTION("a caller closes it, and what the client answers changes nothing") {
        CHECK(t.hub->close(b.id(), 4001, "why"));
        t.clock.advance(1s);
        b.closed(1000);
        b.touch();
        CHECK_FALSE(t.hub->close(b.id(), 4002));
        check_tombstone(t, b.id(), then, 4001, closed_by::server);
    }
    SECTION("the client was first") {
        b.closed(1000);
        CHECK_FALSE(t.hub->close(b.id(), 4001));
        check_tombstone(t, b.id(), then, 1000, closed_by::peer);
    }
    CHECK_FALSE(t.hub->find_tombstone(d.id()));
}

TEST_CASE("when a connection was closed is the same whenever it is asked for", "[tombstones]") {
    test::test_hub<test::direct_transport> t;
    t.clock.set_wall(500us); // milliseconds of the two clocks do not begin together
    auto s = t.open(1);
    wall_time const opened = t.clock.wall();
    t.clock.advance(5s);
    s.closed(1000);
    for (int i = 0; i != 10; ++i) {
        CHECK(t.hub->find_tombstone(s.id())->closed_at == opened + 5s);
        t.clock.advance(300us);
    }
    for (auto const by : {2h, -24h}) {
        t.clock.set_wall(by);
        CHECK(t.hub->find_tombstone(s.id())->closed_at == opened + 5s);
    }
}

TEST_CASE("a deadline's tombstone is this side's", "[tombstones]") {
    test::test_hub<test::direct_transport> t{{.idle_timeout = 10s, .closing_timeout = 1s}};
    auto idle = t.open(1), expired = t.open(2, {{}, {}, t.clock.steady() + 4s});
    t.clock.advance(4s);
    wall_time const first = t.clock.wall();
    CHECK(t.expire() == 1);
    t.clock.advance(6s);
    wall_time const second = t.clock.wall();
    CHECK(t.expire() == 2); // one closes, and one that did not answer is terminated
    std::string const id{expired.id()};
    expired = session{};
    idle.closed(1006);
    CHECK(t.sent() == test::lines{"close 2 1008 Expired", "terminate 2", "close 1 1001 Going away"});
    check_tombstone(t, idle.id(), second, 1001, closed_by::server);
    check_tombstone(t, id, first, 1008, closed_by::server);
}

TEST_CASE("a connection that closes inside on_open is closed by the client", "[tombstones]") {
    test::test_hub<test::direct_transport> t;
    auto s = t.hub->reserve();
    t.hooks.log->on_open = [&](std::string_view) { s.closed(1000); };
    t.hub->attach(s, 1);
    check_tombstone(t, s.id(), t.clock.wall(), 1006, closed_by::peer);
}

TEST_CASE("a tombstone is there until its slot is used again, which then knows nothing of it", "[tombstones]") {
    test::test_hub<test::direct_transport> t{{.max_connections = 1, .retired_kept = 1}};
    auto const open_and_end = [&](int h, closed_by by) {
        auto s = t.open(h);
        CHECK_FALSE(t.hub->find_tombstone(s.id()));
        if (by == closed_by::peer)
            s.closed(4095);
        else
            CHECK(t.hub->close(s.id(), 1000));
        return std::string{s.id()};
    };
    std::string const first = open_and_end(1, closed_by::peer), second = open_and_end(2, closed_by::server);
    wall_time const then = t.clock.wall();
    check_tombstone(t, first, then, 4095, closed_by::peer);
    check_tombstone(t, second, then, 1000, closed_by::server);
    wall_time const later = t.clock.wall();
    std::string const third = open_and_end(3, closed_by::server); // in the first one's slot
    CHECK_FALSE(t.hub->find_tombstone(first));
    check_tombstone(t, second, then, 1000, closed_by::server);
    check_tombstone(t, third, later, 1000, closed_by::server);
    auto reserved = t.hub->reserve(); // in the second one's
    CHECK_FALSE(t.hub->find_tombstone(second));
    CHECK_FALSE(t.hub->find_tombstone(reserved.id()));
    CHECK(t.hub->find_tombstone(third));
}

TEST_CASE("reasons are remembered where that is wanted", "[tombstones]") {
    test::test_hub<test::direct_transport> t{
        {.max_connections = 4, .idle_timeout = 10s, .retired_kept = 0, .close_reasons = true}};
    auto a = t.open(1), b = t.open(2), c = t.open(3), d = t.open(4);
    wall_time const then = t.clock.wall();
    a.closed(4000, "enough", closed_by::peer);
    a.closed(4000, "too late");
    CHECK(t.hub->close(b.id(), 4001, "why, in more bytes than a short string has"));
    b.closed(4001, "the client's echo");
    c.closed(1000);
    check_tombstone(t, a.id(), then, 4000, closed_by::peer, "enough");
    check_tombstone(t, b.id(), then, 4001, closed_by::server, "why, in more bytes than a short string has");
    check_tombstone(t, c.id(), then, 1000, closed_by::peer);
    t.clock.advance(10s);
    CHECK(t.expire() == 1);
    CHECK(t.hub->find_tombstone(d.id())->reason == "Going away");

    a = session{}; // the slot's next connection ends without a reason
    auto next = t.open(5);
    REQUIRE(next);
    wall_time const later = t.clock.wall();
    next.closed(1000);
    check_tombstone(t, next.id(), later, 1000, closed_by::peer);
    check_tombstone(t, b.id(), then, 4001, closed_by::server, "why, in more bytes than a short string has");
}

}
