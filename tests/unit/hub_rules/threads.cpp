// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace hub_rules_threads_tests {

// What a server may rely on: on which thread the hub calls the Transport and completions, and in which order messages
// go out. The rules stand in the comments of the Transport concept and of connection_hub.

using namespace backchannel;
using namespace std::chrono_literals;
using test::lines;
using test::text;

namespace {

/// A server whose handles are raw pointers to sockets that it deletes when they close, as many servers' are.
struct socket {
    std::string received;
    session tracked;
};

struct pointer_transport {
    using handle = socket*;
    static constexpr bool bounds_itself = true;
    std::shared_ptr<test::manual_loop> loop = std::make_shared<test::manual_loop>();

    delivery send(handle const& h, message const& m) {
        h->received += m.data();
        return delivery::accepted;
    }
    void close(handle const& h, std::uint16_t, std::string_view) { delete h; }
    void terminate(handle const& h) { delete h; }
    void ping(handle const& h, std::string_view) { h->received += "ping"; }
    void dispatch(handle const&, task f) {
        if (loop->is_current())
            f();
        else
            loop->post(std::move(f));
    }
};

struct freeing_transport : pointer_transport {
    bool on_thread(handle const&) { return loop->is_current(); }
};

}

TEST_CASE("R2: with dispatch every call comes on the connection's own thread", "[hub_rules]") {
    test::test_hub<test::keyed_transport> t{{.closing_timeout = 1s}};
    auto a = t.open(0), b = t.open(1);
    std::string const id_a{a.id()}, id_b{b.id()};
    std::thread{[&] {
        for (std::string const& id : {id_a, id_b}) {
            CHECK(t.hub->send(id, text("1")) == delivery::accepted);
            t.hub->async_send(id, text("2"), [](delivery) {});
            CHECK(t.hub->ping(id, "p"));
            CHECK(t.hub->close(id));
        }
    }}.join();
    CHECK(t.sent().empty());
    t.run();
    CHECK(t.sent() == lines{"send 0 1", "send 0 2", "ping 0 p", "close 0 1000 ", "send 1 1", "send 1 2", "ping 1 p",
                            "close 1 1000 "});
    t.clock.advance(1s);
    CHECK(t.expire() == 2);
    t.run();
    CHECK(t.sent() == lines{"terminate 0", "terminate 1"});
    CHECK(t.wire().wrong_thread == 0);
}

TEST_CASE("R2: a freed connection behind a raw pointer is not touched by a delayed task", "[hub_rules]") {
    // the sanitizers see a use after free; without them the lost message shows as `gone`
    connection_hub<freeing_transport> hub;
    auto const loop = hub.transport().loop;
    auto* const peer = new socket;
    peer->tracked = hub.open(peer);
    std::string const id{peer->tracked.id()};
    std::vector<delivery> answers;
    auto const note = [&](delivery d) { answers.push_back(d); };
    CHECK(hub.send(id, text("first")) == delivery::accepted);
    hub.async_send(id, text("second"), note);
    CHECK(hub.ping(id));
    CHECK(hub.close(id));
    hub.async_send(id, text("third"), note);
    CHECK(answers == std::vector{delivery::gone});
    loop->as_owner([&] { delete peer; });
    CHECK(answers == std::vector{delivery::gone, delivery::gone});
    CHECK(loop->run() != 0);
    CHECK(answers.size() == 2);
    CHECK(hub.send(id, text("late")) == delivery::gone);
}

TEST_CASE("R2: a server that frees the connection inside close is not called again", "[hub_rules]") {
    connection_hub<freeing_transport> hub{{}, {.closing_timeout = 1ms}};
    auto const loop = hub.transport().loop;
    auto* const peer = new socket;
    peer->tracked = hub.open(peer);
    std::string const id{peer->tracked.id()};
    std::vector<delivery> answers;
    CHECK(hub.send(id, text("first")) == delivery::accepted);
    CHECK(hub.close(id));
    loop->run();
    CHECK_FALSE(hub.next_deadline());
    CHECK(hub.expire(std::chrono::steady_clock::now() + 1h) == 0);
    CHECK(hub.was_open(id));
}

