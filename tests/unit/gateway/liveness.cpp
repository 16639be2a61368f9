// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/liveness.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

namespace gateway_liveness_tests {

using backchannel::liveness;
using namespace test;

namespace {

/// One with the times that it is given each time.
struct timed_liveness {
    liveness::times times;
    liveness whole{};

    [[nodiscard]] liveness::advice check(bool sent_all) { return whole.check(times, sent_all); }
    void heard() { whole.heard(); }
};

[[nodiscard]] bool is(liveness::advice a, liveness::step what, std::chrono::milliseconds next) {
    return a.what == what && a.next == next;
}

/// Pings often; on a busy machine the client's answer may take its time.
[[nodiscard]] gateway_options impatient(std::chrono::milliseconds patience) {
    auto options = prod();
    options.ping_interval = 100ms;
    options.pong_timeout = patience;
    return options;
}

/// Bytes of messages sent to a client until its queue is full.
[[nodiscard]] std::size_t fill(test_client& caller, std::string const& id, std::size_t each) {
    std::size_t accepted = 0;
    for (int i = 0; i != 1000; ++i, accepted += each)
        if (caller.ask(post_to(id, std::string(each, 'x'))).status != 200) return accepted;
    throw std::runtime_error{"the queue has no end"};
}

}

TEST_CASE("a peer that answers is pinged again after the interval", "[liveness]") {
    timed_liveness l{{100ms, 30ms}};
    for (int i = 0; i != 3; ++i) {
        CHECK(is(l.check(true), liveness::step::ping, 30ms));
        l.heard();
        CHECK(is(l.check(true), liveness::step::wait, 70ms));
    }
}

TEST_CASE("a peer that is silent after a ping has gone, whatever it said before", "[liveness]") {
    timed_liveness l{{100ms, 30ms}};
    l.heard();
    CHECK(is(l.check(true), liveness::step::ping, 30ms));
    CHECK(l.check(true).what == liveness::step::gone);
}

TEST_CASE("a ping that waits behind other bytes need not be answered yet", "[liveness]") {
    timed_liveness l{{100ms, 30ms}};
    CHECK(is(l.check(false), liveness::step::ping, 30ms));
    for (int i = 0; i != 5; ++i) CHECK(is(l.check(false), liveness::step::wait, 30ms));
    CHECK(is(l.check(true), liveness::step::wait, 30ms)); // it may just have left
    CHECK(l.check(true).what == liveness::step::gone);

    timed_liveness heard{{100ms, 30ms}};
    CHECK(is(heard.check(false), liveness::step::ping, 30ms));
    CHECK(is(heard.check(true), liveness::step::wait, 30ms));
    heard.heard();
    CHECK(is(heard.check(true), liveness::step::wait, 70ms));
}

TEST_CASE("the patience may be longer than the interval", "[liveness]") {
    timed_liveness l{{10ms, 50ms}};
    CHECK(is(l.check(true), liveness::step::ping, 50ms));
    l.heard();
    CHECK(is(l.check(true), liveness::step::wait, 1ms));
}

TEST_CASE("a peer that answers no ping is dropped, and posts to it are 410 and never wait", "[liveness]") {
    event_log log;
    scripted_handler handler;
    handler.disconnect = [&](std::string_view id, int code, std::string_view) {
        log.add(std::string{id} + " " + std::to_string(code));
    };
    running_gateway<> g{handler, impatient(1s)};
    auto const start = std::chrono::steady_clock::now();
    websocket_client silent{g.port}, quiet{g.port}; // both keep their TCP connection open
    test_client caller{g.port};
    int status = 200;
    // its answers are at once, before and after the silence has been noticed
    while (status == 200 && std::chrono::steady_clock::now() - start < test_client::patience) {
        auto const asked = std::chrono::steady_clock::now();
        status = caller.ask(post_to(silent.id, "x")).status;
        CHECK(std::chrono::steady_clock::now() - asked < 2s);
        while (quiet.readable(5ms))
            if (quiet.read_frame().opcode == 9) quiet.send(masked_frame(10, {}));
    }
    CHECK(status == 410);
    CHECK(std::chrono::steady_clock::now() - start >= 1100ms);
    CHECK(log.wait_for(silent.id + " 1006"));
    CHECK_FALSE(g.server.hub().find(silent.id));
    CHECK(g.server.hub().find(quiet.id));
    CHECK(g.counts(&gateway_metrics::peers_vanished, 1));
    CHECK(g.server.metrics().websockets_closed[6] == 1);
    CHECK(g.server.metrics().websockets_open == 1);
    CHECK(silent.read_close() == -1);
}

TEST_CASE("a client that answers pings stays, and so does one that sends anything else", "[liveness]") {
    running_gateway<> g{{}, impatient(800ms)};
    websocket_client polite{g.port}, busy{g.port};
    auto const end = std::chrono::steady_clock::now() + 1200ms;
    std::size_t pings = 0;
    while (std::chrono::steady_clock::now() < end) {
        while (polite.readable(10ms)) {
            auto const frame = polite.read_frame();
            REQUIRE(frame.opcode == 9);
            polite.send(masked_frame(10, frame.payload));
            ++pings;
        }
        busy.send_text("x");
    }
    CHECK(pings >= 1);
    CHECK(g.server.hub().find(polite.id));
    CHECK(g.server.hub().find(busy.id));
    CHECK(g.server.metrics().peers_vanished == 0);
    CHECK(g.server.metrics().pings_sent >= pings);
}

TEST_CASE("without an interval no peer is asked, however silent it is", "[liveness]") {
    auto options = impatient(100ms);
    options.ping_interval = 0ms;
    running_gateway<> g{{}, options};
    websocket_client silent{g.port};
    CHECK_FALSE(silent.readable(500ms));
    CHECK(g.server.hub().find(silent.id));
    CHECK(g.server.metrics().pings_sent == 0);
}

TEST_CASE("a slow reader whose queue is full outlives the patience with a ping", "[liveness]") {
    auto options = impatient(400ms);
    options.write_timeout = 10s;
    options.hub.queue_limit = 400'000;
    running_gateway<> g{{}, options};
    websocket_client slow{g.port, "/prod", {}, 4096};
    test_client caller{g.port};
    std::size_t const waiting = fill(caller, slow.id, 20'000);
    std::size_t got = 0;
    auto const start = std::chrono::steady_clock::now();
    while (got < waiting) { // all of it, over more than a second
        auto const frame = slow.read_frame();
        if (frame.opcode == 9) slow.send(masked_frame(10, frame.payload));
        if (frame.opcode == 1) got += frame.payload.size();
        std::this_thread::sleep_for(40ms);
    }
    CHECK(std::chrono::steady_clock::now() - start > 800ms);
    CHECK(g.server.hub().find(slow.id));
    CHECK(g.server.metrics().peers_vanished == 0);
}

TEST_CASE("a slow reader is not taken for gone while the system still sends what is before the ping", "[liveness]") {
    auto options = impatient(400ms);
    running_gateway<> g{{}, options};
    websocket_client slow{g.port, "/prod", {}, 4096};
    test_client caller{g.port};
    // not much more than what the system takes: the gateway's own queue is empty most of the time
    for (int i = 0; i != 15; ++i) CHECK(caller.ask(post_to(slow.id, std::string(10'000, 'x'))).status == 200);
    for (int messages = 0; messages != 15;) { // for a second and a half
        auto const frame = slow.read_frame();
        if (frame.opcode == 9) slow.send(masked_frame(10, frame.payload));
        if (frame.opcode != 1) continue;
        ++messages;
        std::this_thread::sleep_for(100ms);
    }
    CHECK(g.server.hub().find(slow.id));
    CHECK(g.server.metrics().peers_vanished == 0);
}

TEST_CASE("who does not read fills only its own queue, is 429 at once, and is dropped after the write timeout",
          "[liveness]") {
    auto options = prod();
    options.ping_interval = 0ms;
    options.write_timeout = 1200ms;
    options.hub.queue_limit = 300'000;
    running_gateway<> g{{}, options};
    websocket_client stuck{g.port, "/prod", {}, 4096}, other{g.port};
    test_client caller{g.port};
    (void)fill(caller, stuck.id, 50'000);
    CHECK(g.server.metrics().queue_bytes > 100'000);
    CHECK(g.server.metrics().queue_bytes <= 300'000);
    int status = 429;
    auto const start = std::chrono::steady_clock::now();
    while (status == 429 && std::chrono::steady_clock::now() - start < test_client::patience) {
        auto const asked = std::chrono::steady_clock::now();
        status = caller.ask(post_to(stuck.id, std::string(300'000 - 20, 'x').substr(0, 131'000))).status;
        CHECK(caller.ask(post_to(other.id, "hello")).status == 200);
        CHECK(other.read_text() == "hello");
        CHECK(std::chrono::steady_clock::now() - asked < 2s);
        std::this_thread::sleep_for(5ms);
    }
    CHECK(status == 410);
    CHECK(g.counts(&gateway_metrics::peers_stalled, 1));
    CHECK(g.counts(&gateway_metrics::queue_bytes, 0));
    CHECK(g.server.metrics().websockets_closed[6] == 1);
    CHECK(g.server.hub().find(other.id));
}

}
