// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/other_thread.hpp"
#include "support/test_hub.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace connection_hub_bursts_tests {

using namespace backchannel;
using test::lines;
using test::text;

TEST_CASE("one task per loop serves a burst over many connections", "[connection_hub]") {
    test::test_hub<test::keyed_transport> t;
    std::vector<session> sessions;
    for (int i = 0; i != 100; ++i) sessions.push_back(t.open(i));
    for (int round = 0; round != 3; ++round)
        for (auto const& s : sessions) CHECK(t.hub->send(s.id(), text("x")) == delivery::accepted);
    CHECK(t.wire().loops[0].posted() == 1);
    CHECK(t.wire().loops[1].posted() == 1);
    t.run();
    CHECK(t.sent().size() == 300);
    CHECK(t.hub->send(sessions[0].id(), text("x")) == delivery::accepted);
    CHECK(t.wire().loops[0].posted() == 2);
    t.run();
    CHECK(t.wire().wrong_thread == 0);
}

TEST_CASE("a burst over very many connections is served in turns, if the loop has turns", "[connection_hub]") {
    test::test_hub<test::keyed_transport> t;
    auto& loop = t.wire().loops[0];
    std::vector<session> sessions;
    for (int i = 0; i != 600; ++i) sessions.push_back(t.open(2 * i));
    auto const send_to_all = [&] {
        for (auto const& s : sessions) CHECK(t.hub->send(s.id(), text("x")) == delivery::accepted);
    };
    send_to_all();
    CHECK(loop.run_one()); // where dispatch runs the next task right there, that is one turn
    CHECK(t.sent().size() == 600);
    CHECK(loop.pending() == 0);

    t.wire().on_dispatch = [&](int, task f) { loop.post(std::move(f)); };
    send_to_all();
    for (std::size_t const served : {256u, 256u, 88u}) {
        CHECK(loop.pending() == 1);
        CHECK(loop.run_one());
        CHECK(t.sent().size() == served);
    }
    CHECK(loop.pending() == 0);
    CHECK(t.wire().wrong_thread == 0);
}

TEST_CASE("a sender that is as quick as the loop does not keep it", "[connection_hub]") {
    test::test_hub<test::keyed_transport> t;
    auto& loop = t.wire().loops[0];
    t.wire().on_dispatch = [&](int, task f) { loop.post(std::move(f)); };
    session const s = t.open(0);
    int sends = 0;
    std::function<void()> const send = [&] {
        test::other_thread{}.run([&] {
            ++sends;
            t.hub->async_send(s.id(), text("x"), [&](delivery d) {
                CHECK(d == delivery::accepted);
                if (sends != 1000) send();
            });
        });
    };
    send();
    for (std::size_t const served : {256u, 256u, 256u, 232u}) {
        CHECK(loop.run_one());
        CHECK(t.sent().size() == served);
    }
    CHECK(loop.pending() == 0);
}

TEST_CASE("a loop's connections survive that the task of their burst is dropped", "[connection_hub]") {
    test::test_hub<test::keyed_transport> t;
    std::vector<session> sessions;
    for (int i = 0; i != 20; i += 2) sessions.push_back(t.open(i));
    for (auto const& s : sessions) CHECK(t.hub->send(s.id(), text("x")) == delivery::accepted);
    CHECK(t.wire().loops[0].drop() == 1);
    CHECK(t.wire().loops[0].pending() == 1); // through the next one's handle
    CHECK_FALSE(t.hub->find(sessions[0].id()));
    t.run();
    CHECK(t.sent().size() == sessions.size() - 1);
    CHECK(t.hub->send(sessions[1].id(), text("again")) == delivery::accepted);
    t.run();
    CHECK(t.sent() == lines{"send 2 again"});
}

TEST_CASE("a loop that drops every task answers all of its connections", "[connection_hub]") {
    test::test_hub<test::keyed_transport> t;
    std::vector<session> sessions;
    constexpr int count = 100'000; // deep enough to overflow the stack, were it a recursion
    for (int i = 0; i != count; ++i) sessions.push_back(t.open(2 * i));
    int answered = 0;
    for (auto const& s : sessions)
        t.hub->async_send(s.id(), text("x"), [&](delivery d) { answered += d == delivery::unavailable; });
    t.wire().on_dispatch = [](int, task const&) {};
    CHECK(t.wire().loops[0].drop() == 1);
    CHECK(answered == count);
    t.wire().on_dispatch = nullptr;
    CHECK(t.hub->send(sessions[7].id(), text("x")) == delivery::accepted);
    t.run();
    CHECK(t.sent() == lines{"send 14 x"});
}

TEST_CASE("a burst from many threads is delivered in each thread's order", "[connection_hub]") {
    test::test_hub<test::keyed_transport> t;
    std::vector<session> sessions;
    for (int i = 0; i != 4; ++i) sessions.push_back(t.open(i));
    t.wire().loops[0].start();
    t.wire().loops[1].start();
    std::atomic<int> accepted{0}, refused{0};
    std::vector<std::thread> clients;
    for (int c = 0; c != 4; ++c) {
        clients.emplace_back([&, c] {
            for (int i = 0; i != 1000; ++i) {
                std::string const body = std::string(1, static_cast<char>('a' + c)) + std::to_string(1000 + i);
                auto const result = t.hub->send(sessions[static_cast<std::size_t>(i) % 4].id(), text(body));
                (result == delivery::accepted ? accepted : refused).fetch_add(1);
            }
        });
    }
    for (auto& c : clients) c.join();
    t.wire().loops[0].stop();
    t.wire().loops[1].stop();
    auto const wire = t.sent();
    CHECK(wire.size() == static_cast<std::size_t>(accepted));
    CHECK(accepted + refused == 4000);
    auto const hooks = t.hooks.log->take();
    CHECK(std::count(hooks.begin(), hooks.end(), "delivery 1 5") == refused);
    std::map<std::string, std::string> last;
    int out_of_order = 0;
    for (auto const& line : wire) { // "send h c1234"
        std::string& before = last[line.substr(5, 3)];
        out_of_order += before >= line;
        before = line;
    }
    CHECK(out_of_order == 0);
    CHECK(t.wire().wrong_thread == 0);
}

}
