// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/stream.hpp>

#include "support/catch.hpp"

#include <asio/io_context.hpp>
#include <asio/write.hpp>

#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace gateway_stream_tests {

namespace {

/// What a user's stream is made of.
struct waiting : backchannel::tcp_stream {
    explicit waiting(asio::ip::tcp::socket s) : tcp_stream{std::move(s)} {}
};

struct pair {
    asio::io_context io;
    asio::ip::tcp::socket peer{io};
    waiting stream{connect()};

    [[nodiscard]] asio::ip::tcp::socket connect() {
        asio::ip::tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
        peer.connect(acceptor.local_endpoint());
        return acceptor.accept();
    }
};

}

TEST_CASE("a stream on a socket waits for it, and is told when it is closed", "[stream]") {
    pair p;
    std::string told;
    auto const tells = [&](char what) {
        return [&told, what](std::error_code const& e) { told += e ? 'e' : what; };
    };
    p.stream.wait_writable(tells('w'));
    p.io.run();
    CHECK(told == "w");
    p.stream.wait_readable(tells('r'));
    p.io.restart();
    (void)p.io.poll();
    CHECK(told == "w");
    (void)asio::write(p.peer, asio::buffer("x", 1));
    p.io.run();
    CHECK(told == "wr");
    CHECK(p.stream.unacknowledged() == 0);
    p.stream.wait_readable(tells('r'));
    p.stream.close();
    CHECK(told == "wr"); // not from inside
    p.io.restart();
    p.io.run();
    CHECK(told == "wre");
}

TEST_CASE("a call is made again when the socket was not ready, and for no other error", "[stream]") {
    using backchannel::is_retry;
    CHECK(is_retry(asio::error::would_block));
    CHECK(is_retry(asio::error::try_again));
    CHECK(is_retry(asio::error::interrupted));
    CHECK_FALSE(is_retry({}));
    CHECK_FALSE(is_retry(asio::error::eof));
    CHECK_FALSE(is_retry(asio::error::connection_reset));
}

}
