// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/blocking_stream.hpp>

#include "support/catch.hpp"
#include "support/scripted_body.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace support_blocking_stream_tests {

using namespace backchannel;
using lines = std::vector<std::string>;

namespace {

constexpr std::chrono::milliseconds never{3'600'000};

/// The two ends of a connection.
struct connection {
    connection() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0); }
    ~connection() {
        for (int const end : ends) ::close(end);
    }
    int ends[2];
};

/// A thread that writes a body.
struct writer {
    explicit writer(int socket, std::chrono::milliseconds quiet = never)
        : result{std::async(std::launch::async, [this, socket, quiet] {
              return write_stream(body, socket, quiet, stop.get_token(), [this](std::string_view text) {
                  written.emplace_back(text);
                  ++count;
                  return true;
              });
          })} {}
    void wait_until_waiting() {
        while (!body.is_waited_for()) std::this_thread::yield();
    }

    test::scripted_body body;
    std::stop_source stop;
    lines written;
    std::atomic<int> count{0};
    std::future<bool> result;
};

}

TEST_CASE("a thread writes a stream to its end and waits for what comes", "[streams]") {
    connection c;
    writer w{c.ends[0]};
    w.wait_until_waiting();
    w.body.give("one");
    w.wait_until_waiting();
    w.body.give("two");
    w.body.end();
    CHECK(w.result.get());
    CHECK(w.written == lines{"one", "two"});
}

TEST_CASE("a thread that waits for a stream hears that its client leaves, not what it says", "[streams]") {
    connection c;
    writer w{c.ends[0]};
    w.wait_until_waiting();
    std::string const noise(1'000'000, 'x'); // more than a socket keeps
    REQUIRE(::send(c.ends[1], noise.data(), noise.size(), 0) == 1'000'000);
    w.body.give("one");
    w.wait_until_waiting();
    REQUIRE(::shutdown(c.ends[1], SHUT_WR) == 0);
    CHECK_FALSE(w.result.get());
    CHECK(w.written == lines{"one"});
}

TEST_CASE("a thread that waits for a stream is woken by a stop, and none begins behind that", "[streams]") {
    writer w{-1};
    w.wait_until_waiting();
    w.stop.request_stop();
    CHECK_FALSE(w.result.get());

    test::scripted_body body;
    body.give("one");
    CHECK_FALSE(write_stream(body, -1, never, w.stop.get_token(), [](std::string_view) -> bool {
        FAIL("written");
        return true;
    }));
}

TEST_CASE("a thread keeps a quiet connection alive until a write fails", "[streams]") {
    test::scripted_body body;
    lines written;
    CHECK_FALSE(write_stream(body, -1, std::chrono::milliseconds{1}, {}, [&](std::string_view text) {
        written.emplace_back(text);
        return written.size() != 3;
    }));
    CHECK(written == lines{":\n\n", ":\n\n", ":\n\n"});
}

TEST_CASE("a thread that is woken for nothing keeps the connection alive none the less", "[streams]") {
    writer w{-1, std::chrono::milliseconds{50}};
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (w.count == 0 && std::chrono::steady_clock::now() < end) {
        w.body.wake();
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    w.stop.request_stop();
    CHECK_FALSE(w.result.get());
    REQUIRE_FALSE(w.written.empty());
    CHECK(w.written.front() == ":\n\n");
}

TEST_CASE("a stream that throws ends without a word", "[streams]") {
    test::scripted_body body;
    body.fail();
    CHECK_FALSE(write_stream(body, -1, never, {}, [](std::string_view) { return true; }));
}

}
