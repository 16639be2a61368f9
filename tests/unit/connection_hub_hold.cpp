// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/at_once.hpp"
#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include "support/shared_hub.hpp"
#include "support/test_hub.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <string>
#include <utility>
#include <vector>

namespace connection_hub_hold_tests {

// Messages that come before their connection is open.

using namespace backchannel;
using namespace std::chrono_literals;
using test::lines;
using test::text;

namespace {

using answers = std::vector<delivery>;

struct fixture : test::test_hub<test::timed_looping_transport> {
    session s;
    std::string id;
    answers told{};

    explicit fixture(hub_options options = {.hold_before_open = true})
        : test::test_hub<test::timed_looping_transport>{options}, s{hub->reserve({.source_ip = "192.0.2.7"})},
          id{s.id()} {}

    void send(std::string_view body) {
        hub->async_send(id, text(body), [this](delivery d) { told.push_back(d); });
    }
    void attach() {
        on_loop(0, [&] { hub->attach(s, 0); });
    }
    [[nodiscard]] answers answered() { return std::exchange(told, {}); }
};

/// Does something whenever it is about to be locked.
struct hooked_mutex {
    static inline std::function<void()> before_lock;

    void lock() {
        if (auto const act = std::exchange(before_lock, nullptr)) { // not from inside itself
            act();
            before_lock = act;
        }
    }
    void unlock() {}
};

}

TEST_CASE("a message for a connection that opens later is the first that it gets", "[connection_hub]") {
    fixture t;
    t.send("a");
    t.hub->async_send_until(t.id, text("b"), {t.clock.steady() + 1min, false},
                            [&](delivery d) { t.told.push_back(d); });
    CHECK(t.hub->try_send(t.id, text("x")) == std::nullopt); // nothing done
    CHECK(t.run() == 0);
    CHECK(t.answered().empty());
    CHECK(t.hub->send(t.id, text("nobody waits")) == delivery::gone);
    CHECK_FALSE(t.hub->find(t.id));
    CHECK_FALSE(t.hub->close(t.id));
    t.attach();
    CHECK(t.sent() == lines{"send 0 a", "send 0 b"});
    CHECK(t.answered() == answers{delivery::accepted, delivery::accepted});
    t.send("c");
    CHECK(t.run() == 1);
    CHECK(t.sent() == lines{"send 0 c"});
    CHECK(t.wire().wrong_thread == 0);
}

TEST_CASE("a message for a connection that never opens is gone", "[connection_hub]") {
    fixture t;
    t.send("a");
    CHECK(t.answered().empty());
    t.s = {};
    CHECK(t.answered() == answers{delivery::gone});
    t.send("b");
    CHECK(t.answered() == answers{delivery::gone});
    CHECK(t.sent().empty());
}

TEST_CASE("no more waits for a connection to open than its queue takes", "[connection_hub]") {
    fixture t{{.queue_limit = 1000, .hold_before_open = true}};
    t.send(std::string(700, 'x'));
    t.send(std::string(700, 'y'));
    CHECK(t.answered() == answers{delivery::backpressure});
    t.attach();
    CHECK(t.answered() == answers{delivery::accepted});
}

TEST_CASE("without the option, an id is gone until its connection is open", "[connection_hub]") {
    fixture t{hub_options{}};
    t.send("a");
    CHECK(t.answered() == answers{delivery::gone});
    CHECK(t.hub->try_send(t.id, text("x")) == delivery::gone);
    t.attach();
    CHECK(t.sent().empty());
}

TEST_CASE("who repeats a send before the connection is open waits with the first", "[connection_hub]") {
    fixture t;
    for (int i = 0; i != 2; ++i) {
        CHECK(t.hub->try_send_once("k", t.id, text("x")) == std::nullopt);
        t.hub->send_once("k", t.id, text("x"), [&](delivery d) { t.told.push_back(d); });
    }
    CHECK(t.answered().empty());
    t.attach();
    CHECK(t.sent() == lines{"send 0 x"});
    CHECK(t.answered() == answers(2, delivery::accepted));
}

TEST_CASE("what is known when a connection opens takes the place of what it was reserved with", "[connection_hub]") {
    fixture t;
    t.on_loop(0, [&] { t.hub->attach(t.s, 0, {"192.0.2.8", "agent", t.clock.steady() + 1s, {{"plan", "free"}}}); });
    auto const state = t.hub->find(t.id);
    REQUIRE(state);
    CHECK(state->source_ip == "192.0.2.8");
    CHECK(state->attributes == connection_attributes{{"plan", "free"}});
    CHECK(t.s.id() == t.id);
    t.clock.advance(1s);
    CHECK(t.expire() == 1);
    CHECK_FALSE(t.hub->find(t.id));
}

TEST_CASE("a message for a closed connection never waits for the next one in its place", "[connection_hub]") {
    struct traits : test::recording_traits {
        using mutex = hooked_mutex;
    };
    test::test_hub<test::looping_transport, traits> t{
        {.retired_kept = 0, .close_reasons = true, .hold_before_open = true}};
    session first = t.open(0);
    std::string const id{first.id()};
    t.on_loop(0, [&] {
        CHECK(t.hub->close(id, 4001, "a reason, which is forgotten under a lock"));
        first = {};
    });
    answers told;
    hooked_mutex::before_lock = [&] { t.hub->async_send(id, text("secret"), [&](delivery d) { told.push_back(d); }); };
    session second = t.hub->reserve();
    hooked_mutex::before_lock = nullptr;
    CHECK(told.size() >= 2);
    t.on_loop(0, [&] { t.hub->attach(second, 2); });
    CHECK(t.sent() == lines{"close 0 4001 a reason, which is forgotten under a lock"});
    CHECK(told == answers(told.size(), delivery::gone));
}

TEST_CASE("the id of a session stays where it is when the connection opens", "[connection_hub]") {
    struct lettered : test::recording_traits {
        using ids = test::witness_ids; // kept beside the slot
    };
    test::test_hub<test::direct_transport, lettered> t;
    session s = t.hub->reserve({.source_ip = "192.0.2.7"});
    std::string_view const id = s.id();
    std::string const text{id};
    t.hub->attach(s, 1, {.source_ip = "192.0.2.8", .attributes = {{"plan", "free"}}});
    CHECK(s.id().data() == id.data());
    CHECK(id == text);
    auto const state = t.hub->find(text);
    REQUIRE(state);
    CHECK(state->source_ip == "192.0.2.8");
}

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
TEST_CASE("a connection that cannot be told from when on it has expired does not stay", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    backchannel::connection_info const info{.expires_at = t.clock.steady() + 1s};
    bool const with_texts = GENERATE(false, true);
    session s = t.hub->reserve({.source_ip = with_texts ? "192.0.2.7" : ""});
    {
        test::allocation_failure const none{1};
        t.hub->attach(s, 1, info);
        CHECK(none.happened());
    }
    CHECK_FALSE(t.hub->find(s.id()));
    CHECK(t.sent() == test::lines{"close 1 1013 Try again later"});
    CHECK(t.hooks.log->take() == test::lines{"open", "closed 1013"});
}
#endif

TEST_CASE("connections open while threads send to them, and none of the messages is lost", "[connection_hub]") {
    constexpr int connections = 200, senders = 3;
    test::test_hub<test::timed_looping_transport> t{{.hold_before_open = true}};
    std::vector<session> all;
    for (int i = 0; i != connections; ++i) all.push_back(t.hub->reserve());
    std::atomic<int> accepted{0}, gone{0}, other{0};
    t.wire().loops[0].start();
    test::at_once(senders + 1, [&](int thread) {
        for (int i = 0; i != connections; ++i) {
            if (thread == senders) {
                auto& s = all[static_cast<std::size_t>(i)];
                std::promise<void> done; // the Transport's handles are even: all live on one loop
                t.wire().loops[0].post([&] {
                    if (i % 4 == 3)
                        s = {};
                    else
                        t.hub->attach(s, 2 * i);
                    done.set_value();
                });
                done.get_future().wait();
            } else if (std::string const id{i % 4 == 3 ? "" : all[static_cast<std::size_t>(i)].id()}; !id.empty()) {
                t.hub->async_send(id, text("x"), [&](delivery d) {
                    ++(d == delivery::accepted ? accepted : d == delivery::gone ? gone : other);
                });
            }
        }
    });
    t.wire().loops[0].stop();
    while (t.run() != 0) {
    }
    CHECK(accepted == senders * connections * 3 / 4);
    CHECK(gone + other == 0);
    CHECK(t.sent().size() == static_cast<std::size_t>(accepted.load()));
}

}
