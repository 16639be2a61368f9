// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/worker.hpp>

#include "support/catch.hpp"
#include "support/worker_fixture.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace gateway_worker_tests {

using backchannel::gateway_worker;
using test::fake_client;
using loop = test::worker_loop;
using namespace std::chrono_literals;

TEST_CASE("deadlines come in order and not too early, however they were moved", "[worker]") {
    loop l;
    std::mt19937 random{7};
    std::vector<std::shared_ptr<fake_client>> clients;
    std::vector<std::chrono::steady_clock::time_point> due;
    std::vector<std::chrono::steady_clock::time_point> seen;
    for (int i = 0; i != 200; ++i) {
        clients.push_back(l.add());
        due.push_back(std::chrono::steady_clock::time_point::max());
        clients.back()->at_deadline = [&, c = clients.back().get()] { seen.push_back(c->called_at); };
    }
    for (int i = 0; i != 2000; ++i) {
        std::size_t const which = random() % clients.size();
        if (random() % 5 == 0) {
            due[which] = std::chrono::steady_clock::time_point::max();
        } else {
            std::chrono::milliseconds const wait{random() % 100};
            due[which] = std::chrono::steady_clock::now() + wait;
        }
        clients[which]->set_deadline(due[which]);
    }
    l.io.run();
    std::size_t expected = 0;
    for (std::size_t i = 0; i != clients.size(); ++i) {
        bool const has_one = due[i] != std::chrono::steady_clock::time_point::max();
        expected += has_one ? 1u : 0u;
        CHECK(clients[i]->deadlines == (has_one ? 1 : 0));
        if (has_one) CHECK(clients[i]->called_at >= due[i]);
    }
    CHECK(seen.size() == expected);
}

TEST_CASE("a deadline that has become later unasked is kept", "[worker]") {
    loop l;
    auto const later = l.add(), never = l.add();
    auto const begin = std::chrono::steady_clock::now();
    later->set_deadline(begin + 1ms);
    never->set_deadline(begin + 1ms);
    later->due = begin + 20ms;
    never->due = std::chrono::steady_clock::time_point::max();
    SECTION("as it is") {}
    SECTION("and one that comes earlier again") {
        l.io.run_for(5ms);
        never->set_deadline(begin + 20ms);
        never->at_deadline = [&] { CHECK(never->called_at >= begin + 20ms); };
        later->set_deadline(begin + 10ms);
    }
    later->at_deadline = [&] { CHECK(later->called_at >= later->due); };
    l.io.restart();
    (void)l.io.run_for(10s); // nobody waits for the other
    CHECK(later->deadlines == 1);
    CHECK(never->deadlines == (never->due == std::chrono::steady_clock::time_point::max() ? 0 : 1));
}

TEST_CASE("a deadline may be set anew, or its client dropped, when it comes", "[worker]") {
    loop l;
    auto const again = l.add(), gone = l.add(), other = l.add();
    again->at_deadline = [&] {
        if (again->deadlines < 3) again->set_deadline(std::chrono::steady_clock::now() + 1ms);
    };
    gone->at_deadline = [&] {
        gone->drop();
        other->drop();
    };
    again->set_deadline(std::chrono::steady_clock::now() + 1ms);
    gone->set_deadline(std::chrono::steady_clock::now() + 5ms);
    other->set_deadline(std::chrono::steady_clock::now() + 1h);
    l.io.run(); // the hour is not waited for
    CHECK(again->deadlines == 3);
    CHECK(gone->dropped == 1);
    CHECK(other->deadlines == 0);
    CHECK(l.worker->size() == 1);
}

TEST_CASE("a worker keeps its clients until they are dropped", "[worker]") {
    loop l;
    std::weak_ptr<fake_client> watched;
    {
        auto const a = l.add(), b = l.add(), c = l.add();
        watched = b;
        a->drop();
        c->drop();
        a->drop();
    }
    CHECK_FALSE(watched.expired());
    CHECK(l.worker->size() == 1);
    watched.lock()->drop();
    CHECK(watched.expired());
    CHECK(l.worker->size() == 0);
}

