// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/gateway.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>

namespace gateway_drain_tests {

using namespace test;

namespace {

using clock = std::chrono::steady_clock;
using websockets = std::vector<std::unique_ptr<websocket_client>>;

[[nodiscard]] websockets connect(unsigned short port, int count) {
    websockets all;
    for (int i = 0; i != count; ++i) all.push_back(std::make_unique<websocket_client>(port));
    return all;
}

/// Whether nobody listens there any more, now or soon.
[[nodiscard]] bool closed_to_all(unsigned short port) {
    return soon([&] {
        try {
            test_client c{port};
            return false;
        } catch (std::runtime_error const&) {
            return true;
        }
    });
}

/// Clients that have sent and got a close frame are not waited for much longer.
[[nodiscard]] gateway_options brisk() {
    auto options = prod();
    options.linger_timeout = 100ms;
    return options;
}

/// How often it was called, and where.
struct call_counter {
    std::atomic<int> calls{0};
    std::atomic<bool> on_this_thread{false};

    [[nodiscard]] std::function<void()> counting() {
        return [this, here = std::this_thread::get_id()] {
            ++calls;
            if (std::this_thread::get_id() == here) on_this_thread = true;
        };
    }
};

/// All of a request but its last byte, which the server has begun to read.
void send_most(running_gateway<>& g, test_client& client, std::string const& request) {
    auto const before = g.server.metrics().bytes_received;
    client.send(std::string_view{request}.substr(0, request.size() - 1));
    if (!soon([&] { return g.server.metrics().bytes_received >= before + request.size() - 1; }))
        throw std::runtime_error{"the server does not read"};
}
http_answer send_rest(test_client& client, std::string const& request) {
    return client.ask(std::string_view{request}.substr(request.size() - 1));
}

void check_nothing_is_left(gateway_metrics const& m) {
    CHECK(m.connections_open == 0);
    CHECK(m.websockets_open == 0);
    CHECK(m.handshakes_pending == 0);
    CHECK(m.queue_bytes == 0);
    CHECK(m.hub.open == 0);
}

}

TEST_CASE("a gateway without connections is drained at once, and run returns", "[drain]") {
    for (std::size_t const threads : {1u, 3u}) {
        running_gateway<> g{{}, prod(), threads};
        call_counter done;
        CHECK_FALSE(g.server.draining());
        g.server.drain(1h, done.counting());
        CHECK(g.server.draining());
        g.wait();
        CHECK(done.calls == 1);
        CHECK_FALSE(done.on_this_thread);
    }
}

TEST_CASE("a drain asks clients to go one after the other, over half of its time", "[drain]") {
    event_log log;
    scripted_handler handler;
    handler.disconnect = [&](std::string_view, int code, std::string_view) { log.add(std::to_string(code)); };
    for (std::size_t const threads : {1u, 3u}) {
        running_gateway<> g{handler, brisk(), threads};
        websockets all = connect(g.port, 12);
        call_counter done;
        auto const start = clock::now();
        g.server.drain(2s, done.counting());
        CHECK(closed_to_all(g.port));
        CHECK(done.calls == 0);
        std::vector<clock::duration> asked;
        while (asked.size() != all.size() && clock::now() - start < test_client::patience) {
            for (auto& c : all) {
                if (c->id.empty() || !c->readable(1ms)) continue;
                CHECK(c->read_frame().code() == 1001);
                asked.push_back(clock::now() - start);
                c->send_close(1001);
                c->id.clear();
            }
        }
        g.wait();
        CHECK(done.calls == 1);
        REQUIRE(asked.size() == all.size());
        // of one loop, each has its time, and nobody is asked before it
        if (threads == 1)
            for (std::size_t i = 0; i != asked.size(); ++i) CHECK(asked[i] >= static_cast<int>(i) * 1000ms / 12 - 2ms);
        CHECK(asked.back() >= 300ms); // of three, the fullest loop has four at least
        for (auto& c : all) CHECK(c->ended());
        check_nothing_is_left(g.server.metrics());
        auto const closed = g.server.metrics().websockets_closed;
        CHECK(closed[1] + closed[6] == all.size()); // on a busy machine, some answers come too late
    }
    CHECK(log.count("1001") + log.count("1006") == 24);
}

TEST_CASE("a drain lengthens nobody's time", "[drain]") {
    scripted_handler handler;
    handler.connect = [](gateway_client&, request_view const&) {
        return connect_answer::accept().until(clock::now() + 300ms);
    };
    for (std::size_t const threads : {1u, 3u}) {
        running_gateway<> g{handler, brisk(), threads};
        websockets all = connect(g.port, 8);
        g.server.drain(1min); // the last would be asked after some 30 s
        int expired = 0;
        for (auto& c : all) {
            int const code = c->read_frame().code();
            CHECK((code == 1001 || code == 1008));
            expired += code == 1008;
            c->send_close(code);
        }
        CHECK(expired >= 8 - static_cast<int>(threads)); // one of each loop is asked at once
        g.server.stop();
        g.wait();
        check_nothing_is_left(g.server.metrics());
    }
}

TEST_CASE("what waits for a client leaves before the close frame", "[drain]") {
    running_gateway<> g{{}, brisk()};
    websocket_client slow{g.port, "/prod", {}, 4096};
    test_client caller{g.port};
    std::size_t accepted = 0;
    while (caller.ask(post_to(slow.id, std::string(100'000, 'x'))).status == 200) ++accepted;
    REQUIRE(accepted > 5);
    g.server.drain(10s);
    CHECK(soon([&] { return !g.server.hub().find(slow.id); }));
    for (std::size_t i = 0; i != accepted; ++i) CHECK(slow.read_text().size() == 100'000);
    auto const last = slow.read_frame();
    CHECK(last.opcode == 8);
    CHECK(last.code() == 1001);
    slow.send_close(1001);
    g.wait();
    check_nothing_is_left(g.server.metrics());
}

TEST_CASE("whoever is still there at the end of a drain is dropped", "[drain]") {
    event_log log;
    scripted_handler handler;
    handler.disconnect = [&](std::string_view, int code, std::string_view) { log.add(std::to_string(code)); };
    running_gateway<> g{handler};
    websocket_client silent{g.port};
    test_client halfway{g.port};
    send_most(g, halfway, get("/"));
    call_counter done;
    auto const start = clock::now();
    g.server.drain(400ms, done.counting());
    g.wait();
    CHECK(clock::now() - start >= 400ms);
    CHECK(done.calls == 1);
    CHECK(log.count("1006") == 1);
    CHECK(silent.read_close() == 1001);
    CHECK(halfway.ended());
    check_nothing_is_left(g.server.metrics());
}

TEST_CASE("requests that have begun are answered, and no WebSocket is opened any more", "[drain]") {
    running_gateway<> g;
    test_client request{g.port}, body{g.port}, upgrade{g.port}, idle{g.port}, silent{g.port};
    for (test_client* c : {&request, &body, &upgrade, &idle}) CHECK(c->ask(get("/")).status == 200);
    std::string const asked = get("/late"), sent = post("/upload", "12345"), opened = upgrade_request();
    send_most(g, request, asked);
    send_most(g, body, sent);
    send_most(g, upgrade, opened);
    call_counter done;
    g.server.drain(20s, done.counting());
    CHECK(idle.ended()); // between two requests
    CHECK(silent.ended());
    auto const refused = send_rest(upgrade, opened);
    CHECK(refused.status == 503);
    CHECK(refused.header("Connection") == "close");
    CHECK(refused.header("Retry-After") == "1");
    CHECK(upgrade.ended());
    CHECK(send_rest(body, sent).body == "POST /upload 12345");
    CHECK(body.ended());
    CHECK(done.calls == 0);
    auto const last = send_rest(request, asked);
    CHECK(last.status == 200);
    CHECK(last.header("Connection") == "close");
    CHECK(request.ended());
    for (test_client* c : {&request, &body, &upgrade, &idle, &silent}) c->close();
    g.wait();
    CHECK(done.calls == 1);
    check_nothing_is_left(g.server.metrics());
}

TEST_CASE("a post during a drain reaches a client that has not been asked yet, and is 410 for the others", "[drain]") {
    auto options = prod();
    options.linger_timeout = 1s;
    running_gateway<> g{{}, options};
    websockets all = connect(g.port, 2);
    test_client callers[2] = {test_client{g.port}, test_client{g.port}};
    std::string requests[2];
    for (std::size_t i = 0; i != 2; ++i) {
        requests[i] = post_to(all[i]->id, "during the drain");
        send_most(g, callers[i], requests[i]);
    }
    g.server.drain(40s); // the second one is asked after ten seconds
    REQUIRE(soon([&] { return all[0]->readable(1ms) || all[1]->readable(1ms); }));
    std::size_t const gone = all[0]->readable(0ms) ? 0 : 1, here = 1 - gone;
    CHECK(all[gone]->read_frame().code() == 1001);
    CHECK(send_rest(callers[gone], requests[gone]).status == 410);
    CHECK(send_rest(callers[here], requests[here]).status == 200);
    CHECK(all[here]->read_text() == "during the drain");
    CHECK(g.server.hub().find(all[here]->id));
    all[gone]->send_close(1001);
    CHECK(all[gone]->ended());

    g.server.stop(); // now
    CHECK(all[here]->read_close() == 1001);
    all[here]->send_close(1001);
    all.clear();
    for (test_client& c : callers) c.close();
    g.wait();
    check_nothing_is_left(g.server.metrics());
}

TEST_CASE("a second drain hurries the first, and each one's end is told once", "[drain]") {
    for (std::size_t const threads : {1u, 2u}) {
        running_gateway<> g{{}, prod(), threads};
        websockets all = connect(g.port, 4);
        call_counter first, second;
        auto const start = clock::now();
        g.server.drain(1h, first.counting());
        g.server.drain(300ms, second.counting());
        g.wait();
        CHECK(clock::now() - start >= 300ms);
        CHECK(first.calls == 1);
        CHECK(second.calls == 1);
        for (auto& c : all) CHECK(c->read_close() == 1001);
        check_nothing_is_left(g.server.metrics());
    }
}

TEST_CASE("stop ends a drain within the time that it has itself", "[drain]") {
    running_gateway<> g{{}, brisk(), 2};
    websockets all = connect(g.port, 4);
    call_counter done;
    g.server.drain(1h, done.counting());
    g.server.stop();
    g.server.stop();
    g.wait();
    CHECK(done.calls == 1);
    for (auto& c : all) CHECK(c->read_close() == 1001);
}

TEST_CASE("a drain on a loop of the user's may be asked for again when it is over", "[drain]") {
    asio::io_context io;
    backchannel::gateway server{io, backchannel::allow_all{}, scripted_handler{}, prod()};
    (void)open_port(server);
    for (int i = 1; i != 4; ++i) {
        call_counter done;
        server.drain(1h, done.counting());
        CHECK(done.calls == 0);
        io.run();
        io.restart();
        CHECK(done.calls == 1);
    }
}

TEST_CASE("a loop without connections still runs while another one has some", "[drain]") {
    std::mutex mutex;
    std::map<std::string, std::thread::id, std::less<>> where;
    scripted_handler handler;
    handler.open = [&](gateway_client& c) {
        std::lock_guard const lock{mutex};
        where.emplace(c.id(), std::this_thread::get_id());
    };
    running_gateway<> g{handler, brisk(), 2};
    auto const first = g.on_loop([] { return std::this_thread::get_id(); });
    websockets all = connect(g.port, 20);
    REQUIRE(soon([&] {
        std::lock_guard const lock{mutex};
        return where.size() == all.size();
    }));
    std::size_t const left = std::erase_if(all, [&](auto const& c) { return where.find(c->id)->second == first; });
    REQUIRE(left != 0); // less likely than 2^-19
    REQUIRE_FALSE(all.empty());
    REQUIRE(g.counts(&gateway_metrics::connections_open, all.size()));
    g.server.drain(1h);
    std::this_thread::sleep_for(50ms);
    auto const ran = std::make_shared<std::atomic<bool>>(false); // others of its clients may be asked for
    asio::post(g.server.context(), [ran] { *ran = true; });
    CHECK(soon([&] { return ran->load(); }));
    all.clear();
    g.wait();
}

}
