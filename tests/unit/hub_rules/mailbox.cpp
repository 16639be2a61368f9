// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"

#include <string>
#include <utility>
#include <vector>

namespace hub_rules_mailbox_tests {

// What a server may rely on: messages that wait for the connection's thread keep their bytes and their order. The rules
// stand in the comments of the Transport concept and of connection_hub.

using namespace backchannel;
using test::lines;
using test::text;

TEST_CASE("R6: a message that waits keeps its own bytes", "[hub_rules]") {
    test::test_hub<test::looping_transport> t;
    auto a = t.open(0);
    std::string body = "first";
    CHECK(t.hub->send(a.id(), text(body)) == delivery::accepted);
    body = "OTHER";
    t.run();
    CHECK(t.sent() == lines{"send 0 first"});
}

TEST_CASE("R6: a shared message is passed on without a copy", "[hub_rules]") {
    test::test_hub<test::looping_transport> t;
    auto a = t.open(0), b = t.open(1);
    auto const shared = shared_message::copy_of("body", message_kind::binary);
    std::vector<char const*> seen;
    t.wire().on_send = [&](int, message const& m) {
        seen.push_back(m.share().data().data());
        CHECK(m.kind() == message_kind::binary);
        return delivery::accepted;
    };
    CHECK(t.hub->send(a.id(), shared) == delivery::accepted);
    CHECK(t.on_loop(1, [&] { return t.hub->send(b.id(), shared); }) == delivery::accepted);
    t.run();
    CHECK(seen == std::vector{shared.data().data(), shared.data().data()});
}

TEST_CASE("R7: messages from other threads wait in order and one task serves them", "[hub_rules]") {
    test::test_hub<test::hopping_transport> t;
    auto a = t.open(0);
    lines expected;
    for (int i = 0; i != 50; ++i) {
        CHECK(t.hub->send(a.id(), text(std::to_string(i))) == delivery::accepted);
        expected.push_back("send 0 " + std::to_string(i));
    }
    CHECK(t.wire().loops[0].posted() == 1);
    t.run();
    CHECK(t.sent() == expected);
    CHECK(t.hub->send(a.id(), text("again")) == delivery::accepted);
    CHECK(t.wire().loops[0].posted() == 2);
    t.run();
    CHECK(t.sent() == lines{"send 0 again"});
}

TEST_CASE("R7: what waits is delivered before an inline send", "[hub_rules]") {
    test::test_hub<test::looping_transport> t;
    auto a = t.open(0);
    CHECK(t.hub->send(a.id(), text("waiting")) == delivery::accepted);
    CHECK(t.on_loop(0, [&] { return t.hub->send(a.id(), text("inline")); }) == delivery::accepted);
    CHECK(t.sent() == lines{"send 0 waiting", "send 0 inline"});
    t.run();
    CHECK(t.sent().empty());
}

TEST_CASE("R7: a send nested in a delivery from the mailbox queues behind what waits", "[hub_rules]") {
    test::test_hub<test::looping_transport> t;
    auto a = t.open(0);
    bool nested = false;
    int depth = 0;
    t.wire().on_send = [&](int, message const&) {
        CHECK(++depth == 1); // the transport is not entered again for what waits
        if (!std::exchange(nested, true)) CHECK(t.hub->send(a.id(), text("nested")) == delivery::accepted);
        --depth;
        return delivery::accepted;
    };
    CHECK(t.hub->send(a.id(), text("1")) == delivery::accepted);
    CHECK(t.hub->send(a.id(), text("2")) == delivery::accepted);
    t.run();
    CHECK(t.sent() == lines{"send 0 1", "send 0 2", "send 0 nested"});
}

TEST_CASE("R7: where dispatch runs the task inline the sender gets the transport's answer", "[hub_rules]") {
    test::test_hub<test::hopping_transport> t;
    auto a = t.open(0);
    t.wire().on_send = [](int, message const&) { return delivery::backpressure; };
    CHECK(t.on_loop(0, [&] { return t.hub->send(a.id(), text("1")); }) == delivery::backpressure);
    CHECK(t.hub->find(a.id()));
    CHECK(t.sent() == lines{"send 0 1"});
    t.wire().on_send = [](int, message const&) { return delivery::gone; };
    CHECK(t.on_loop(0, [&] { return t.hub->send(a.id(), text("2")); }) == delivery::gone);
    CHECK_FALSE(t.hub->find(a.id()));
}

}
