// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

#include "support/catch.hpp"

#include <backchannel/adapters/beast.hpp>
#include <backchannel/backchannel.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace adapter = backchannel::adapters::beast;
using backchannel::delivery;
using enum backchannel::message_kind;

namespace {

using stream = boost::beast::websocket::stream<boost::beast::tcp_stream>;

struct connection {
    explicit connection(boost::asio::io_context& io) : websocket{io} {}
    stream websocket;
    adapter::writer<stream> writer{websocket};
};

/// A TLS stream, as far as the adapter looks.
struct tls_stream : boost::beast::tcp_stream {
    using boost::beast::tcp_stream::basic_stream::basic_stream;
    using handshake_type = int;
};

}

TEST_CASE("Beast: a connection that has been destroyed is gone, before its session says so") {
    boost::asio::io_context io;
    backchannel::connection_hub<adapter::transport> hub;
    backchannel::management_router<backchannel::allow_all> router{hub, {}, {.stage = "prod"}};
    auto owner = std::make_shared<connection>(io);
    auto const tracked = hub.open(adapter::handle_of(owner, owner->writer), {});
    owner.reset();

    SECTION("for the application") { CHECK(hub.send(tracked.id(), {"late", text}) == delivery::gone); }
    SECTION("for a caller") {
        std::string const target = "/prod/@connections/" + std::string{tracked.id()};
        auto const answer = router.handle({.method = "POST", .target = target, .body = "late"});
        REQUIRE(answer);
        CHECK(answer->status == 410);
    }
    SECTION("for one who does not wait") {
        delivery answer = delivery::unknown;
        hub.async_send(tracked.id(), {"late", text}, [&](delivery result) { answer = result; });
        CHECK(answer == delivery::gone);
    }
    CHECK_FALSE(hub.find(tracked.id()));
    CHECK(io.poll() == 0);
}

TEST_CASE("Beast: a session ends on its own thread, whoever sends to it at that moment") {
    struct session : connection {
        explicit session(boost::asio::io_context& io, std::atomic<int>& elsewhere)
            : connection{io}, elsewhere_{elsewhere} {}
        ~session() { elsewhere_ += std::this_thread::get_id() != home_; }
        std::atomic<int>& elsewhere_;
        std::thread::id home_ = std::this_thread::get_id();
        backchannel::session tracked;
    };
    std::atomic<int> elsewhere = 0, answers = 0;
    boost::asio::io_context io;
    backchannel::connection_hub<adapter::transport> hub;
    auto guard = boost::asio::make_work_guard(io);
    std::thread loop{[&] { io.run(); }};
    constexpr int times = 2000;
    std::atomic<bool> opened = false;
    std::string id;
    for (int i = 0; i != times; ++i) {
        boost::asio::post(io, [&] {
            auto const owner = std::make_shared<session>(io, elsewhere);
            owner->tracked = hub.open(adapter::handle_of(owner, owner->writer), {});
            id = owner->tracked.id();
            opened = true;
            while (opened) { // the sender has begun, and the session ends
            }
        });
        while (!opened) std::this_thread::yield();
        opened = false;
        hub.async_send(id, {"now", text}, [&](delivery) { ++answers; });
    }
    guard.reset();
    loop.join();
    CHECK(elsewhere == 0);
    CHECK(answers == times);
}

TEST_CASE("Beast: whether a request came over TLS is known by the stream that the answer goes over") {
    struct asked { // what a router is asked
        std::optional<bool> secure = std::nullopt;
        bool async_handle(backchannel::request_view const& r, backchannel::completion<backchannel::response> done) {
            secure = r.secure;
            done(backchannel::response{200, "text/plain", "yes"});
            return true;
        }
    };
    boost::asio::io_context io;
    boost::beast::http::request<boost::beast::http::string_body> const r{boost::beast::http::verb::get, "/", 11};
    int answers = 0;
    auto const write = [&](auto&&) { ++answers; };
    auto const asked_over = [&]<class Stream>(std::shared_ptr<Stream> const& there) {
        asked router;
        CHECK(adapter::serve(router, r, "192.0.2.7", there, *there, write));
        return router.secure;
    };
    CHECK(asked_over(std::make_shared<boost::beast::tcp_stream>(io)) == false);
    CHECK(asked_over(std::make_shared<boost::asio::ip::tcp::socket>(io)) == false);
    CHECK(asked_over(std::make_shared<tls_stream>(io)) == true);
    asked router;
    CHECK(adapter::serve(router, r, "192.0.2.7", io.get_executor(), write));
    CHECK_FALSE(router.secure.has_value()); // nobody has said
    (void)io.run();
    CHECK(answers == 4);
}

