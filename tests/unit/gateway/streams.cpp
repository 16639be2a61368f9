// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Answers that go on: the feed of changes, over sockets.

#include <backchannel/gateway/http_exchange.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"
#include "support/scripted_body.hpp"

#include <backchannel/dialect/extensions.hpp>

namespace gateway_streams_tests {

using namespace test;

namespace {

struct fixture {
    backchannel::gateway<backchannel::allow_all, scripted_handler, backchannel::extended_dialect> server;
    unsigned short port = 0;
    std::thread thread;

    explicit fixture(gateway_options options = keeping(1000), std::size_t loops = 1)
        : server{loops, {}, {}, std::move(options)} {
        port = open_port(server);
        thread = std::thread{[this] { server.run(); }};
    }
    ~fixture() {
        server.stop();
        thread.join();
    }

    [[nodiscard]] static gateway_options keeping(std::size_t changes) {
        auto options = prod();
        options.hub.changes_kept = changes;
        return options;
    }
};

/// A reader of events, which has read the head of the answer.
struct reader : test_client {
    std::string head;

    explicit reader(unsigned short port, std::string_view more_headers = {}, int receive_buffer = 0)
        : test_client{port, receive_buffer} {
        send(get("/prod/@connections?events", more_headers));
        head = read_until("\r\n\r\n");
    }
    /// The name of the next event, and its data.
    std::string event() {
        std::string const text = read_until("\n\n");
        auto const name = text.find("event: ");
        return name == std::string::npos ? text : text.substr(name + 7);
    }
};

/// As much as anybody wants, in pieces of 16 KiB.
struct endless : backchannel::body_stream {
    static constexpr std::size_t piece = 16 * 1024;
    std::atomic<int> left{1'000'000};
    bool read(std::string& out, std::size_t) override {
        out.append(piece, 'x');
        return --left != 0;
    }
    void wait(std::function<void()> wake) override { wake(); }
    void keep_alive(std::string&) override {}
};

}

TEST_CASE("a gateway streams the changes of its connections", "[http_exchange]") {
    fixture g{fixture::keeping(1000), 2};
    reader first{g.port}, second{g.port};
    CHECK(first.head.starts_with("HTTP/1.1 200 "));
    CHECK(first.head.find("Content-Type: text/event-stream\r\n") != std::string::npos);
    CHECK(first.head.find("Connection: close\r\n") != std::string::npos);
    CHECK(first.head.find("Content-Length") == std::string::npos);
    for (reader* const r : {&first, &second}) CHECK(r->event() == "ready\ndata: {}\n\n");
    for (int i = 0; i != 3; ++i) {
        websocket_client client{g.port};
        for (reader* const r : {&first, &second}) {
            auto const opened = r->event();
            CHECK(opened.starts_with("opened\n"));
            CHECK(opened.find(client.id) != std::string::npos);
        }
        (void)client.hang_up(4000 + i);
        for (reader* const r : {&first, &second}) {
            auto const closed = r->event();
            CHECK(closed.starts_with("closed\n"));
            CHECK(closed.find("\"closeCode\":" + std::to_string(4000 + i)) != std::string::npos);
        }
    }
}

TEST_CASE("a reader that goes away costs nothing, and one whose request has more behind it gets no more",
          "[http_exchange]") {
    fixture g;
    {
        reader gone{g.port};
        CHECK(gone.event().starts_with("ready"));
    }
    CHECK(soon([&] { return g.server.metrics().connections_open == 0; }));
    reader r{g.port};
    r.send(get("/missing")); // is not answered
    CHECK(r.event().starts_with("ready"));
    websocket_client client{g.port};
    CHECK(r.event().starts_with("opened"));
}

TEST_CASE("a quiet stream shows that it is alive", "[http_exchange]") {
    auto options = fixture::keeping(10);
    options.ping_interval = 20ms;
    fixture g{options};
    reader r{g.port};
    CHECK(r.event().starts_with("ready"));
    for (int i = 0; i != 3; ++i) CHECK(r.event() == ":\n\n");
}

TEST_CASE("a stream that is woken for nothing is as quiet as another", "[http_exchange]") {
    auto const body = std::make_shared<scripted_body>();
    scripted_handler handler;
    handler.request = [&](request_view const&) -> std::optional<response> {
        response answer{200};
        answer.stream = body;
        return answer;
    };
    auto options = prod();
    options.ping_interval = 200ms;
    running_gateway<> g{handler, options};
    test_client client{g.port};
    client.send(get("/quiet"));
    (void)client.read_until("\r\n\r\n");
    bool alive = false;
    for (int i = 0; i != 100 && !alive; ++i) { // changes that this reader may not see, say
        body->give("");
        alive = client.readable(20ms);
    }
    REQUIRE(alive);
    CHECK(client.read_until("\n\n") == ":\n\n");
}

TEST_CASE("a stream is quiet for 15 s at most", "[http_exchange]") {
    CHECK(backchannel::longest_quiet(gateway_options{}.ping_interval) == 15s);
    CHECK(backchannel::longest_quiet(16s) == 15s);
    CHECK(backchannel::longest_quiet(20ms) == 20ms);
    for (auto const none : {0s, -1s}) CHECK(backchannel::longest_quiet(none) == 0s);
}

TEST_CASE("a reader that is too slow is told so, and its stream ends", "[http_exchange]") {
    fixture g{fixture::keeping(100)};
    reader slow{g.port, {}, 4096};
    reader quick{g.port};
    (void)quick.event();
    websocket_client client{g.port};
    // more than the sockets and the queue take
    auto& hub = g.server.hub();
    for (int i = 0; i != 60'000; ++i) {
        CHECK(hub.tag(client.id, "tag") == backchannel::tagging::done);
        (void)hub.untag(client.id, "tag");
    }
    std::string last;
    while (!slow.ended()) last = slow.event();
    CHECK(last == "missed\ndata: {}\n\n");
}

TEST_CASE("an application may stream too, but not to a HEAD", "[http_exchange]") {
    struct counting : backchannel::body_stream {
        int left = 3;
        bool read(std::string& out, std::size_t) override {
            out.append(std::to_string(left)).append("\n");
            return --left != 0;
        }
        void wait(std::function<void()> wake) override { wake(); }
        void keep_alive(std::string&) override {}
    };
    scripted_handler handler;
    handler.request = [](request_view const& r) -> std::optional<response> {
        if (!r.streams) return std::nullopt;
        response answer{200};
        answer.stream = std::make_shared<counting>();
        return answer;
    };
    running_gateway<> g{handler};
    test_client reader{g.port};
    reader.send(get("/count"));
    CHECK(reader.read_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
    CHECK(reader.read_exactly(6) == "3\n2\n1\n");
    CHECK(reader.ended());
    test_client head{g.port};
    head.send("HEAD /count HTTP/1.1\r\nHost: here\r\n\r\n");
    CHECK(head.read_until("\r\n\r\n").find("Content-Length") == std::string::npos);
    CHECK(head.ended());
}

TEST_CASE("a stream with a bad head is a mistake of the application's: 500", "[http_exchange]") {
    scripted_handler handler;
    int status = 700;
    handler.request = [&](request_view const&) -> std::optional<response> {
        response answer{status};
        answer.stream = std::make_shared<endless>();
        return answer;
    };
    running_gateway<> g{handler};
    for (int const bad : {700, 204, 304, 101}) {
        status = bad;
        CHECK(test_client{g.port}.ask(get("/count")).status == 500);
    }
}

TEST_CASE("a stream that waits for its reader ends with the gateway, and one that has ended is read no more",
          "[http_exchange]") {
    auto const stream = std::make_shared<endless>();
    scripted_handler handler;
    handler.request = [&](request_view const& r) -> std::optional<response> {
        response answer{200};
        if (r.target == "/whole") stream->left = 4;
        answer.stream = stream;
        return answer;
    };
    running_gateway<> g{handler};
    test_client whole{g.port};
    whole.send(get("/whole"));
    (void)whole.read_until("\r\n\r\n");
    CHECK(whole.read_exactly(4 * endless::piece).size() == 4 * endless::piece);
    CHECK(whole.ended());
    CHECK(stream->left == 0);
    stream->left = 1'000'000;
    test_client slow{g.port, 4096};
    slow.send(get("/endless"));
    (void)slow.read_until("\r\n\r\n");
    g.server.drain(5s);
    while (!slow.ended()) (void)slow.read_exactly(1); // what was queued, and no more
    CHECK(stream->left > 900'000);
}

TEST_CASE("streams end with the gateway", "[http_exchange]") {
    fixture g;
    reader r{g.port};
    CHECK(r.event().starts_with("ready"));
    g.server.drain(5s);
    CHECK(r.ended());
}

}
