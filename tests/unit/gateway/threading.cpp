// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/gateway.hpp>

#include "support/at_once.hpp"
#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

#include <backchannel/dialect/yandex.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace gateway_threading_tests {

// A test for each row of docs/threading.md: the gateway, and its clients as a handler sees them.

using namespace test;
using backchannel::session;

namespace {

constexpr int threads = 3;

/// The client reads what it is told, answers, and goes. Gives the code.
int answer_close(websocket_client& client) {
    int const code = client.read_close();
    client.send_close(code);
    client.close();
    return code;
}

/// Pairs of WebSockets and HTTP callers busy on all loops while `act(gateway, thread)` runs on several threads.
template <class Act>
void while_it_serves(running_gateway<>& g, Act act) {
    std::atomic<int> wrong{0};
    at_once(threads + 2, [&](int t) {
        if (t < threads) return act(t);
        websocket_client client{g.port};
        test_client caller{g.port};
        for (int i = 0; i != 10; ++i) {
            wrong += caller.ask(post_to(client.id, std::to_string(i))).status != 200;
            wrong += client.read_text() != std::to_string(i);
        }
    });
    CHECK(wrong == 0);
}

/// The handler calls the gateway again from each of its members.
struct nosy_handler {
    struct state {
        std::function<void(std::string_view id)> ask;
        std::atomic<int> calls{0};
        void enter(std::string_view id) {
            ++calls;
            if (ask) ask(id);
        }
    };
    std::shared_ptr<state> shared = std::make_shared<state>();

    void on_open(gateway_client& c) { shared->enter(c.id()); }
    void on_message(gateway_client& c, message const& m) {
        shared->enter(c.id());
        (void)c.send(m);
    }
    void on_disconnect(std::string_view id, std::uint16_t, std::string_view) { shared->enter(id); }
    std::optional<response> on_request(request_view const&) {
        shared->enter({});
        return response{200};
    }
    void on_event(gateway_event const& e) { shared->enter(e.connection_id); }
};

}

TEST_CASE("gateway::gateway: gateways are made and run on several threads at once", "[threading]") {
    std::atomic<int> good{0};
    at_once(threads, [&](int) {
        running_gateway<> g;
        good += test_client{g.port}.ask(get("/mine")).status == 200;
    });
    CHECK(good == threads);
}

TEST_CASE("gateway::~gateway: it goes with its clients when its loops have ended, whoever ran them", "[threading]") {
    std::atomic<int> opened{0}, closed{0};
    scripted_handler handler;
    handler.open = [&](gateway_client&) { ++opened; };
    handler.disconnect = [&](std::string_view, int, std::string_view) { ++closed; };
    std::vector<std::unique_ptr<websocket_client>> clients;
    {
        asio::io_context io;
        backchannel::gateway<backchannel::allow_all, scripted_handler> server{io, {}, handler, prod()};
        unsigned short const port = open_port(server);
        std::thread loop{[&] { io.run(); }};
        for (int i = 0; i != 4; ++i) clients.push_back(std::make_unique<websocket_client>(port));
        CHECK(soon([&] { return opened == 4; }));
        io.stop();
        loop.join();
    }
    CHECK(closed == 4);
}

TEST_CASE("gateway::listen: several ports before the loops run, and more on the only loop's thread", "[threading]") {
    running_gateway<> g;
    std::set<unsigned short> ports{g.port};
    for (int i = 0; i != 3; ++i) {
        ports.insert(g.on_loop([&] { return open_port(g.server); }));
    }
    CHECK(ports.size() == 4);
    std::atomic<int> good{0};
    std::vector<unsigned short> const all{ports.begin(), ports.end()};
    at_once(4,
            [&](int t) { good += test_client{all.at(static_cast<std::size_t>(t))}.ask(get("/mine")).status == 200; });
    CHECK(good == 4);
}

TEST_CASE("gateway::serve: all loops answer for a router that was added before they ran", "[threading]") {
    backchannel::gateway<backchannel::allow_all, scripted_handler> server{2, {}, {}, prod()};
    auto& added = server.serve<backchannel::yandex_dialect>(backchannel::allow_all{});
    unsigned short const port = open_port(server);
    std::thread loops{[&] { server.run(); }};
    std::atomic<int> good{0};
    at_once(4, [&](int) {
        for (int i = 0; i != 10; ++i) {
            websocket_client const open{port};
            std::string const path = "/apigateways/websocket/v1/connections/" + open.id;
            good += test_client{port}.ask(get(path)).status == 200;
            good += added.owns(path);
        }
    });
    server.stop();
    loops.join();
    CHECK(good == 80);
}

