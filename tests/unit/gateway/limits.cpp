// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/admission.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

#include <memory>

namespace gateway_limits_tests {

using namespace test;

namespace {

using clients = std::vector<std::unique_ptr<test_client>>;

/// A whole answer that says 503, and nothing behind it.
void check_refused(test_client& client, std::string_view why) {
    auto const answer = client.read_response();
    CHECK(answer.status == 503);
    CHECK(answer.header("x-amzn-ErrorType") == "ServiceUnavailableException");
    CHECK(answer.header("Connection") == "close");
    CHECK(answer.header("Retry-After") == "1");
    CHECK(answer.body.find(why) != std::string::npos);
    CHECK(client.ended());
}

[[nodiscard]] bool gets_in(unsigned short port, char const* from = nullptr) {
    return soon([&] { return test_client{port, 0, from}.ask(get("/")).status == 200; });
}

}

TEST_CASE("connections beyond the limit are told 503 and closed, and places come back", "[limits]") {
    auto options = prod();
    options.max_connections = 2;
    running_gateway<> g{{}, options};
    test_client first{g.port};
    CHECK(first.ask(get("/")).status == 200);
    {
        websocket_client second{g.port};
        test_client third{g.port}, fourth{g.port};
        check_refused(third, "Too many connections");
        fourth.send(upgrade_request()); // what it asks for is not looked at
        check_refused(fourth, "Too many connections");
        CHECK(first.ask(get("/")).status == 200);
        second.send_text("hello");
        CHECK(second.read_text() == "hello");
        CHECK(g.server.metrics().connections_refused == 2);
        CHECK(g.server.metrics().connections_accepted == 2);
    }
    CHECK(gets_in(g.port));
    CHECK(first.ask(get("/")).status == 200);
}

TEST_CASE("those that are told 503 are bounded as well: the next ones are closed", "[limits]") {
    auto options = prod();
    options.max_connections = 1;
    options.linger_timeout = 20s;
    running_gateway<> g{{}, options};
    test_client in{g.port};
    CHECK(in.ask(get("/")).status == 200);
    clients told;
    for (int i = 0; i != 64; ++i) {
        told.push_back(std::make_unique<test_client>(g.port));
        CHECK(told.back()->read_response().status == 503);
    }
    test_client closed{g.port};
    CHECK(closed.ended()); // without a word
    CHECK(in.ask(get("/")).status == 200);
    told.pop_back();
    CHECK(soon([&] { return !test_client{g.port}.ended(); }));
    CHECK(g.server.metrics().connections_open <= 66);
}

TEST_CASE("one address gets so many connections, and others theirs", "[limits]") {
    auto options = prod();
    options.max_connections_per_address = 2;
    options.trusted_proxies = {*backchannel::ip_network::parse("127.0.0.4/32")};
    running_gateway<> g{{}, options};
    clients open;
    auto const enter = [&](char const* from) {
        open.push_back(std::make_unique<test_client>(g.port, 0, from));
        CHECK(open.back()->ask(get("/")).status == 200);
    };
    for (char const* from : {"127.0.0.2", "127.0.0.2", "127.0.0.3"}) enter(from);
    test_client third{g.port, 0, "127.0.0.2"};
    check_refused(third, "Too many connections from one address");
    for (int i = 0; i != 10; ++i) enter("127.0.0.4"); // a proxy brings many
    enter("127.0.0.3");
    test_client another{g.port, 0, "127.0.0.3"};
    check_refused(another, "from one address");
    open.front()->close();
    CHECK(gets_in(g.port, "127.0.0.2"));
    CHECK(gets_in(g.port, "127.0.0.2")); // its place came back too
}

TEST_CASE("so many connections may be without a whole request", "[limits]") {
    auto options = prod();
    options.max_handshakes = 2;
    running_gateway<> g{{}, options};
    test_client silent{g.port}, halfway{g.port};
    halfway.send("GET / HTTP/1.1\r\nHost: ");
    CHECK(g.counts(&gateway_metrics::handshakes_pending, 2));
    test_client third{g.port};
    check_refused(third, "Too many handshakes");
    third.close();
    halfway.send("here\r\n\r\n");
    CHECK(halfway.read_response().status == 200);
    CHECK(gets_in(g.port)); // the connection is still there, its handshake is not
    CHECK(halfway.ask(get("/")).status == 200);
    std::vector<std::unique_ptr<websocket_client>> open;
    for (int i = 0; i != 5; ++i) open.push_back(std::make_unique<websocket_client>(g.port));
    silent.close();
    CHECK(g.counts(&gateway_metrics::handshakes_pending, 0));
}

TEST_CASE("a client that sends too many pings or pongs is closed with 1008", "[limits]") {
    auto options = prod();
    options.control_frame_rate = 20;
    running_gateway<> g{{}, options};
    for (int const opcode : {9, 10}) {
        websocket_client flood{g.port}, other{g.port};
        std::string frames;
        for (int i = 0; i != 100; ++i) frames += masked_frame(opcode, "x");
        flood.send(frames);
        CHECK(flood.read_close() == 1008);
        other.send_text("hello");
        CHECK(other.read_text() == "hello");
        flood.close();
    }
    CHECK(g.server.metrics().websockets_closed[8] == 2);
}

TEST_CASE("as many pings and pongs as a client may send in a second, every second", "[limits]") {
    auto options = prod();
    options.control_frame_rate = 20;
    running_gateway<> g{{}, options};
    websocket_client steady{g.port};
    for (int second = 0; second != 2; ++second) {
        if (second != 0) std::this_thread::sleep_for(1050ms);
        std::string frames;
        for (int i = 0; i != 10; ++i) frames += masked_frame(9, "x") + masked_frame(10, "x") + masked_frame(1, "t");
        steady.send(frames);
        for (int i = 0; i != 20; ++i) CHECK((steady.read_frame().payload.size() == 1)); // 10 pongs, 10 echoes
    }
    CHECK(g.server.hub().find(steady.id));

    options.control_frame_rate = 0;
    running_gateway<> any{{}, options};
    websocket_client flood{any.port};
    for (int i = 0; i != 500; ++i) flood.send(masked_frame(9, "x"));
    for (int i = 0; i != 500; ++i) REQUIRE(flood.read_frame().opcode == 10);
}

}
