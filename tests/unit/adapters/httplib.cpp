// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

#include "support/catch.hpp"
#include "support/request_text.hpp"
#include "support/scripted_body.hpp"

#include <backchannel/adapters/httplib.hpp>
#include <backchannel/backchannel.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <future>
#include <thread>

namespace adapter = backchannel::adapters::httplib;
using backchannel::delivery;
using namespace std::chrono_literals;
using enum backchannel::message_kind;

namespace {

/// Two ends of a connection; the server closes its own.
class sockets {
public:
    explicit sockets(bool closes_both = false) : closes_both_{closes_both} {
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()) == 0);
        timeval const patience{30, 0};
        ::setsockopt(client(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    }
    sockets(sockets const&) = delete;
    sockets& operator=(sockets const&) = delete;
    ~sockets() {
        ::close(client());
        if (closes_both_) ::close(server());
    }

    [[nodiscard]] int server() const { return ends_[0]; }
    [[nodiscard]] int client() const { return ends_[1]; }

    void say(std::string_view bytes) const {
        REQUIRE(::send(client(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
    }
    /// As many bytes as were asked for, or all until the end of the connection.
    [[nodiscard]] std::string hear(std::size_t size) const {
        std::string heard(size, '\0');
        std::size_t done = 0;
        for (ssize_t n = 1; n > 0 && done != size; done += static_cast<std::size_t>(std::max<ssize_t>(n, 0)))
            n = ::recv(client(), heard.data() + done, size - done, 0);
        return heard.substr(0, done);
    }

private:
    std::array<int, 2> ends_{};
    bool closes_both_;
};

/// A server with one connection, a WebSocket that echoes, on a thread of its own.
struct fixture {
    fixture() {
        ::signal(SIGPIPE, SIG_IGN); // as cpp-httplib does
        server.on_request = [this](httplib::Stream& s, bool, bool& closed) {
            char first = 0;
            (void)s.read(&first, 1);
            httplib::ws::WebSocket w{s};
            adapter::connection connection{w};
            httplib::Request request{"GET", "/", {{"User-Agent", "tests/1"}}};
            request.remote_addr = "::ffff:192.0.2.7";
            auto tracked = hub.open(connection.handle(), adapter::info_of(request));
            opened.set_value(std::string{tracked.id()});
            while (auto const m = connection.receive()) {
                if (m->data() == "close") (void)hub.close(tracked.id(), 1000, "you said so");
                (void)hub.send(tracked.id(), *m);
            }
            closed = true;
        };
    }
    ~fixture() { server.stop(); }

    /// The id of the WebSocket.
    std::string open() {
        serving = std::async(std::launch::async, [this] { server.serve(link.server()); });
        link.say("!"); // something has to come before a request is read
        return opened.get_future().get();
    }

    backchannel::connection_hub<adapter::transport> hub;
    adapter::server server;
    sockets link;
    std::promise<std::string> opened;
    std::future<void> serving;
};

}

TEST_CASE("cpp-httplib: messages both ways, and a close from another thread that waits for nobody") {
    fixture f;
    std::string const id = f.open();
    auto const state = f.hub.find(id);
    REQUIRE(state);
    CHECK(state->source_ip == "192.0.2.7");
    CHECK(state->user_agent == "tests/1");
    CHECK(f.hub.send(id, {"one", text}) == delivery::accepted);
    CHECK(f.hub.send(id, {"two", binary}) == delivery::accepted);
    CHECK(f.link.hear(16) == "T0003oneB0003two");
    f.link.say("T0004echo");
    CHECK(f.link.hear(9) == "T0004echo");

    CHECK(f.hub.close(id, 4001, "enough"));
    CHECK(f.hub.send(id, {"late", text}) == delivery::gone);
    CHECK(f.link.hear(16) == "C00114001 enough");
    CHECK(f.serving.wait_for(0s) == std::future_status::timeout);
    f.link.say("C0000"); // read by the connection's own thread
    f.serving.get();
    CHECK(f.link.hear(1).empty());
    CHECK(f.hub.metrics().open == 0);
}

TEST_CASE("cpp-httplib: a close from the connection's own handler has the client's answer") {
    fixture f;
    std::string const id = f.open();
    f.link.say("T0005close");
    CHECK(f.link.hear(21) == "C00161000 you said so");
    f.link.say("C0000");
    f.serving.get();
    CHECK(f.link.hear(1).empty());
    CHECK_FALSE(f.hub.find(id));
}

TEST_CASE("cpp-httplib: a client that leaves takes its id with it") {
    fixture f;
    std::string const id = f.open();
    ::shutdown(f.link.client(), SHUT_WR);
    f.serving.get();
    CHECK(f.hub.send(id, {"late", text}) == delivery::gone);
    CHECK_FALSE(f.hub.find(id));
}

TEST_CASE("cpp-httplib: nobody waits for a client that takes nothing, and its close cuts it off") {
    fixture f;
    std::string const id = f.open();
    std::string const message(1000, 'x');
    delivery last = delivery::accepted;
    for (int i = 0; i != 100'000 && last == delivery::accepted; ++i) last = f.hub.send(id, {message, text});
    CHECK(last == delivery::backpressure);
    CHECK(f.hub.find(id));
    CHECK(f.hub.close(id));
    f.serving.get();
}

TEST_CASE("cpp-httplib: stopping ends the connections") {
    fixture f;
    std::string const id = f.open();
    f.server.stop();
    f.serving.get();
    CHECK_FALSE(f.hub.find(id));

    sockets late; // accepted while the server was told to stop
    std::string seen = "nothing";
    f.server.on_request = [&](httplib::Stream& s, bool, bool& closed) {
        char c = 0;
        seen = std::to_string(s.read(&c, 1));
        closed = true;
    };
    f.server.serve(late.server());
    CHECK(seen == "0");
}

TEST_CASE("cpp-httplib: requests follow each other, until the last") {
    sockets link;
    adapter::server server;
    server.set_keep_alive_max_count(3);
    std::string seen;
    server.on_request = [&](httplib::Stream& s, bool last, bool&) {
        char c = 0;
        if (s.read(&c, 1) == 1) seen.append(1, c).append(last ? " last" : ", ");
        if (!last) s.set_read_timeout(0, 0); // lasts as long as the request
    };
    link.say("abcd"); // the second comes from what was read with the first
    server.serve(link.server());
    CHECK(seen == "a, b, c last");
    CHECK(link.hear(1).empty());
}

TEST_CASE("cpp-httplib: a WebSocket of another server") {
    sockets link{true};
    adapter::server server;
    httplib::Stream* of_the_server = nullptr;
    std::string told;
    server.on_request = [&](httplib::Stream& s, bool, bool& closed) {
        of_the_server = &s;
        std::thread{[&] {
            httplib::ws::WebSocket w{*of_the_server};
            try {
                adapter::connection const nowhere{w};
            } catch (std::logic_error const& e) {
                told = e.what();
            }
        }}.join();
        closed = true;
    };
    sockets other;
    other.say("x");
    server.serve(other.server());
    CHECK(told.find("adapters::httplib::server") != std::string::npos);
}

TEST_CASE("cpp-httplib: a stream is read by its own thread only") {
    sockets link{true};
    adapter::stream s{link.server(), 30s, 30s};
    link.say("abc");
    std::array<char, 16> to{};
    auto const elsewhere = std::async(std::launch::async, [&] {
                               s.set_read_timeout(0, 0);
                               return s.read(to.data(), 1);
                           }).get();
    CHECK(elsewhere == -1);
    CHECK(s.read(to.data(), 2) == 2);
    link.say("d");
    CHECK(s.read(to.data(), 2) == 2); // one byte of it was there already
    CHECK(to[0] == 'c');
    CHECK(to[1] == 'd');
    link.say("the rest");
    CHECK(s.read(to.data(), to.size()) == 8);
    ::shutdown(link.client(), SHUT_WR);
    CHECK(s.read(to.data(), 1) == 0);
    CHECK(s.get_error() == httplib::Error::ConnectionClosed);
}

TEST_CASE("cpp-httplib: another thread does not change how long a stream is read") {
    sockets link{true};
    adapter::stream s{link.server(), 0s, 30s};
    std::async(std::launch::async, [&] { s.set_read_timeout(20, 0); }).get();
    auto const start = std::chrono::steady_clock::now();
    char c = 0;
    CHECK(s.read(&c, 1) == -1);
    CHECK(std::chrono::steady_clock::now() - start < 15s);
    CHECK(s.get_error() == httplib::Error::Read);
}

TEST_CASE("cpp-httplib: a write that cannot be completed ends the connection") {
    sockets link{true};
    adapter::stream s{link.server(), 30s, 10ms};
    std::string const large(8 * 1024 * 1024, 'x');
    CHECK(s.write(large.data(), large.size()) == -1);
    std::string const heard = link.hear(large.size());
    CHECK(!heard.empty());
    CHECK(heard.size() < large.size());
    CHECK(s.write("x", 1) == -1);
}

namespace {

struct http_fixture {
    [[nodiscard]] std::string shown(httplib::Response const& r) const {
        std::string line = std::to_string(r.status);
        for (auto const& [name, value] : r.headers)
            if (name == "Content-Length" || name == "Content-Type")
                line.append(" ").append(name).append("=").append(value);
        return line;
    }

    backchannel::connection_hub<adapter::transport> hub;
    backchannel::management_router<backchannel::allow_all> router{hub, {}, {.stage = "prod", .max_body = 8}};
    httplib::Request request{"POST", "/prod/@connections/AAAAAAAAAAAAAAA%3D", {{"Host", "h"}}};
    httplib::Response answer;
};

}

TEST_CASE("cpp-httplib: a request as the router reads it") {
    httplib::Request r{"POST", "/prod/%40connections/x%3D?a=%20b", {{"a", "1"}, {"b", "2"}, {"b", "3"}}, "body"};
    r.remote_addr = "::ffff:192.0.2.7";
    CHECK(test::text_of(adapter::request{r}.view()) ==
          "POST /prod/%40connections/x%3D?a=%20b from 192.0.2.7 in the clear | a=1 | b=2 | b=3 | body");
}

TEST_CASE("cpp-httplib: requests without a body") {
    http_fixture f;
    f.request.method = "GET";
    CHECK(adapter::serve(f.router, f.request, f.answer));
    CHECK(f.answer.status == 410);
    f.request.target = "/elsewhere";
    f.answer = {};
    CHECK_FALSE(adapter::serve(f.router, f.request, f.answer));
    CHECK(f.answer.status == -1);
}

TEST_CASE("cpp-httplib: requests with a body") {
    http_fixture f;
    fixture websocket;
    backchannel::management_router<backchannel::allow_all> router{websocket.hub, {}, {.stage = "prod", .max_body = 8}};
    f.request.target = "/prod/@connections/" + websocket.open();

    SECTION("in pieces") {
        CHECK(adapter::serve(router, f.request, f.answer, {{"one ", "and", "2"}}));
        CHECK(f.answer.status == 200);
        CHECK(websocket.link.hear(13) == "T0008one and2");
    }
    SECTION("too long") {
        httplib::ContentReader const body{{"one ", "and 2", "and 3"}};
        CHECK(adapter::serve(router, f.request, f.answer, body));
        CHECK(f.answer.status == 413);
        CHECK(body.given == 2);
    }
    SECTION("whose client leaves") {
        CHECK(adapter::serve(router, f.request, f.answer, {{"one "}, true}));
        CHECK(f.answer.status == 400);
        CHECK(websocket.hub.metrics().open == 1);
    }
    SECTION("that is not the router's") {
        f.request.target = "/elsewhere";
        CHECK_FALSE(adapter::serve(router, f.request, f.answer, {{"one"}}));
        CHECK(f.answer.status == -1);
    }
    SECTION("DELETE") {
        f.request.method = "DELETE";
        CHECK(adapter::serve(router, f.request, f.answer, {}));
        f.answer.set_header("Content-Length", "0"); // cpp-httplib does
        adapter::without_length(f.request, f.answer);
        CHECK(f.shown(f.answer) == "204");
        CHECK(websocket.link.hear(9) == "C00311000");
        websocket.link.say("C0000");
        websocket.serving.get();
    }
}

TEST_CASE("cpp-httplib: other answers keep their length") {
    httplib::Response r;
    r.status = 200;
    r.set_header("Content-Length", "0");
    adapter::without_length({}, r);
    CHECK(r.headers.size() == 1);
}

TEST_CASE("cpp-httplib: an answer that streams is written by the connection's thread, until its client leaves") {
    httplib::Request request{"GET", "/prod/@connections?events"};
    CHECK_FALSE(adapter::request{request}.view().streams); // this thread has no connection
    sockets ends{true};
    adapter::stream const below{ends.server(), 1s, 1s};
    CHECK(adapter::request{request}.view().streams);
    request.version = "HTTP/1.0";
    CHECK_FALSE(adapter::request{request}.view().streams);

    auto const body = std::make_shared<test::scripted_body>();
    body->give("one");
    backchannel::response answer{200, "text/event-stream", ""};
    answer.stream = body;
    httplib::Response out;
    adapter::write(std::move(answer), out);
    CHECK(std::count_if(out.headers.begin(), out.headers.end(),
                        [](auto const& field) { return field.first == "Content-Type"; }) == 1);
    std::string written;
    httplib::DataSink sink{[&](char const* data, std::size_t size) { return written.append(data, size), true; },
                           [&] { written += "|done"; }};
    REQUIRE(::shutdown(ends.client(), SHUT_WR) == 0);
    CHECK_FALSE(out.provider(0, sink));
    CHECK(written == "one");
    body->end();
    CHECK(out.provider(0, sink));
    CHECK(written == "one|done");
}
