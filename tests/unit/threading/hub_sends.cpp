// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/shared_hub.hpp"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <string>
#include <vector>

namespace threading_hub_sends_tests {

// A test for each row of docs/threading.md: the sends of a hub.

using namespace backchannel;
using namespace test;

namespace {

constexpr int senders = 3, rounds = 60;

/// "2:17" is the message 17 of the thread 2.
std::string body_of(int thread, int number) { return std::to_string(thread) + ":" + std::to_string(number); }

/// Each thread's messages are there once, in the order in which it sent them.
bool complete_and_in_order(lines const& wire) {
    std::vector<int> next(senders, 0);
    for (std::string const& body : wire) {
        auto const thread = static_cast<std::size_t>(body.at(0) - '0');
        if (thread >= next.size() || body != body_of(body.at(0) - '0', next[thread]++)) return false;
    }
    return next == std::vector<int>(senders, rounds);
}

/// `act(id, thread, number)` runs on several threads at once, `meanwhile(id)` on another.
template <class Hub, class Act>
void act_on_one_connection(Hub& h, Act act) {
    session a = h.open(0);
    std::string const id{a.id()};
    h.start();
    at_once(senders + 1, [&](int t) {
        for (int i = 0; i != rounds; ++i) {
            if (t != senders) {
                act(id, t, i);
            } else {
                h.look_around(id);
                a.touch();
            }
        }
    });
    h.stop();
    CHECK(h.hub.find(id));
    h.end(0, a);
    CHECK(h.log->wrong_thread == 0);
}

template <class Hub>
void send_at_once() {
    Hub h;
    std::atomic<int> refused{0};
    act_on_one_connection(h, [&](std::string const& id, int t, int i) {
        refused += h.hub.send(id, text(body_of(t, i))) != delivery::accepted;
    });
    CHECK(refused == 0);
    CHECK(complete_and_in_order(h.told("send 0 ")));
    CHECK(h.seen->saw_no_lock());
}

template <class Hub>
void async_send_at_once() {
    Hub h;
    std::atomic<int> answered{0}, refused{0}, elsewhere{0};
    act_on_one_connection(h, [&](std::string const& id, int t, int i) {
        h.hub.async_send(id, text(body_of(t, i)), [&](delivery d) {
            h.seen->enter();
            ++answered;
            refused += d != delivery::accepted;
            elsewhere += Hub::has_loops && !h.log->loops[0].is_current();
        });
    });
    CHECK(answered == senders * rounds);
    CHECK(refused == 0);
    CHECK(elsewhere == 0);
    CHECK(complete_and_in_order(h.told("send 0 ")));
    CHECK(h.seen->saw_no_lock());
}

template <class Hub>
void ping_at_once() {
    Hub h;
    std::atomic<int> unknown{0};
    act_on_one_connection(h, [&](std::string const& id, int t, int i) {
        if (!h.hub.ping(id, body_of(t, i))) ++unknown;
    });
    CHECK(unknown == 0);
    CHECK(complete_and_in_order(h.told("ping 0 ")));
    CHECK(h.seen->saw_no_lock());
}

/// Several threads send the same messages, each of which arrives once.
template <class Hub>
void send_once_at_once() {
    Hub h;
    std::atomic<int> told{0}, refused{0}, known{0};
    act_on_one_connection(h, [&](std::string const& id, int t, int i) {
        std::string const key = std::to_string(i);
        h.hub.send_once(key, id, text(key), [&](delivery d) {
            h.seen->enter();
            ++told;
            refused += d != delivery::accepted;
        });
        if (t == 0) {
            delivery const d = h.hub.send_once(key, id, text(key)); // perhaps the first is still under way
            known += d == delivery::accepted || d == delivery::unknown;
            known += !h.hub.try_send_once(key, id, text(key));
        }
    });
    CHECK(told == senders * rounds);
    CHECK(refused == 0);
    CHECK(known == 2 * rounds);
    lines sent = h.told("send 0 "), expected;
    for (int i = 0; i != rounds; ++i) expected.push_back(std::to_string(i));
    std::sort(sent.begin(), sent.end());
    std::sort(expected.begin(), expected.end());
    CHECK(sent == expected);
    CHECK(h.seen->saw_no_lock());
}

/// A Transport that has written a message when it returns.
template <class Base>
struct writes_at_once : Base {
    delivery send_until(int const& h, message const& m, time_point, completion<delivery>& written) {
        delivery const result = Base::send(h, m);
        if (result == delivery::accepted && written) written(result);
        return result;
    }
};
using timed_looped_hub = test::shared_hub<writes_at_once<test::witness_loops<test::keyed_transport>>>;
using timed_direct_hub = test::shared_hub<writes_at_once<test::witness_transport<test::direct_transport>>>;

/// Several threads send messages with a limit, every other one to be told when it is written.
template <class Hub>
void send_until_at_once() {
    Hub h;
    std::atomic<int> told{0}, refused{0};
    act_on_one_connection(h, [&](std::string const& id, int t, int i) {
        send_terms const terms{h.clock.steady() + std::chrono::hours{1}, i % 2 == 0};
        std::string const body = body_of(t, i);
        if (i % 3 == 0 && !terms.when_written) {
            refused += h.hub.send_until(id, text(body), terms) != delivery::accepted;
            ++told;
        } else {
            h.hub.async_send_until(id, text(body), terms, [&](delivery d) {
                h.seen->enter();
                ++told;
                refused += d != delivery::accepted;
            });
        }
    });
    CHECK(told == senders * rounds);
    CHECK(refused == 0);
    CHECK(complete_and_in_order(h.told("send 0 ")));
    CHECK(h.seen->saw_no_lock());
}

/// Several threads close one connection while another sends to it, many times over.
template <class Hub>
void close_at_once() {
    Hub h;
    constexpr int connections = 100;
    std::vector<session> open;
    lines ids;
    for (int i = 0; i != connections; ++i) ids.emplace_back(open.emplace_back(h.open(2 * i + 2)).id());
    std::atomic<int> closed{0};
    std::barrier turn{senders + 1};
    h.start();
    at_once(senders + 1, [&](int t) {
        for (std::string const& id : ids) {
            turn.arrive_and_wait();
            if (t == senders)
                (void)h.hub.send(id, text("x"));
            else if (h.hub.close(id, 1000, "bye"))
                ++closed;
        }
    });
    h.stop();
    CHECK(closed == connections);
    int close_calls = 0;
    for (std::string const& line : h.told("close ")) close_calls += line.ends_with(" 1000 bye");
    CHECK(close_calls == connections);
    for (std::string const& id : ids) CHECK_FALSE(h.hub.find(id));
    for (int i = 0; i != connections; ++i) h.end(2 * i + 2, open[static_cast<std::size_t>(i)]);
    CHECK(h.log->wrong_thread == 0);
    CHECK(h.seen->saw_no_lock());
}

}

TEST_CASE("connection_hub::send, with dispatch: threads send at once, each in order, on the loop", "[threading]") {
    send_at_once<looped_hub>();
}

TEST_CASE("connection_hub::send, without dispatch: threads send at once, each in order", "[threading]") {
    send_at_once<direct_hub>();
}

TEST_CASE("connection_hub::try_send, with dispatch: sends on the loop, does nothing elsewhere", "[threading]") {
    looped_hub h;
    std::atomic<int> sent{0}, left{0};
    act_on_one_connection(h, [&](std::string const& id, int t, int i) {
        if (t != 0) {
            left += !h.hub.try_send(id, text("not here"));
        } else {
            h.log->loops[0].post(
                [&, id, i] { sent += h.hub.try_send(id, text(std::to_string(i))) == delivery::accepted; });
        }
    });
    CHECK(sent == rounds);
    CHECK(left == (senders - 1) * rounds);
    lines expected;
    for (int i = 0; i != rounds; ++i) expected.push_back(std::to_string(i));
    CHECK(h.told("send 0 ") == expected);
    CHECK(h.seen->saw_no_lock());
}

TEST_CASE("connection_hub::try_send, without dispatch: sends on any thread", "[threading]") {
    direct_hub h;
    std::atomic<int> left{0};
    act_on_one_connection(h, [&](std::string const& id, int t, int i) {
        left += h.hub.try_send(id, text(body_of(t, i))) != delivery::accepted;
    });
    CHECK(left == 0);
    CHECK(complete_and_in_order(h.told("send 0 ")));
    CHECK(h.seen->saw_no_lock());
}

TEST_CASE("connection_hub::async_send, with dispatch: each answer comes once, on the loop", "[threading]") {
    async_send_at_once<looped_hub>();
}

TEST_CASE("connection_hub::async_send, without dispatch: each answer comes once", "[threading]") {
    async_send_at_once<direct_hub>();
}

TEST_CASE("connection_hub::send_once, try_send_once, with dispatch: a repetition waits for the one message",
          "[threading]") {
    send_once_at_once<looped_hub>();
}

TEST_CASE("connection_hub::send_once, try_send_once, without dispatch: one of many sends is done", "[threading]") {
    send_once_at_once<direct_hub>();
}

TEST_CASE("connection_hub::send_until, async_send_until, with dispatch: every message arrives, in order", "[threading]") {
    send_until_at_once<timed_looped_hub>();
}

TEST_CASE("connection_hub::send_until, async_send_until, without dispatch: every message arrives, in order",
          "[threading]") {
    send_until_at_once<timed_direct_hub>();
}

TEST_CASE("connection_hub::ping, with dispatch: every ping goes out, on the loop", "[threading]") {
    ping_at_once<looped_hub>();
}

TEST_CASE("connection_hub::ping, without dispatch: every ping goes out", "[threading]") { ping_at_once<direct_hub>(); }

TEST_CASE("connection_hub::close, with dispatch: one of many closes counts, and runs on the loop", "[threading]") {
    close_at_once<looped_hub>();
}

TEST_CASE("connection_hub::close, without dispatch: one of many closes counts", "[threading]") {
    close_at_once<direct_hub>();
}

TEST_CASE("async_send answers inline what is refused at once, and what is dropped where it is dropped", "[threading]") {
    looped_hub h{{.queue_limit = 200}};
    session a = h.open(0);
    std::vector<delivery> told;
    auto const note = [&](delivery d) {
        h.seen->enter();
        told.push_back(d);
    };
    h.hub.async_send("no such id", text("x"), note);
    h.hub.async_send(a.id(), text(std::string(201, 'x')), note);
    CHECK(told == std::vector{delivery::gone, delivery::backpressure});
    h.hub.async_send(a.id(), text("x"), note);
    CHECK(told.size() == 2);
    h.log->loops[0].drop();
    CHECK(told == std::vector{delivery::gone, delivery::backpressure, delivery::unavailable});
    CHECK(h.seen->saw_no_lock());
    h.end(0, a);
}

}
