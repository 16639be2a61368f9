// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/serial_writer.hpp>

#include <backchannel/concepts.hpp>

#include "support/catch.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace support_serial_writer_tests {

using namespace backchannel;
using namespace std::chrono_literals;

namespace {

/// A connection that notes what it is given. Nothing in it is locked: the writer has to see to that.
struct connection {
    std::vector<std::string> written;
    std::atomic<bool> ready = true;
    std::atomic<int> given_up = 0;
    std::function<bool(std::string const&)> during = [](auto const&) { return true; };
    std::string refused = "what nobody sends";

    bool take(std::string frame) {
        written.push_back(frame);
        return during(frame) && frame != refused;
    }
};

struct peer {
    connection* c;

    bool ready() { return c->ready; }
    bool write(message const& m) { return c->take(std::string{m.data()}); }
    bool write_close(std::uint16_t code, std::string_view reason) {
        return c->take("close " + std::to_string(code) + " " + std::string{reason});
    }
    bool write_ping(std::string_view payload) { return c->take("ping " + std::string{payload}); }
    bool write_pong(std::string_view payload) { return c->take("pong " + std::string{payload}); }
    void give_up() { ++c->given_up; }
};

using writer = serial_writer<peer>;
using list = std::vector<std::string>;

message text(std::string_view bytes) { return {bytes, message_kind::text}; }

/// A connection with a thread that is writing "first", and stays in that write until it is told how it ends.
struct busy {
    connection c;
    writer handle;
    std::promise<void> started;
    std::promise<bool> ends;
    delivery result = delivery::unknown;
    std::thread thread;

    explicit busy(serial_writer_options options = {}) : handle{peer{&c}, options} {
        c.during = [this](std::string const& frame) {
            if (frame != "first") return true;
            started.set_value();
            return ends.get_future().get();
        };
        thread = std::thread{[this] { result = handle.send(text("first")); }};
        started.get_future().get();
    }
    ~busy() {
        if (thread.joinable()) (void)end(false);
    }

    delivery end(bool good) {
        ends.set_value(good);
        thread.join();
        return result;
    }
};

}

TEST_CASE("what is sent is written in order, the close behind it, and nothing behind the close", "[serial_writer]") {
    connection c;
    writer const handle{peer{&c}};
    writer const copy = handle;
    CHECK(handle.send(text("one")) == delivery::accepted);
    CHECK(copy.send(text("")) == delivery::accepted);
    handle.ping("p");
    handle.pong("q");
    handle.close(4000, "why");
    handle.close(1000, "again");
    CHECK(copy.send(text("late")) == delivery::gone);
    handle.ping("late");
    handle.pong("late");
    CHECK(c.written == list{"one", "", "ping p", "pong q", "close 4000 why"});
    CHECK(c.given_up == 0);
}

TEST_CASE("a writer that names nothing is gone", "[serial_writer]") {
    writer const nothing;
    CHECK(nothing.send(text("")) == delivery::gone);
    nothing.close(1000, "");
    nothing.ping("");
    nothing.pong("");
    nothing.terminate();
    nothing.reset();
}

TEST_CASE("whoever finds somebody writing queues and leaves; the first writes it all", "[serial_writer]") {
    busy b;
    CHECK(b.handle.send(text("second")) == delivery::accepted);
    b.c.ready = false; // does not matter to those who only queue
    CHECK(b.handle.send({"third", message_kind::binary}) == delivery::accepted);
    b.handle.ping("nobody needs it now");
    b.handle.pong("old");
    b.handle.pong("latest");
    b.handle.close(1000, "done");
    CHECK(b.handle.send(text("late")) == delivery::gone);
    CHECK(b.end(true) == delivery::accepted);
    CHECK(b.c.written == list{"first", "pong latest", "second", "third", "close 1000 done"});
    CHECK(b.c.given_up == 0);
}