TEST_CASE("Beast: a body is limited to what the router takes, also one that is announced") {
    backchannel::connection_hub<adapter::transport> hub;
    backchannel::management_router<backchannel::allow_all> router{hub, {}, {.stage = "prod"}};
    auto const limit_of = [&](std::string const& target, std::string const& field) {
        adapter::request_parser<> parser;
        boost::beast::error_code error;
        std::string const head = "POST " + target + " HTTP/1.1\r\nHost: a\r\n" + field + "\r\n\r\n";
        (void)parser.put(boost::asio::buffer(head), error);
        CHECK_FALSE(error);
        REQUIRE(parser.is_header_done());
        return parser.limit_body(router);
    };
    CHECK(limit_of("/prod/@connections/x", "Content-Length: 131072"));
    CHECK_FALSE(limit_of("/prod/@connections/x", "Content-Length: 131073"));
    CHECK(limit_of("/prod/@connections/x", "Transfer-Encoding: chunked"));
    CHECK(limit_of("/prod/@connections/x", "Accept: */*"));
    CHECK(limit_of("/mine", "Content-Length: 131073"));

    adapter::request_parser<> chunks;
    boost::beast::error_code error;
    std::string_view const head = "POST /prod/@connections/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    (void)chunks.put(boost::asio::buffer(head), error);
    CHECK(chunks.limit_body(router));
    std::string const body = "20001\r\n" + std::string(131073, 'x') + "\r\n0\r\n\r\n";
    for (std::size_t sent = 0; sent != body.size() && !error;)
        sent += chunks.put(boost::asio::buffer(body.data() + sent, body.size() - sent), error);
    CHECK(error == boost::beast::http::error::body_limit);
}

TEST_CASE("Beast: the trailers of a body are none of the header's fields") {
    std::string_view const whole = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nX-Mine: one\r\n\r\n"
                                   "5\r\nhello\r\n0\r\nAuthorization: secret\r\nX-Mine: two\r\n\r\n";
    adapter::request_parser<> parser;
    parser.eager(true);
    boost::beast::error_code error;
    CHECK(parser.put(boost::asio::buffer(whole), error) == whole.size());
    CHECK_FALSE(error);
    REQUIRE(parser.is_done());
    adapter::request const read{parser.get()};
    CHECK(read.view().body == "hello");
    std::string names;
    for (auto const& field : read.view().headers) names += std::string{field.name} + '=' + std::string{field.value} + ' ';
    CHECK(names == "Transfer-Encoding=chunked X-Mine=one ");
}

TEST_CASE("Beast: who expects to be told to go on is told, and nobody else") {
    namespace http = boost::beast::http;
    auto const told = [](std::string_view expect, unsigned version) {
        boost::asio::io_context io;
        boost::asio::ip::tcp::acceptor acceptor{io, {boost::asio::ip::address_v4::loopback(), 0}};
        boost::asio::ip::tcp::socket client{io}, server{io};
        client.connect(acceptor.local_endpoint());
        acceptor.accept(server);
        http::request<http::string_body> r{http::verb::post, "/", version};
        if (!expect.empty()) r.set(http::field::expect, boost::beast::string_view{expect.data(), expect.size()});
        adapter::send_continue(r, server);
        server.close();
        std::string got(100, '\0');
        boost::beast::error_code error;
        got.resize(boost::asio::read(client, boost::asio::buffer(got), error));
        return got;
    };
    CHECK(told("100-Continue", 11) == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(told("100-continue", 10).empty());
    CHECK(told("", 11).empty());
    CHECK(told("200-ok", 11).empty());
}

TEST_CASE("Beast: a message leaves in one frame, however long it is") {
    boost::asio::io_context io;
    boost::asio::ip::tcp::acceptor acceptor{io, {boost::asio::ip::address_v4::loopback(), 0}};
    stream client{io};
    auto owner = std::make_shared<connection>(io);
    client.next_layer().connect(acceptor.local_endpoint());
    acceptor.accept(owner->websocket.next_layer().socket());
    owner->websocket.async_accept([](boost::beast::error_code) {});
    std::thread loop{[&] { io.run(); }};
    client.handshake("localhost", "/");
    loop.join();
    io.restart();
    (void)adapter::transport{}.send(adapter::handle_of(owner, owner->writer), {std::string(100000, 'x'), binary});
    std::thread writes{[&] { io.run(); }};
    std::string first(10, '\0');
    (void)boost::asio::read(client.next_layer().socket(), boost::asio::buffer(first));
    CHECK(first == std::string{"\x82\x7f\0\0\0\0\0\x01\x86\xa0", 10});
    std::string rest(100000, '\0');
    (void)boost::asio::read(client.next_layer().socket(), boost::asio::buffer(rest));
    writes.join();
    CHECK(rest == std::string(100000, 'x'));
}