TEST_CASE("drain asks everybody, waits for the grace, and drops who is left", "[worker]") {
    loop l;
    auto const leaves = l.add(), stays = l.add(), throws = l.add();
    leaves->at_stop = [&] { leaves->drop(); };
    throws->at_stop = [] { throw 1; };
    auto const start = std::chrono::steady_clock::now();
    l.worker->drain(0ms, 50ms, {});
    CHECK(leaves->dropped == 1);
    CHECK(throws->dropped == 1);
    CHECK(stays->dropped == 0);
    l.io.run();
    CHECK(stays->dropped == 1);
    CHECK(std::chrono::steady_clock::now() - start >= 50ms);

    loop quick;
    auto const last = quick.add();
    quick.worker->drain(0ms, 1h, {});
    last->drop();
    quick.io.run(); // nobody is left to wait for
    CHECK(last->stopped == 1);
}

TEST_CASE("a worker may go while its timers and flushes are queued", "[worker]") {
    asio::io_context io;
    auto worker = std::make_shared<gateway_worker>(io);
    auto const c = std::make_shared<fake_client>(*worker);
    worker->add(c);
    c->set_deadline(std::chrono::steady_clock::now() + 0ms);
    worker->flush_later(*c);
    // both are ready and cannot be cancelled any more
    worker->abandon();
    worker.reset();
    io.run();
    CHECK(c->deadlines == 0);
    CHECK(c->flushed == 0);
    CHECK(c->dropped == 1);
}

TEST_CASE("clients leave spread over the window, also more of them than it has milliseconds", "[worker]") {
    for (std::size_t const count : {5u, 600u}) {
        loop l;
        std::vector<std::shared_ptr<fake_client>> clients;
        for (std::size_t i = 0; i != count; ++i) {
            clients.push_back(l.add());
            clients.back()->lingers = true;
            clients.back()->at_stop = [c = clients.back().get()] { c->drop(); };
        }
        auto const at_once = l.add();
        at_once->at_stop = [&] { at_once->drop(); };
        int done = 0;
        auto const start = std::chrono::steady_clock::now();
        l.worker->drain(300ms, 1h, [&] { ++done; });
        CHECK(at_once->stopped == 1);
        l.io.run();
        CHECK(done == 1);
        std::vector<std::chrono::steady_clock::duration> times;
        for (auto const& c : clients) {
            CHECK(c->stopped == 1);
            times.push_back(c->stopped_at - start);
        }
        std::sort(times.begin(), times.end());
        for (std::size_t i = 0; i != count; ++i)
            REQUIRE(times[i] >= std::chrono::nanoseconds{300ms} * static_cast<int>(i) / static_cast<int>(count) - 1ms);
    }
}

TEST_CASE("a drain asks everybody although others go meanwhile", "[worker]") {
    loop l;
    std::vector<std::shared_ptr<fake_client>> clients;
    for (int i = 0; i != 20; ++i) clients.push_back(l.add());
    for (std::size_t i = 0; i != clients.size(); ++i) {
        clients[i]->at_stop = [&, i] {
            clients[i]->drop();
            clients[(i + 7) % 20]->drop();
        };
    }
    int done = 0;
    l.worker->drain(0ms, 1h, [&] { ++done; });
    CHECK(l.worker->size() == 0);
    CHECK(done == 0); // not from inside
    l.io.run();
    CHECK(done == 1);
    for (auto const& c : clients) CHECK((c->stopped == 1 || c->dropped != 0));
}

TEST_CASE("a drain that is asked for again goes on with who is left, in its own time", "[worker]") {
    loop l;
    auto const a = l.add(), b = l.add();
    a->lingers = b->lingers = true;
    int first = 0, second = 0;
    l.worker->drain(1h, 2h, [&] { ++first; });
    CHECK(a->stopped + b->stopped == 1);
    l.worker->drain(0ms, 30ms, [&] { ++second; });
    CHECK(a->stopped >= 1);
    CHECK(b->stopped >= 1);
    l.io.run();
    CHECK(a->dropped == 1);
    CHECK(b->dropped == 1);
    CHECK(first == 0); // whoever drains again says what is to be done at the end
    CHECK(second == 1);
}

}
