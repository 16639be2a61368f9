// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

#include "support/catch.hpp"
#include "support/request_text.hpp"

#include <backchannel/adapters/drogon.hpp>
#include <backchannel/backchannel.hpp>
#include <backchannel/dialect/extensions.hpp>

#include <optional>

namespace adapter = backchannel::adapters::drogon;
using backchannel::delivery;
using enum backchannel::message_kind;
using lines = std::vector<std::string>;

namespace {

struct fixture {
    backchannel::connection_hub<adapter::transport> hub{{}, {.queue_limit = 1000}};
    backchannel::management_router<backchannel::allow_all> router{hub, {}, {.stage = "prod"}};
    trantor::EventLoop& loop = *trantor::EventLoop::getEventLoopOfCurrentThread();
    drogon::HttpRequestPtr request = std::make_shared<drogon::HttpRequest>();
    trantor::TcpConnectionPtr stream = std::make_shared<trantor::TcpConnection>();
    drogon::WebSocketConnectionPtr socket = std::make_shared<drogon::WebSocketConnection>(stream);
    backchannel::session tracked;
    std::string id;

    fixture() {
        loop.here = true;
        request->connection = stream;
        stream->room = 1'000'000;
        tracked = hub.open(adapter::handle_of(request, socket), adapter::info_of(request));
        id = tracked.id();
    }
};

}

TEST_CASE("Drogon: messages, pings and closes on the connection's loop") {
    fixture f;
    CHECK(f.hub.send(f.id, {"one", text}) == delivery::accepted);
    CHECK(f.hub.send(f.id, {"two", binary}) == delivery::accepted);
    CHECK(f.hub.ping(f.id, "there?"));
    CHECK(f.hub.close(f.id, 4001, "enough"));
    CHECK(f.socket->told == lines{"text one", "binary two", "ping there?", "shutdown 4001 enough"});
    f.hub.expire(std::chrono::steady_clock::now() + std::chrono::minutes{1}); // no answer to the close
    CHECK(f.socket->told.back() == "forceClose");
}

TEST_CASE("Drogon: what a client has not read is counted") {
    fixture f;
    f.stream->room = 102;
    CHECK(f.hub.send(f.id, {std::string(100, 'a'), text}) == delivery::accepted); // all of it has left
    CHECK(f.hub.send(f.id, {std::string(998, 'b'), text}) == delivery::accepted); // 1000 with the frame's header
    CHECK(f.hub.send(f.id, {"c", text}) == delivery::backpressure);
    f.stream->write(500); // a pong of Drogon's own; it does not count
    f.stream->drain(600);
    CHECK(f.hub.send(f.id, {std::string(601, 'd'), text}) == delivery::backpressure);
    CHECK(f.hub.send(f.id, {std::string(600, 'e'), text}) == delivery::accepted);
    CHECK(f.socket->told.size() == 3);
}

TEST_CASE("Drogon: a message for a connection that is half closed is not called accepted") {
    fixture f;
    f.socket->open = false;
    CHECK(f.hub.send(f.id, {"lost", text}) == delivery::gone);
    f.socket.reset();
    f.stream.reset();
    CHECK(f.hub.send(f.id, {"lost", text}) == delivery::gone);
}

TEST_CASE("Drogon: calls from another thread hop to the loop") {
    fixture f;
    std::optional<delivery> told;
    f.loop.here = false;
    f.hub.async_send(f.id, {"hello", text}, [&](delivery d) { told = d; });
    CHECK((f.socket->told.empty() && !told));
    CHECK(f.loop.run() == 1);
    CHECK(f.socket->told == lines{"text hello"});
    CHECK(told == delivery::accepted);

    f.loop.here = false;
    f.hub.async_send(f.id, {"too late", text}, [&](delivery d) { told = d; });
    f.loop.here = true;
    f.tracked = {};
    f.socket.reset();
    (void)f.loop.run();
    CHECK(told == delivery::gone);
}

TEST_CASE("Drogon: close codes") {
    CHECK(adapter::close_code("\x03\xe9too far") == 1001);
    CHECK(adapter::close_code("") == 1005);
    CHECK(adapter::close_code("\x03") == 1005);
}

