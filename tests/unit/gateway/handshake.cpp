// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/http_session.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

namespace gateway_handshake_tests {

using namespace test;

TEST_CASE("a WebSocket opens on the stage's path, with a slash or a query too", "[http_session]") {
    running_gateway<> g;
    for (char const* path : {"/prod", "/prod/", "/prod?token=a/b", "/prod/?x", "http://here/prod"}) {
        CAPTURE(path);
        websocket_client client{g.port, path};
        CHECK(client.answer.header("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        CHECK(client.answer.header("Upgrade") == "websocket");
        CHECK(client.answer.header("Connection") == "Upgrade");
        CHECK(client.answer.header("Content-Length").empty());
        CHECK(client.id.size() == 16);
        CHECK(g.server.hub().find(client.id).has_value());
        client.send_text("hello");
        CHECK(client.read_text() == "hello");
    }
}

TEST_CASE("an upgrade may come byte by byte, and behind another request", "[http_session]") {
    running_gateway<> g;
    test_client client{g.port};
    client.send_bytewise(get("/before") + upgrade_request() + masked_frame(1, "early"));
    CHECK(client.read_response().body == "GET /before ");
    CHECK(client.read_response().status == 101);
    CHECK(client.read_exactly(7) == "\x81\x05"
                                    "early");
}

TEST_CASE("bytes behind the upgrade are the first frames", "[http_session]") {
    running_gateway<> g;
    test_client client{g.port};
    client.send(upgrade_request() + masked_frame(1, "one") + masked_frame(2, "two") + masked_frame(8, "").substr(0, 3));
    CHECK(client.read_response().status == 101);
    CHECK(client.read_exactly(5) == "\x81\x03one");
    CHECK(client.read_exactly(5) == "\x82\x03two");
    client.send(masked_frame(8, "").substr(3));
    CHECK(client.read_to_end() == std::string_view{"\x88\x00", 2});
}

TEST_CASE("another path or stage opens no WebSocket: 403, as AWS answers", "[http_session]") {
    running_gateway<> g;
    test_client client{g.port};
    for (char const* path : {"/", "/dev", "/prod/x", "/prod//", "/Prod", "/prod%2f", "//prod", "/pro%64",
                             "/prod/@connections/AAAAAAAAAAAAAAAA"}) {
        CAPTURE(path);
        auto const answer = client.ask(upgrade_request(path));
        CHECK(answer.status == 403);
        CHECK(answer.header("x-amzn-ErrorType") == "ForbiddenException");
    }
    CHECK(client.ask(get("/alive")).status == 200);
    client.send(
        "POST /dev HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 5\r\n\r\nGET /");
    CHECK(client.read_response().status == 403);
    CHECK(client.ended());
}

TEST_CASE("a gateway without a stage has its WebSockets at the root", "[http_session]") {
    running_gateway<> g{{}, {}};
    websocket_client client{g.port, "/"};
    CHECK(client.answer.status == 101);
    test_client other{g.port};
    CHECK(other.ask(upgrade_request("/prod")).status == 403);
    CHECK(other.ask(post("/@connections/" + client.id, "hello")).status == 200);
    CHECK(client.read_text() == "hello");
}

TEST_CASE("a handshake that breaks RFC 6455 is refused", "[http_session]") {
    running_gateway<> g;
    std::string const key = "dGhlIHNhbXBsZSBub25jZQ==";
    struct wrong {
        std::string request;
        int status;
    };
    for (wrong const& w :
         {wrong{upgrade_request("/prod", "", "12"), 426}, wrong{upgrade_request("/prod", "", "13, 8"), 426},
          wrong{upgrade_request("/prod", "Sec-WebSocket-Version: 13\r\n"), 426},
          wrong{upgrade_request("/prod", "", "13", "c2hvcnQ="), 400},
          wrong{upgrade_request("/prod", "", "13", ""), 400},
          wrong{upgrade_request("/prod", "", "13", "dGhlIHNhbXBsZSBub25jZQ"), 400},
          wrong{upgrade_request("/prod", "", "13", "dGhlIHNhbXBsZSBub25jZ*=="), 400},
          wrong{upgrade_request("/prod", "Sec-WebSocket-Key: " + key + "\r\n"), 400},
          wrong{upgrade_request("/prod", "Content-Length: 1\r\n") + "x", 400},
          wrong{upgrade_request("/prod", "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400},
          wrong{upgrade_request("/prod", "Origin: http://here\r\nOrigin: http://here\r\n"), 400},
          wrong{"POST" + upgrade_request().substr(3), 405}, wrong{"HEAD" + upgrade_request().substr(3), 405}}) {
        CAPTURE(w.request);
        test_client client{g.port};
        client.send(w.request + get("/smuggled"));
        auto const answer = client.read_response(w.request.starts_with("HEAD"));
        CHECK(answer.status == w.status);
        CHECK(answer.header("Connection") == (w.status == 426 ? "close, Upgrade" : "close"));
        CHECK(answer.header("Sec-WebSocket-Version") == (w.status == 426 ? "13" : ""));
        CHECK(answer.header("Allow") == (w.status == 405 ? "GET" : ""));
        CHECK(client.ended());
    }
    // HTTP/1.0 knows no upgrade: it is a plain request for the path
    test_client old{g.port};
    std::string request = upgrade_request();
    request.replace(request.find("HTTP/1.1"), 8, "HTTP/1.0");
    CHECK(old.ask(request).status == 200);
}

TEST_CASE("a web page may connect from where it came only, or from a listed origin", "[http_session]") {
    auto const status = [](auto& g, std::string const& origin) {
        test_client client{g.port};
        return client.ask(upgrade_request("/prod", "Origin: " + origin + "\r\n")).status;
    };
    running_gateway<> strict;
    CHECK(status(strict, "http://here") == 101);
    CHECK(status(strict, "https://here:443") == 101);
    for (char const* origin : {"http://there", "null", "http://here:81", "http://here.there", "file://here", "here"})
        CHECK(status(strict, origin) == 403);

    auto options = prod();
    options.allowed_origins = {"https://app.example"};
    running_gateway<> listed{{}, options};
    CHECK(status(listed, "https://app.example") == 101);
    CHECK(status(listed, "http://here") == 403);
    CHECK(status(listed, "https://app.example.evil") == 403);
    websocket_client no_browser{listed.port};
    CHECK(no_browser.answer.status == 101);
}

TEST_CASE("on_connect may refuse with a status, and the connection goes on", "[http_session]") {
    event_log log;
    scripted_handler handler;
    handler.connect = [&](gateway_client& c, request_view const& r) {
        CHECK(c.source_ip() == "127.0.0.1");
        CHECK(c.id().size() == 16);
        CHECK(r.source_ip == "127.0.0.1");
        CHECK(c.send(message{"too early", message_kind::text}) == delivery::gone);
        c.close(1000);
        std::string const q{r.target.substr(r.target.find('?') + 1)};
        if (q == "throw") throw std::runtime_error{"the handler has failed"};
        if (q == "accept") return connect_answer::accept();
        return connect_answer::refuse(std::stoi(q), "go away");
    };
    handler.open = [&](gateway_client&) { log.add("open"); };
    handler.disconnect = [&](std::string_view, int code, std::string_view) {
        log.add("close " + std::to_string(code));
    };
    running_gateway<> g{handler};
    test_client client{g.port};
    for (int const status : {400, 401, 403, 599}) {
        auto const answer = client.ask(upgrade_request("/prod?" + std::to_string(status)));
        CHECK(answer.status == status);
        CHECK(answer.body == "go away");
        CHECK(answer.header("x-amzn-RequestId").size() == 36);
    }
    for (char const* q : {"throw", "200", "101", "302", "600"})
        CHECK(client.ask(upgrade_request(std::string{"/prod?"} + q)).status == 500);
    CHECK(log.events().empty());
    CHECK(client.ask(upgrade_request("/prod?accept")).status == 101);
    CHECK(log.wait_for("open"));
    client.send(masked_frame(1, "echo"));
    CHECK(client.read_exactly(6) == "\x81\x04"
                                    "echo");
    client.reset();
    CHECK(log.wait_for("close 1006"));
    CHECK(log.events().size() == 2);
}

TEST_CASE("the first message is the greeting, right behind the 101", "[http_session]") {
    scripted_handler handler;
    handler.open = [](gateway_client& c) {
        CHECK(c.send(message{"welcome", message_kind::text}) == delivery::accepted);
    };
    running_gateway<> g{handler};
    for (int i = 0; i != 20; ++i) {
        test_client client{g.port};
        client.send(upgrade_request() + masked_frame(1, "echo"));
        CHECK(client.read_response().status == 101);
        CHECK(client.read_exactly(9) == "\x81\x07welcome");
        CHECK(client.read_exactly(6) == "\x81\x04"
                                        "echo");
    }
}

TEST_CASE("a full gateway answers 503 and takes the next client when one has gone", "[http_session]") {
    auto options = prod();
    options.hub.max_connections = 2;
    running_gateway<> g{{}, options};
    websocket_client one{g.port}, two{g.port};
    test_client three{g.port};
    auto const answer = three.ask(upgrade_request());
    CHECK(answer.status == 503);
    CHECK(answer.header("Retry-After") == "1");
    CHECK(one.hang_up() == 1000);
    one.close();
    CHECK(soon([&] { return test_client{g.port}.ask(upgrade_request()).status == 101; }));
}

TEST_CASE("the subprotocol that the handler chose among those offered is echoed", "[http_session]") {
    std::string choice;
    scripted_handler handler;
    handler.connect = [&](gateway_client&, request_view const&) { return connect_answer::accept(choice); };
    running_gateway<> g{handler};
    std::string_view const offers = "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Protocol: other\r\n";
    for (std::string const chosen : {"chat", "superchat", "other"}) {
        choice = chosen;
        websocket_client client{g.port, "/prod", offers};
        CHECK(client.answer.header("Sec-WebSocket-Protocol") == chosen);
        client.send_text("hello");
        CHECK(client.read_text() == "hello");
    }
    choice.clear();
    websocket_client none{g.port, "/prod", offers};
    CHECK(none.answer.header("Sec-WebSocket-Protocol").empty());
    CHECK(none.answer.head.find("ec-WebSocket-Protocol") == std::string::npos);
}

TEST_CASE("a subprotocol that the client did not offer is the handler's mistake: 500", "[http_session]") {
    std::string choice;
    scripted_handler handler;
    event_log log;
    handler.connect = [&](gateway_client&, request_view const&) { return connect_answer::accept(choice); };
    handler.open = [&](gateway_client&) { log.add("open"); };
    handler.disconnect = [&](std::string_view, int, std::string_view) { log.add("closed"); };
    running_gateway<> g{handler};
    std::pair<std::string, std::string> const cases[] = {{"chat", ""},
                                                         {"chat", "Sec-WebSocket-Protocol: superchat\r\n"},
                                                         {"Chat", "Sec-WebSocket-Protocol: chat\r\n"},
                                                         {"a, b", "Sec-WebSocket-Protocol: a, b\r\n"}};
    for (auto const& [chosen, offers] : cases) {
        choice = chosen;
        test_client client{g.port};
        CHECK(client.ask(upgrade_request("/prod", offers)).status == 500);
        CHECK(client.ask(get("/")).status == 200); // the connection goes on
    }
    CHECK(log.events().empty());
    CHECK(g.server.hub().metrics().open == 0);
    CHECK(g.server.metrics().websockets_refused == 4);
}

}
