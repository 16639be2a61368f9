// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "support/catch.hpp"
#include "support/request_text.hpp"

#include <backchannel/adapters/mongoose.hpp>
#include <backchannel/auth/allow_all.hpp>
#include <backchannel/connection_hub.hpp>
#include <backchannel/dialect/extensions.hpp>
#include <backchannel/management_router.hpp>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

namespace adapter = backchannel::adapters::mongoose;
using namespace std::literals;
using backchannel::delivery;
using backchannel::message_kind;

/// Decides when it is told to.
struct patient {
    std::shared_ptr<std::deque<backchannel::completion<backchannel::auth_decision>>> waiting =
        std::make_shared<std::deque<backchannel::completion<backchannel::auth_decision>>>();
    void async_authorize(backchannel::request_view const&, backchannel::operation, std::string_view,
                         backchannel::completion<backchannel::auth_decision> done) {
        waiting->push_back(std::move(done));
    }
};

/// A request in the one buffer that Mongoose has it in.
struct received {
    std::string bytes;
    mg_http_message m{};

    received(std::string method, std::string path, std::string query, std::vector<std::string> headers,
             std::string body, std::string version = "HTTP/1.1") {
        bytes.reserve(8192);
        m.method = put(method);
        put(" ");
        m.uri = put(path);
        if (!query.empty()) {
            put("?");
            m.query = put(query);
        }
        put(" ");
        m.proto = put(version);
        put("\r\n");
        std::size_t count = 0;
        for (std::string const& line : headers) {
            auto const colon = line.find(':');
            m.headers[count].name = put(line.substr(0, colon));
            put(": ");
            m.headers[count++].value = put(line.substr(colon + 1));
            put("\r\n");
        }
        m.head = {bytes.data(), put("\r\n").len + bytes.size() - 2};
        m.body = put(body);
        m.message = {bytes.data(), bytes.size()};
    }

    mg_str put(std::string_view text) {
        char* const at = bytes.data() + bytes.size();
        bytes.append(text);
        return {at, text.size()};
    }
};

template <class Auth>
struct fixture {
    mg_mgr manager;
    mg_connection listener{.mgr = &manager, .id = 7}, ws{.mgr = &manager, .id = 8}, http{.mgr = &manager, .id = 9};
    adapter::task_queue tasks;
    backchannel::connection_hub<adapter::transport> hub;
    backchannel::management_router<Auth> router;
    adapter::websocket socket{&ws, tasks};
    std::unique_ptr<adapter::http_client> client;
    backchannel::session tracked;

    explicit fixture(Auth auth = {}) : router{hub, std::move(auth), {.stage = "prod"}} {
        tasks.open(&listener);
        for (int i = 0; i != 4; ++i) http.rem.addr.ip[i] = static_cast<std::uint8_t>(i + 1);
        client = std::make_unique<adapter::http_client>(&http, tasks);
        tracked = hub.open(adapter::handle_of(socket), {});
    }

    bool ask(received& r, int event = MG_EV_HTTP_MSG) {
        http.recv.buf = reinterpret_cast<unsigned char*>(r.bytes.data());
        http.recv.len = r.bytes.size();
        http.is_resp = 1;
        return client->on_event(router, event, &r.m);
    }
    std::string path() const { return "/prod/@connections/" + std::string{tracked.id()}; }
    bool ask(std::string method, std::string body = {}, std::vector<std::string> headers = {},
             std::string version = "HTTP/1.1") {
        received r{method, path(), "", std::move(headers), std::move(body), version};
        return ask(r);
    }
};

using plain = fixture<backchannel::allow_all>;

template <class F>
void elsewhere(F&& act) {
    std::thread{std::forward<F>(act)}.join();
}

std::string status_line(std::string const& sent) { return sent.substr(0, sent.find("\r\n")); }

}

TEST_CASE("Mongoose: messages are framed by their kind, and what waits is what Mongoose has not sent") {
    plain f;
    CHECK(f.hub.send(f.tracked.id(), {"text", message_kind::text}) == delivery::accepted);
    CHECK(f.hub.send(f.tracked.id(), {"", message_kind::binary}) == delivery::accepted);
    CHECK(f.ws.sent == "\x81\4text\x82\0"s);
    CHECK(f.socket.buffered() == 8);

    f.ws.send.len = 1024 * 1024; // the hub's limit
    CHECK(f.hub.send(f.tracked.id(), {"x", message_kind::text}) == delivery::backpressure);
    CHECK(f.ws.sent.size() == 8);
}

TEST_CASE("Mongoose: a message that no memory is left for") {
    plain f;
    f.ws.room = 1;
    CHECK(f.hub.send(f.tracked.id(), {"text", message_kind::text}) == delivery::backpressure);
    CHECK_FALSE(f.ws.is_closing);
    f.ws.room = 4; // the header fits
    CHECK(f.hub.send(f.tracked.id(), {"text", message_kind::text}) == delivery::gone);
    CHECK(f.ws.is_closing);
    CHECK_FALSE(f.hub.find(f.tracked.id()));
}

