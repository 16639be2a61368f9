// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/event.hpp>

#include "support/catch.hpp"
#include "support/fussy_auth.hpp"
#include "support/gateway_fixture.hpp"

#include <algorithm>
#include <set>

namespace gateway_event_tests {

using namespace test;
using what = backchannel::gateway_event::type;

namespace {

using logging_gateway = running_gateway<scripted_handler, fussy_auth>;

/// Each record as one line: name, status, address, id, method, path, text.
struct record_log : event_log {
    void note(gateway_event const& e) {
        add(std::string{name_of(e.what)}
                .append(" ")
                .append(std::to_string(e.status))
                .append(" ")
                .append(e.source_ip)
                .append("|")
                .append(e.connection_id)
                .append("|")
                .append(e.method)
                .append("|")
                .append(e.path)
                .append("|")
                .append(e.text));
    }
    [[nodiscard]] scripted_handler handler() {
        scripted_handler h;
        h.event = [this](gateway_event const& e) { note(e); };
        return h;
    }
    [[nodiscard]] bool mentions(std::string_view text) {
        auto const all = events();
        return std::any_of(all.begin(), all.end(),
                           [&](std::string const& e) { return e.find(text) != std::string::npos; });
    }
    /// Lines whose first word is that.
    [[nodiscard]] std::size_t named(std::string_view name) {
        auto const all = events();
        return static_cast<std::size_t>(std::count_if(
            all.begin(), all.end(), [&](std::string const& e) { return e.substr(0, e.find(' ')) == name; }));
    }
};

}

TEST_CASE("each event has a name of its own", "[event]") {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(what::drained); ++i) names.insert(name_of(static_cast<what>(i)));
    CHECK(names.size() == static_cast<std::size_t>(what::drained) + 1);
    CHECK(names.count("unknown") == 0);
    CHECK(name_of(static_cast<what>(200)) == "unknown");
}

TEST_CASE("what happens to a connection is logged in order, each thing once", "[event]") {
    record_log log;
    logging_gateway g{log.handler()};
    std::string id;
    {
        test_client client{g.port};
        CHECK(client.ask(get("/path?a=b")).status == 200);
        CHECK(client.ask(upgrade_request("/elsewhere")).status == 403);
        client.send(upgrade_request());
        auto const answer = client.read_response();
        id = answer.header("X-Connection-Id");
        client.send(close_frame_of(4001, "why"));
        (void)client.read_to_end();
    }
    std::string const ip = "127.0.0.1";
    CHECK(log.wait_for("connection_closed 0 " + ip + "||||"));
    std::vector<std::string> const expected{"connection_accepted 0 " + ip + "||||",
                                            "request_answered 200 " + ip + "||GET|/path|",
                                            "websocket_refused 403 " + ip + "||GET|/elsewhere|",
                                            "websocket_opened 0 " + ip + "|" + id + "|||",
                                            "websocket_closed 4001 " + ip + "|" + id + "|||why",
                                            "connection_closed 0 " + ip + "||||"};
    CHECK(log.events() == expected);
    g.stop();
    CHECK(log.named("draining") == 1);
    CHECK(log.named("drained") == 1);
    CHECK(log.events().back() == "drained 0 ||||");
}

