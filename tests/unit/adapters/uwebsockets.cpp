// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

#include "support/catch.hpp"
#include "support/other_thread.hpp"
#include "support/request_text.hpp"

#include <backchannel/adapters/uwebsockets.hpp>
#include <backchannel/backchannel.hpp>
#include <backchannel/dialect/extensions.hpp>

namespace adapter = backchannel::adapters::uwebsockets;
using backchannel::delivery;
using enum backchannel::message_kind;
using lines = std::vector<std::string>;

namespace {

struct client {
    backchannel::session tracked;
};
using websocket = uWS::WebSocket<false, true, client>;
using response = uWS::HttpResponse<false>;

struct fixture {
    backchannel::connection_hub<adapter::transport<websocket>> hub{{}, {.queue_limit = 1000}};
    backchannel::management_router<backchannel::allow_all> router{hub, {}, {.stage = "prod", .max_body = 200}};
    test::other_thread elsewhere;

    std::string open(websocket& socket) {
        socket.getUserData()->tracked = hub.open(adapter::handle_of(&socket), {"192.0.2.7", "tests"});
        return std::string{socket.getUserData()->tracked.id()};
    }
    /// A socket on the other thread's loop.
    std::string open_elsewhere(websocket& socket) {
        std::string id;
        elsewhere.run([&] { id = open(socket); });
        return id;
    }
    std::size_t run_elsewhere() {
        std::size_t count = 0;
        elsewhere.run([&] { count = uWS::Loop::get()->run_deferred(); });
        return count;
    }
    bool serve(response& to, std::string method, std::string target) {
        uWS::HttpRequest r{std::move(method), std::move(target), {{"host", "example.com"}}};
        return adapter::serve(router, &to, &r); // the request is gone when this returns
    }
};

/// The lines of an answer but for the two that every answer has of its own.
std::string without_stamp(std::string written) {
    auto const at = written.find("x-amzn-RequestId: ");
    REQUIRE(at != std::string::npos);
    REQUIRE(written.find("Date: ") == std::string::npos); // uWebSockets writes one
    return written.erase(at, written.find('|', at) + 1 - at);
}

}

TEST_CASE("uWebSockets: messages, pings and closes on the loop's own thread") {
    fixture f;
    websocket socket;
    std::string const id = f.open(socket);
    CHECK(f.hub.send(id, {"one", text}) == delivery::accepted);
    CHECK(f.hub.send(id, {"two", binary}) == delivery::accepted);
    socket.status = websocket::BACKPRESSURE; // queued
    CHECK(f.hub.send(id, {"three", text}) == delivery::accepted);
    CHECK(f.hub.ping(id, "there?"));
    CHECK(f.hub.close(id, 4001, "enough"));
    CHECK(socket.told == lines{"text one", "binary two", "text three", "ping there?", "end 4001 enough"});
    CHECK(f.hub.send(id, {"late", text}) == delivery::gone);
    CHECK(uWS::Loop::get()->run_deferred() == 0);
}

TEST_CASE("uWebSockets: a client that does not read") {
    fixture f;
    websocket socket;
    std::string const id = f.open(socket);
    socket.buffered = 990;
    CHECK(f.hub.send(id, {"0123456789", text}) == delivery::accepted);
    CHECK(f.hub.send(id, {"0123456789x", text}) == delivery::backpressure);
    socket.buffered = 0;
    socket.status = websocket::DROPPED; // a maxBackpressure of the application's
    CHECK(f.hub.send(id, {"dropped", text}) == delivery::backpressure);
    CHECK(socket.told == lines{"text 0123456789", "text dropped"});
}

TEST_CASE("uWebSockets: calls from another thread hop to the loop") {
    fixture f;
    websocket socket;
    std::string const id = f.open_elsewhere(socket);
    std::optional<delivery> told;
    f.hub.async_send(id, {"hello", text}, [&](delivery d) { told = d; });
    CHECK((socket.told.empty() && !told));
    CHECK(f.run_elsewhere() == 1);
    CHECK(socket.told == lines{"text hello"});
    CHECK(told == delivery::accepted);

    f.hub.async_send(id, {"too late", text}, [&](delivery d) { told = d; });
    f.elsewhere.run([&] { socket.close(); }); // the client leaves before the task is there
    (void)f.run_elsewhere();
    CHECK(socket.told == lines{"text hello", "close"});
    CHECK(told == delivery::gone);
}

TEST_CASE("uWebSockets: a connection that does not fit a promise ends") {
    fixture f;
    websocket socket;
    std::string const id = f.open_elsewhere(socket);
    CHECK(f.hub.send(id, {"promised", text}) == delivery::accepted);
    socket.status = websocket::DROPPED;
    (void)f.run_elsewhere();
    CHECK(socket.told == lines{"text promised", "end 1013 "});
}

