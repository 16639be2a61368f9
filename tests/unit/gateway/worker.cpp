// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/worker.hpp>

#include "support/catch.hpp"

#if defined(ASIO_HAS_EPOLL)
#include <array>
#include <sys/socket.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace gateway_worker_tests {

using backchannel::gateway_worker;
using backchannel::worker_client;
using namespace std::chrono_literals;

namespace {

struct fake_client : worker_client {
    explicit fake_client(gateway_worker& w) : worker{w} {}

    void set_deadline(std::chrono::steady_clock::time_point when) {
        due = when;
        worker.deadline_changed(*this);
    }

    void on_ready(bool, bool) override {
        if (at_ready) at_ready();
    }
    std::chrono::steady_clock::time_point deadline() const noexcept override { return due; }
    void flush() override {
        ++flushed;
        if (at_flush) at_flush();
    }
    void on_deadline() override {
        called_at = std::chrono::steady_clock::now();
        ++deadlines;
        if (at_deadline) at_deadline();
    }
    bool may_linger() const noexcept override { return lingers; }
    void on_stop() override {
        ++stopped;
        stopped_at = std::chrono::steady_clock::now();
        if (at_stop) at_stop();
    }
    void drop() override {
        ++dropped;
        worker.remove(*this);
    }

    gateway_worker& worker;
    std::chrono::steady_clock::time_point due{}, called_at{}, stopped_at{};
    bool lingers = false;
    int flushed = 0, deadlines = 0, stopped = 0, dropped = 0;
    std::function<void()> at_ready, at_flush, at_deadline, at_stop;
};

struct loop {
    asio::io_context io;
    std::shared_ptr<gateway_worker> worker = std::make_shared<gateway_worker>(io);

    std::shared_ptr<fake_client> add() {
        auto c = std::make_shared<fake_client>(*worker);
        worker->add(c);
        return c;
    }
    ~loop() { worker->abandon(); }
};

}

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

TEST_CASE("a client is flushed once for a turn, and what throws is dropped alone", "[worker]") {
    loop l;
    auto const first = l.add(), second = l.add(), third = l.add();
    first->at_flush = [&] {
        if (first->flushed == 1) l.worker->flush_later(*first);
        l.worker->flush_later(*third);
    };
    second->at_flush = [] { throw std::bad_alloc{}; };
    for (int i = 0; i != 3; ++i) {
        l.worker->flush_later(*first);
        l.worker->flush_later(*second);
    }
    CHECK(first->flushed == 0);
    l.io.run();
    CHECK(first->flushed == 2);
    CHECK(second->flushed == 1);
    CHECK(second->dropped == 1);
    CHECK(third->flushed == 1);
    CHECK(l.worker->size() == 2);
}

TEST_CASE("where events come one at a time, a client is flushed right behind them", "[worker]") {
    loop l;
    auto const one = l.add(), other = l.add();
    auto const event = [&](fake_client& c) {
        l.worker->on_event([&] {
            l.worker->flush_later(c);
            l.worker->flush_later(c);
        });
    };
    auto const turn = [&] {
        l.io.restart();
        l.io.run();
    };
    event(*one); // nothing is known yet
    CHECK(one->flushed == 0);
    turn();
    CHECK(one->flushed == 1);

    int waited = 0; // for the end of the turn
    for (int i = 2; i != 36; ++i) {
        event(*one);
        waited += one->flushed < i;
        turn();
        CHECK(one->flushed == i);
    }
    CHECK(waited == 2);

    l.worker->flush_later(*other); // from elsewhere
    CHECK(other->flushed == 0);
    event(*one); // goes with it
    CHECK(one->flushed == 35);
    turn();
    CHECK(one->flushed == 36);
    CHECK(other->flushed == 1);

    // Two in a turn are found out soon, and from then on are flushed together.
    int together = 0;
    for (int i = 0; i != 40; ++i) {
        int const before = one->flushed;
        event(*one);
        event(*other);
        together += one->flushed == before;
        turn();
        CHECK(one->flushed == before + 1);
    }
    CHECK(together >= 20);
    int const before = one->flushed;
    event(*one); // alone again, which shows at the end of this turn
    CHECK(one->flushed == before);
    turn();
    event(*one);
    CHECK(one->flushed == before + 2);

    one->at_flush = [&] { l.worker->flush_later(*other); }; // waits for the turn's end
    int const others = other->flushed;
    event(*one);
    CHECK(other->flushed == others);
    one->at_flush = nullptr;
    turn();
    CHECK(other->flushed == others + 1);
}

#if defined(ASIO_HAS_EPOLL)

TEST_CASE("what is ready at once in a worker's set is one turn, whose end takes no turn of the loop", "[worker]") {
    loop l;
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
    std::string told;
    std::vector<std::shared_ptr<fake_client>> const clients{l.add(), l.add()};
    for (std::size_t i = 0; i != 2; ++i) { // each end can be written to
        clients[i]->at_ready = [&, i] {
            told += 'r';
            l.worker->flush_later(*clients[0]);
            l.worker->flush_later(*clients[1]);
            l.worker->sockets()->wait(ends[i], *clients[i], false, false);
        };
        clients[i]->at_flush = [&, i] {
            told += 'f';
            if (told.size() == 3) l.worker->flush_later(*clients[i]);
        };
        REQUIRE(l.worker->sockets()->add(ends[i], *clients[i], false, true));
    }
    while (told.empty()) (void)l.io.run_one();
    CHECK(told == "rrff");
    (void)l.io.poll();
    CHECK(told == "rrfff"); // what was asked for at the turn's end
    SECTION("the gateway goes in the middle of one") {
        for (std::size_t i = 0; i != 2; ++i) {
            clients[i]->at_ready = [&] {
                told += 'x';
                l.worker->abandon();
            };
            l.worker->sockets()->wait(ends[i], *clients[i], false, true);
        }
        l.io.restart();
        (void)l.io.poll();
        CHECK(told == "rrfffx");
    }
    for (std::size_t i = 0; i != 2 && l.worker->sockets() != nullptr; ++i)
        l.worker->sockets()->remove(ends[i], *clients[i]);
    for (int const end : ends) ::close(end);
}

#endif

TEST_CASE("long bodies wait for the turn's end, or for that of an event that comes alone", "[worker]") {
    std::string const text(10'000, 'x');
    int reported = 0;
    loop l;
    auto const client = l.add();
    worker_client* answered = nullptr; // when it is reported
    auto const finish = [&] {
        using message = backchannel::crypto::sha256_lanes::message;
        auto m = std::make_unique<message>(l.worker->lanes());
        m->append(text);
        message::finish(std::move(m), [&](auto const&) {
            ++reported;
            if (answered != nullptr) l.worker->flush_later(*answered);
        });
    };
    auto const event = [&] { l.worker->on_event(finish); };
    auto const turn = [&] {
        l.io.restart();
        l.io.run();
    };
    finish(); // from elsewhere
    CHECK(reported == 0);
    turn();
    CHECK(reported == 1);
    for (int i = 0; i != 20; ++i) {
        event();
        turn();
    }
    CHECK(reported == 21);
    int together = 0;
    for (int i = 0; i != 40; ++i) {
        int const before = reported;
        event();
        together += reported == before;
        event();
        turn();
        CHECK(reported == before + 2);
    }
    CHECK(together >= 20);

    answered = client.get();
    event();
    turn();
    CHECK(client->flushed == 1); // in the same turn

    reported = 0;
    finish();
    l.worker->abandon(); // nothing is owed when the loop does not run again
    CHECK(reported == 1);
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
