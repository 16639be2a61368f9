// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"
#include "support/witness.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace hub_rules_reentrancy_tests {

// What a server may rely on: the hub calls it without holding a lock, and it may call the hub again from inside. The
// rules stand in the comments of the Transport concept and of connection_hub.

using namespace backchannel;
using namespace std::chrono_literals;
using test::lines;
using test::text;
using test::watched_mutex;

namespace {

struct watching_hooks {
    static inline std::atomic<int> called_under_lock{0}, calls{0};
    static void look() {
        calls.fetch_add(1);
        if (watched_mutex::held != 0) called_under_lock.fetch_add(1);
    }
    void on_open(std::string_view, connection_state const&) noexcept { look(); }
    void on_closed(std::string_view, std::uint16_t) noexcept { look(); }
    void on_delivery(std::string_view, delivery, std::size_t) noexcept { look(); }
};

struct watching_traits : default_hub_traits {
    using mutex = watched_mutex;
    using hooks = watching_hooks;
};

template <class Base>
struct watching_transport : Base {
    delivery send(int const& h, message const& m) {
        watching_hooks::look();
        return Base::send(h, m);
    }
    void close(int const& h, std::uint16_t code, std::string_view reason) {
        watching_hooks::look();
        Base::close(h, code, reason);
    }
    void ping(int const& h, std::string_view payload) {
        watching_hooks::look();
        Base::ping(h, payload);
    }
    void terminate(int const& h) {
        watching_hooks::look();
        Base::terminate(h);
    }
};

template <class Base>
struct watching_hops : watching_transport<Base> {
    void dispatch(int const& h, task f) {
        watching_hooks::look();
        Base::dispatch(h, std::move(f));
    }
    bool on_thread(int const& h) {
        watching_hooks::look();
        return Base::on_thread(h);
    }
    std::size_t buffered(int const&) {
        watching_hooks::look();
        return 0;
    }
    test::manual_loop const* thread_key(int const& h) {
        watching_hooks::look();
        return Base::thread_key(h);
    }
};

using unbounded_hops = test::with_thread_key<
    test::with_on_thread<test::with_terminate<test::with_ping<test::with_dispatch<test::plain_recorder>>>>>;

template <class Transport>
void exercise_everything() {
    connection_hub<Transport, watching_traits> hub{Transport{}, {.queue_limit = 2000, .closing_timeout = 1ms}};
    auto const log = hub.transport().log;
    auto const done = [](delivery) { watching_hooks::look(); };
    auto const run = [&] { log->loops[0].run(), log->loops[1].run(); };
    auto a = hub.open(0, {}), b = hub.open(1, {}), c = hub.open(2, {});
    std::string const long_text(1500, 'x');
    for (int i = 0; i != 3; ++i) {
        (void)hub.send(a.id(), text(long_text));
        hub.async_send(b.id(), text(long_text), done);
        hub.ping(a.id());
    }
    log->loops[0].as_owner([&] { (void)hub.send(a.id(), text("inline")); });
    run();
    hub.close(a.id());
    hub.async_send(c.id(), text("c"), done);
    log->loops[0].drop();
    hub.async_send(b.id(), text("b"), done);
    b.closed();
    std::this_thread::sleep_for(3ms);
    hub.expire(std::chrono::steady_clock::now() + 1h);
    run();
}

}

TEST_CASE("R4: no lock is held while the transport, a hook or a completion runs", "[hub_rules]") {
    watching_hooks::calls = 0;
    watching_hooks::called_under_lock = 0;
    SECTION("with dispatch") { exercise_everything<watching_hops<unbounded_hops>>(); }
    SECTION("without dispatch") { exercise_everything<watching_transport<test::direct_transport>>(); }
    CHECK(watching_hooks::calls > 15);
    CHECK(watching_hooks::called_under_lock == 0);
}

TEST_CASE("R4: the transport may send, close, open and end the session inside its own calls", "[hub_rules]") {
    test::test_hub<test::direct_transport> t;
    auto a = t.open(0), b = t.open(1);
    session opened_inside;

    SECTION("send inside send goes to the other connection") {
        t.wire().on_send = [&](int h, message const&) {
            if (h == 0) CHECK(t.hub->send(b.id(), text("nested")) == delivery::accepted);
            return delivery::accepted;
        };
        CHECK(t.hub->send(a.id(), text("outer")) == delivery::accepted);
        CHECK(t.sent() == lines{"send 0 outer", "send 1 nested"});
    }
    SECTION("close inside send") {
        t.wire().on_send = [&](int, message const&) {
            CHECK(t.hub->close(a.id(), 1001));
            return delivery::gone;
        };
        CHECK(t.hub->send(a.id(), text("x")) == delivery::gone);
        CHECK(t.sent() == lines{"send 0 x", "close 0 1001 "});
        CHECK(t.hooks.log->take() == lines{"open", "open", "closed 1001", "delivery 2 1"});
    }
    SECTION("the session's end inside send") {
        t.wire().on_send = [&](int, message const&) {
            a = session{};
            return delivery::accepted;
        };
        std::string const id{a.id()};
        CHECK(t.hub->send(id, text("x")) == delivery::accepted);
        CHECK(t.hub->send(id, text("x")) == delivery::gone);
    }
    SECTION("the session's end inside close") {
        t.wire().on_close = [&](int, std::uint16_t, std::string_view) {
            a.closed(1000);
            a.closed(1006);
            a = session{};
        };
        std::string const id{a.id()};
        CHECK(t.hub->close(id));
        CHECK_FALSE(t.hub->close(id));
        CHECK(t.sent() == lines{"close 0 1000 "});
        CHECK(t.hooks.log->take() == lines{"open", "open", "closed 1000"});
    }
    SECTION("open inside on_closed") {
        t.hooks.log->on_closed = [&](std::string_view, std::uint16_t) {
            if (!opened_inside) opened_inside = t.hub->open(5, {});
        };
        CHECK(t.hub->close(a.id()));
        CHECK(opened_inside);
        CHECK(t.hub->send(opened_inside.id(), text("new")) == delivery::accepted);
        CHECK(t.sent() == lines{"close 0 1000 ", "send 5 new"});
        t.hooks.log->on_closed = nullptr;
    }
}

TEST_CASE("R4: a hook may end the very session whose close it is told", "[hub_rules]") {
    // with room for one connection, what the hook opens gets the slot that the outer call still works on
    test::test_hub<test::direct_transport> t{{.max_connections = 1, .retired_kept = 0}};
    auto a = t.open(0);
    session next;
    t.hooks.log->on_closed = [&](std::string_view, std::uint16_t code) {
        if (code != 1006) return;
        a = session{};
        next = t.hub->open(1, {});
    };
    a.closed();
    CHECK_FALSE(next); // the old connection is only gone when the call that ends it is
    t.hooks.log->on_closed = nullptr;
    next = t.open(2);
    REQUIRE(next);
    CHECK(t.hub->next_deadline());
    CHECK(t.hub->send(next.id(), text("x")) == delivery::accepted);
}

TEST_CASE("R4: a hook that ends the session of a destroyed hub's last reference is safe", "[hub_rules]") {
    session s;
    {
        test::test_hub<test::direct_transport> t;
        s = t.open(0);
        t.hooks.log->on_closed = [&](std::string_view, std::uint16_t) { s = session{}; };
    }
    CHECK_FALSE(s);
}

}