TEST_CASE("gateway::run: it returns on the thread that called it when the gateway was stopped", "[threading]") {
    backchannel::gateway<backchannel::allow_all, scripted_handler> server{2, {}, {}, prod()};
    unsigned short const port = open_port(server);
    std::atomic<int> good{0};
    std::thread caller{[&] {
        good += test_client{port}.ask(get("/mine")).status == 200;
        server.stop();
    }};
    server.run();
    caller.join();
    CHECK(good == 1);
}

TEST_CASE("gateway::drain: threads ask for it at once, and each is told once, on a loop", "[threading]") {
    std::atomic<int> ended{0}, here{0};
    running_gateway<> g{{}, prod(), 2};
    websocket_client client{g.port};
    at_once(threads, [&](int) {
        auto const caller = std::this_thread::get_id();
        g.server.drain(10s, [&, caller] {
            ++ended;
            here += std::this_thread::get_id() == caller;
        });
    });
    CHECK(answer_close(client) == 1001);
    g.wait();
    CHECK(ended == threads);
    CHECK(here == 0);
}

TEST_CASE("gateway::stop: threads stop it at once, and its clients are told", "[threading]") {
    running_gateway<> g{{}, prod(), 2};
    websocket_client client{g.port};
    at_once(threads, [&](int) { g.server.stop(); });
    CHECK(answer_close(client) == 1001);
    g.wait();
    CHECK(g.server.draining());
}

TEST_CASE("gateway::draining: every thread sees it when drain was called", "[threading]") {
    running_gateway<> g{{}, prod(), 2};
    std::atomic<int> seen{0};
    CHECK_FALSE(g.server.draining());
    at_once(threads, [&](int t) {
        if (t == 0) g.server.stop();
        while (!g.server.draining()) std::this_thread::yield();
        ++seen;
    });
    CHECK(seen == threads);
}

TEST_CASE("gateway::metrics: threads read while all loops count", "[threading]") {
    running_gateway<> g{{}, prod(), 2};
    std::atomic<int> backwards{0};
    while_it_serves(g, [&](int) {
        std::uint64_t last = 0;
        for (int i = 0; i != 100; ++i) {
            std::uint64_t const now = g.server.metrics().messages_sent;
            backwards += now < last;
            last = now;
        }
    });
    CHECK(backwards == 0);
    CHECK(g.counts([](gateway_metrics const& m) { return m.messages_sent; }, 20));
}

TEST_CASE("gateway::context: any thread posts work to the loop", "[threading]") {
    running_gateway<> g{{}, prod(), 2};
    std::atomic<int> ran{0};
    while_it_serves(g, [&](int) {
        for (int i = 0; i != 10; ++i) asio::post(g.server.context(), [&] { ++ran; });
    });
    CHECK(soon([&] { return ran == threads * 10; }));
}

TEST_CASE("gateway::hub: any thread sends to the clients of all loops", "[threading]") {
    running_gateway<> g{{}, prod(), 2};
    std::vector<std::unique_ptr<websocket_client>> clients;
    for (int i = 0; i != threads; ++i) clients.push_back(std::make_unique<websocket_client>(g.port));
    std::atomic<int> wrong{0};
    while_it_serves(g, [&](int t) {
        auto& client = *clients.at(static_cast<std::size_t>(t));
        for (int i = 0; i != 10; ++i) {
            message const m{"from outside", message_kind::text};
            wrong += g.server.hub().send(client.id, m) != delivery::accepted;
            wrong += client.read_text() != "from outside";
        }
    });
    CHECK(wrong == 0);
}

TEST_CASE("gateway::router: any thread asks it while the loops do", "[threading]") {
    running_gateway<> g{{}, prod(), 2};
    websocket_client client{g.port};
    std::string const target = "/prod/@connections/" + client.id;
    std::atomic<int> answered{0}, wrong{0};
    while_it_serves(g, [&](int) {
        for (int i = 0; i != 10; ++i) {
            request_view r;
            r.method = "POST";
            r.target = target;
            r.body = "x";
            g.server.router().async_handle(r, [&](response a) {
                wrong += a.status != 200;
                ++answered;
            });
        }
    });
    for (int i = 0; i != threads * 10; ++i) CHECK(client.read_text() == "x");
    CHECK(soon([&] { return answered == threads * 10; }));
    CHECK(wrong == 0);
}

