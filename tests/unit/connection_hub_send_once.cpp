// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/at_once.hpp"
#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include "support/test_hub.hpp"

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace connection_hub_send_once_tests {

using namespace backchannel;
using namespace std::chrono_literals;
using test::lines;
using test::text;

namespace {

using answers = std::vector<delivery>;

template <class Transport>
struct one_connection : test::test_hub<Transport> {
    session s;
    std::string id;
    answers told{};

    explicit one_connection(hub_options const& options = {})
        : test::test_hub<Transport>{options}, s{this->open(0)}, id{s.id()} {}

    void ask(std::string_view key, std::string_view body = "x") {
        this->hub->send_once(key, id, text(body), [this](delivery d) { told.push_back(d); });
    }
    [[nodiscard]] answers answered() { return std::exchange(told, {}); }
};

using direct = one_connection<test::direct_transport>;
using looped = one_connection<test::looping_transport>;

answers const accepted{delivery::accepted}, gone{delivery::gone};

}

TEST_CASE("a send that is repeated with its key is delivered once", "[connection_hub]") {
    direct t;
    for (int i = 0; i != 3; ++i) {
        t.ask("k");
        CHECK(t.answered() == accepted);
        CHECK(t.hub->send_once("k", t.id, text("x")) == delivery::accepted);
    }
    CHECK(t.sent() == lines{"send 0 x"});
    t.ask("l");
    t.ask("k", "y");
    t.hub->send_once("k", t.id, {"x", message_kind::binary}, [&](delivery d) { t.told.push_back(d); });
    CHECK(t.sent() == lines{"send 0 x", "send 0 y", "send 0 x"});
    CHECK(t.answered() == answers(3, delivery::accepted));
    auto const other = t.open(1);
    CHECK(t.hub->send_once("k", other.id(), text("x")) == delivery::accepted);
    CHECK(t.sent() == lines{"send 1 x"});
}

TEST_CASE("a send without a key is a send of its own", "[connection_hub]") {
    direct t;
    for (int i = 0; i != 2; ++i) {
        t.ask("");
        CHECK(t.hub->send_once("", t.id, text("x")) == delivery::accepted);
    }
    CHECK(t.sent() == lines(4, "send 0 x"));
    CHECK(t.hub->try_send_once("", t.id, text("x")) == std::nullopt);
    CHECK(t.hub->try_send_once("", "abcdefghijklmnop", text("x")) == delivery::gone);
}

TEST_CASE("a hub that remembers no send takes no notice of keys", "[connection_hub]") {
    direct t{{.sends_remembered = 0}};
    for (int i = 0; i != 2; ++i) {
        t.ask("k");
        CHECK(t.hub->send_once("k", t.id, text("x")) == delivery::accepted);
    }
    CHECK(t.sent() == lines(4, "send 0 x"));
    t.s.closed();
    CHECK(t.hub->try_send_once("k", t.id, text("x")) == delivery::gone);
}

TEST_CASE("a send is remembered for the time, and in the number, of the options", "[connection_hub]") {
    direct t{{.sends_remembered = 2, .send_memory_time = 5s}};
    t.ask("a");
    t.clock.advance(5s);
    t.ask("a");
    CHECK(t.sent().size() == 1);
    t.clock.advance(1us);
    t.ask("a");
    CHECK(t.sent().size() == 1);
    t.ask("b");
    t.ask("c");
    CHECK(t.sent().size() == 2);
    t.ask("b");
    t.ask("c");
    CHECK(t.sent().empty());
    t.ask("a");
    CHECK(t.sent().size() == 1);
}

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
TEST_CASE("a hub that is given no key pays for none", "[connection_hub]") {
    direct t;
    auto const cost = [&](auto&& send) {
        send();
        (void)t.sent(), (void)t.hooks.log->take();
        test::allocation_count const made;
        send();
        auto const count = made.so_far();
        (void)t.sent(), (void)t.hooks.log->take();
        return count;
    };
    CHECK(cost([&] { (void)t.hub->send_once("", t.id, text("x")); }) ==
          cost([&] { (void)t.hub->send(t.id, text("x")); }));
    CHECK(cost([&] { t.hub->send_once("", t.id, text("x"), [](delivery) {}); }) ==
          cost([&] { t.hub->async_send(t.id, text("x"), [](delivery) {}); }));
}
#endif

TEST_CASE("a repeated send that is still under way waits for the one message", "[connection_hub]") {
    looped t;
    t.ask("k");
    t.ask("k");
    CHECK(t.hub->send_once("k", t.id, text("x")) == delivery::unknown);
    CHECK(t.hub->try_send_once("k", t.id, text("x")) == std::nullopt);
    CHECK(t.told.empty());
    t.on_loop(0, [&] { t.ask("k"); }); // would be inline, were it not the same
    CHECK(t.told.empty());
    CHECK(t.run() == 1);
    CHECK(t.sent() == lines{"send 0 x"});
    CHECK(t.answered() == answers(3, delivery::accepted));
    t.ask("k");
    CHECK(t.hub->send_once("k", t.id, text("x")) == delivery::accepted);
    CHECK(t.answered() == accepted);
    CHECK(t.run() == 0);
}

TEST_CASE("who does not wait takes nobody's place among those who do", "[connection_hub]") {
    looped t;
    t.ask("k");
    for (int i = 0; i != 100; ++i) CHECK(t.hub->send_once("k", t.id, text("x")) == delivery::unknown);
    t.ask("k");
    REQUIRE(t.told.empty());
    t.run();
    CHECK(t.answered() == answers(2, delivery::accepted));
}

TEST_CASE("a send that the owner refuses is refused to all, and tried again afterwards", "[connection_hub]") {
    looped t;
    auto const result = GENERATE(delivery::backpressure, delivery::gone);
    t.wire().on_send = [&](int, message const&) { return result; };
    t.ask("k");
    t.ask("k");
    t.run();
    CHECK(t.answered() == answers(2, result));
    CHECK(t.sent() == lines{"send 0 x"});
    if (result == delivery::gone) return;
    t.wire().on_send = nullptr;
    t.ask("k");
    CHECK(t.run() == 1);
    CHECK(t.sent() == lines{"send 0 x"});
    CHECK(t.answered() == accepted);
}

TEST_CASE("a send whose task is dropped is unavailable to all, and tried again afterwards", "[connection_hub]") {
    looped t;
    t.ask("k");
    t.ask("k");
    CHECK(t.wire().loops[0].drop() == 1);
    CHECK(t.answered() == answers(2, delivery::unavailable));
    t.ask("k");
    t.run();
    CHECK(t.answered() == accepted);
    CHECK(t.sent() == lines{"send 0 x"});
}

TEST_CASE("what a sender was promised stays promised: another with its key is accepted too", "[connection_hub]") {
    looped t;
    CHECK(t.hub->send_once("k", t.id, text("x")) == delivery::accepted);
    CHECK(t.hub->send_once("k", t.id, text("x")) == delivery::accepted);
    t.ask("k");
    CHECK(t.answered() == accepted);
    CHECK(t.run() == 1);
    CHECK(t.sent() == lines{"send 0 x"});
}

TEST_CASE("the answer outlives the connection", "[connection_hub]") {
    direct t;
    t.ask("k");
    CHECK(t.hub->close(t.id));
    t.s = session{};
    t.ask("k");
    CHECK(t.answered() == answers(2, delivery::accepted));
    CHECK(t.hub->send_once("k", t.id, text("x")) == delivery::accepted);
    CHECK(t.hub->try_send_once("k", t.id, text("x")) == std::nullopt);
    CHECK(t.hub->try_send_once("k", t.id, text("y")) == delivery::gone);
    t.ask("k", "y");
    CHECK(t.hub->send_once("k", t.id, text("y")) == delivery::gone);
    CHECK(t.hub->send_once("k", "no id", text("y")) == delivery::gone);
    CHECK(t.answered() == gone);
    CHECK(t.sent() == lines{"send 0 x", "close 0 1000 "});
}

TEST_CASE("who waits with another is told when the connection ends", "[connection_hub]") {
    looped t;
    t.ask("k");
    t.ask("k");
    t.on_loop(0, [&] { t.s.closed(); });
    CHECK(t.answered() == answers(2, delivery::gone));
    t.run();
    CHECK(t.sent().empty());
    CHECK(t.told.empty());
    CHECK(t.hub->try_send_once("k", t.id, text("x")) == delivery::gone);
}

TEST_CASE("a connection that is retired has not answered yet: the repetition waits", "[connection_hub]") {
    looped t;
    t.ask("k");
    CHECK(t.hub->close(t.id));
    CHECK(t.hub->try_send_once("k", t.id, text("x")) == std::nullopt);
    t.ask("k");
    CHECK(t.told.empty());
    t.run();
    CHECK(t.answered().size() == 2);
}

TEST_CASE("who waits with another is told when the hub ends", "[connection_hub]") {
    looped t;
    t.ask("k");
    t.ask("k");
    t.ask("l");
    t.hub.reset();
    CHECK(t.answered() == answers(3, delivery::gone));
    CHECK(t.wire().loops[0].run() == 1);
    CHECK(t.told.empty());
    CHECK(t.sent().empty());
}

TEST_CASE("a send that takes the place of one under way does not take its answers", "[connection_hub]") {
    looped t{{.sends_remembered = 1}};
    t.ask("a");
    t.ask("a");
    t.ask("b");
    t.ask("a"); // another send, as the first is not known any more
    CHECK(t.run() == 1);
    CHECK(t.answered() == answers(4, delivery::accepted));
    CHECK(t.sent() == lines(3, "send 0 x"));
}

TEST_CASE("an answer may ask for the same again", "[connection_hub]") {
    looped t;
    answers inner;
    for (int i = 0; i != 2; ++i)
        t.hub->send_once("k", t.id, text("x"), [&](delivery) {
            t.hub->send_once("k", t.id, text("x"), [&](delivery d) { inner.push_back(d); });
            t.hub->send_once("l", t.id, text("y"), [&](delivery d) { inner.push_back(d); });
            inner.push_back(t.hub->send_once("k", t.id, text("x")));
        });
    while (t.run() != 0) {
    }
    CHECK(inner == answers(6, delivery::accepted));
    CHECK(t.sent() == lines{"send 0 x", "send 0 y"});
}

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS && BACKCHANNEL_EXCEPTIONS
TEST_CASE("without memory no message is lost or delivered twice", "[connection_hub]") {
    int const first_ones = GENERATE(0, 1);
    bool failed = true;
    for (std::size_t number = 1; failed; ++number) {
        INFO(number << " after " << first_ones);
        looped t;
        t.told.reserve(8);
        if (first_ones != 0) t.ask("k");
        {
            test::allocation_failure const missing{number};
            t.ask("k");
            failed = missing.happened();
        }
        t.run();
        REQUIRE(t.told.size() == static_cast<std::size_t>(first_ones) + 1);
        bool const was_sent = t.told.back() == delivery::accepted;
        if (first_ones != 0) CHECK((was_sent || t.told.front() == delivery::unknown));
        CHECK(t.sent() == lines(was_sent ? 1 : 0, "send 0 x"));
        if (first_ones == 0 && !was_sent) CHECK(t.told == answers{delivery::unavailable});
        CHECK(number < 20);
    }
}
#endif

namespace {

/// Eight threads send each message several times over; of some, the first attempt is refused. Once more at the end, and
/// each has arrived once.
template <class Transport>
void many_repeat() {
    constexpr int threads = 8, attempts = 4;
    constexpr std::size_t messages = 300;
    std::array<std::atomic<int>, messages> tried{}, delivered{}, accepted_of{};
    std::array<std::atomic<int>, messages * threads> told{};
    Transport transport;
    auto const log = transport.log;
    log->on_send = [&](int, message const& m) {
        auto const n = static_cast<std::size_t>(std::stoi(std::string{m.data()}));
        if (tried[n].fetch_add(1) == 0 && n % 5 == 0) return delivery::backpressure;
        ++delivered[n];
        return delivery::accepted;
    };
    connection_hub<Transport> hub{transport, {.queue_limit = 16 * 1024 * 1024}};
    auto const on_loop = [&](std::size_t n, auto&& f) { return log->loop_of(static_cast<int>(n % 2)).as_owner(f); };
    session sessions[2];
    for (std::size_t h = 0; h != 2; ++h) on_loop(h, [&] { sessions[h] = hub.open(static_cast<int>(h)); });
    if constexpr (has_dispatch<Transport>)
        for (auto& loop : log->loops) loop.start();
    test::at_once(threads, [&](int t) {
        for (std::size_t n = 0; n != messages; ++n) {
            std::string const body = std::to_string(n), id{sessions[n % 2].id()};
            for (int i = 0; i != attempts; ++i) {
                hub.send_once("key", id, text(body), [&, n, t](delivery d) {
                    ++told[n * threads + static_cast<std::size_t>(t)];
                    accepted_of[n] += d == delivery::accepted;
                });
            }
        }
    });
    for (auto& loop : log->loops) loop.stop();
    int untrue = 0, not_once = 0, at_the_end = 0;
    for (std::size_t n = 0; n != messages; ++n) {
        untrue += delivered[n] != (accepted_of[n] != 0);
        on_loop(n, [&] {
            at_the_end += hub.send_once("key", sessions[n % 2].id(), text(std::to_string(n))) == delivery::accepted;
        });
        not_once += delivered[n] != 1;
    }
    for (auto const& count : told) not_once += count != attempts;
    CHECK(untrue == 0);
    CHECK(at_the_end == messages);
    CHECK(not_once == 0);
    CHECK(log->wrong_thread == 0);
    for (std::size_t h = 0; h != 2; ++h) on_loop(h, [&] { sessions[h] = session{}; });
}

}

TEST_CASE("eight threads that repeat themselves deliver each message once", "[connection_hub][stress]") {
    SECTION("with loops") { many_repeat<test::looping_transport>(); }
    SECTION("with a task for each loop") { many_repeat<test::keyed_transport>(); }
    SECTION("without dispatch") { many_repeat<test::direct_transport>(); }
}

}
