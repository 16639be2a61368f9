// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/plain_stream.hpp>

#include "support/accepted_from.hpp"
#include "support/catch.hpp"

#include <asio/io_context.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace plain_stream_tests {

using backchannel::plain_stream;

namespace {

/// A stream, and the socket on its other side.
struct pair {
    asio::io_context io;
    asio::ip::tcp::socket peer{io};
    plain_stream stream{test::accepted_from(peer, io)};

    [[nodiscard]] std::string read(std::size_t room = 100) {
        std::string buffer(room, '\0');
        buffer.resize(stream.read_some({buffer.data(), room}, error));
        return buffer;
    }
    /// Whether the socket is ready for `what` within that time.
    [[nodiscard]] bool ready(short what, int milliseconds = 10'000) {
#if defined(ASIO_HAS_EPOLL)
        ::pollfd one{stream.native_handle(), what, 0};
        return ::poll(&one, 1, milliseconds) == 1;
#else
        auto const told = std::make_shared<bool>(false);
        auto const on_ready = [told](std::error_code const& e) { *told = !e; };
        if (what == POLLIN)
            stream.wait_readable(on_ready);
        else
            stream.wait_writable(on_ready);
        (void)io.run_for(std::chrono::milliseconds{milliseconds});
        io.restart();
        return *told;
#endif
    }

    std::error_code error;
};

[[nodiscard]] std::string receive(asio::ip::tcp::socket& from, std::size_t size) {
    std::string got(size, '\0');
    (void)asio::read(from, asio::buffer(got));
    return got;
}

}

TEST_CASE("a plain stream reads what there is, and waits for nothing", "[plain_stream]") {
    pair p;
    CHECK(p.stream.established());
    CHECK_FALSE(p.stream.has_more());
    CHECK_FALSE(p.stream.read_wants_write());
    CHECK_FALSE(plain_stream::secure);
    CHECK(p.read().empty());
    CHECK((p.error == asio::error::would_block));
    (void)asio::write(p.peer, asio::buffer("12345", 5));
    CHECK(p.ready(POLLIN));
    CHECK(p.read(3) == "123");
    CHECK_FALSE(p.error);
    CHECK(p.read() == "45");
    CHECK(p.read().empty());
    CHECK((p.error == asio::error::would_block));
    p.peer.shutdown(asio::ip::tcp::socket::shutdown_send);
    CHECK(p.ready(POLLIN));
    CHECK(p.read().empty());
    CHECK((p.error == asio::error::eof));
}

TEST_CASE("a plain stream writes pieces in order, more of them than go into one call too", "[plain_stream]") {
    pair p;
    std::vector<std::string> texts;
    std::string all;
    for (int i = 0; i != 40; ++i) {
        texts.push_back(i % 5 == 0 ? std::string{} : std::to_string(i));
        all += texts.back();
    }
    std::size_t taken = 0;
    while (taken != all.size()) { // as a queue would: what was taken comes off the front
        std::vector<std::string_view> left;
        std::size_t skip = taken;
        for (std::string_view t : texts) {
            std::size_t const gone = std::min(skip, t.size());
            skip -= gone;
            if (gone != t.size() || t.empty()) left.push_back(t.substr(gone));
        }
        while (!left.empty() && left.front().empty()) left.erase(left.begin());
        std::size_t const n = p.stream.write_some(left, p.error);
        REQUIRE_FALSE(p.error);
        REQUIRE(n != 0);
        taken += n;
    }
    CHECK(receive(p.peer, all.size()) == all);
}

TEST_CASE("a plain stream takes no more than the peer does, and goes on when it can", "[plain_stream]") {
    pair p;
    std::string const text(64 * 1024, 'x');
    std::string_view const piece{text};
    std::size_t total = 0;
    while (!p.error) total += p.stream.write_some({&piece, 1}, p.error);
    CHECK((p.error == asio::error::would_block));
    CHECK(total > 0);
#if defined(__linux__)
    CHECK(p.stream.unacknowledged() > 0);
    CHECK(p.stream.unacknowledged() < total);
#endif
    CHECK_FALSE(p.ready(POLLOUT, 0));
    CHECK(receive(p.peer, total).size() == total);
    CHECK(p.ready(POLLOUT));
    for (int i = 0; i != 5000 && p.stream.unacknowledged() != 0; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    CHECK(p.stream.unacknowledged() == 0);
    CHECK(p.stream.write_some({&piece, 1}, p.error) > 0);
}

TEST_CASE("a plain stream's end is the peer's end of what comes, and no more", "[plain_stream]") {
    pair p;
    p.stream.end_sending(p.error);
    CHECK_FALSE(p.error);
    char byte;
    (void)p.peer.read_some(asio::buffer(&byte, 1), p.error);
    CHECK((p.error == asio::error::eof));
    (void)asio::write(p.peer, asio::buffer("x", 1)); // the other way is still open
    CHECK(p.ready(POLLIN));
    CHECK(p.read() == "x");
}

#if !defined(ASIO_HAS_EPOLL)

TEST_CASE("a plain stream that is closed calls those who wait, with an error", "[plain_stream]") {
    pair p;
    std::vector<bool> errors;
    p.stream.wait_readable([&](std::error_code const& e) { errors.push_back(static_cast<bool>(e)); });
    p.io.poll();
    p.stream.close();
    p.stream.close();
    CHECK(errors.empty()); // not from inside
    p.io.restart();
    p.io.run();
    CHECK(errors == std::vector<bool>{true});
    CHECK(p.read().empty());
    CHECK(p.error);
}

#endif

TEST_CASE("a plain stream's socket is open as long as there is one that has it", "[plain_stream]") {
    pair p;
    SECTION("it is closed") {
        p.stream.close();
        p.stream.close();
        CHECK(p.read().empty());
        CHECK(p.error);
    }
    SECTION("it goes") { plain_stream const gone{std::move(p.stream)}; }
    SECTION("another takes its place") {
        pair other;
        other.stream = std::move(p.stream);
        p.stream.close(); // whichever that is now
        other.stream.end_sending(other.error);
        CHECK_FALSE(other.error);
    }
    char byte;
    (void)p.peer.read_some(asio::buffer(&byte, 1), p.error);
    CHECK((p.error == asio::error::eof));
}

TEST_CASE("a plain stream tells when its peer has broken off", "[plain_stream]") {
    pair p;
    p.peer.set_option(asio::socket_base::linger{true, 0});
    p.peer.close(); // with a reset
    CHECK(p.ready(POLLIN));
    CHECK(p.read().empty());
    CHECK((p.error == asio::error::connection_reset));
    std::string_view const piece = "x";
    CHECK(p.stream.write_some({&piece, 1}, p.error) == 0); // and no signal
    CHECK(p.error);
}

}
