// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

#include "support/catch.hpp"
#include "support/request_text.hpp"

#include <backchannel/adapters/crow.hpp>
#include <backchannel/backchannel.hpp>

#include <optional>

namespace adapter = backchannel::adapters::crow;
using backchannel::delivery;
using enum backchannel::message_kind;
using lines = std::vector<std::string>;

namespace {

using hub_type = backchannel::connection_hub<adapter::transport>;

/// A WebSocket as Crow has them: what is sent is posted to its loop.
struct websocket final : crow::websocket::connection {
    websocket(asio::io_context& l, adapter::clients<hub_type>& c) : loop{l}, clients{c} {}

    void send_binary(std::string m) override { add("binary " + m); }
    void send_text(std::string m) override { add("text " + m); }
    void send_ping(std::string m) override { add("ping " + m); }
    void close(std::string const& reason, std::uint16_t code) override {
        told.push_back("close " + std::to_string(code) + " " + reason);
        clients.onclose(*this, reason, code); // inline, as where the client has asked for the end
    }
    void add(std::string line) {
        asio::post(loop, [this, line] { told.push_back(line); });
    }

    asio::io_context& loop;
    adapter::clients<hub_type>& clients;
    lines told;
};

struct fixture {
    hub_type hub{{}, {.close_reasons = true}};
    backchannel::management_router<backchannel::allow_all> router{hub, {}, {.stage = "prod"}};
    asio::io_context loop;
    adapter::clients<hub_type> clients{hub};

    std::string open(websocket& socket) {
        crow::request r;
        r.remote_ip_address = "::ffff:192.0.2.7";
        r.headers = {{"user-agent", "tests/1"}};
        r.io_context = &loop;
        void* userdata = nullptr;
        clients.onaccept(r, &userdata);
        socket.userdata(userdata);
        return std::string{clients.onopen(socket).id()};
    }
};

}

TEST_CASE("Crow: messages and closes in the order of the calls") {
    fixture f;
    websocket socket{f.loop, f.clients};
    std::string const id = f.open(socket);
    auto const state = f.hub.find(id);
    REQUIRE(state);
    CHECK(state->source_ip == "192.0.2.7");
    CHECK(state->user_agent == "tests/1");
    CHECK(f.hub.send(id, {"one", text}) == delivery::accepted);
    CHECK(f.hub.send(id, {"two", binary}) == delivery::accepted);
    CHECK(f.hub.ping(id, "there?"));
    CHECK(f.hub.close(id, 4001, "enough"));
    CHECK(f.hub.send(id, {"late", text}) == delivery::gone);
    CHECK(f.loop.run() == 4);
    CHECK(socket.told == lines{"text one", "binary two", "ping there?", "close 4001 enough"});
    CHECK(f.clients.onmessage(socket) == nullptr);
}

TEST_CASE("Crow: a WebSocket that closes twice, and one that closes before a hop has come") {
    fixture f;
    websocket socket{f.loop, f.clients}, other{f.loop, f.clients};
    std::string const id = f.open(socket);
    REQUIRE(f.clients.onmessage(socket) != nullptr);
    CHECK(f.clients.onmessage(socket)->id() == id);
    f.clients.onclose(socket, "enough", 1001);
    f.clients.onclose(socket, "", 1006);
    CHECK(f.hub.find_tombstone(id).value().reason == "enough");
    CHECK(f.hub.send(id, {"late", text}) == delivery::gone);

    std::string const second = f.open(other);
    CHECK(f.hub.close(second));
    f.clients.onclose(other, "", 1006);
    CHECK(f.loop.run() == 1);
    CHECK((socket.told.empty() && other.told.empty()));
}

TEST_CASE("Crow: what is open when the application stops is not touched again") {
    fixture f;
    std::optional<adapter::clients<hub_type>> others{std::in_place, f.hub};
    websocket left{f.loop, *others}, closing{f.loop, *others};
    for (websocket* socket : {&left, &closing}) {
        crow::request r;
        r.io_context = &f.loop;
        void* userdata = nullptr;
        others->onaccept(r, &userdata);
        socket->userdata(userdata);
        (void)others->onopen(*socket);
    }
    CHECK(f.hub.close(others->onmessage(closing)->id()));
    CHECK(f.hub.metrics().open == 1);
    others.reset();
    CHECK(f.hub.metrics().open == 0);
    CHECK(f.loop.run() == 1);
    CHECK((left.told.empty() && closing.told.empty()));
}

TEST_CASE("Crow: a request as the router reads it") {
    crow::request r{crow::HTTPMethod::Post, "/prod/%40connections/x%3D?a=%20b", {{"a", "1"}, {"b", "2"}, {"b", "3"}}};
    r.body = "body";
    r.remote_ip_address = "::ffff:192.0.2.7";
    CHECK(test::text_of(adapter::request{r}.view()) ==
          "POST /prod/%40connections/x%3D?a=%20b from 192.0.2.7 | a=1 | b=2 | b=3 | body");
}

TEST_CASE("Crow: answers") {
    fixture f;
    websocket socket{f.loop, f.clients};
    std::string const target = "/prod/@connections/" + f.open(socket);
    crow::request r{crow::HTTPMethod::Delete, target};
    r.io_context = &f.loop;
    crow::response to;

    SECTION("a path that is not the router's") {
        r.raw_url = "/elsewhere";
        to.code = 404;
        CHECK_FALSE(adapter::serve(f.router, r, to));
        CHECK_FALSE(adapter::async_serve(f.router, r, to));
        CHECK((to.code == 404 && to.headers.empty() && to.ended == 0));
    }
    SECTION("in a catch-all route, which Crow ends") {
        CHECK(adapter::serve(f.router, r, to));
        CHECK((to.code == 204 && to.ended == 0 && to.manual_length_header));
        CHECK(to.headers.count("Date") == 1);
        CHECK(to.headers.count("x-amzn-RequestId") == 1);
    }
    SECTION("in a route of its own") {
        r.method = crow::HTTPMethod::Get;
        CHECK(adapter::async_serve(f.router, r, to));
        CHECK((to.code == 200 && to.ended == 1 && !to.manual_length_header));
        CHECK(to.body.find("192.0.2.7") != std::string::npos);
    }
    SECTION("in a route of its own, from another thread") {
        f.loop.here = false;
        r.body.assign(131073, 'x');
        r.method = crow::HTTPMethod::Post;
        CHECK(adapter::async_serve(f.router, r, to));
        CHECK(to.ended == 0);
        CHECK(f.loop.run() == 1);
        CHECK((to.code == 413 && to.ended == 1));
    }
}
