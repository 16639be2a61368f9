// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/connection_socket.hpp>
#include <backchannel/gateway/plain_stream.hpp>

#include "support/accepted_from.hpp"
#include "support/catch.hpp"

#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace gateway_connection_socket_tests {

using backchannel::connection_socket;
using backchannel::gateway_worker;
using backchannel::plain_stream;

namespace {

/// A connection that writes down what it is told, r(eadable) or w(ritable), in capitals with an error; and reads what
/// there is.
struct connection final : connection_socket<gateway_worker, plain_stream> {
    using connection_socket::begin_to_wait, connection_socket::close_socket, connection_socket::stream;
    using connection_socket::wait_to_read, connection_socket::wait_to_write;

    connection(std::shared_ptr<gateway_worker> const& w, plain_stream s) : connection_socket{w, *w, std::move(s)} {}

    void on_readable(std::error_code failed) override {
        told += failed ? 'R' : 'r';
        std::array<char, 100> room;
        std::error_code error;
        if (reads) got.append(room.data(), stream().read_some(room, error));
        broken = broken || error;
        if (then) then();
    }
    void on_writable(std::error_code const& failed) override {
        told += failed ? 'W' : 'w';
        if (then) then();
    }
    void flush() override {}
    void on_deadline() override {}
    backchannel::time_point deadline() const noexcept override { return backchannel::time_point::max(); }
    void on_stop() override {}
    void drop() override { (void)close_socket(); }

    bool reads = true, broken = false;
    std::string told, got;
    std::function<void()> then;
};

struct fixture {
    asio::io_context io{1};
    std::shared_ptr<gateway_worker> const worker = std::make_shared<gateway_worker>(io);
    asio::ip::tcp::socket peer{io};
    std::shared_ptr<connection> const c =
        std::make_shared<connection>(worker, plain_stream{test::accepted_from(peer, io)});

    ~fixture() {
        c->drop();
        worker->abandon();
    }

    void say(std::string const& what) { (void)asio::write(peer, asio::buffer(what)); }
    void reset() {
        peer.set_option(asio::socket_base::linger{true, 0});
        peer.close();
    }
    /// What the connection is told now, and that the loop then has nothing to do.
    [[nodiscard]] std::string told() {
        c->told.clear();
        io.restart();
        for (int i = 0; i != 50 && io.poll_one() != 0; ++i) io.restart();
        io.restart();
        CHECK(io.poll_one() == 0);
        return c->told;
    }
    void begin() {
        c->begin_to_wait();
        c->wait_to_read();
    }
};

}

TEST_CASE("a connection is told once for each wait, whoever waits for its socket", "[connection_socket]") {
    fixture f;
    f.begin();
    CHECK(f.told().empty());
    f.say("one");
    CHECK(f.told() == "r");
    f.say("two");
    CHECK(f.told().empty()); // it does not wait
    f.c->wait_to_read();
    CHECK(f.told() == "r");
    CHECK(f.c->got == "onetwo");
    f.c->wait_to_write();
    f.c->wait_to_read();
    f.c->wait_to_read();
    CHECK(f.told() == "w");
    f.say("three");
    CHECK(f.told() == "r");
    f.c->wait_to_write();
    f.c->wait_to_read();
    f.say("four");
    f.c->then = [&] { f.c->wait_to_read(); };
    CHECK((f.told() == "wr" || f.c->told == "rw"));
    CHECK(f.c->got == "onetwothreefour");
    f.say("!");
    CHECK(f.told() == "r");
}

TEST_CASE("a connection that waits for two things is told of each when it is there", "[connection_socket]") {
    fixture f;
    f.begin();
    std::string const much(1 << 20, 'x');
    std::error_code full;
    while (!full) (void)f.c->stream().write_some(std::array{std::string_view{much}}, full);
    f.c->wait_to_write();
    CHECK(f.told().empty());
    f.say("x");
    CHECK(f.told() == "r");
    std::string taken(1 << 16, '\0');
    f.peer.non_blocking(true);
    std::string told;
    for (int i = 0; i != 1000 && told.empty(); ++i) {
        std::error_code none;
        while (!none) (void)f.peer.read_some(asio::buffer(taken), none);
        told = f.told();
    }
    CHECK(told == "w");
}

TEST_CASE("a connection that waits again is told of what it has left", "[connection_socket]") {
    fixture f;
    f.c->reads = false;
    f.c->then = [&] {
        f.c->reads = f.c->told.size() == 2;
        f.c->wait_to_read();
    };
    f.begin();
    f.say("x");
    CHECK(f.told() == "rrr");
    CHECK(f.c->got == "x");
}

#if defined(ASIO_HAS_EPOLL)

TEST_CASE("a connection that the set refuses does not begin", "[connection_socket]") {
    fixture f;
    REQUIRE(f.worker->sockets() != nullptr);
    f.worker->sockets()->stop();
    CHECK_THROWS_AS(f.begin(), std::bad_alloc);
    f.say("x");
    CHECK(f.told().empty());
}

TEST_CASE("a connection that goes without having been closed is not told of", "[connection_socket]") {
    fixture f;
    asio::ip::tcp::socket other_peer{f.io};
    std::make_shared<connection>(f.worker, plain_stream{test::accepted_from(other_peer, f.io)})->begin_to_wait();
    (void)asio::write(other_peer, asio::buffer("x", 1));
    (void)f.io.poll();
    CHECK(f.io.stopped()); // the loop waits for nobody
}

#endif

TEST_CASE("a socket that breaks while nobody waits for it is quiet", "[connection_socket]") {
    fixture f;
    f.begin();
    f.say("x");
    CHECK(f.told() == "r");
    f.reset();
    CHECK(f.told().empty());
    f.c->wait_to_read();
    CHECK(f.told() == "r");
    CHECK(f.c->broken);
    f.c->wait_to_write();
    CHECK(f.told() == "w");
}

TEST_CASE("a connection that closes is told nothing more, not even what has come already", "[connection_socket]") {
    fixture f;
    f.begin();
    f.c->wait_to_write();
    f.say("x");
    f.c->then = [&] { CHECK(f.c->close_socket()); };
    CHECK(f.told().size() == 1);
    CHECK(f.c->closed());
    CHECK_FALSE(f.c->close_socket());
}

TEST_CASE("a connection that throws ends alone", "[connection_socket]") {
    fixture f;
    asio::ip::tcp::socket other_peer{f.io};
    auto const other = std::make_shared<connection>(f.worker, plain_stream{test::accepted_from(other_peer, f.io)});
    f.c->then = [] { throw std::runtime_error{"no memory, say"}; };
    f.begin();
    other->begin_to_wait();
    other->wait_to_read();
    f.say("one");
    (void)asio::write(other_peer, asio::buffer("two", 3));
    CHECK(f.told() == "r");
    CHECK(f.c->closed());
    CHECK(other->got == "two");
    CHECK_FALSE(other->closed());
    other->drop();
}

}
