// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/epoll_set.hpp>

#include "support/catch.hpp"

#if defined(ASIO_HAS_EPOLL)

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace epoll_set_tests {

using backchannel::epoll_set;
using backchannel::socket_waiter;
using backchannel::turn_keeper;

namespace {

/// A socket that waits, and what it has been told: r, w or b(oth).
struct waiter final : socket_waiter {
    waiter() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0); }
    waiter(waiter const&) = delete;
    waiter& operator=(waiter const&) = delete;
    ~waiter() {
        ::close(ends[0]);
        hang_up();
    }

    void on_ready(bool readable, bool writable) override {
        told += readable && writable ? 'b' : readable ? 'r' : writable ? 'w' : '?';
        if (reads) read();
        if (then) then();
    }
    void read() const {
        char byte{};
        while (::recv(ends[0], &byte, 1, 0) > 0) {
        }
    }
    void hear() { REQUIRE(::send(ends[1], "x", 1, 0) == 1); }
    void hang_up() {
        if (ends[1] >= 0) ::close(std::exchange(ends[1], -1));
    }
    [[nodiscard]] int socket() const { return ends[0]; }

    std::array<int, 2> ends{};
    bool reads = true; // what has come, at once
    std::string told;
    std::function<void()> then;
};

/// Who writes down the turns: ( and ).
struct keeper final : turn_keeper {
    void begin_turn() noexcept override { told += '('; }
    void end_turn() noexcept override {
        told += ')';
        if (then) then();
    }

    std::string told;
    std::function<void()> then;
};

struct fixture {
    asio::io_context io{1};
    keeper turns;
    std::shared_ptr<epoll_set> const set = std::make_shared<epoll_set>(io, turns);

    [[nodiscard]] bool add(waiter& w, bool readable = true, bool writable = false) const {
        return set->add(w.socket(), w, readable, writable);
    }
    void wait(waiter& w, bool readable = true, bool writable = false) const {
        set->wait(w.socket(), w, readable, writable);
    }
    void remove(waiter& w) const { set->remove(w.socket(), w); }
    void poll() {
        io.restart();
        (void)io.poll();
    }
    /// Whether the loop waits for nothing.
    [[nodiscard]] bool at_rest() {
        poll();
        return io.stopped();
    }
};

}

TEST_CASE("who waits in a set is told as long as what it waits for is there", "[epoll_set]") {
    fixture f;
    waiter w;
    w.reads = false;
    w.then = [&] {
        if (w.told.size() == 3) w.read();
    };
    REQUIRE(f.add(w));
    f.poll();
    CHECK(w.told.empty());
    w.hear();
    f.poll();
    CHECK(w.told == "rrr");
    f.poll();
    CHECK(w.told == "rrr");
    w.then = [&] { f.wait(w, false, false); };
    f.wait(w, false, true);
    f.poll();
    CHECK(w.told == "rrrw");
    w.hear();
    f.poll();
    CHECK(w.told == "rrrw"); // it waits for nothing
    f.wait(w, true, true);
    f.poll();
    CHECK(w.told == "rrrwb");
    f.wait(w); // what came is still there
    f.poll();
    CHECK(w.told == "rrrwbr");
    f.remove(w);
}

TEST_CASE("a socket in a set that breaks is ready for all, and for who waits for nothing but once", "[epoll_set]") {
    fixture f;
    waiter w;
    std::string enough = "bbb";
    w.then = [&] {
        if (w.told == enough) f.wait(w, false, false);
    };
    REQUIRE(f.add(w));
    w.hang_up();
    f.poll();
    CHECK(w.told == "bbbb"); // the last for nothing
    f.poll();
    CHECK(w.told == "bbbb");
    w.told.clear();
    enough = "b";
    f.wait(w, false, true);
    f.poll();
    CHECK(w.told == "bb");
    f.remove(w);
}

TEST_CASE("a loop waits for a set as long as somebody is in it", "[epoll_set]") {
    fixture f;
    waiter w, other;
    CHECK(f.at_rest());
    REQUIRE(f.add(w));
    CHECK_FALSE(f.at_rest());
    REQUIRE(f.add(other, false));
    f.remove(w);
    CHECK_FALSE(f.at_rest());
    f.remove(other);
    CHECK(f.at_rest());
    SECTION("and again when somebody comes") {
        REQUIRE(f.add(w));
        CHECK_FALSE(f.at_rest());
    }
    SECTION("also who comes before the loop has seen that all had gone") {
        REQUIRE(f.add(w));
        f.remove(w);
        REQUIRE(f.add(w));
        CHECK_FALSE(f.at_rest());
    }
    w.hear();
    f.poll();
    CHECK(w.told == "r");
    f.remove(w);
    CHECK(f.at_rest());
}

