// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Messages with a time limit, on connections whose peer takes as many bytes as the test says.

#include <backchannel/gateway/gateway_core.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"
#include "support/mock_stream.hpp"

#include <backchannel/auth/allow_all.hpp>

#include <memory>

namespace gateway_send_until_tests {

using namespace test;
using namespace backchannel;
using lines = std::vector<std::string>;

namespace {

using core_type = gateway_core<scripted_handler>;

template <class Stream>
struct fixture {
    lines told{};
    asio::io_context io;
    std::shared_ptr<mock_wire> wire = std::make_shared<mock_wire>(io);
    std::shared_ptr<core_type> core;
    std::shared_ptr<gateway_worker> worker = std::make_shared<gateway_worker>(io);
    admission rooms{1, 0, 1};
    std::string id;
    std::size_t seen = 0;

    explicit fixture(gateway_options const& o = options()) : core{std::make_shared<core_type>(scripted_handler{}, o)} {
        (void)core->mount<aws_dialect>(allow_all{}, core->options.router);
        std::make_shared<client_connection<core_type, Stream>>(core, *worker, Stream{wire}, "192.0.2.7", rooms.enter({}))
            ->start();
        wire->send(upgrade_request());
        run_ready(io);
        core->hub.for_each([&](std::string_view open, auto const&) { id = open; });
        REQUIRE_FALSE(id.empty());
        (void)received();
    }
    ~fixture() {
        worker->abandon();
        run_ready(io);
        CHECK(wire->misuse().empty());
        CHECK(worker->counters().queue_bytes.get() == 0);
    }

    [[nodiscard]] static gateway_options options() {
        auto o = prod();
        o.hub.queue_limit = 1000;
        o.ping_interval = {};
        return o;
    }

