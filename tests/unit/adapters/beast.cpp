// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

#include "support/catch.hpp"

#include <backchannel/adapters/beast.hpp>
#include <backchannel/backchannel.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
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
