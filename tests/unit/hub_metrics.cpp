// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/hub_metrics.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"

#include <backchannel/connection_hub.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace hub_metrics_tests {

using namespace backchannel;
using test::text;

namespace {

/// Answers what the test wants, on the caller's thread.
struct obedient_transport {
    using handle = int;
    [[maybe_unused]] static constexpr bool bounds_itself = true;

    delivery result = delivery::accepted;
    bool throws = false;

    delivery send(handle const&, message const&) {
        if (throws) throw std::runtime_error{"send"};
        return result;
    }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

struct one_thread : single_threaded_traits {};

template <class Hub>
void count_everything(Hub& hub, obedient_transport& transport) {
    CHECK(hub.metrics().open == 0);
    auto reserved = hub.reserve();
    CHECK(hub.metrics().opened == 0); // it is not open yet
    hub.attach(reserved, 1);
    session other = hub.open(2), third = hub.open(3);
    CHECK(hub.metrics().open == 3);
    CHECK(hub.metrics().opened == 3);

    std::string const id{reserved.id()};
    CHECK(hub.send(id, text("12345")) == delivery::accepted);
    CHECK(hub.send(id, text("")) == delivery::accepted);
    CHECK(hub.metrics().accepted == 2);
    CHECK(hub.metrics().accepted_bytes == 5);
    transport.result = delivery::backpressure;
    CHECK(hub.send(id, text("123")) == delivery::backpressure);
    CHECK(hub.metrics().backpressure == 1);
    CHECK(hub.send("no id", text("x")) == delivery::gone);
    CHECK(hub.send(std::string(16, 'A'), text("x")) == delivery::gone);
    CHECK(hub.metrics().gone == 2);
    transport.result = delivery::gone; // retires the id
    CHECK(hub.send(other.id(), text("x")) == delivery::gone);
    CHECK(hub.metrics().gone == 3);
    CHECK(hub.metrics().open == 2);
    other.closed();
    transport.throws = true; // and so does this
    CHECK(hub.send(third.id(), text("x")) == delivery::gone);
    CHECK(hub.metrics().closed == 2);

    CHECK(hub.close(id));
    CHECK_FALSE(hub.close(id));
    reserved.closed();
    reserved = {};
    other = {};
    third = {};
    { session const never = hub.reserve(); } // was never open
    auto const m = hub.metrics();
    CHECK(m.open == 0);
    CHECK(m.opened == 3);
    CHECK(m.closed == 3);
    CHECK(m.accepted == 2);
    CHECK(m.backpressure == 1);
    CHECK(m.gone == 4);
    CHECK(m.unavailable == 0);
    CHECK(m.accepted_bytes == 5);
}

}

TEST_CASE("a hub counts what happens, each thing once", "[hub_metrics]") {
    connection_hub<obedient_transport> hub;
    count_everything(hub, hub.transport());
    connection_hub<obedient_transport, one_thread> single;
    count_everything(single, single.transport());
}

TEST_CASE("a send that another thread decides counts when it has decided", "[hub_metrics]") {
    test::test_hub<test::looping_transport> h;
    session a = h.open(1);
    delivery seen = delivery::unavailable;
    h.hub->async_send(a.id(), text("1234"), [&](delivery d) { seen = d; });
    CHECK(h.hub->metrics().accepted == 0);
    h.run();
    CHECK(seen == delivery::accepted);
    CHECK(h.hub->metrics().accepted == 1);
    CHECK(h.hub->metrics().accepted_bytes == 4);
    h.hub->async_send(a.id(), text("1234"), [&](delivery d) { seen = d; });
    h.on_loop(1, [&] { a.closed(); });
    CHECK(seen == delivery::gone);
    h.run();
    CHECK(h.hub->metrics().gone == 1);
    CHECK(h.hub->metrics().accepted == 1);
}

TEST_CASE("what a loop that has gone was asked to send is unavailable", "[hub_metrics]") {
    test::test_hub<test::looping_transport> h;
    session a = h.open(1);
    delivery seen = delivery::accepted;
    h.hub->async_send(a.id(), text("1234"), [&](delivery d) { seen = d; });
    for (auto& loop : h.wire().loops) (void)loop.drop();
    CHECK(seen == delivery::unavailable);
    CHECK(h.hub->metrics().unavailable == 1);
    CHECK(h.hub->metrics().accepted == 0);
    h.on_loop(1, [&] { a.closed(); });
    CHECK(h.hub->metrics().open == 0);
}

TEST_CASE("threads count together", "[hub_metrics]") {
    connection_hub<obedient_transport> hub;
    session const a = hub.open(1);
    std::vector<std::thread> threads;
    for (int t = 0; t != 10; ++t) { // more than there are copies of the counters
        threads.emplace_back([&] {
            for (int i = 0; i != 1000; ++i) {
                (void)hub.send(a.id(), text("abc"));
                auto b = hub.open(2);
                auto const m = hub.metrics();
                if (m.closed > m.opened) throw std::logic_error{"more closed than opened"};
            }
        });
    }
    for (auto& t : threads) t.join();
    auto const m = hub.metrics();
    CHECK(m.opened == 10'001);
    CHECK(m.closed == 10'000);
    CHECK(m.open == 1);
    CHECK(m.accepted == 10'000);
    CHECK(m.accepted_bytes == 30'000);
}

}