    void send(std::string const& body, std::chrono::milliseconds limit) {
        send(body, std::chrono::steady_clock::now() + limit);
    }
    void send(std::string const& body, time_point not_after, bool when_written = true) {
        on_loop([&] {
            core->hub.async_send_until(id, {body, message_kind::text}, {not_after, when_written},
                                       [this, body](delivery d) { told.push_back(is(body, d)); });
        });
        run_ready(io);
    }
    delivery send(std::string const& body) {
        delivery result = delivery::unknown;
        on_loop([&] { result = core->hub.send(id, {body, message_kind::text}); });
        run_ready(io);
        return result;
    }
    void on_loop(std::function<void()> f) {
        asio::post(io, std::move(f));
        run_ready(io);
    }
    /// Lets time go by until somebody is told something, or long enough.
    void wait_for(std::size_t news) {
        auto const end = std::chrono::steady_clock::now() + 5s;
        while (told.size() < news && std::chrono::steady_clock::now() < end) {
            io.restart();
            (void)io.run_one_for(10ms);
        }
        run_ready(io);
    }
    /// What has come since the last call.
    std::string received() {
        std::string const fresh = wire->received().substr(seen);
        seen = wire->received().size();
        return fresh;
    }
    static std::string is(std::string const& body, delivery d) {
        return body + " " + std::to_string(static_cast<int>(d));
    }
    static std::string frame(std::string const& body) {
        return std::string{"\x81", 1} + static_cast<char>(body.size()) + body;
    }
    static std::string close_frame(std::string const& reason) {
        return std::string{"\x88", 1} + static_cast<char>(2 + reason.size()) + "\x03\xE9" + reason;
    }
};

}

TEMPLATE_TEST_CASE("a message that the socket takes is written", "[send_until]", mock_stream, secure_mock_stream) {
    fixture<TestType> f;
    f.send("hello", 1min);
    CHECK(f.received() == f.frame("hello"));
    CHECK(f.told == lines{f.is("hello", delivery::accepted)});
    // in parts: told with the last of it
    f.wire->window = 3;
    f.send("again", 1min);
    CHECK(f.told.size() == 1);
    f.wire->open_window(3);
    run_ready(f.io);
    CHECK(f.told.size() == 1);
    f.wire->open_window(100);
    run_ready(f.io);
    CHECK(f.received() == f.frame("again"));
    CHECK(f.told.back() == f.is("again", delivery::accepted));
}

TEMPLATE_TEST_CASE("a message that has waited too long is never written", "[send_until]", mock_stream,
                   secure_mock_stream) {
    fixture<TestType> f;
    f.wire->window = 0;
    CHECK(f.send("before") == delivery::accepted);
    time_point const soon = std::chrono::steady_clock::now() + 300ms;
    f.send("late", soon);
    f.send("quiet", soon, false);
    CHECK(f.told == lines{f.is("quiet", delivery::accepted)}); // queued
    CHECK(f.send("behind") == delivery::accepted);
    f.send("patient", 1min);
    f.wait_for(2);
    CHECK(f.told.back() == f.is("late", delivery::expired));
    f.wire->open_window(1000);
    run_ready(f.io);
    CHECK(f.received() == f.frame("before") + f.frame("behind") + f.frame("patient"));
    CHECK(f.told.back() == f.is("patient", delivery::accepted));
    CHECK(f.told.size() == 3);
}

TEST_CASE("a message whose first bytes a full socket refuses is taken back", "[send_until]") {
    fixture<mock_stream> f;
    f.wire->window = 0;
    f.send("late", 300ms);
    CHECK(f.send("behind") == delivery::accepted);
    f.wait_for(1);
    CHECK(f.told == lines{f.is("late", delivery::expired)});
    f.wire->open_window(1000);
    run_ready(f.io);
    CHECK(f.received() == f.frame("behind"));
}

TEST_CASE("a client is heard again when its own messages have left, whatever fills its queue then", "[send_until]") {
    auto options = fixture<mock_stream>::options();
    options.hub.queue_limit = 1'000'000;
    fixture<mock_stream> f{options};
    lines heard;
    std::string const mine(100'000, 'm'), others(100'000, 'o');
    f.core->handler.receive = [&](gateway_client& c, message const& m) {
        heard.emplace_back(m.data());
        if (heard.size() == 1) (void)c.send(message{mine, message_kind::text});
    };
    f.wire->window = 0;
    f.wire->send(masked_frame(1, "first"));
    run_ready(f.io);
    f.send(others, 1min); // waits for an empty queue
    f.wire->send(masked_frame(1, "second"));
    run_ready(f.io);
    CHECK(heard == lines{"first"});
    f.wire->open_window(10 + mine.size());
    run_ready(f.io);
    CHECK(heard == lines{"first", "second"});
}

TEST_CASE("a client is heard again when what filled its queue is taken back", "[send_until]") {
    auto options = fixture<mock_stream>::options();
    options.hub.queue_limit = 1'000'000;
    fixture<mock_stream> f{options};
    lines heard;
    f.core->handler.receive = [&](gateway_client&, message const& m) {
        heard.emplace_back(m.data());
        if (heard.size() == 1)
            f.core->hub.async_send_until(f.id, {std::string(100'000, 'x'), message_kind::text},
                                         {std::chrono::steady_clock::now() + 300ms, true},
                                         [&](delivery d) { f.told.push_back(f.is("long", d)); });
    };
    f.wire->window = 0;
    f.wire->send(masked_frame(1, "first"));
    run_ready(f.io);
    f.wire->send(masked_frame(1, "second"));
    run_ready(f.io);
    CHECK(heard == lines{"first"}); // its own message is what fills its queue
    f.wait_for(1);
    CHECK(f.told == lines{f.is("long", delivery::expired)});
    CHECK(heard == lines{"first", "second"});
}

TEST_CASE("a client is not heard behind a close that waits for its turn", "[send_until]") {
    fixture<mock_stream> f;
    lines heard;
    f.core->handler.receive = [&](gateway_client&, message const& m) { heard.emplace_back(m.data()); };
    f.wire->window = 0;
    CHECK(f.send("before") == delivery::accepted);
    f.send("patient", 1min);
    f.on_loop([&] { CHECK(f.core->hub.close(f.id, 1001, "")); });
    f.wire->send(masked_frame(1, "too late"));
    run_ready(f.io);
    CHECK(heard.empty());
}

TEST_CASE("one that TLS has made a record of goes, and nobody knows in time", "[send_until]") {
    fixture<secure_mock_stream> f;
    f.wire->window = 0;
    f.send("late", 300ms);
    f.wait_for(1);
    CHECK(f.told == lines{f.is("late", delivery::unknown)});
    f.wire->open_window(1000);
    run_ready(f.io);
    CHECK(f.received() == f.frame("late"));
    CHECK(f.told.size() == 1);
}

TEMPLATE_TEST_CASE("one that is half written is finished", "[send_until]", mock_stream, secure_mock_stream) {
    fixture<TestType> f;
    f.wire->window = 2;
    f.send("late", 300ms);
    f.wait_for(1);
    CHECK(f.told == lines{f.is("late", delivery::unknown)});
    f.wire->open_window(1000);
    run_ready(f.io);
    CHECK(f.received() == f.frame("late"));
}

TEST_CASE("messages in line count against the queue's limit", "[send_until]") {
    fixture<mock_stream> f;
    f.wire->window = 0;
    CHECK(f.send(std::string(100, 'a')) == delivery::accepted);
    std::string const large(450, 'b');
    f.send(large, 1min);
    CHECK(f.worker->counters().queue_bytes.get() == 102 + 450);
    CHECK(f.send(std::string(445, 'c')) == delivery::backpressure);
    f.send(std::string(445, 'c'), 1min);
    CHECK(f.told == lines{f.is(std::string(445, 'c'), delivery::backpressure)});
    CHECK(f.send(std::string(120, 'd')) == delivery::accepted);
    f.wire->open_window(10'000);
    run_ready(f.io);
    CHECK(f.received().size() == 102 + 454 + 122);
    CHECK(f.worker->counters().queue_bytes.get() == 0);
}

TEST_CASE("a close goes behind the line", "[send_until]") {
    fixture<mock_stream> f;
    f.wire->window = 0;
    CHECK(f.send("before") == delivery::accepted);
    f.send("a", 1min);
    CHECK(f.send("b") == delivery::accepted);
    f.on_loop([&] { CHECK(f.core->hub.close(f.id, 1001, "bye")); });
    f.wire->open_window(1000);
    run_ready(f.io);
    CHECK(f.received() == f.frame("before") + f.frame("a") + f.frame("b") + f.close_frame("bye"));
    CHECK(f.told == lines{f.is("a", delivery::accepted)});
}

TEST_CASE("a peer that takes nothing is dropped in time, whatever was taken back", "[send_until]") {
    auto options = fixture<mock_stream>::options();
    options.write_timeout = 50ms;
    fixture<mock_stream> f{options};
    f.wire->window = 0;
    f.send("late", 10ms);
    f.wait_for(1);
    CHECK(f.told == lines{f.is("late", delivery::expired)});
    CHECK(f.send("waits") == delivery::accepted);
    f.send("last", 1min);
    f.wait_for(2);
    CHECK(f.told.back() == f.is("last", delivery::gone));
    CHECK(f.wire->closed());
}

TEST_CASE("a close that waits in line still answers the peer's", "[send_until]") {
    fixture<mock_stream> f;
    f.wire->window = 0;
    CHECK(f.send("before") == delivery::accepted);
    f.send("a", 1min);
    f.on_loop([&] { CHECK(f.core->hub.close(f.id, 1001, "bye")); });
    f.wire->send(close_frame_of(1000));
    f.wire->open_window(1000);
    run_ready(f.io);
    CHECK(f.received() == f.frame("before") + std::string("\x88\x02\x03\xE8", 4));
    CHECK(f.told == lines{f.is("a", delivery::gone)});
}

TEST_CASE("who waits for a client that goes hears that it has gone", "[send_until]") {
    for (bool const breaks : {true, false}) {
        fixture<mock_stream> f;
        f.wire->window = 0;
        f.send("first", 1min);
        f.send("second", 1min);
        if (breaks)
            f.wire->fail(asio::error::connection_reset);
        else
            f.wire->send(close_frame_of(1000));
        run_ready(f.io);
        CHECK(f.told == lines{f.is("first", delivery::unknown), f.is("second", delivery::gone)});
        f.send("third", 1min);
        CHECK(f.told.back() == f.is("third", delivery::gone));
    }
}

TEST_CASE("a limit that is over already is kept", "[send_until]") {
    fixture<mock_stream> f;
    f.send("late", 0ms);
    CHECK(f.told == lines{f.is("late", delivery::expired)});
    CHECK(f.received().empty());
    CHECK(f.core->hub.metrics().expired == 1);
}

}