TEST_CASE("Drogon: a request as the router reads it") {
    drogon::HttpRequest r;
    r.method = "POST";
    r.path = "/prod/%40connections/x%3D";
    r.query_text = "a=%20b";
    r.content = "body";
    r.fields = {{"a", "1"}, {"b", "2"}};
    CHECK(test::text_of(adapter::request{r}.view()) ==
          "POST /prod/%40connections/x%3D?a=%20b from 192.0.2.7 over TLS | a=1 | b=2 | body");

    r.head = true;
    r.query_text.clear();
    CHECK(adapter::request{r}.view().method == "HEAD");
    CHECK(adapter::request{r}.view().target == "/prod/%40connections/x%3D");
}

TEST_CASE("Drogon: answers") {
    fixture f;
    drogon::HttpResponsePtr answered;
    auto const answer = [&](drogon::HttpResponsePtr const& r) { answered = r; };
    f.request->path = "/elsewhere";
    CHECK_FALSE(adapter::serve(f.router, f.request, answer));
    CHECK_FALSE(answered);

    f.request->path = "/prod/@connections/" + f.id;
    CHECK(adapter::serve(f.router, f.request, answer));
    REQUIRE(answered);
    CHECK(answered->status == 200);
    CHECK(answered->content_type == "application/json");
    CHECK(answered->body.find("\"192.0.2.7\"") != std::string::npos);
    CHECK(answered->headers.size() == 1); // Drogon writes Date
    CHECK(answered->headers.count("x-amzn-RequestId") == 1);

    answered.reset();
    f.request->method = "DELETE";
    CHECK(adapter::serve(f.router, f.request, answer));
    REQUIRE(answered);
    CHECK((answered->status == 204 && answered->content_type.empty() && answered->body.empty()));

    answered.reset();
    f.request->method = "POST";
    f.loop.here = false; // the answer comes from elsewhere
    CHECK(adapter::serve(f.router, f.request, answer));
    CHECK_FALSE(answered);
    CHECK(f.loop.run() == 1);
    REQUIRE(answered);
    CHECK(answered->status == 410);

    answered.reset();
    auto const request = f.request; // it does not keep its connection
    f.socket.reset();
    f.stream.reset();
    CHECK(adapter::serve(f.router, request, answer));
    CHECK_FALSE(answered);
}

TEST_CASE("Drogon: a feed is sent as far as the client takes it, and ends with the client") {
    backchannel::connection_hub<adapter::transport> hub{{}, {.changes_kept = 10}};
    backchannel::management_router<backchannel::allow_all,
                                   backchannel::router_traits_for<backchannel::extended_dialect>>
        router{hub, {}, {.stage = "prod"}};
    auto& loop = *trantor::EventLoop::getEventLoopOfCurrentThread();
    loop.here = true;
    auto const stream = std::make_shared<trantor::TcpConnection>();
    stream->room = 1'000'000;
    auto const request = std::make_shared<drogon::HttpRequest>();
    request->path = "/prod/@connections";
    request->query_text = "events";
    request->connection = stream;
    drogon::HttpResponsePtr answer;
    auto const take = [&](drogon::HttpResponsePtr const& r) { answer = r; };
    request->http_version = drogon::Version::kHttp10;
    REQUIRE(adapter::serve(router, request, take));
    CHECK(answer->status == 501);
    request->http_version = drogon::Version::kHttp11;
    REQUIRE(adapter::serve(router, request, take));
    CHECK(answer->status == 200);
    CHECK(answer->content_type == "text/event-stream");
    REQUIRE(answer->stream);

    lines told;
    answer->stream(std::make_unique<drogon::ResponseStream>(stream, told));
    REQUIRE(told.size() == 1);
    CHECK(told[0].find("event: ready") != std::string::npos);
    stream->room = 0;
    auto const socket = std::make_shared<drogon::WebSocketConnection>(stream);
    backchannel::session tracked = hub.open(adapter::handle_of(request, socket));
    CHECK(loop.run() == 1);
    REQUIRE(told.size() == 2);
    CHECK(told[1].find(tracked.id()) != std::string::npos);
    tracked.closed(1000);
    loop.ring();
    CHECK(loop.run() == 0);
    CHECK(told.size() == 2); // nothing of that has left
    stream->drain(stream->waiting);
    loop.ring();
    REQUIRE(told.size() == 3);
    CHECK(told[2].find("event: closed") != std::string::npos);
    stream->forceClose();
    loop.ring();
    CHECK(told.back() == "end");
    CHECK(loop.timers.empty());
}