TEST_CASE("uWebSockets: a request as the router reads it") {
    uWS::HttpResponse<true> to;
    uWS::HttpRequest r{"POST", "/prod/%40connections/x%3D?a=%20b", {{"b", "1"}, {"a", "2"}, {"b", "3"}}};
    CHECK(test::text_of(adapter::request{to, r}.view()) ==
          "POST /prod/%40connections/x%3D?a=%20b from 192.0.2.7 over TLS | b=1 | a=2 | b=3 | ");
    r.fields = {{"user-agent", "tests/1"}};
    CHECK(adapter::info_of(&to, &r).user_agent == "tests/1");
    CHECK(adapter::info_of(&to, &r).source_ip == "192.0.2.7");
}

TEST_CASE("uWebSockets: answers") {
    fixture f;
    websocket socket;
    std::string const id = f.open(socket), target = "/prod/@connections/" + id;
    response to;
    CHECK_FALSE(f.serve(to, "GET", "/elsewhere"));
    CHECK((!to.aborted && !to.data && to.written.empty()));

    SECTION("a body in pieces") {
        CHECK(f.serve(to, "POST", target));
        to.data("in ", false);
        to.data("pieces", false);
        CHECK(to.written.empty());
        to.data("", true);
        CHECK(socket.told == lines{"text in pieces"});
        CHECK(without_stamp(to.written) == "[200 OK|Content-Type: application/json|length 0||]");
    }
    SECTION("no body and no length with 204") {
        CHECK(f.serve(to, "DELETE", target));
        to.data("", true);
        CHECK(without_stamp(to.written) == "[204 No Content|length none||]");
    }
    SECTION("no body for HEAD, but its length") {
        CHECK(f.serve(to, "HEAD", target));
        to.data("", true);
        CHECK(to.written.find("[405 ") == 0);
        CHECK(to.written.find("length 32||]") != std::string::npos);
    }
    SECTION("a body that is too long is refused before it has come, once") {
        CHECK(f.serve(to, "POST", target));
        to.data(std::string(150, 'x'), false);
        CHECK(to.written.empty());
        to.data(std::string(51, 'x'), false);
        CHECK(to.written.find("[413 Content Too Large|") == 0);
        CHECK(to.written.find("|close|]") != std::string::npos);
        std::string const before = to.written;
        to.data("more", true);
        CHECK(to.written == before);
        CHECK(socket.told.empty());
    }
}

TEST_CASE("uWebSockets: answers come home from another loop") {
    fixture f;
    websocket socket;
    std::string const target = "/prod/@connections/" + f.open_elsewhere(socket);
    response to;
    CHECK(f.serve(to, "POST", target));
    to.data("across", true);
    CHECK(f.run_elsewhere() == 1);
    CHECK(socket.told == lines{"text across"});
    CHECK(to.written.empty());
    SECTION("and are written") {
        CHECK(uWS::Loop::get()->run_deferred() == 1);
        CHECK(without_stamp(to.written) == "[200 OK|Content-Type: application/json|length 0||]");
    }
    SECTION("unless the caller has gone") {
        to.aborted();
        CHECK(uWS::Loop::get()->run_deferred() == 1);
        CHECK(to.written.empty());
    }
}

TEST_CASE("uWebSockets: a feed is written as far as the client takes it, and ends with the client") {
    backchannel::connection_hub<adapter::transport<websocket>> hub{{}, {.changes_kept = 10}};
    backchannel::management_router<backchannel::allow_all,
                                   backchannel::router_traits_for<backchannel::extended_dialect>>
        router{hub, {}, {.stage = "prod"}};
    response to;
    auto const ask = [&](bool ancient) {
        uWS::HttpRequest r{"GET", "/prod/@connections?events", {{"host", "example.com"}}, ancient};
        REQUIRE(adapter::serve(router, &to, &r));
        to.data({}, true);
        return std::exchange(to.written, {});
    };
    CHECK(ask(true).starts_with("[501 "));
    std::string const head = ask(false);
    CHECK(head.starts_with("[200 OK|"));
    CHECK(head.find("Content-Type: text/event-stream|") != std::string::npos);
    CHECK(head.find("]chunk id: ") != std::string::npos);
    CHECK(head.find("event: ready") != std::string::npos);
    REQUIRE(us_timer_t::all.size() == 1);

    websocket one, two;
    to.takes = false;
    one.getUserData()->tracked = hub.open(adapter::handle_of(&one));
    two.getUserData()->tracked = hub.open(adapter::handle_of(&two));
    CHECK(to.written.empty());
    CHECK(uWS::Loop::get()->run_deferred() == 1);
    CHECK(std::exchange(to.written, {}).find(two.getUserData()->tracked.id()) != std::string::npos);
    one.getUserData()->tracked.closed(1000);
    CHECK(uWS::Loop::get()->run_deferred() == 0);
    to.takes = true;
    to.writable(0);
    CHECK(std::exchange(to.written, {}).find("event: closed") != std::string::npos);
    to.writable(0); // uWebSockets sends what it has kept behind a write only
    CHECK(std::exchange(to.written, {}) == "chunk :\n\n|");
    us_timer_t::all[0]->ring(us_timer_t::all[0]); // something was sent meanwhile: there is nothing to do
    to.aborted();
    CHECK(us_timer_t::all.empty());
    two.getUserData()->tracked.closed(1000);
    CHECK(uWS::Loop::get()->run_deferred() == 0);
    CHECK(to.written.empty());
}
