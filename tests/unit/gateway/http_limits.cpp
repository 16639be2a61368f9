// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/http_session.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

namespace gateway_http_limits_tests {

using namespace test;

TEST_CASE("a client that waits for 100 Continue gets it, once", "[http_session]") {
    running_gateway<> g;
    test_client client{g.port};
    client.send("POST /wait HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    CHECK(client.read_response().status == 100);
    client.send("body");
    CHECK(client.read_response().body == "POST /wait body");

    client.send("POST /c HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
    CHECK(client.read_response().status == 100);
    client.send("1\r\nx\r\n0\r\n\r\n");
    CHECK(client.read_response().body == "POST /c x");

    // the body is there already
    CHECK(client.ask(post("/eager", "body", "Expect: 100-continue\r\n")).body == "POST /eager body");
}

TEST_CASE("a client that waits for 100 Continue is refused before it sends too much", "[http_session]") {
    running_gateway<> g;
    test_client client{g.port};
    auto const answer = client.ask("POST /big HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\n"
                                   "Content-Length: 99999999999\r\n\r\n");
    CHECK(answer.status == 413);
    CHECK(answer.header("Connection") == "close");
    CHECK(client.ended());
}

TEST_CASE("a body at its limit passes, and one byte more is 413 with the type of who answers", "[http_session]") {
    auto options = prod();
    options.max_request_body = 1000;
    options.router.max_body = 500;
    running_gateway<> g{{}, options};
    websocket_client listener{g.port};

    test_client client{g.port};
    CHECK(client.ask(post("/own", std::string(1000, 'x'))).status == 200);
    CHECK(client.ask(post_to(listener.id, std::string(500, 'x'))).status == 200);
    CHECK(listener.read_text().size() == 500);

    auto const own = client.ask(post("/own", std::string(1001, 'x')));
    CHECK(own.status == 413);
    CHECK(own.header("x-amzn-ErrorType") == "PayloadTooLargeException");
    CHECK(client.ended());

    test_client other{g.port};
    auto const managed = other.ask(post_to(listener.id, std::string(501, 'x')));
    CHECK(managed.status == 413);
    CHECK(managed.header("x-amzn-ErrorType") == "PayloadTooLargeException");
    CHECK(other.ended());

    for (std::string const& path : {std::string{"/own"}, "/prod/@connections/" + listener.id}) {
        test_client chunked{g.port};
        auto const answer =
            chunked.ask("POST " + path + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n" +
                        "fffffffffffffff\r\n");
        CHECK(answer.status == 413);
        CHECK(answer.header("x-amzn-ErrorType") == "PayloadTooLargeException");
        CHECK(chunked.ended());
    }
    listener.send_text("still there");
    CHECK(listener.read_text() == "still there");
}

TEST_CASE("a client that is still sending gets all of its 413", "[http_session]") {
    running_gateway<> g;
    for (std::string const& path : {std::string{"/own"}, std::string{"/prod/@connections/AAAAAAAAAAAAAAAA"}}) {
        test_client client{g.port};
        client.send("POST " + path + " HTTP/1.1\r\nHost: here\r\nContent-Length: 8000000\r\n\r\n");
        client.send(std::string(8000000, 'x')); // more than the sockets hold: it is read and dropped
        auto const answer = client.read_response();
        CHECK(answer.status == 413);
        CHECK(answer.body.find("message") != std::string::npos);
        CHECK(client.ended());
    }
}

TEST_CASE("what is dropped while the connection lingers is dropped for a while only", "[http_session]") {
    auto options = prod();
    options.linger_timeout = 100ms;
    running_gateway<> g{{}, options};
    test_client client{g.port};
    client.send("POST /own HTTP/1.1\r\nHost: here\r\nContent-Length: 99999999999\r\n\r\n");
    bool cut = false;
    auto const end = std::chrono::steady_clock::now() + test_client::patience;
    try {
        while (std::chrono::steady_clock::now() < end)
            if (client.send_some(std::string(10000, 'x')) == 0) std::this_thread::sleep_for(1ms);
    } catch (std::runtime_error const&) {
        cut = true;
    }
    CHECK(cut);
}

TEST_CASE("heads over a limit are 414 and 431", "[http_session]") {
    auto options = prod();
    options.head = {.target = 100, .head = 1000, .headers = 10};
    running_gateway<> g{{}, options};
    test_client good{g.port};
    CHECK(good.ask(get("/" + std::string(99, 'x'))).status == 200);

    struct wrong {
        std::string request;
        int status;
    };
    std::string many = get("/");
    many.resize(many.size() - 2);
    for (int i = 0; i != 10; ++i) many += "A: b\r\n";
    for (wrong const& w : {wrong{get("/" + std::string(100, 'x')), 414}, wrong{"GET /" + std::string(5000, 'x'), 414},
                           wrong{get("/", "A: " + std::string(1000, 'x') + "\r\n"), 431}, wrong{many + "\r\n", 431},
                           wrong{"GET / HTTP/1.1\r\nHost: here\r\n" + std::string(200000, 'x'), 431}}) {
        test_client client{g.port};
        auto const answer = client.ask(w.request);
        CHECK(answer.status == w.status);
        CHECK(answer.header("Connection") == "close");
        CHECK(client.ended());
    }
}

TEST_CASE("a request that takes too long is 408, measured from its first byte", "[http_session]") {
    auto options = prod();
    options.request_timeout = 200ms;
    running_gateway<> g{{}, options};
    for (std::string const& begun : {std::string{"G"}, std::string{"GET / HTTP/1.1\r\nHost: here\r\n"},
                                     std::string{"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nab"},
                                     "POST /prod/@connections/" + std::string(16, 'A') +
                                         " HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"}) {
        test_client client{g.port};
        client.send(begun);
        auto const answer = client.read_response();
        CHECK(answer.status == 408);
        CHECK(answer.header("x-amzn-ErrorType") == "RequestTimeoutException");
        CHECK(answer.header("Connection") == "close");
        CHECK(client.ended());
    }
    // a byte now and then does not keep it alive
    test_client dripping{g.port};
    auto const end = std::chrono::steady_clock::now() + test_client::patience;
    dripping.send("GET / HTTP/1.1\r\nHost: ");
    while (!dripping.readable(20ms) && std::chrono::steady_clock::now() < end) dripping.send("x");
    CHECK(dripping.read_response().status == 408);
}

TEST_CASE("a connection without a request is closed without a word", "[http_session]") {
    auto options = prod();
    options.request_timeout = 100ms;
    options.keep_alive_timeout = 150ms;
    running_gateway<> g{{}, options};
    test_client silent{g.port};
    CHECK(silent.read_to_end().empty());

    test_client idle{g.port};
    CHECK(idle.ask(get("/")).status == 200);
    CHECK(idle.read_to_end().empty());
}

TEST_CASE("a large answer to a slow reader is not cut off while it makes progress", "[http_session]") {
    auto options = prod();
    options.linger_timeout = 300ms;
    options.keep_alive_timeout = 300ms;
    scripted_handler handler;
    handler.request = [](request_view const&) -> std::optional<response> {
        return response{200, "text/plain", std::string(12'000'000, 'x')};
    };
    running_gateway<> g{handler, options};
    for (char const* more : {"Connection: close\r\n", ""}) {
        test_client client{g.port, 65536};
        client.send(get("/big", more));
        (void)client.read_until("\r\n\r\n");
        std::size_t got = 0;
        for (int i = 0; i != 12; ++i) {
            got += client.read_exactly(1'000'000).size();
            std::this_thread::sleep_for(50ms); // all of it takes longer than the limits
        }
        CHECK(got == 12'000'000);
        CHECK(client.ended());
    }
}

TEST_CASE("a client that pipelines and reads nothing is not read from for ever", "[http_session]") {
    auto options = prod();
    options.write_timeout = 500ms;
    options.linger_timeout = 100ms;
    std::atomic<int> served{0};
    scripted_handler handler;
    handler.request = [&](request_view const&) -> std::optional<response> {
        ++served;
        return response{200, "text/plain", std::string(1000, 'x')};
    };
    running_gateway<> g{handler, options};
    test_client client{g.port, 4096};
    std::string const request = get("/");
    std::string batch;
    for (int i = 0; i != 1000; ++i) batch += request;
    std::size_t sent = 0;
    bool cut = false;
    auto const end = std::chrono::steady_clock::now() + test_client::patience;
    try {
        while (std::chrono::steady_clock::now() < end) {
            std::size_t const n = client.send_some(batch);
            sent += n;
            if (n == 0) std::this_thread::sleep_for(1ms);
        }
    } catch (std::runtime_error const&) {
        cut = true; // and it does not stay for ever either
    }
    CHECK(cut);
    // what is answered fits into the socket buffers and the 64 KiB that may wait
    CHECK(served < 12'000);
    CHECK(sent > static_cast<std::size_t>(served) * request.size());
}

}