TEST_CASE("Mongoose: one close frame is sent, and the client's ends the connection") {
    plain f;
    std::string const id{f.tracked.id()};
    CHECK(f.hub.close(id, 1000, "bye"));
    CHECK(f.ws.sent == "\x88\5\x03\xe8"
                       "bye"s);
    f.socket.close(1001, "again");
    CHECK(f.ws.sent.size() == 7);
    CHECK(f.socket.send({"late", message_kind::text}) == delivery::gone);
    CHECK_FALSE(f.ws.is_closing);
    char payload[] = "\x03\xe9";
    CHECK(f.socket.on_control({{payload, 2}, 0x88}) == 1001);
    CHECK(f.ws.is_closing);
}

TEST_CASE("Mongoose: what a control frame says") {
    plain f;
    CHECK(f.socket.on_control({{nullptr, 0}, 0x88}) == 1005);
    CHECK_FALSE(f.socket.on_control({{nullptr, 0}, 0x8A}));
    CHECK_FALSE(f.ws.is_closing); // Mongoose answers this close
    f.hub.ping(f.tracked.id(), "?");
    CHECK(f.ws.sent == "\x89\1?"s);
    f.socket.terminate();
    CHECK(f.ws.is_closing);
}

TEST_CASE("Mongoose: other threads ring the bell once and their messages keep their order") {
    plain f;
    std::vector<delivery> told;
    elsewhere([&] {
        for (std::string_view const word : {"a", "b"})
            f.hub.async_send(f.tracked.id(), {word, message_kind::text}, [&](delivery d) { told.push_back(d); });
    });
    CHECK(f.ws.sent.empty());
    CHECK(f.manager.rung == std::vector<unsigned long>{7});
    f.tasks.run();
    CHECK(f.ws.sent == "\x81\1a\x81\1b"s);
    CHECK(told == std::vector{delivery::accepted, delivery::accepted});
}

TEST_CASE("Mongoose: a message that comes after its connection has closed touches nothing") {
    plain f;
    std::vector<delivery> told;
    elsewhere([&] {
        f.hub.async_send(f.tracked.id(), {"late", message_kind::text}, [&](delivery d) { told.push_back(d); });
    });
    f.tracked = {};
    f.tasks.run();
    CHECK(f.ws.sent.empty());
    CHECK(told == std::vector{delivery::gone});
    f.tasks.end();
    f.tasks.post([&] { told.clear(); });
    f.tasks.run();
    CHECK(told.size() == 1);
}

TEST_CASE("Mongoose: a request keeps its raw target, its headers' order and their repetition") {
    received const r{"GET", "/%40connections/a%3D", "b=%20c", {"X-Two:1", "Host:h", "x-two:2"}, "body"};
    CHECK(test::text_of(adapter::request{r.m, "192.0.2.7", true}.view()) ==
          "GET /%40connections/a%3D?b=%20c from 192.0.2.7 over TLS | X-Two=1 | Host=h | x-two=2 | "); // without its body
}

TEST_CASE("Mongoose: where a client comes from") {
    mg_connection c;
    c.rem.is_ip6 = true;
    c.rem.addr.ip[15] = 1;
    CHECK(adapter::source_ip(&c) == "::1");
    c.rem.addr.ip[10] = c.rem.addr.ip[11] = 0xFF;
    c.rem.addr.ip[12] = 127;
    CHECK(adapter::source_ip(&c) == "127.0.0.1");
    CHECK(plain{}.client->source_ip() == "1.2.3.4");
}

TEST_CASE("Mongoose: answers") {
    plain f;
    CHECK(f.ask("POST", "hello"));
    CHECK(f.ws.sent == "\x81\5hello"s);
    CHECK(status_line(f.http.sent) == "HTTP/1.1 200 OK");
    CHECK(f.http.sent.find("Content-Length: 0\r\n") != std::string::npos);
    CHECK_FALSE(f.http.is_resp);
    CHECK_FALSE(f.http.is_draining);

    f.http.sent.clear();
    CHECK(f.ask("HEAD"));
    CHECK(status_line(f.http.sent) == "HTTP/1.1 405 Method Not Allowed");
    CHECK(f.http.sent.ends_with("\r\n\r\n"));

    f.http.sent.clear();
    CHECK(f.ask("DELETE", "", {"Connection:x, Close"}));
    CHECK(status_line(f.http.sent) == "HTTP/1.1 204 No Content");
    CHECK(f.http.sent.find("Content-Length") == std::string::npos);
    CHECK(f.http.is_draining);
}

