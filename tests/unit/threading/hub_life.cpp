// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/shared_hub.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace threading_hub_life_tests {

// A test for each row of docs/threading.md: the beginning and the end of a hub and of its connections.

using namespace backchannel;
using namespace std::chrono_literals;
using namespace test;

namespace {

constexpr int threads = 3, rounds = 30;

/// Opens `rounds` connections on each of two threads, `make(handle)`, while a third one looks around.
template <class Hub, class Make>
void open_at_once(Hub& h, Make make) {
    std::mutex mutex;
    std::vector<std::pair<int, session>> open;
    std::set<std::string> ids;
    h.start();
    at_once(threads, [&](int t) {
        for (int i = 0; i != rounds; ++i) {
            if (t == 2) {
                h.look_around("w" + std::string(16, 'A'));
                continue;
            }
            int const handle = 2 + 2 * i + t; // each thread has a loop of its own
            h.on_thread_of(handle, [&] {
                session s = make(handle);
                std::lock_guard const lock{mutex};
                ids.emplace(s.id());
                open.emplace_back(handle, std::move(s));
            });
        }
    });
    CHECK(ids.size() == 2 * rounds);
    for (std::string const& id : ids) CHECK(h.hub.send(id, text("x")) == delivery::accepted);
    h.stop();
    lines const told = h.told("send ");
    CHECK(std::count_if(told.begin(), told.end(), [](auto const& line) { return line.ends_with(" x"); }) == 2 * rounds);
    for (auto& [handle, s] : open) h.end(handle, s);
    CHECK(h.hub.metrics().open == 1);
    CHECK(h.log->wrong_thread == 0);
    CHECK(h.seen->saw_no_lock());
}

template <class Hub>
void open_connections() {
    Hub h;
    open_at_once(h, [&](int handle) { return h.hub.open(handle, {}); });
}

template <class Hub>
void attach_connections() {
    Hub h;
    std::atomic<int> too_early{0};
    open_at_once(h, [&](int handle) {
        session s = h.hub.reserve({});
        too_early += h.hub.find(s.id()).has_value();
        h.hub.attach(s, handle);
        return s;
    });
    CHECK(too_early == 0);
}

/// Threads ask at once for what is over; each connection is closed once, and terminated once.
template <class Hub>
void expire_at_once() {
    Hub h{{.idle_timeout = 1s, .closing_timeout = 1s, .sends_are_activity = false}};
    std::vector<session> open;
    for (int i = 0; i != rounds; ++i) open.push_back(h.open(2 * i + 2));
    for (char const* const what : {"close ", "terminate "}) {
        h.clock.advance(1s);
        h.start();
        std::atomic<std::size_t> count{0};
        at_once(threads, [&](int t) {
            if (t == 0) (void)h.hub.send(open[0].id(), text("x"));
            count += h.hub.expire(h.clock.steady());
        });
        h.stop();
        lines told = h.told(what);
        CHECK(std::set<std::string>(told.begin(), told.end()).size() == told.size());
        CHECK(told.size() == rounds + 1); // and the fixture's
        CHECK(count + h.expired_inside.exchange(0) == rounds + 1);
    }
    for (int i = 0; i != rounds; ++i) h.end(2 * i + 2, open[static_cast<std::size_t>(i)]);
    CHECK(h.log->wrong_thread == 0);
    CHECK(h.seen->saw_no_lock());
}

/// Threads open and drain at once: who has seen that the hub drains opens nothing more, and all others are closed once.
template <class Hub>
void drain_at_once() {
    Hub h{{.idle_timeout = 0s, .max_lifetime = 0s, .closing_timeout = 1h}};
    std::mutex mutex;
    std::vector<std::pair<int, session>> open;
    std::atomic<int> wrong{0};
    h.start();
    at_once(threads, [&](int t) {
        for (int i = 0; i != rounds; ++i) {
            if (t == 2 && i % 10 == 5) h.hub.drain(10s);
            bool const drains = h.hub.draining();
            wrong += h.hub.drained(); // the fixture's connection is there
            int const handle = 2 + 6 * i + 2 * t;
            h.on_thread_of(handle, [&] {
                session s = h.hub.open(handle, {});
                wrong += drains && s;
                if (!s) return;
                std::lock_guard const lock{mutex};
                open.emplace_back(handle, std::move(s));
            });
        }
    });
    h.stop();
    CHECK(wrong == 0);
    CHECK(h.hub.draining());
    h.clock.advance(10s);
    h.start();
    at_once(threads, [&](int) { (void)h.hub.expire(h.clock.steady()); });
    h.stop();
    CHECK(h.told("close ").size() == open.size() + 1);
    CHECK(h.hub.metrics().open == 0);
    for (auto& [handle, s] : open) h.end(handle, s);
    CHECK_FALSE(h.hub.drained());
    CHECK(h.log->wrong_thread == 0);
    CHECK(h.seen->saw_no_lock());
}

}