TEST_CASE("who has left a set is told nothing, not even what was found before", "[epoll_set]") {
    fixture f;
    waiter first, second;
    REQUIRE(f.add(first));
    REQUIRE(f.add(second));
    first.then = [&] { f.remove(second); };
    second.then = [&] { f.remove(first); };
    first.hear();
    second.hear();
    f.poll();
    CHECK(first.told.size() + second.told.size() == 1);
    CHECK_FALSE(f.at_rest());
    f.remove(first.told.empty() ? second : first);
    CHECK(f.at_rest());
}

TEST_CASE("who is told by a set may bring others, and a loop that it runs tells nobody of the set", "[epoll_set]") {
    fixture f;
    waiter first, second, third;
    first.then = second.then = [&] {
        if (third.told.empty() && f.add(third)) f.poll();
    };
    REQUIRE(f.add(first));
    REQUIRE(f.add(second));
    for (waiter* const w : {&first, &second, &third}) w->hear();
    f.poll();
    f.poll();
    for (waiter* const w : {&first, &second, &third}) {
        CHECK(w->told == "r");
        f.remove(*w);
    }
    CHECK(f.at_rest());
}

TEST_CASE("many that are ready at once are all told, and others have a turn between them", "[epoll_set]") {
    fixture f;
    std::vector<std::unique_ptr<waiter>> many;
    std::size_t told = 0, told_before_the_other = 0;
    for (int i = 0; i != 100; ++i) {
        many.push_back(std::make_unique<waiter>());
        many.back()->hear();
        many.back()->then = [&] {
            if (++told == 1) asio::post(f.io, [&] { told_before_the_other = told; });
        };
        REQUIRE(f.add(*many.back()));
    }
    f.poll();
    CHECK(told == 100);
    CHECK(told_before_the_other < 100);
    CHECK(told_before_the_other > 0);
    for (auto const& one : many) f.remove(*one);
}

TEST_CASE("a turn of a set is what is ready at once", "[epoll_set]") {
    fixture f;
    waiter first, second;
    for (waiter* const w : {&first, &second}) {
        REQUIRE(f.add(*w));
        w->then = [&] { f.turns.told += 'x'; };
        w->hear();
    }
    f.poll();
    CHECK(f.turns.told == "(xx)");
    first.hear();
    f.turns.then = [&] {
        if (second.told == "r") second.hear();
    };
    f.poll();
    CHECK(f.turns.told == "(xx)(x)(x)");
    f.remove(second);
    SECTION("the last of which may be stopped") {
        f.turns.then = [&] { f.set->stop(); };
        first.hear();
        f.poll();
        CHECK(f.turns.told == "(xx)(x)(x)(x)");
    }
    SECTION("none of which ends behind a stop") {
        first.then = [&] { f.set->stop(); };
        first.hear();
        f.poll();
        CHECK(f.turns.told == "(xx)(x)(x)(");
    }
    f.remove(first);
    CHECK(f.at_rest());
}

TEST_CASE("a set that was stopped tells nobody anything, and takes nobody in", "[epoll_set]") {
    fixture f;
    waiter w, other;
    REQUIRE(f.add(w));
    w.hear();
    SECTION("from outside") { f.set->stop(); }
    SECTION("by one of those who are told") {
        REQUIRE(f.add(other));
        other.hear();
        w.then = other.then = [&] { f.set->stop(); };
        f.poll();
        CHECK(w.told.size() + other.told.size() == 1);
        w.told.clear();
    }
    CHECK(f.at_rest());
    CHECK(w.told.empty());
    waiter late;
    CHECK_FALSE(f.add(late));
    CHECK(f.at_rest());
}

TEST_CASE("a set goes with the loop that waits for it", "[epoll_set]") {
    waiter w;
    auto io = std::make_unique<asio::io_context>(1);
    keeper turns;
    auto set = std::make_shared<epoll_set>(*io, turns);
    std::weak_ptr<epoll_set> const watched = set;
    REQUIRE(set->add(w.socket(), w, true, false));
    set.reset(); // the wait keeps it
    CHECK_FALSE(watched.expired());
    io.reset();
    CHECK(watched.expired());
    CHECK(w.told.empty());
}

TEST_CASE("what cannot be waited for is not taken into a set", "[epoll_set]") {
    fixture f;
    waiter w;
    CHECK_FALSE(f.set->add(-1, w, true, false));
    REQUIRE(f.add(w));
    CHECK_FALSE(f.add(w)); // a second time
    f.remove(w);
    CHECK(f.at_rest());
}

}

#endif