TEST_CASE("R2: the record is checked again between two messages of one task", "[hub_rules]") {
    test::test_hub<test::looping_transport> t;
    auto a = t.open(0);
    int answered_gone = 0;
    t.wire().on_send = [&](int, message const&) {
        a.closed(1001);
        return delivery::accepted;
    };
    CHECK(t.hub->send(a.id(), text("1")) == delivery::accepted);
    t.hub->async_send(a.id(), text("2"), [&](delivery d) { answered_gone += d == delivery::gone; });
    CHECK(t.hub->send(a.id(), text("3")) == delivery::accepted);
    t.run();
    CHECK(t.sent() == lines{"send 0 1"});
    CHECK(answered_gone == 1);
    CHECK(t.hub->was_open(a.id()));
}

TEST_CASE("R3: without dispatch any thread calls the transport, right away", "[hub_rules]") {
    test::test_hub<test::direct_transport> t;
    auto a = t.open(0);
    std::thread{[&] {
        CHECK(t.hub->send(a.id(), text("1")) == delivery::accepted);
        CHECK(t.sent() == lines{"send 0 1"});
        delivery told = delivery::unknown;
        t.hub->async_send(a.id(), text("2"), [&](delivery d) { told = d; });
        CHECK(told == delivery::accepted);
        CHECK(t.hub->ping(a.id(), "?"));
        CHECK(t.hub->close(a.id(), 3000, "bye"));
        CHECK(t.sent() == lines{"send 0 2", "ping 0 ?", "close 0 3000 bye"});
    }}.join();
}

TEST_CASE("R11: a send that starts after another's result is known is delivered after it", "[hub_rules]") {
    // two client threads take turns, a third sends on the loop itself; the order of the turns is the order on the wire
    test::test_hub<test::looping_transport> t;
    auto& loop = t.wire().loops[0];
    auto a = t.open(0);
    std::string const id{a.id()};
    std::mutex turn;
    int next = 0;
    auto const send_next = [&] {
        std::lock_guard const lock{turn};
        std::string const body = std::to_string(next++);
        CHECK_FALSE(t.hub->send(id, text(body)) != delivery::accepted);
    };
    loop.start();
    constexpr int count = 2000;
    auto const client = [&] {
        for (int i = 0; i != count; ++i) send_next();
    };
    auto const owner = [&] {
        for (int i = 0; i != count; ++i) loop.post(send_next);
    };
    std::thread one{client}, two{client}, three{owner};
    one.join(), two.join(), three.join();
    loop.stop();
    auto const wire = t.sent();
    REQUIRE(wire.size() == 3 * count);
    int out_of_order = 0;
    for (std::size_t i = 0; i != wire.size(); ++i) out_of_order += wire[i] != "send 0 " + std::to_string(i);
    CHECK(out_of_order == 0);
}

TEST_CASE("R14: completions run on the connection's own thread", "[hub_rules]") {
    test::test_hub<test::looping_transport> t;
    auto a = t.open(0), b = t.open(1);
    int elsewhere = 0, answered = 0;
    auto const expect_on = [&](int h) {
        return [&, h](delivery) {
            ++answered;
            elsewhere += !t.wire().loop_of(h).is_current();
        };
    };
    t.hub->async_send(a.id(), text("queued"), expect_on(0));
    t.on_loop(0, [&] { t.hub->async_send(b.id(), text("from the other loop"), expect_on(1)); });
    t.run();
    t.on_loop(0, [&] { t.hub->async_send(a.id(), text("inline"), expect_on(0)); });
    t.hub->async_send(a.id(), text("lost"), expect_on(0));
    t.on_loop(0, [&] { a.closed(); });
    CHECK(answered == 4);
    CHECK(elsewhere == 0);
}

TEST_CASE("R14: a completion may do anything to the hub", "[hub_rules]") {
    test::test_hub<test::looping_transport> t;
    auto a = t.open(0);
    std::string const id{a.id()};
    std::vector<delivery> answers;
    t.hub->async_send(id, text("1"), [&](delivery d) {
        answers.push_back(d);
        t.hub->async_send(id, text("3"), [&](delivery e) {
            answers.push_back(e);
            a = session{};
        });
    });
    t.hub->async_send(id, text("2"), [&](delivery d) { answers.push_back(d); });
    t.run();
    CHECK(answers == std::vector(3, delivery::accepted));
    CHECK(t.sent() == lines{"send 0 1", "send 0 2", "send 0 3"});
    CHECK(t.hub->send(id, text("4")) == delivery::gone);
}

}