TEST_CASE("what waits is bounded, empty messages too", "[serial_writer]") {
    busy b{{.limit = 1000, .turn = 1h}};
    CHECK(b.handle.send(text(std::string(1000, 'x'))) == delivery::backpressure);
    CHECK(b.handle.send(text(std::string(700, 'x'))) == delivery::accepted);
    CHECK(b.handle.send(text(std::string(300, 'x'))) == delivery::backpressure);
    int empty = 0;
    while (empty != 1000 && b.handle.send(text("")) == delivery::accepted) ++empty;
    CHECK(empty > 0);
    CHECK(empty < 10);
    CHECK(b.end(true) == delivery::accepted);
    CHECK(b.c.written.size() == 2 + static_cast<std::size_t>(empty));
    CHECK(b.handle.send(text(std::string(2000, 'x'))) == delivery::accepted); // there is room again, and nobody writing
}

TEST_CASE("a write that fails gives the connection up, with all that waits", "[serial_writer]") {
    busy b;
    CHECK(b.handle.send(text("second")) == delivery::accepted);
    b.handle.close(1000, "");
    CHECK(b.end(false) == delivery::gone);
    CHECK(b.handle.send(text("late")) == delivery::gone);
    b.handle.terminate();
    CHECK(b.c.written == list{"first"});
    CHECK(b.c.given_up == 1);
}

TEST_CASE("a message of another thread that cannot be written does not touch the writer's own", "[serial_writer]") {
    busy b;
    b.c.refused = "second";
    CHECK(b.handle.send(text("second")) == delivery::accepted);
    CHECK(b.handle.send(text("third")) == delivery::accepted);
    CHECK(b.end(true) == delivery::accepted);
    CHECK(b.c.written == list{"first", "second"});
    CHECK(b.c.given_up == 1);
}

TEST_CASE("a write that throws has failed", "[serial_writer]") {
    connection c;
    c.during = [](auto const&) -> bool { throw std::runtime_error{"broken pipe"}; };
    writer const handle{peer{&c}};
    CHECK(handle.send(text("first")) == delivery::gone);
    CHECK(handle.send(text("late")) == delivery::gone);
    CHECK(c.written == list{"first"});
    CHECK(c.given_up == 1);
}

TEST_CASE("a connection that takes no bytes makes nobody wait", "[serial_writer]") {
    connection c;
    writer const handle{peer{&c}};
    c.ready = false;
    CHECK(handle.send(text("one")) == delivery::backpressure);
    handle.ping("p");
    CHECK(c.written.empty());
    c.ready = true;
    CHECK(handle.send(text("two")) == delivery::accepted);
    c.ready = false;
    CHECK(c.given_up == 0);
    handle.close(1000, "");
    CHECK(c.given_up == 1);
    CHECK(handle.send(text("late")) == delivery::gone);
    CHECK(c.written == list{"two"});
}

TEST_CASE("a thread that has written long enough for others gets no more to write", "[serial_writer]") {
    connection c;
    writer const handle{peer{&c}, {.turn = 0ms}};
    std::vector<delivery> results;
    c.during = [&](std::string const& frame) {
        if (frame == "own" || frame == "other") results.push_back(handle.send(text("other")));
        return true;
    };
    CHECK(handle.send(text("own")) == delivery::accepted);
    CHECK(results == std::vector{delivery::accepted, delivery::backpressure});
    CHECK(c.written == list{"own", "other"});
}

TEST_CASE("terminate cuts a write short", "[serial_writer]") {
    busy b;
    b.handle.terminate();
    CHECK(b.c.given_up == 1);
    CHECK(b.handle.send(text("late")) == delivery::gone);
    CHECK(b.end(false) == delivery::gone);
    CHECK(b.c.given_up == 1);
}

TEST_CASE("reset during a write on the same thread does not wait, and ends it all", "[serial_writer]") {
    connection c;
    auto handle = std::make_unique<writer>(peer{&c});
    c.during = [&](auto const&) {
        CHECK(handle->send(text("queued")) == delivery::accepted);
        handle->reset();
        CHECK(handle->send(text("late")) == delivery::gone);
        handle.reset();
        return true;
    };
    CHECK(handle->send(text("first")) == delivery::accepted);
    CHECK(c.written == list{"first"});
}