TEST_CASE("connection_hub::connection_hub: hubs are made on several threads at once", "[threading]") {
    std::atomic<int> wrong{0};
    at_once(threads, [&](int t) {
        direct_hub h;
        session s = h.open(2);
        wrong += h.hub.send(s.id(), text(std::to_string(t))) != delivery::accepted;
        wrong += h.told("send 2 ") != lines{std::to_string(t)};
    });
    CHECK(wrong == 0);
}

TEST_CASE("connection_hub::~connection_hub: sessions may end meanwhile, and what waits is answered", "[threading]") {
    for (int round = 0; round != 10; ++round) {
        auto const seen = std::make_shared<witness>();
        witness_loops<keyed_transport> transport;
        std::optional<connection_hub<decltype(transport), witness_traits>> hub;
        hub.emplace(transport, hub_options{}, hub_policies<witness_traits>{{}, {}, {seen}});
        std::array<session, 10> open;
        std::vector<delivery> answers;
        for (int i = 0; i != 10; ++i) {
            auto& s = open.at(static_cast<std::size_t>(i));
            s = transport.log->loops[0].as_owner([&] { return hub->open(2 * i, {}); });
        }
        hub->async_send(open[0].id(), text("x"), [&](delivery d) {
            seen->look();
            answers.push_back(d);
        });
        std::atomic<int> const& calls = seen->calls;
        int const opened = calls;
        at_once(2, [&](int t) {
            if (t == 0) return hub.reset();
            transport.log->loops[0].as_owner([&] {
                for (std::size_t i = 1; i != 10; ++i) open.at(i) = session{};
            });
        });
        CHECK(answers == std::vector{delivery::gone});
        CHECK(calls == opened + 10 + 1 + 1); // on_closed of each, the answer and on_delivery for it
        CHECK(seen->under_lock == 0);
        CHECK_FALSE(open[0].id().empty());
        transport.log->loops[0].drop(); // the task that nobody waits for keeps nothing alive
    }
}

TEST_CASE("connection_hub::open, with dispatch: loops open connections at once, each its own", "[threading]") {
    open_connections<looped_hub>();
}

TEST_CASE("connection_hub::open, without dispatch: threads open connections at once", "[threading]") {
    open_connections<direct_hub>();
}

TEST_CASE("connection_hub::attach, with dispatch: loops attach at once what they have reserved", "[threading]") {
    attach_connections<looped_hub>();
}

TEST_CASE("connection_hub::attach, without dispatch: threads attach at once what they have reserved", "[threading]") {
    attach_connections<direct_hub>();
}

TEST_CASE("connection_hub::reserve: threads never get one id twice, nor more than there are", "[threading]") {
    direct_hub h{{.max_connections = 21, .retired_kept = 0}};
    std::array<std::vector<session>, threads> got;
    at_once(threads, [&](int t) {
        for (int i = 0; i != rounds; ++i)
            if (session s = h.hub.reserve({})) got.at(static_cast<std::size_t>(t)).push_back(std::move(s));
    });
    std::set<std::string> ids;
    for (auto const& some : got)
        for (session const& s : some) ids.emplace(s.id());
    CHECK(ids.size() == 20); // and the fixture's
    CHECK(got[0].size() + got[1].size() + got[2].size() == 20);
    for (std::string const& id : ids) CHECK_FALSE(h.hub.find(id));
}

TEST_CASE("connection_hub::find: what is found is that connection's, while others come and go", "[threading]") {
    direct_hub h{{.max_connections = 3, .retired_kept = 0}};
    session a = h.open(2, {.source_ip = "192.0.2.1", .user_agent = "a"});
    std::string const id{a.id()};
    std::atomic<int> wrong{0}, found{0};
    at_once(threads, [&](int t) {
        for (int i = 0; i != 100; ++i) {
            if (t == 0) {
                session const passing = h.hub.open(4, {.source_ip = "198.51.100.1", .user_agent = "passing"});
                auto const state = h.hub.find(passing.id());
                wrong += !state || state->source_ip != "198.51.100.1" || state->user_agent != "passing";
            } else {
                auto const state = h.hub.find(id);
                found += state.has_value();
                wrong += !state || state->source_ip != "192.0.2.1" || state->user_agent != "a";
            }
        }
    });
    CHECK(wrong == 0);
    CHECK(found == 200);
}

TEST_CASE("connection_hub::is_well_formed: any thread tells a text that can be an id", "[threading]") {
    direct_hub h;
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) {
        session const s = h.hub.open(2, {});
        wrong += !h.hub.is_well_formed(s.id()) || h.hub.is_well_formed("no id");
    });
    CHECK(wrong == 0);
}

TEST_CASE("connection_hub::was_open: any thread knows of a close that has returned", "[threading]") {
    direct_hub h;
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            session const s = h.hub.open(2, {});
            std::string const id{s.id()};
            wrong += h.hub.was_open(id);
            wrong += !h.hub.close(id) || !h.hub.was_open(id);
        }
    });
    CHECK(wrong == 0);
}

