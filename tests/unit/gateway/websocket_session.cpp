// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/websocket_session.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

namespace gateway_websocket_session_tests {

using namespace test;

TEST_CASE("messages of all sizes and both kinds come back as they were sent", "[websocket_session]") {
    auto options = prod();
    options.frames.frame = 200000;
    options.frames.message = 200000;
    running_gateway<> g{{}, options};
    websocket_client client{g.port};
    for (std::size_t const size : {0u, 1u, 125u, 126u, 127u, 16383u, 16384u, 16385u, 65535u, 65536u, 200000u}) {
        for (int const opcode : {1, 2}) {
            std::string const sent(size, 'x');
            client.send(masked_frame(opcode, sent));
            auto const back = client.read_frame();
            CHECK(back.fin);
            CHECK(back.opcode == opcode);
            CHECK(back.payload == sent);
        }
    }
}

TEST_CASE("fragments become one message, with control frames between them", "[websocket_session]") {
    running_gateway<> g;
    websocket_client client{g.port};
    std::string const all = masked_frame(1, "one ", false) + masked_frame(9, "ping") + masked_frame(0, "", false) +
                            masked_frame(0, "two ", false) + masked_frame(10, "pong") + masked_frame(0, "three");
    for (bool const bytewise : {false, true}) {
        if (bytewise)
            client.send_bytewise(all);
        else
            client.send(all);
        auto const pong = client.read_frame();
        CHECK(pong.opcode == 10);
        CHECK(pong.payload == "ping");
        CHECK(client.read_text() == "one two three");
    }
    // a character that is cut between two fragments is no mistake
    client.send(masked_frame(1, "\xC3", false) + masked_frame(0, "\xA4"));
    CHECK(client.read_text() == "\xC3\xA4");
}

TEST_CASE("a ping is answered with its own bytes, and a pong with nothing", "[websocket_session]") {
    running_gateway<> g;
    websocket_client client{g.port};
    for (std::string const& payload : {std::string{}, std::string(125, 'p'), std::string("\x00\xFF", 2)}) {
        client.send(masked_frame(10, "unasked") + masked_frame(9, payload));
        auto const pong = client.read_frame();
        CHECK(pong.opcode == 10);
        CHECK(pong.payload == payload);
    }
}

TEST_CASE("the code of a client's close is sent back, and the connection ends", "[websocket_session]") {
    event_log log;
    scripted_handler handler;
    handler.disconnect = [&](std::string_view, int code, std::string_view reason) {
        log.add(std::to_string(code) + " " + std::string{reason});
    };
    running_gateway<> g{handler};
    for (int const code : {1000, 1001, 1003, 1011, 1014, 3000, 4999}) {
        websocket_client client{g.port};
        client.send(close_frame_of(code, "because") + masked_frame(1, "behind it"));
        auto const frame = client.read_frame();
        CHECK(frame.opcode == 8);
        CHECK(frame.code() == code);
        CHECK(client.ended());
        CHECK(log.wait_for(std::to_string(code) + " because"));
        CHECK_FALSE(g.server.hub().find(client.id).has_value());
    }
    websocket_client client{g.port};
    client.send(masked_frame(8, ""));
    CHECK(client.read_frame().payload.empty());
    CHECK(client.ended());
    CHECK(log.wait_for("1005 "));
}

TEST_CASE("a client that breaks the protocol is closed with the right code, and the TCP connection too",
          "[websocket_session]") {
    struct wrong {
        char const* what;
        std::string bytes;
        int code;
    };
    std::string const unmasked{"\x81\x01x", 3};
    event_log log;
    scripted_handler handler;
    handler.receive = [&](gateway_client&, message const& m) { log.add(std::string{m.data()}); };
    running_gateway<> g{handler};
    websocket_client witness{g.port};
    for (wrong const& w :
         {wrong{"not masked", unmasked, 1002},
          wrong{"reserved bit 1", masked_frame(1, "x", true, 4), 1002},
          wrong{"reserved bit 2", masked_frame(1, "x", true, 2), 1002},
          wrong{"opcode 3", masked_frame(3, "x"), 1002},
          wrong{"opcode 11", masked_frame(11, "x"), 1002},
          wrong{"fragmented ping", masked_frame(9, "x", false), 1002},
          wrong{"long ping", masked_frame(9, std::string(126, 'x')), 1002},
          wrong{"continuation of nothing", masked_frame(0, "x"), 1002},
          wrong{"text inside text", masked_frame(1, "x", false) + masked_frame(1, "y"), 1002},
          wrong{"half a code", masked_frame(8, "x"), 1002},
          wrong{"code 999", close_frame_of(999), 1002},
          wrong{"code 1004", close_frame_of(1004), 1002},
          wrong{"code 1005", close_frame_of(1005), 1002},
          wrong{"code 1006", close_frame_of(1006), 1002},
          wrong{"code 5000", close_frame_of(5000), 1002},
          wrong{"length not minimal", std::string("\x81\xFE\x00\x05", 4), 1002},
          wrong{"length of 64 bits", std::string("\x82\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10), 1002},
          wrong{"text is no UTF-8", masked_frame(1, "\xFF"), 1007},
          wrong{"text ends inside a character", masked_frame(1, "\xC3"), 1007},
          wrong{"fragments are no UTF-8", masked_frame(1, "a\xC3", false) + masked_frame(0, "a", false), 1007},
          wrong{"a surrogate", masked_frame(1, "\xED\xA0\x80"), 1007},
          wrong{"reason is no UTF-8", close_frame_of(1000, "\xFF"), 1007},
          wrong{"frame too large", std::string("\x82\xFE\x80\x01", 4), 1009},
          wrong{"frame very large", std::string("\x82\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10), 1009},
          wrong{"message too large",
                masked_frame(2, std::string(32768, 'x'), false) + masked_frame(0, std::string(32768, 'x'), false) +
                    masked_frame(0, std::string(32768, 'x'), false) + masked_frame(0, std::string(32768, 'x'), false) +
                    masked_frame(0, "x"),
                1009}}) {
        CAPTURE(w.what);
        websocket_client client{g.port};
        client.send(w.bytes + masked_frame(1, "behind the mistake"));
        auto const frame = client.read_frame();
        CHECK(frame.opcode == 8);
        CHECK(frame.code() == w.code);
        CHECK(client.ended());
        CHECK_FALSE(g.server.hub().find(client.id).has_value());
    }
    witness.send_text("still there");
    CHECK(log.wait_for("still there"));
    CHECK(log.events().size() == 1);
}

TEST_CASE("frames and messages at their limits pass, and too many fragments are 1008", "[websocket_session]") {
    auto options = prod();
    options.frames.fragments = 4;
    running_gateway<> g{{}, options};
    websocket_client client{g.port};
    std::string const part(32768, 'x');
    client.send(masked_frame(2, part, false) + masked_frame(0, part, false) + masked_frame(0, part, false) +
                masked_frame(0, part));
    CHECK(client.read_frame().payload.size() == 131072);
    client.send(masked_frame(2, "a", false) + masked_frame(0, "b", false) + masked_frame(0, "", false) +
                masked_frame(0, "c", false) + masked_frame(0, "d"));
    CHECK(client.read_close() == 1008);
}

TEST_CASE("a handler that throws ends its own connection only", "[websocket_session]") {
    event_log log;
    scripted_handler handler;
    handler.open = [](gateway_client& c) {
        if (c.source_ip() == "192.0.2.1") throw std::runtime_error{"the handler has failed"};
    };
    handler.receive = [](gateway_client& c, message const& m) {
        if (m.data() == "throw") throw 42;
        (void)c.send(m);
    };
    handler.disconnect = [&](std::string_view, int code, std::string_view) {
        log.add(std::to_string(code));
        throw std::runtime_error{"here too"};
    };
    auto options = prod();
    options.trusted_proxies.push_back(*backchannel::ip_network::parse("127.0.0.1/32"));
    running_gateway<> g{handler, options};
    websocket_client other{g.port}, client{g.port};
    client.send(masked_frame(1, "fine") + masked_frame(1, "throw") + masked_frame(1, "dropped"));
    CHECK(client.read_text() == "fine");
    CHECK(client.read_close() == 1011);
    CHECK(client.ended());
    CHECK(log.wait_for("1011"));

    websocket_client early{g.port, "/prod", "X-Forwarded-For: 192.0.2.1\r\n"};
    CHECK(early.read_close() == 1011);
    CHECK(log.wait_for("1011", 2));
    other.send_text("still there");
    CHECK(other.read_text() == "still there");
}

TEST_CASE("a handler may close its client: nothing is sent or delivered after that", "[websocket_session]") {
    event_log log;
    scripted_handler handler;
    handler.receive = [&](gateway_client& c, message const& m) {
        log.add("message " + std::string{m.data()});
        CHECK(c.send(message{"last", message_kind::text}) == delivery::accepted);
        c.close(4001, "enough");
        c.close(4002, "not again");
        CHECK(c.send(message{"too late", message_kind::text}) == delivery::gone);
    };
    handler.disconnect = [&](std::string_view, int code, std::string_view) {
        log.add("close " + std::to_string(code));
    };
    running_gateway<> g{handler};
    websocket_client client{g.port};
    client.send_text("1");
    CHECK(client.read_text() == "last");
    auto const frame = client.read_frame();
    CHECK(frame.code() == 4001);
    CHECK(frame.reason() == "enough");
    test_client caller{g.port};
    CHECK(caller.ask(post_to(client.id, "to nobody")).status == 410);
    CHECK(caller.ask(get("/prod/@connections/" + client.id)).status == 410);
    client.send(masked_frame(1, "2") + masked_frame(9, "ping"));
    client.send_close(4001);
    CHECK(client.ended());
    CHECK(log.wait_for("close 4001"));
    CHECK(log.events() == std::vector<std::string>{"message 1", "close 4001"});
}

TEST_CASE("a client that does not answer a close is cut off, whoever closed", "[websocket_session]") {
    auto options = prod();
    options.hub.closing_timeout = 200ms;
    scripted_handler handler;
    handler.receive = [](gateway_client& c, message const&) { c.close(4000); };
    event_log log;
    handler.disconnect = [&](std::string_view, int code, std::string_view) { log.add(std::to_string(code)); };
    running_gateway<> g{handler, options};
    test_client caller{g.port};

    websocket_client by_handler{g.port};
    by_handler.send_text("close me");
    CHECK(by_handler.read_frame().code() == 4000);
    auto const end = std::chrono::steady_clock::now() + test_client::patience;
    while (!by_handler.readable(10ms) && std::chrono::steady_clock::now() < end)
        by_handler.send(masked_frame(1, "on and on")); // activity is no answer
    CHECK(by_handler.ended());

    websocket_client by_caller{g.port};
    CHECK(caller.ask("DELETE /prod/@connections/" + by_caller.id + " HTTP/1.1\r\nHost: here\r\n\r\n").status == 204);
    auto const frame = by_caller.read_frame();
    CHECK(frame.code() == 1000);
    CHECK(frame.reason() == "Connection Closed Normally");
    CHECK(by_caller.ended());
    CHECK(log.wait_for("1006", 2));
}

TEST_CASE("idle and old connections are closed with 1001", "[websocket_session]") {
    auto options = prod();
    options.hub.idle_timeout = 300ms;
    running_gateway<> g{{}, options};
    websocket_client idle{g.port}, active{g.port};
    auto const end = std::chrono::steady_clock::now() + test_client::patience;
    while (!idle.readable(20ms) && std::chrono::steady_clock::now() < end) {
        idle.send(masked_frame(9, "")); // pings are no activity
        CHECK(idle.read_frame().opcode == 10);
        active.send_text("here");
        CHECK(active.read_text() == "here");
    }
    CHECK(idle.read_close() == 1001);
    active.send_text("here");
    CHECK(active.read_text() == "here");

    options.hub.max_lifetime = 200ms;
    running_gateway<> short_lived{{}, options};
    websocket_client old{short_lived.port};
    while (!old.readable(20ms) && std::chrono::steady_clock::now() < end) old.send(masked_frame(10, ""));
    CHECK(old.read_close() == 1001);
}

TEST_CASE("a client that vanishes is reported as 1006 and is gone", "[websocket_session]") {
    event_log log;
    scripted_handler handler;
    handler.disconnect = [&](std::string_view, int code, std::string_view) { log.add(std::to_string(code)); };
    running_gateway<> g{handler};
    websocket_client cut{g.port}, ended{g.port};
    cut.reset();
    CHECK(log.wait_for("1006"));
    ended.half_close();
    CHECK(ended.ended());
    CHECK(log.wait_for("1006", 2));
    test_client caller{g.port};
    CHECK(caller.ask(post_to(ended.id, "x")).status == 410);
}

namespace {

/// Leaves the first message as it is, and has no memory for any other.
struct exhausted_codec : backchannel::message_codec {
    int asked = 0;
    status inflate(std::string_view, bool, std::string&, std::size_t) override { return status::broken; }
    bool deflate(std::string_view, std::string&) override { return asked++ == 0 ? false : throw std::bad_alloc{}; }
};

struct exhausted_compression : backchannel::message_compression {
    std::optional<agreement> negotiate(std::span<backchannel::header_view const>) const override {
        return agreement{"none", std::make_unique<exhausted_codec>()};
    }
};

}

TEST_CASE("a connection whose compression has failed is dropped, though the handler goes on", "[websocket_session]") {
    event_log log;
    scripted_handler handler;
    handler.receive = [&](gateway_client& c, message const& m) {
        log.add(c.send(m) == delivery::accepted ? "accepted" : "gone");
    };
    handler.disconnect = [&](std::string_view, int code, std::string_view) { log.add(std::to_string(code)); };
    auto options = prod();
    options.compression = std::make_shared<exhausted_compression>();
    running_gateway<> g{handler, options};
    websocket_client client{g.port};
    client.send_text("first");
    CHECK(client.read_text() == "first");
    client.send_text("second");
    CHECK(log.wait_for("gone"));
    CHECK(log.events() == std::vector<std::string>{"accepted", "1006", "gone"});
}

}