TEST_CASE("reset gives a write of another thread up, and waits for its end", "[serial_writer]") {
    busy b;
    CHECK(b.handle.send(text("second")) == delivery::accepted);
    std::atomic<bool> gone = false;
    std::thread owner{[&] {
        b.handle.reset();
        gone = true;
    }};
    while (b.c.given_up == 0) std::this_thread::yield();
    CHECK_FALSE(gone);
    (void)b.end(true);
    owner.join();
    CHECK(b.c.written == list{"first"});
    b.handle.terminate();
    CHECK(b.c.given_up == 1);
}

TEST_CASE("many threads: each one's messages are written in order, all that were accepted", "[serial_writer]") {
    constexpr int threads = 4, messages = 1000;
    connection c;
    writer const handle{peer{&c}, {.limit = 2000, .turn = 1ms}};
    {
        std::vector<std::jthread> all;
        for (int t = 0; t != threads; ++t) {
            all.emplace_back([&, t] {
                for (int i = 0; i != messages; ++i) {
                    std::string const m = std::to_string(t) + " " + std::to_string(i);
                    while (handle.send(text(m)) != delivery::accepted) std::this_thread::yield();
                }
            });
        }
    }
    CHECK(c.written.size() == threads * messages);
    std::array<int, threads> next{};
    for (std::string const& m : c.written) {
        int& expected = next.at(static_cast<std::size_t>(m.front() - '0'));
        if (m.substr(2) != std::to_string(expected++)) FAIL("out of order: " << m);
    }
}

TEST_CASE("a message that is sent after another's result is known comes after it", "[serial_writer]") {
    connection c;
    writer const handle{peer{&c}, {.turn = 1ms}}; // else each of those threads would stay to write the noise
    std::atomic<bool> over = false;
    std::jthread noise{[&] {
        while (!over) (void)handle.send(text("noise"));
    }};
    list expected;
    for (int i = 0; i != 300; ++i) { // from a new thread each time
        std::string const m = std::to_string(i);
        delivery result = delivery::unknown;
        std::thread{[&] { result = handle.send(text(m)); }}.join();
        if (result == delivery::accepted) expected.push_back(m);
    }
    over = true;
    noise.join();
    std::erase(c.written, "noise");
    CHECK(c.written == expected);
    CHECK(!expected.empty());
}

TEST_CASE("a connection may go while threads send and close", "[serial_writer]") {
    for (int round = 0; round != 200; ++round) {
        auto c = std::make_unique<connection>();
        writer const handle{peer{c.get()}};
        std::atomic<int> sent = 0;
        std::vector<std::jthread> senders;
        for (int t = 0; t != 3; ++t) {
            senders.emplace_back([&, handle] {
                while (handle.send(text("message")) != delivery::gone) ++sent;
            });
        }
        senders.emplace_back([&, handle, round] {
            while (sent < 5) std::this_thread::yield();
            if (round % 2 == 0)
                handle.close(1000, "");
            else
                handle.terminate();
        });
        while (sent < round % 6) std::this_thread::yield(); // of the sixth on, none need come: it may be closed
        handle.reset();
        sent = 5;  // reset may have come first
        c.reset(); // a late sender would be seen by the sanitizers
        CHECK(handle.send(text("late")) == delivery::gone);
    }
}

TEST_CASE("a transport of writers passes everything on to them, and pings where it says so", "[serial_writer]") {
    using quiet = serial_transport<peer>;
    using pinging = pinging_serial_transport<peer>;
    STATIC_REQUIRE((transport<quiet> && quiet::bounds_itself && has_terminate<quiet> && !has_ping<quiet>));
    STATIC_REQUIRE((transport<pinging> && pinging::bounds_itself && has_terminate<pinging> && has_ping<pinging>));
    connection c;
    pinging t;
    pinging::handle const h{peer{&c}};
    CHECK(t.send(h, text("one")) == delivery::accepted);
    t.ping(h, "p");
    t.close(h, 4000, "why");
    CHECK(t.send(h, text("late")) == delivery::gone);
    CHECK(c.written == list{"one", "ping p", "close 4000 why"});
    t.terminate(h);
    CHECK(c.given_up == 1);
}

}
