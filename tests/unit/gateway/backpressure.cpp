// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/connection.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

#include <malloc.h>

namespace gateway_backpressure_tests {

using namespace test;

TEST_CASE("a client that reads nothing gets 429 at its queue limit, and the others go on", "[connection]") {
    auto options = prod();
    options.hub.queue_limit = 300'000;
    running_gateway<> g{{}, options};
    websocket_client slow{g.port, "/prod", {}, 4096}, quick{g.port};
    test_client caller{g.port};
    std::vector<std::string> accepted;
    int status = 200;
    for (int i = 0; i != 1000 && status == 200; ++i) {
        // small and large ones: gathered into pieces, and sent as they are
        std::string const text = std::to_string(i) + std::string(i % 3 == 0 ? 100'000u : 100u, 'x');
        status = caller.ask(post_to(slow.id, text)).status;
        if (status == 200) accepted.push_back(text);
    }
    CHECK(status == 429);
    auto const refused = caller.ask(post_to(slow.id, std::string(120'000, 'x')));
    CHECK(refused.header("x-amzn-ErrorType") == "LimitExceededException");
    CHECK(caller.ask(post_to(quick.id, "quick")).status == 200);
    CHECK(quick.read_text() == "quick");
    for (std::string const& text : accepted) CHECK((slow.read_text() == text));
    CHECK(caller.ask(post_to(slow.id, "again")).status == 200);
    CHECK(slow.read_text() == "again");
}

TEST_CASE("a message larger than the queue is 429", "[connection]") {
    auto options = prod();
    options.hub.queue_limit = 1000;
    running_gateway<> g{{}, options};
    websocket_client client{g.port};
    test_client caller{g.port};
    CHECK(caller.ask(post_to(client.id, std::string(1001, 'x'))).status == 429);
    CHECK(caller.ask(post_to(client.id, std::string(990, 'x'))).status == 200);
    CHECK(client.read_text().size() == 990);
}

TEST_CASE("text, binary and empty messages arrive as what they are", "[connection]") {
    running_gateway<> g;
    websocket_client client{g.port};
    test_client caller{g.port};
    for (std::string const& body : {std::string{"text \xC3\xA4"}, std::string("\xFF\x00", 2), std::string{}}) {
        CHECK(caller.ask(post_to(client.id, body)).status == 200);
        auto const frame = client.read_frame();
        CHECK(frame.payload == body);
        CHECK(frame.opcode == (body[0] == '\xFF' ? 2 : 1));
    }
    CHECK(caller.ask(post_to("AAAAAAAAAAAAAAAA", "x")).status == 410);
    CHECK(caller.ask(post_to("no-id", "x")).status == 400);
    CHECK(caller.ask("PUT /prod/@connections/" + client.id + " HTTP/1.1\r\nHost: h\r\n\r\n").status == 405);
    auto const shown = caller.ask(get("/prod/@connections/" + client.id));
    CHECK(shown.status == 200);
    CHECK(shown.body.find("\"sourceIp\":\"127.0.0.1\"") != std::string::npos);
}

TEST_CASE("a flood of pings from a client that reads nothing is bounded", "[connection]") {
    auto options = prod();
    options.hub.queue_limit = 100'000;
    options.control_frame_rate = 0;
    running_gateway<> g{{}, options};
    websocket_client client{g.port, "/prod", {}, 4096};
    websocket_client other{g.port};
    std::string batch;
    for (int i = 0; i != 1000; ++i) batch += masked_frame(9, std::string(125, 'p'));
    std::size_t sent = 0;
    int full = 0;
    for (int i = 0; i != 10000 && full < 50; ++i) {
        std::size_t const n = client.send_some(std::string_view{batch}.substr(sent % batch.size()));
        sent += n;
        full = n == 0 ? full + 1 : 0;
        if (n == 0) std::this_thread::sleep_for(1ms);
    }
    CHECK(full == 50); // it is not read from any more
    other.send_text("still there");
    CHECK(other.read_text() == "still there");
    // once it reads, it is served again
    std::size_t pongs = 0;
    while (client.readable(50ms) && client.read_frame().opcode == 10) ++pongs;
    CHECK(pongs > 100);
    CHECK(g.server.hub().find(client.id).has_value());
}

TEST_CASE("a client that sends while much waits for it is heard before it has read all of that", "[connection]") {
    scripted_handler handler;
    event_log log;
    handler.receive = [&](gateway_client&, message const& m) { log.add(std::string{m.data()}); };
    running_gateway<> g{handler};
    websocket_client client{g.port, "/prod", {}, 4096};
    test_client caller{g.port};
    int status = 200;
    std::size_t accepted = 0;
    for (; status == 200 && accepted != 1000; ++accepted)
        status = caller.ask(post_to(client.id, std::string(100'000, 'x'))).status;
    REQUIRE(status == 429);
    client.send_text("hear me");
    // whenever it has read one message, the next one is queued: the queue never runs empty
    for (std::size_t got = 0; got != 3 * accepted && log.count("hear me") == 0; ++got) {
        CHECK(client.read_text().size() > 50'000);
        if (got + 3 > accepted) std::this_thread::sleep_for(1ms);
        if (g.server.hub().find(client.id)) (void)caller.ask(post_to(client.id, std::string(60'000, 'y')));
    }
    CHECK(log.wait_for("hear me"));
}

TEST_CASE("an idle WebSocket holds little memory", "[connection]") {
    running_gateway<> g;
    std::vector<std::unique_ptr<websocket_client>> clients;
    auto const measure = [&] {
        (void)g.on_loop([] { return 0; });
        return ::mallinfo2().uordblks;
    };
    clients.reserve(1000);
    for (int i = 0; i != 50; ++i) clients.push_back(std::make_unique<websocket_client>(g.port));
    std::size_t const before = measure();
    for (int i = 0; i != 450; ++i) {
        clients.push_back(std::make_unique<websocket_client>(g.port));
        clients.back()->answer = {};
        clients.back()->id = std::string{};
    }
    std::size_t const each = (measure() - before) / 450;
    CAPTURE(each); // with the client's own 200 bytes or so
    CHECK(each < 4096);
}

}