TEST_CASE("refusals and failures are logged with their reason", "[event]") {
    record_log log;
    auto options = prod();
    options.max_connections_per_address = 3;
    options.header_timeout = 500ms;
    options.ping_interval = 100ms;
    options.pong_timeout = 100ms;
    logging_gateway g{log.handler(), options};
    std::string const ip = "127.0.0.1", far = "127.0.0.9";
    {
        test_client bad{g.port};
        CHECK(bad.ask("GET / HTTP/1.1\r\n\r\n").status == 400);
        auto const why = backchannel::http1::describe(backchannel::http1::parse_error::missing_host);
        CHECK(log.wait_for("request_rejected 400 " + ip + "||||" + std::string{why}));
    }
    {
        test_client slow{g.port};
        slow.send("GET / HT");
        CHECK(slow.read_response().status == 408);
        CHECK(log.wait_for("request_rejected 408 " + ip + "||||request timeout"));
    }
    {
        websocket_client silent{g.port};
        CHECK(log.wait_for("peer_vanished 0 " + ip + "|" + silent.id + "|||"));
        CHECK(log.wait_for("websocket_closed 1006 " + ip + "|" + silent.id + "|||"));
        CHECK(log.count("peer_vanished 0 " + ip + "|" + silent.id + "|||") == 1);
    }
    {
        test_client caller{g.port};
        auto const answer = caller.ask(get("/prod/@connections/AAAAAAAAAAAAAAAA", "X-Refuse: bad_signature\r\n"));
        CHECK(answer.status == 403);
        CHECK(log.wait_for("request_denied 0 |AAAAAAAAAAAAAAAA|||bad_signature"));
    }
    {
        auto patient = prod();
        patient.write_timeout = 300ms;
        patient.hub.queue_limit = 200'000;
        logging_gateway other{log.handler(), patient};
        websocket_client stuck{other.port, "/prod", {}, 4096};
        test_client caller{other.port};
        for (int i = 0; i != 1000; ++i)
            if (caller.ask(post_to(stuck.id, std::string(50'000, 'x'))).status != 200) break;
        CHECK(log.wait_for("peer_stalled 0 " + ip + "|" + stuck.id + "|||"));
        CHECK(log.wait_for("websocket_closed 1006 " + ip + "|" + stuck.id + "|||"));
    }
    std::vector<std::unique_ptr<test_client>> many;
    for (int i = 0; i != 4; ++i) {
        many.push_back(std::make_unique<test_client>(g.port, 0, far.c_str()));
        many.back()->send(get("/"));
        (void)many.back()->read_response();
    }
    CHECK(log.wait_for("connection_refused 503 " + far + "||||Too many connections from one address"));
    CHECK(log.count("connection_accepted 0 " + far + "||||") == 3);
    many.clear();
    CHECK(log.wait_for("connection_closed 0 " + far + "||||", 4));
}

TEST_CASE("behind a trusted proxy, requests and WebSockets are logged with the client's address", "[event]") {
    record_log log;
    auto options = prod();
    options.trusted_proxies = {*backchannel::ip_network::parse("127.0.0.0/8")};
    logging_gateway g{log.handler(), options};
    std::string const forwarded = "X-Forwarded-For: 192.0.2.7\r\n";
    test_client proxy{g.port};
    CHECK(proxy.ask(get("/a", forwarded)).status == 200);
    CHECK(log.wait_for("request_answered 200 192.0.2.7||GET|/a|"));
    CHECK(proxy.ask(get("/b")).status == 200);
    CHECK(log.wait_for("request_answered 200 127.0.0.1||GET|/b|"));
    websocket_client client{g.port, "/prod", forwarded};
    CHECK(log.wait_for("websocket_opened 0 192.0.2.7|" + client.id + "|||"));
    CHECK(client.hang_up() == 1000);
    CHECK(log.wait_for("websocket_closed 1000 192.0.2.7|" + client.id + "|||"));
    CHECK(log.wait_for("connection_closed 0 127.0.0.1||||")); // its connection is the proxy's
    CHECK(log.count("connection_closed 0 192.0.2.7||||") == 0);
    CHECK(log.count("connection_accepted 0 127.0.0.1||||") == 2);
}

TEST_CASE("no record has a secret in it", "[event]") {
    record_log log;
    auto options = prod();
    options.header_timeout = 500ms;
    options.linger_timeout = 100ms;
    logging_gateway g{log.handler(), options};
    std::string const headers = "Authorization: AWS4-HMAC-SHA256 Credential=secret, Signature=secret\r\n"
                                "X-Amz-Security-Token: secret\r\nCookie: secret\r\nX-Refuse: bad_signature\r\n";
    std::string const query = "?X-Amz-Signature=secret&X-Amz-Security-Token=secret";
    std::string const id(16, 'A');
    test_client client{g.port};
    (void)client.ask(get("/app" + query, headers));
    (void)client.ask(get("/missing" + query, headers));
    (void)client.ask(get("/prod/@connections/" + id + query, headers));
    (void)client.ask(post("/prod/@connections/" + id + query, "secret", headers));
    (void)client.ask(post("/prod/@connections/" + id + query, "secret"));
    (void)client.ask(post("/prod/@connections/" + query, "secret"));
    (void)client.ask(get("/other/@connections/" + id + query, headers));
    (void)client.ask(upgrade_request("/wrong" + query, headers));
    websocket_client socket{g.port, "/prod" + query, headers};
    socket.send_text("secret");
    CHECK(socket.read_text() == "secret");
    CHECK(socket.hang_up() == 1000);
    for (std::string const& broken :
         {"GET /x" + query + " HTTP/1.1\r\nsecret\r\n\r\n", "GET /x" + query + " HTTP/9.9\r\n\r\n",
          "secret" + query + "\r\n\r\n", "GET /x" + query + " HTTP/1.1\r\nHost: here\r\nAuthorization: secret",
          "POST /x" + query + " HTTP/1.1\r\nHost: here\r\nContent-Length: 99999999\r\n\r\nsecret"}) {
        test_client other{g.port};
        CHECK(other.ask(broken).status >= 400);
    }
    g.stop();
    CHECK(log.named("request_denied") >= 2);
    CHECK(log.named("request_rejected") == 5);
    CHECK(log.mentions("|/app|"));
    CHECK_FALSE(log.mentions("secret"));
    CHECK_FALSE(log.mentions("Signature"));
}

TEST_CASE("whoever is denied cannot write lines into the log", "[event]") {
    record_log log;
    logging_gateway g{log.handler()};
    test_client client{g.port};
    for (std::string const id : {"%0Aforged", "%0D%0A", "%00"}) // no ids, before anybody is asked
        CHECK(client.ask(get("/prod/@connections/" + id, "X-Refuse: bad_signature\r\n")).status == 400);
    CHECK(client.ask(get("/prod/@connections/x", "X-Refuse: bad_signature\r\n")).status == 403);
    CHECK(log.wait_for("request_denied 0 |x|||bad_signature"));
    CHECK(log.named("request_denied") == 1);
    CHECK_FALSE(log.mentions("\n"));
    CHECK_FALSE(log.mentions("\r"));
}

TEST_CASE("a log that throws changes nothing", "[event]") {
    scripted_handler handler;
    handler.event = [](gateway_event const&) { throw std::runtime_error{"the disk is full"}; };
    logging_gateway g{handler};
    {
        websocket_client socket{g.port};
        test_client client{g.port}, broken{g.port};
        CHECK(client.ask(get("/")).status == 200);
        CHECK(client.ask(post_to(socket.id, "hello")).status == 200);
        CHECK(socket.read_text() == "hello");
        CHECK(client.ask(get("/prod/@connections/" + socket.id, "X-Refuse: not_permitted\r\n")).status == 403);
        CHECK(client.ask(upgrade_request("/elsewhere")).status == 403);
        CHECK(broken.ask("GET / HTTP/1.1\r\n\r\n").status == 400);
        CHECK(socket.hang_up(4000) == 4000);
        CHECK(client.ask(post_to(socket.id, "hello")).status == 410);
    }
    std::atomic<int> done{0};
    g.server.drain(10s, [&] { ++done; });
    g.wait();
    CHECK(done == 1);
    CHECK(g.server.metrics().connections_open == 0);
    CHECK(g.server.metrics().websockets_closed[17] == 1);
}

TEST_CASE("whoever hears that a WebSocket has opened may send to it", "[event]") {
    logging_gateway* there = nullptr;
    std::vector<delivery> results;
    scripted_handler handler;
    handler.event = [&](gateway_event const& e) {
        if (e.what != what::websocket_opened) return;
        results.push_back(there->server.hub().send(e.connection_id, message{"welcome", message_kind::text}));
    };
    logging_gateway g{handler};
    there = &g;
    websocket_client client{g.port};
    CHECK(client.read_text() == "welcome");
    CHECK(g.server.hub().find(client.id));
    test_client caller{g.port};
    CHECK(caller.ask(post_to(client.id, "again")).status == 200);
    CHECK(client.read_text() == "again");
    CHECK(results == std::vector<delivery>{delivery::accepted});
}

}
