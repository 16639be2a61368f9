// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/http_session.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

namespace gateway_http_session_tests {

using namespace test;

TEST_CASE("a connection serves one request after the other", "[http_session]") {
    running_gateway<> g;
    test_client client{g.port};
    for (int i = 0; i != 3; ++i) {
        auto const answer = client.ask(get("/a?b=c"));
        CHECK(answer.status == 200);
        CHECK(answer.body == "GET /a?b=c ");
        CHECK(answer.header("Date").size() == 29);
        CHECK(answer.header("x-amzn-RequestId").size() == 36);
        CHECK(answer.header("Connection").empty());
    }
    auto const last = client.ask(get("/last", "Connection: close\r\n"));
    CHECK(last.body == "GET /last ");
    CHECK(last.header("Connection") == "close");
    CHECK(client.ended());
}

TEST_CASE("a request may come byte by byte, and with another one right behind it", "[http_session]") {
    running_gateway<> g;
    test_client client{g.port};
    std::string const request = post("/slow", "the body") + get("/next");
    client.send_bytewise(request);
    CHECK(client.read_response().body == "POST /slow the body");
    CHECK(client.read_response().body == "GET /next ");
}

TEST_CASE("pipelined requests are answered in order", "[http_session]") {
    running_gateway<> g;
    test_client client{g.port};
    std::string all;
    for (int i = 0; i != 200; ++i) {
        std::string const n = std::to_string(i);
        all += i % 2 == 0 ? get("/" + n) : post("/" + n, n);
    }
    client.send(all);
    for (int i = 0; i != 200; ++i) {
        std::string const n = std::to_string(i);
        CHECK(client.read_response().body == (i % 2 == 0 ? "GET /" + n + " " : "POST /" + n + " " + n));
    }
}

TEST_CASE("an HTTP/1.0 request ends its connection unless it asks for more", "[http_session]") {
    running_gateway<> g;
    test_client once{g.port};
    auto const answer = once.ask("GET /old HTTP/1.0\r\n\r\n");
    CHECK(answer.body == "GET /old ");
    CHECK(answer.header("Connection") == "close");
    CHECK(once.ended());

    test_client twice{g.port};
    CHECK(twice.ask("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").header("Connection") == "keep-alive");
    CHECK(twice.ask("GET /2 HTTP/1.0\r\n\r\n").body == "GET /2 ");
    CHECK(twice.ended());
}

TEST_CASE("an answer to HEAD has the length of the body and no body", "[http_session]") {
    running_gateway<> g;
    test_client client{g.port};
    client.send("HEAD /x HTTP/1.1\r\nHost: here\r\n\r\n" + get("/y"));
    CHECK(client.read_response(true).header("Content-Length") == "8");
    CHECK(client.read_response().body == "GET /y ");
}

TEST_CASE("an answer that refuses what follows a HEAD request has its body", "[http_session]") {
    running_gateway<> g;
    test_client client{g.port};
    client.send("HEAD /x HTTP/1.1\r\nHost: here\r\n\r\nnonsense\r\n\r\n");
    CHECK(client.read_response(true).status == 200);
    auto const refusal = client.read_response();
    CHECK(refusal.status == 400);
    CHECK(refusal.body.find("message") != std::string::npos);
    CHECK(client.ended());
}

TEST_CASE("a chunked body arrives whole, however it is cut", "[http_session]") {
    running_gateway<> g;
    test_client client{g.port};
    std::string const request = "POST /c HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "5;name=value\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: dropped\r\n\r\n";
    client.send(request + get("/next"));
    CHECK(client.read_response().body == "POST /c hello world");
    CHECK(client.read_response().body == "GET /next ");
    client.send_bytewise(request);
    CHECK(client.read_response().body == "POST /c hello world");
}

TEST_CASE("whatever breaks HTTP is answered and ends the connection", "[http_session]") {
    struct wrong {
        char const* request;
        int status;
    };
    running_gateway<> g;
    for (wrong const& w :
         {wrong{"GET\r\n\r\n", 400}, wrong{"GET / HTTP/1.1\r\n\r\n", 400}, wrong{"GET / HTTP/1.1\nHost: here\n\n", 400},
          wrong{"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505}, wrong{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
          wrong{"\x16\x03\x01\x02", 400}, wrong{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
          wrong{"GET / HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n", 400},
          wrong{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
          wrong{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400},
          wrong{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400},
          wrong{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
          wrong{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
          wrong{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc", 400},
          wrong{"GET / HTTP/1.1\r\nHost: h\r\nExpect: a-miracle\r\n\r\n", 417},
          wrong{"CONNECT here:1 HTTP/1.1\r\nHost: here:1\r\n\r\n", 501}}) {
        CAPTURE(w.request);
        for (bool const bytewise : {false, true}) {
            test_client client{g.port};
            client.send(get("/before"));
            CHECK(client.read_response().status == 200);
            try {
                if (bytewise)
                    client.send_bytewise(w.request);
                else
                    client.send(std::string{w.request} + get("/smuggled"));
            } catch (std::runtime_error const&) {
                // it is cut off in the middle when the mistake is known before its end
            }
            auto const answer = client.read_response();
            CHECK(answer.status == w.status);
            CHECK(answer.header("Connection") == "close");
            CHECK(answer.header("Content-Type") == "application/json");
            CHECK(answer.header("x-amzn-ErrorType") == "BadRequestException");
            CHECK(client.ended());
        }
    }
}

TEST_CASE("paths that nobody serves are 404, and the WebSocket's own without an upgrade is 426", "[http_session]") {
    running_gateway<> g;
    test_client client{g.port};
    auto const missing = client.ask(get("/missing"));
    CHECK(missing.status == 404);
    CHECK(missing.header("x-amzn-ErrorType") == "NotFoundException");

    running_gateway<backchannel::no_handler> bare{{}};
    test_client other{bare.port};
    CHECK(other.ask(get("/anything")).status == 404);
    for (char const* path : {"/prod", "/prod/", "/prod?x=y"}) {
        auto const answer = other.ask(get(path));
        CHECK(answer.status == 426);
        CHECK(answer.header("Upgrade") == "websocket");
        CHECK(answer.header("Sec-WebSocket-Version") == "13");
    }
}

TEST_CASE("a management path of another stage is 403, as AWS answers", "[http_session]") {
    running_gateway<> g;
    test_client client{g.port};
    for (char const* path : {"/dev/@connections/AAAAAAAAAAAAAAAA", "/@connections/AAAAAAAAAAAAAAAA",
                             "/prod/x/@connections/AAAAAAAAAAAAAAAA", "/prod/@connections", "/dev/%40connections/x"}) {
        CAPTURE(path);
        auto const answer = client.ask(get(path));
        CHECK(answer.status == 403);
        CHECK(answer.header("x-amzn-ErrorType") == "ForbiddenException");
        CHECK(answer.body == "{\"message\":\"Forbidden\"}");
    }
    CHECK(client.ask(post("/dev/@connections/AAAAAAAAAAAAAAAA", "x")).status == 403);
    CHECK(client.ask(get("/after")).status == 200);
}

TEST_CASE("a client that has ended its side still gets its answers", "[http_session]") {
    running_gateway<> g;
    test_client client{g.port};
    client.send(get("/1") + get("/2"));
    client.half_close();
    CHECK(client.read_response().body == "GET /1 ");
    CHECK(client.read_response().body == "GET /2 ");
    CHECK(client.ended());

    test_client cut{g.port};
    cut.send("POST /x HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nabc");
    cut.half_close();
    CHECK(cut.ended());
}

TEST_CASE("what a handler may not answer with is 500", "[http_session]") {
    scripted_handler handler;
    handler.request = [](request_view const& r) -> std::optional<response> {
        if (r.target == "/throw") throw std::runtime_error{"the handler has failed"};
        if (r.target == "/length") {
            response odd{200};
            odd.headers.add("Content-Length", "3");
            return odd;
        }
        if (r.target == "/204") return response{204};
        return response{std::stoi(std::string{r.target.substr(1)}), "text/plain", "text"};
    };
    running_gateway<> g{handler};
    test_client client{g.port};
    for (char const* path : {"/throw", "/length", "/0", "/100", "/101", "/199", "/600", "/-1"}) {
        CAPTURE(path);
        auto const answer = client.ask(get(path));
        CHECK(answer.status == 500);
        CHECK(answer.header("x-amzn-ErrorType") == "InternalServerErrorException");
        CHECK(answer.header("Date").size() == 29);
    }
    auto const none = client.ask(get("/204"));
    CHECK(none.status == 204);
    CHECK(none.header("Content-Length").empty());
    CHECK(client.ask(get("/304")).status == 304);
    CHECK(client.ask(get("/200")).body == "text");
}

TEST_CASE("the handler sees what the client sent, and from where", "[http_session]") {
    scripted_handler handler;
    handler.request = [](request_view const& r) -> std::optional<response> {
        std::string all;
        for (auto const& h : r.headers) all.append(h.name).append("=").append(h.value).append(";");
        return response{200, "text/plain", std::string{r.target} + "|" + std::string{r.source_ip} + "|" + all};
    };
    auto options = prod();
    options.trusted_proxies.push_back(*backchannel::ip_network::parse("127.0.0.0/8"));
    running_gateway<> g{handler, options};
    test_client client{g.port};
    CHECK(client.ask(get("/%2e?q=%20", "X-Forwarded-For: 6.6.6.6, 192.0.2.7\r\n")).body ==
          "/%2e?q=%20|192.0.2.7|Host=here;X-Forwarded-For=6.6.6.6, 192.0.2.7;");
    CHECK(client.ask("GET http://here/abs HTTP/1.1\r\nHost: here\r\n\r\n").body == "/abs|127.0.0.1|Host=here;");
}

TEST_CASE("OPTIONS for the server as a whole is answered, whatever the application knows", "[http_session]") {
    scripted_handler handler;
    handler.request = [](request_view const&) { return std::nullopt; };
    running_gateway<> g{handler};
    test_client client{g.port};
    CHECK(client.ask("OPTIONS * HTTP/1.1\r\nHost: here\r\n\r\n").status == 204);
    CHECK(client.ask("OPTIONS / HTTP/1.1\r\nHost: here\r\n\r\n").status == 404);
}

}
