// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include "support/idle_transport.hpp"
#include "support/test_hub.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

namespace connection_hub_tests {

using namespace backchannel;
using namespace std::chrono_literals;
using test::idle_transport;
using test::lines;
using test::text;

namespace {

/// Records nothing, so that it allocates nothing.
struct silent_base {
    using handle = int;
    [[maybe_unused]] static constexpr bool bounds_itself = true;
    std::shared_ptr<test::transport_log> log = std::make_shared<test::transport_log>();
    delivery send(handle const&, message const&) { return delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

struct one_thread_traits : single_threaded_traits {
    using clock = test::manual_clock;
    using hooks = test::recording_hooks;
};

}

TEST_CASE("a full hub refuses, also while ids are remembered", "[connection_hub]") {
    connection_hub<idle_transport> hub{{}, {.max_connections = 3}};
    auto a = hub.open(1), b = hub.open(2), c = hub.reserve();
    REQUIRE(c);
    auto refused = hub.open(4);
    CHECK_FALSE(refused);
    CHECK(refused.id().empty());
    refused.touch();
    refused.written(1);
    refused.closed();
    std::string const gone{a.id()};
    a = session{};
    auto d = hub.open(5);
    CHECK(d);
    CHECK_FALSE(hub.open(6));
    CHECK(hub.was_open(gone));
}

TEST_CASE("a reserved id is found only once it is attached", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    auto s = t.hub->reserve({.source_ip = "192.0.2.1", .user_agent = "agent"});
    REQUIRE(s);
    std::string const id{s.id()};
    CHECK_FALSE(t.hub->find(id));
    CHECK(t.hub->send(id, text("x")) == delivery::gone);
    CHECK_FALSE(t.hub->close(id));
    CHECK_FALSE(t.hub->was_open(id));
    CHECK_FALSE(t.hub->next_deadline());
    t.hub->attach(s, 4);
    CHECK(s.id() == id);
    REQUIRE(t.hub->find(id));
    CHECK(t.hub->find(id)->source_ip == "192.0.2.1");
    CHECK(t.hub->find(id)->user_agent == "agent");
    CHECK(t.hub->send(id, text("x")) == delivery::accepted);
    CHECK(t.sent() == lines{"send 4 x"});
    auto dropped = t.hub->reserve();
    std::string const never{dropped.id()};
    dropped = session{};
    CHECK_FALSE(t.hub->was_open(never));
    CHECK(t.hooks.log->take() == lines{"open", "delivery 0 1"});
}

TEST_CASE("on_open runs before the id can be found", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    int checked = 0;
    t.hooks.log->on_open = [&](std::string_view id) {
        CHECK(id.size() == 16);
        CHECK_FALSE(t.hub->find(id));
        CHECK(t.hub->send(id, text("x")) == delivery::gone);
        ++checked;
    };
    auto s = t.open(0);
    CHECK(checked == 1);
    CHECK(t.hub->find(s.id()));
}

TEST_CASE("a connection that closes inside on_open opens and closes once", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    auto s = t.hub->reserve();
    t.hooks.log->on_open = [&](std::string_view) { s.closed(1002); };
    t.hub->attach(s, 1);
    CHECK_FALSE(t.hub->find(s.id()));
    CHECK_FALSE(t.hub->next_deadline());
    auto const hooks = t.hooks.log->take();
    REQUIRE(hooks.size() == 2);
    CHECK(hooks.front() == "open");
    CHECK(t.sent().empty());
}

TEST_CASE("hooks run once each and in order", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    auto s = t.open(0);
    CHECK(t.hub->send(s.id(), text("12345")) == delivery::accepted);
    CHECK(t.hub->close(s.id(), 4000));
    CHECK_FALSE(t.hub->close(s.id(), 4001));
    s.closed(4002);
    s = session{};
    CHECK(t.hooks.log->take() == lines{"open", "delivery 0 5", "closed 4000"});
}

TEST_CASE("find tells when a connection came, was last active and from where", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.sends_are_activity = false}};
    t.clock.advance(1500us);
    auto s = t.open(0, {.source_ip = std::string(100, '9'), .user_agent = std::string(3000, 'u')});
    auto const opened = t.clock.wall();
    t.clock.advance(90s);
    CHECK(t.hub->send(s.id(), text("x")) == delivery::accepted);
    REQUIRE(t.hub->find(s.id()));
    CHECK(t.hub->find(s.id())->connected_at == opened);
    CHECK(t.hub->find(s.id())->last_active_at == opened);
    s.touch();
    CHECK(t.hub->find(s.id())->last_active_at == opened + 90s);
    s.touch(t.clock.steady() - 1h);
    CHECK(t.hub->find(s.id())->last_active_at == opened + 90s);
    // long texts are cut off rather than kept
    CHECK(t.hub->find(s.id())->source_ip == std::string(64, '9'));
    CHECK(t.hub->find(s.id())->user_agent == std::string(1024, 'u'));
}

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
TEST_CASE("a look-up allocates nothing", "[connection_hub]") {
    connection_hub<idle_transport> hub;
    auto s = hub.open(1, {.source_ip = "192.0.2.1"});
    std::string const id{s.id()};
    std::string forged = id;
    forged[3] = forged[3] == 'x' ? 'y' : 'x';
    test::allocation_count const count;
    bool right = true;
    for (int i = 0; i != 100; ++i) {
        right &= hub.find(id).has_value() && !hub.find(forged) && !hub.was_open(id) && hub.is_well_formed(id);
        right &= hub.send(forged, text("x")) == delivery::gone && hub.send(id, text("x")) == delivery::accepted;
        s.touch();
    }
    CHECK(count.so_far() == 0);
    CHECK(right);
}
#endif

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
TEST_CASE("a send on the connection's thread allocates nothing", "[connection_hub]") {
    connection_hub<test::with_on_thread<test::with_dispatch<silent_base>>> hub;
    auto& loop = hub.transport().log->loops[0];
    auto quiet = loop.as_owner([&] { return hub.open(0); });
    CHECK(hub.send(quiet.id(), text("x")) == delivery::accepted);
    loop.run();
    loop.as_owner([&] {
        test::allocation_count const count;
        int answered = 0;
        for (int i = 0; i != 100; ++i) {
            (void)hub.send(quiet.id(), text("x"));
            hub.async_send(quiet.id(), text("x"), [&](delivery d) { answered += d == delivery::accepted; });
        }
        CHECK(count.so_far() == 0);
        CHECK(answered == 100);
    });
}
#endif

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
TEST_CASE("opening and closing reuses memory", "[connection_hub]") {
    connection_hub<idle_transport> hub{{}, {.max_connections = 4, .retired_kept = 4}};
    for (std::uint32_t i = 0; i != 20; ++i) (void)hub.open(i);
    test::allocation_count const count;
    for (std::uint32_t i = 0; i != 1000; ++i) (void)hub.open(i);
    CHECK(count.so_far() == 0);
}
#endif

TEST_CASE("try_send does nothing where another thread has to", "[connection_hub]") {
    test::test_hub<test::looping_transport> t;
    auto s = t.open(0);
    CHECK_FALSE(t.hub->try_send(s.id(), text("x")));
    CHECK(t.wire().loops[0].pending() == 0);
    CHECK(t.on_loop(0, [&] { return t.hub->try_send(s.id(), text("x")); }) == delivery::accepted);
    CHECK(t.sent() == lines{"send 0 x"});
    CHECK(t.hub->try_send("AAAAAAAAAAAAAAAA", text("x")) == delivery::gone);
}

TEST_CASE("pings reach the transport and are refused for unknown ids", "[connection_hub]") {
    test::test_hub<test::looping_transport> t;
    auto s = t.open(0);
    CHECK(t.on_loop(0, [&] { return t.hub->ping(s.id(), "inline"); }));
    CHECK(t.hub->ping(s.id(), "queued"));
    CHECK(t.sent() == lines{"ping 0 inline"});
    t.run();
    CHECK(t.sent() == lines{"ping 0 queued"});
    CHECK_FALSE(t.hub->ping("AAAAAAAAAAAAAAAA"));
}

TEST_CASE("async_send gives the answer of the connection's thread", "[connection_hub]") {
    test::test_hub<test::hopping_transport> t;
    auto s = t.open(0);
    std::vector<delivery> answers;
    auto const note = [&](delivery d) { answers.push_back(d); };
    t.hub->async_send("AAAAAAAAAAAAAAAA", text("x"), note);
    CHECK(answers == std::vector{delivery::gone});
    for (delivery const truth : {delivery::accepted, delivery::backpressure, delivery::gone}) {
        answers.clear();
        t.wire().on_send = [truth](int, message const&) { return truth; };
        t.hub->async_send(s.id(), text("x"), note);
        CHECK(answers.empty());
        t.run();
        CHECK(answers == std::vector{truth});
    }
    CHECK_FALSE(t.hub->find(s.id()));
}

TEST_CASE("a single-threaded hub works and needs no atomics", "[connection_hub]") {
    using traits = one_thread_traits;
    using slot_type = slot<traits>;
    static_assert(std::is_same_v<decltype(slot_type::state), plain_cell<std::uint64_t>>);
    static_assert(std::is_same_v<decltype(slot_type::id_first), plain_cell<std::uint64_t>>);
    static_assert(std::is_same_v<decltype(slot_type::last_active), plain_cell<std::int64_t>>);
    static_assert(std::is_same_v<traits::mutex, null_mutex>);
    static_assert(std::is_same_v<cell<traits, std::uint32_t>, plain_cell<std::uint32_t>>);
    static_assert(std::is_same_v<cell<default_hub_traits, std::uint32_t>, std::atomic<std::uint32_t>>);
    static_assert(sizeof(slot_type) == 32 && sizeof(slot<default_hub_traits>) == 32);

    test::test_hub<test::keyed_transport, traits> t{{.max_connections = 2, .idle_timeout = 1s, .retired_kept = 1}};
    std::string id;
    for (int round = 0; round != 10; ++round) {
        auto a = t.open(0), b = t.open(1);
        REQUIRE(b);
        CHECK_FALSE(t.open(2));
        CHECK(t.hub->send(a.id(), text("1")) == delivery::accepted);
        CHECK(t.on_loop(0, [&] { return t.hub->send(a.id(), text("2")); }) == delivery::accepted);
        CHECK(t.hub->ping(b.id(), "p"));
        t.run();
        CHECK(t.sent() == lines{"send 0 1", "send 0 2", "ping 1 p"});
        CHECK(t.hub->close(b.id()));
        t.run();
        t.clock.advance(1s);
        CHECK(t.expire() == 1);
        t.run();
        CHECK(t.sent() == lines{"close 1 1000 ", "close 0 1001 Going away"});
        id = a.id();
    }
    CHECK(t.hub->was_open(id));
}

TEST_CASE("a hub's options need no designated members and its transport is reachable", "[connection_hub]") {
    idle_transport transport;
    transport.last = 77;
    connection_hub const deduced{transport, hub_options{}};
    CHECK(deduced.transport().last == 77);
    CHECK_FALSE(std::is_move_constructible_v<connection_hub<idle_transport>>);
    CHECK_FALSE(std::is_copy_constructible_v<connection_hub<idle_transport>>);
}

TEST_CASE("a hub that has room for nothing says so when it is made", "[connection_hub]") {
    try {
        connection_hub<idle_transport> hub{{}, {.max_connections = 0, .retired_kept = 0}};
        FAIL("made");
    } catch (std::system_error const& e) {
        CHECK(e.code() == errc::out_of_memory);
    }
    connection_hub<idle_transport> none{{}, {.max_connections = 0}};
    CHECK_FALSE(none.open(1));
}

}
