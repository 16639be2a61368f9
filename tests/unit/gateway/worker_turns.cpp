// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// When a worker's connections are flushed: at the end of a turn of the loop.

#include <backchannel/gateway/worker.hpp>

#include "support/catch.hpp"
#include "support/worker_fixture.hpp"

#if defined(ASIO_HAS_EPOLL)
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#endif

#include <memory>
#include <new>
#include <string>
#include <vector>

namespace gateway_worker_turns_tests {

using backchannel::worker_client;
using test::fake_client;
using loop = test::worker_loop;

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

}