TEST_CASE("connection_hub::metrics: no reader sees more closed than opened, and at last all is counted",
          "[threading]") {
    direct_hub h;
    std::atomic<int> wrong{0};
    at_once(threads, [&](int t) {
        for (int i = 0; i != rounds; ++i) {
            if (t == 0) {
                hub_metrics const m = h.hub.metrics();
                wrong += m.closed > m.opened || m.open != m.opened - m.closed;
            } else {
                session const s = h.hub.open(2, {});
            }
        }
    });
    CHECK(wrong == 0);
    CHECK(h.hub.metrics().opened == 2 * rounds + 1);
    CHECK(h.hub.metrics().closed == 2 * rounds);
}

TEST_CASE("connection_hub::next_deadline: read while connections come and go, it is the earliest at last",
          "[threading]") {
    direct_hub h{{.idle_timeout = 1h, .max_lifetime = 0s}};
    time_point const soonest = h.clock.steady() + 1s;
    std::atomic<int> wrong{0};
    session kept = h.hub.open(2, {.source_ip = {}, .user_agent = {}, .expires_at = soonest});
    at_once(threads, [&](int t) {
        for (int i = 0; i != rounds; ++i) {
            if (t == 0)
                wrong += h.hub.next_deadline() != soonest;
            else
                session const s = h.hub.open(4, {});
        }
    });
    CHECK(wrong == 0);
    kept = session{};
    CHECK(h.hub.next_deadline() == h.clock.steady() + 1h); // the fixture's
}

TEST_CASE("the id codec and the clock are called without a lock, and may call the hub again", "[threading]") {
    direct_hub h;
    session const a = h.open(2);
    std::string const id{a.id()};
    h.seen->deep = true;
    std::atomic<int> wrong{0}, steps{0};
    auto const step = [&](bool good) {
        wrong += !good || h.seen->entered.load() <= steps; // each step has been through the codec or the clock
        steps = h.seen->entered.load();
    };
    step(h.hub.find(id).has_value());
    step(h.hub.is_well_formed(id));
    step(!h.hub.was_open(id));
    step(h.hub.send(id, text("x")) == delivery::accepted);
    step(h.hub.ping(id));
    a.touch();
    step(true);
    session const reserved = h.hub.reserve({});
    step(static_cast<bool>(reserved));
    at_once(threads, [&](int) {
        session const s = h.hub.open(4, {});
        wrong += !h.hub.find(s.id()) || !h.hub.close(s.id()) || !h.hub.was_open(s.id());
    });
    CHECK(wrong == 0);
    CHECK(h.seen->under_lock == 0);
}

TEST_CASE("connection_hub::expire, with dispatch: many ask, each connection is closed once, on its loop",
          "[threading]") {
    expire_at_once<looped_hub>();
}

TEST_CASE("connection_hub::expire, without dispatch: many ask, each connection is closed once", "[threading]") {
    expire_at_once<direct_hub>();
}

TEST_CASE("connection_hub::drain: opened and drained at once, nothing opens that is not drained", "[threading]") {
    drain_at_once<looped_hub>();
    drain_at_once<direct_hub>();
}

TEST_CASE("connection_hub::draining, drained: read while sessions end, the last one's end is seen", "[threading]") {
    connection_hub<direct_transport> hub;
    std::vector<session> open;
    for (int i = 0; i != threads; ++i) open.push_back(hub.open(i, {}));
    hub.drain();
    std::atomic<int> wrong{0};
    at_once(threads, [&](int t) {
        wrong += !hub.draining();
        wrong += hub.drained(); // its own session is there
        open[static_cast<std::size_t>(t)] = session{};
        while (!hub.drained()) std::this_thread::yield();
        wrong += hub.metrics().open != 0;
    });
    CHECK(wrong == 0);
}

TEST_CASE("connection_hub::on_deadline_earlier: set once, it is called on the threads that open", "[threading]") {
    witness_transport<direct_transport> transport;
    auto const& seen = transport.seen;
    connection_hub<decltype(transport), witness_traits> hub{transport, {}, {{}, {}, {seen}}};
    std::atomic<int> woken{0};
    hub.on_deadline_earlier([&] {
        ++woken;
        seen->enter();
    });
    seen->again = [&] { (void)hub.next_deadline(); };
    manual_clock const clock;
    at_once(threads, [&](int t) {
        for (int i = 0; i != 10; ++i) // each of a thread's is due before its last
            session const s = hub.open(t, {{}, {}, clock.steady() + std::chrono::seconds{20 - i}});
    });
    CHECK(woken >= 10);
    CHECK(woken <= 10 * threads);
    CHECK(seen->saw_no_lock());
}

TEST_CASE("connection_hub::transport: every thread gets the one Transport", "[threading]") {
    direct_hub h;
    auto const* const expected = &h.hub.transport();
    std::atomic<int> wrong{0};
    at_once(threads,
            [&](int) { wrong += &h.hub.transport() != expected || &std::as_const(h.hub).transport() != expected; });
    CHECK(wrong == 0);
    CHECK(expected->log == h.log);
}

}
