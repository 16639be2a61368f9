// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

#include "support/catch.hpp"

#include <backchannel/adapters/beast.hpp>
#include <backchannel/backchannel.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/beast/core/tcp_stream.hpp>

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