TEST_CASE("gateway::handler: every thread gets the one that the loops call", "[threading]") {
    std::atomic<int> called{0}, wrong{0};
    scripted_handler handler;
    handler.open = [&](gateway_client&) { ++called; };
    running_gateway<> g{handler, prod(), 2};
    auto const* const expected = &g.server.handler();
    while_it_serves(g, [&](int) { wrong += &g.server.handler() != expected; });
    CHECK(wrong == 0);
    CHECK(called == 2);
}

TEST_CASE("gateway_client::send, id, source_ip: each loop's thread answers its own clients", "[threading]") {
    scripted_handler handler;
    handler.receive = [](gateway_client& c, message const& m) {
        std::string const text = std::string{m.data()}.append(" ").append(c.id()).append(" ").append(c.source_ip());
        (void)c.send({text, message_kind::text});
    };
    running_gateway<> g{handler, prod(), 2};
    std::atomic<int> wrong{0};
    at_once(threads, [&](int t) {
        websocket_client client{g.port};
        for (int i = 0; i != 10; ++i) {
            client.send_text(std::to_string(t));
            wrong += client.read_text() != std::to_string(t) + " " + client.id + " 127.0.0.1";
        }
    });
    CHECK(wrong == 0);
}

TEST_CASE("gateway_client::tag, untag: each loop's thread marks its own clients, also before they are open",
          "[threading]") {
    scripted_handler handler;
    handler.connect = [](gateway_client& c, request_view const&) {
        (void)c.tag("all");
        (void)c.tag("new");
        return connect_answer::accept();
    };
    handler.receive = [](gateway_client& c, message const& m) {
        (void)c.untag("new");
        (void)c.send(m);
    };
    running_gateway<> g{handler, prod(), 2};
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) {
        for (int i = 0; i != 5; ++i) {
            websocket_client client{g.port};
            auto const before = g.server.hub().find(client.id);
            wrong += !before || before->tags != std::vector<std::string>{"all", "new"};
            client.send_text("x");
            wrong += client.read_text() != "x";
            auto const after = g.server.hub().find(client.id);
            wrong += !after || after->tags != std::vector<std::string>{"all"};
        }
    });
    CHECK(wrong == 0);
}

TEST_CASE("gateway_client::close: the id is gone when it returns, and what waits is answered", "[threading]") {
    std::atomic<int> still_there{0}, closed{0};
    scripted_handler handler;
    std::function<bool(std::string_view)> found;
    handler.receive = [&](gateway_client& c, message const&) {
        c.close(4001, "bye");
        still_there += found(c.id());
        ++closed;
    };
    running_gateway<> g{handler, prod(), 2};
    found = [&](std::string_view id) { return g.server.hub().find(id).has_value(); };
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) {
        websocket_client client{g.port};
        test_client caller{g.port};
        client.send_text("x");
        int const status = caller.ask(post_to(client.id, "meanwhile")).status;
        wrong += status != 200 && status != 410;
        if (status == 200) wrong += client.read_text() != "meanwhile";
        wrong += client.read_close() != 4001;
    });
    CHECK(soon([&] { return closed == threads; })); // a client may know before its handler returns
    CHECK(still_there == 0);
    CHECK(wrong == 0);
}

TEST_CASE("a handler may ask its gateway for anything, from each of its members", "[threading]") {
    nosy_handler handler;
    running_gateway<nosy_handler> g{handler, prod(), 2};
    std::atomic<int> asked{0};
    std::atomic<bool> ending{false};
    g.server.handler().shared->ask = [&](std::string_view id) { // before the first client
        ++asked;
        (void)g.server.metrics();
        (void)g.server.hub().find(id);
        (void)g.server.hub().send(id, {"again", message_kind::text});
        (void)g.server.hub().next_deadline();
        if (ending.exchange(false)) g.server.drain(10s);
    };
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) {
        websocket_client client{g.port};
        wrong += client.read_text() != "again"; // of on_open
        wrong += test_client{g.port}.ask(get("/mine")).status != 200;
    });
    CHECK(wrong == 0);
    CHECK(asked >= 3 * threads);
    websocket_client client{g.port};
    CHECK(client.read_text() == "again");
    ending = true;
    client.send_text("x");
    CHECK(answer_close(client) == 1001);
    g.wait();
    CHECK(g.server.draining());
}

}