TEST_CASE("Mongoose: an HTTP/1.0 client is not kept, and other paths are left alone") {
    plain f;
    received other{"GET", "/else", "", {}, ""};
    CHECK_FALSE(f.ask(other));
    CHECK(f.http.sent.empty());
    CHECK(f.ask("GET", "", {}, "HTTP/1.0"));
    CHECK(f.http.is_draining);
}

TEST_CASE("Mongoose: a body that is too long is refused before it has come, and what comes of it is read") {
    plain f;
    received r{"POST", f.path(), "", {}, "12345"};
    CHECK_FALSE(f.ask(r, MG_EV_HTTP_HDRS)); // short enough: Mongoose waits for all of it
    CHECK(f.http.sent.empty());
    r.m.body.len = 200000;
    r.m.message.len = r.m.head.len + r.m.body.len;
    CHECK(f.ask(r, MG_EV_HTTP_HDRS));
    CHECK(status_line(f.http.sent) == "HTTP/1.1 413 Content Too Large");
    CHECK(f.ws.sent.empty());
    CHECK(f.http.recv.len == 0);
    CHECK_FALSE(f.http.is_draining);
    f.http.recv.len = 199994;
    CHECK(f.client->on_event(f.router, MG_EV_READ, nullptr));
    CHECK(f.http.recv.len == 0);
    CHECK_FALSE(f.http.is_draining);
    f.http.recv.len = 1;
    CHECK(f.client->on_event(f.router, MG_EV_READ, nullptr));
    CHECK(f.http.is_draining);
}

TEST_CASE("Mongoose: half a request, shown when its client has gone, does nothing") {
    plain f;
    f.http.is_closing = 1;
    CHECK(f.ask("POST", "hel"));
    CHECK(f.ws.sent.empty());
    CHECK(f.http.sent.empty());
}

TEST_CASE("Mongoose: a late answer hops home, and one to a client that has gone goes nowhere") {
    patient const auth;
    fixture<patient> f{auth};
    auto const decide = [&] {
        elsewhere([&] {
            auth.waiting->front()(backchannel::auth_decision::allow());
            auth.waiting->pop_front();
        });
    };
    CHECK(f.ask("GET"));
    CHECK(f.http.is_resp);
    decide();
    CHECK(f.http.sent.empty());
    f.tasks.run();
    CHECK(status_line(f.http.sent) == "HTTP/1.1 200 OK");
    CHECK(f.http.sent.find("\r\n\r\n{\"connectedAt\":") != std::string::npos);
    CHECK_FALSE(f.http.is_resp);

    f.http.sent.clear();
    CHECK(f.ask("GET"));
    decide();
    f.client.reset();
    f.tasks.run();
    CHECK(f.http.sent.empty());
}

TEST_CASE("Mongoose: who doesn't read isn't read") {
    mg_connection c;
    c.send.len = 11;
    adapter::hold_back(&c, 10);
    CHECK(c.is_full);
    c.send.len = 10;
    adapter::hold_back(&c, 10);
    CHECK_FALSE(c.is_full);
}

TEST_CASE("Mongoose: a feed is sent as far as the client takes it, and ends with the connection") {
    backchannel::connection_hub<adapter::transport> hub{{}, {.changes_kept = 10}};
    backchannel::management_router<backchannel::allow_all,
                                   backchannel::router_traits_for<backchannel::extended_dialect>>
        router{hub, {}, {.stage = "prod"}};
    mg_mgr manager;
    mg_connection doorbell, c, other;
    doorbell.mgr = c.mgr = &manager;
    adapter::task_queue home;
    home.open(&doorbell);
    std::optional<adapter::http_client> client{std::in_place, &c, home};
    received asked{"GET", "/prod/@connections", "events", {"Host: example.com"}, ""};
    REQUIRE(client->on_event(router, MG_EV_HTTP_MSG, &asked.m));
    CHECK(c.sent.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(c.sent.find("Connection: close\r\n") != std::string::npos);
    CHECK(c.sent.find("event: ready") != std::string::npos);

    c.sent.clear();
    adapter::websocket socket{&other, home};
    backchannel::session tracked = hub.open(adapter::handle_of(socket));
    home.run();
    CHECK(c.sent.empty()); // nothing has left yet
    c.send.len = 0;
    CHECK(client->on_event(router, MG_EV_WRITE, nullptr));
    CHECK(c.sent.find(tracked.id()) != std::string::npos);
    c.recv.len = 5;
    CHECK(client->on_event(router, MG_EV_READ, nullptr));
    CHECK(c.recv.len == 0);

    c.sent.clear();
    c.send.len = 0;
    CHECK(client->on_event(router, MG_EV_POLL, nullptr));
    CHECK_FALSE(client->on_event(router, MG_EV_CLOSE, nullptr)); // which is the server's as well
    client.reset();
    tracked.closed(1000);
    home.run();
    CHECK(c.sent.empty());
    home.end();
}
