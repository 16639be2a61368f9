// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/gateway.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

#include <atomic>
#include <memory>
#include <optional>

namespace gateway_gateway_tests {

using namespace test;

namespace {

using plain_gateway = backchannel::gateway<backchannel::allow_all, scripted_handler>;

/// Runs a loop of the test's own until it is stopped.
struct running_loop {
    explicit running_loop(asio::io_context& io) : io_{io}, thread_{[&io] { io.run(); }} {}
    ~running_loop() { stop(); }
    void stop() {
        io_.stop();
        if (thread_.joinable()) thread_.join();
    }

private:
    asio::io_context& io_;
    std::thread thread_;
};

/// Keeps its completions in itself, where they could keep what keeps the handler.
struct hoarder {
    std::shared_ptr<event_log> log = std::make_shared<event_log>();
    std::vector<completion<response>> waiting{};

    bool on_request(request_view const&, completion<response> done) {
        waiting.push_back(std::move(done));
        log->add("asked");
        return true;
    }
};

}

TEST_CASE("a gateway is made of an Auth alone, or with handler and options", "[gateway]") {
    asio::io_context io;
    backchannel::gateway bare{io, backchannel::allow_all{}};
    backchannel::gateway handled{io, backchannel::allow_all{}, scripted_handler{}};
    backchannel::gateway with_options{io, backchannel::allow_all{}, scripted_handler{}, {.router = {.stage = "prod"}}};
    backchannel::gateway threads{2, backchannel::allow_all{}, backchannel::no_handler{}, prod()};
    CHECK(&bare.context() == &io);
    CHECK(&threads.context() != &io);
    CHECK(with_options.router().owns("/prod/@connections/x"));
    CHECK_FALSE(bare.router().owns("/prod/@connections/x"));
}

TEST_CASE("stop closes WebSockets with 1001, ends connections, and lets run return", "[gateway]") {
    event_log log;
    scripted_handler handler;
    handler.disconnect = [&](std::string_view, int code, std::string_view) { log.add(std::to_string(code)); };
    running_gateway<> g{handler};
    websocket_client client{g.port};
    test_client idle{g.port}, used{g.port};
    CHECK(used.ask(get("/")).status == 200);
    g.server.stop();
    g.server.stop();
    auto const frame = client.read_frame();
    CHECK(frame.opcode == 8);
    CHECK(frame.code() == 1001);
    client.send_close(1001);
    CHECK(client.ended());
    CHECK(idle.ended());
    CHECK(used.ended());
    client.close();
    idle.close();
    used.close();
    g.stop();
    CHECK(log.count("1001") == 1);
    CHECK_THROWS(test_client{g.port});
}

TEST_CASE("stop waits for clients that do not answer, but not for ever", "[gateway]") {
    auto options = prod();
    options.linger_timeout = 200ms;
    running_gateway<> g{{}, options};
    websocket_client silent{g.port};
    test_client begun{g.port};
    begun.send("POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n");
    g.stop();
    CHECK(silent.read_close() == 1001);
}

TEST_CASE("stop lets a request be answered that is being worked on", "[gateway]") {
    std::mutex mutex;
    completion<response> kept;
    event_log log;
    patient_handler handler;
    handler.request = [&](request_view const&, completion<response> done) {
        std::lock_guard const lock{mutex};
        kept = std::move(done);
        log.add("asked");
        return true;
    };
    running_gateway<patient_handler> g{handler};
    test_client client{g.port};
    client.send(get("/1") + get("/2"));
    REQUIRE(log.wait_for("asked"));
    g.server.stop();
    g.on_loop([] { return 0; });
    {
        std::lock_guard const lock{mutex};
        kept(response{200, "text/plain", "done"});
    }
    auto const answer = client.read_response();
    CHECK(answer.body == "done");
    CHECK(answer.header("Connection") == "close");
    CHECK(client.ended());
}

TEST_CASE("several gateways share one loop of the user's", "[gateway]") {
    asio::io_context io;
    plain_gateway one{io, {}, {}, prod()}, two{io, {}, {}, prod()};
    unsigned short const port_one = open_port(one), port_two = open_port(two), another = open_port(one);
    running_loop const loop{io};
    websocket_client a{port_one}, b{port_two}, c{another};
    test_client caller{port_one};
    CHECK(caller.ask(post_to(a.id, "a")).status == 200);
    CHECK(caller.ask(post_to(c.id, "c")).status == 200);
    CHECK(caller.ask(post_to(b.id, "b")).status == 410);
    CHECK(a.read_text() == "a");
    CHECK(c.read_text() == "c");
}

TEST_CASE("run does nothing for a loop of the user's, which ends by itself after stop", "[gateway]") {
    asio::io_context io;
    plain_gateway server{io, {}, {}, prod()};
    unsigned short const port = open_port(server);
    server.run();
    std::thread thread{[&] { io.run(); }};
    {
        websocket_client client{port};
        server.stop();
        CHECK(client.read_frame().code() == 1001);
    }
    thread.join(); // nothing of the gateway keeps it
    CHECK(io.stopped());
}

TEST_CASE("a gateway may go before its loop runs, on the loop, and when the loop has stopped", "[gateway]") {
    SECTION("never run") {
        asio::io_context io;
        std::optional<plain_gateway> server;
        server.emplace(io, backchannel::allow_all{}, scripted_handler{}, prod());
        (void)open_port(*server);
        SECTION("and not even after") {}
        SECTION("but after") {
            server.reset();
            io.run();
        }
        SECTION("stopped before") {
            server->stop();
            server.reset();
            io.run();
        }
    }
    SECTION("with connections") {
        asio::io_context io;
        event_log log;
        scripted_handler handler;
        handler.disconnect = [&](std::string_view, int code, std::string_view) { log.add(std::to_string(code)); };
        std::optional<plain_gateway> server;
        server.emplace(io, backchannel::allow_all{}, handler, prod());
        unsigned short const port = open_port(*server);
        auto work = asio::make_work_guard(io);
        std::optional<running_loop> loop{io};
        websocket_client client{port};
        test_client http{port};
        CHECK(http.ask(get("/")).status == 200);
        http.send("POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n");
        SECTION("on the loop") {
            asio::post(io, [&] { server.reset(); });
            CHECK(client.ended());
            CHECK(http.ended());
            CHECK(log.wait_for("1006"));
        }
        SECTION("when the loop has stopped") {
            loop.reset();
            server.reset();
            CHECK(client.ended());
            CHECK(log.count("1006") == 1);
        }
        SECTION("when it is being stopped") {
            server->stop();
            CHECK(client.read_frame().code() == 1001);
            loop.reset();
            server.reset();
            CHECK(client.ended());
        }
    }
}

TEST_CASE("a gateway with loops of its own may go with connections, without having run, and half stopped",
          "[gateway]") {
    for (std::size_t const threads : {std::size_t{1}, std::size_t{2}}) {
        plain_gateway never_run{threads, {}, {}, prod()};
        (void)open_port(never_run);
        plain_gateway stopped_first{threads, {}, {}, prod()};
        (void)open_port(stopped_first);
        stopped_first.stop();
        stopped_first.run();
    }
    auto server = std::make_unique<plain_gateway>(std::size_t{1}, backchannel::allow_all{}, scripted_handler{}, prod());
    unsigned short const port = open_port(*server);
    std::thread thread{[&] { server->run(); }};
    websocket_client client{port};
    server->stop();
    CHECK(client.read_frame().code() == 1001);
    asio::post(server->context(), [&] { server->context().stop(); }); // before the client has answered
    thread.join();
    server.reset();
    CHECK(client.ended());
}

TEST_CASE("a gateway that never runs may go while its hub waits for a deadline", "[gateway]") {
    plain_gateway server{1, {}, {}, prod()};
    auto const idle = server.hub().open(backchannel::gateway_transport::handle{}); // of no connection: nothing is sent
    CHECK(server.hub().next_deadline());
}

TEST_CASE("a gateway may be ended by its handler while others of its clients have something to say", "[gateway]") {
    asio::io_context io;
    std::optional<plain_gateway> server;
    std::atomic<int> opened{0};
    int heard = 0, gone = 0;
    scripted_handler handler;
    handler.open = [&](gateway_client&) { ++opened; };
    handler.receive = [&](gateway_client&, message const&) {
        ++heard;
        server.reset();
    };
    handler.disconnect = [&](std::string_view, int, std::string_view) { ++gone; };
    server.emplace(io, backchannel::allow_all{}, handler, prod());
    unsigned short const port = open_port(*server);
    std::vector<std::unique_ptr<websocket_client>> clients;
    std::thread loop{[&] { io.run(); }};
    for (int i = 0; i != 5; ++i) clients.push_back(std::make_unique<websocket_client>(port));
    CHECK(soon([&] { return opened == 5; }));
    io.stop();
    loop.join();
    for (auto const& c : clients) c->send(masked_frame(1, "hello"));
    io.restart();
    (void)io.run_for(10s);
    CHECK(io.stopped()); // there is nothing left to wait for
    CHECK(heard == 1);
    CHECK(gone == 5);
}

TEST_CASE("a gateway may be ended by its handler whatever that is asked, and leaves nothing", "[gateway]") {
    bool const stops = GENERATE(false, true);
    auto const asked = GENERATE(as<std::string>{}, "connect", "request", "open", "message", "event");
    auto const kept = std::make_shared<int>();
    {
        asio::io_context io;
        std::optional<plain_gateway> server;
        auto const end = [&, kept](std::string_view what) {
            if (what != asked) return;
            server.reset();
            if (stops) io.stop();
        };
        scripted_handler handler;
        handler.connect = [end](gateway_client&, request_view const&) {
            end("connect");
            return connect_answer::accept();
        };
        handler.request = [end](request_view const&) {
            end("request");
            return response{200};
        };
        handler.open = [end](gateway_client&) { end("open"); };
        handler.receive = [end](gateway_client&, message const&) { end("message"); };
        handler.event = [end](gateway_event const&) { end("event"); };
        server.emplace(io, backchannel::allow_all{}, std::move(handler), prod());
        test_client client{open_port(*server)};
        if (asked == "request")
            client.send(get("/"));
        else
            client.send(upgrade_request("/prod", {}) + masked_frame(1, "hello"));
        (void)io.run_for(10s);
        CHECK(io.stopped());
        CHECK_FALSE(server);
        CHECK(client.ended());
    }
    CHECK(kept.use_count() == 1);
}

TEST_CASE("a session that the application has opened may outlive the gateway", "[gateway]") {
    backchannel::session idle;
    for (bool const own_loop : {true, false}) {
        std::optional<asio::io_context> io{std::in_place};
        std::optional<plain_gateway> server;
        if (own_loop)
            server.emplace(std::size_t{1}, backchannel::allow_all{}, scripted_handler{}, prod());
        else
            server.emplace(*io, backchannel::allow_all{}, scripted_handler{}, prod());
        idle = server->hub().open(backchannel::gateway_transport::handle{});
        server.reset();
        io.reset();
        CHECK(idle.tag("late") == backchannel::tagging::gone);
        idle.touch();
        idle.closed(1000);
        idle = {};
    }
}

TEST_CASE("answers may come on other threads while the gateway goes, and the loop behind it", "[gateway]") {
    using patient_gateway = backchannel::gateway<backchannel::allow_all, patient_handler>;
    for (int round = 0; round != 100; ++round) {
        completion<response> kept;
        patient_handler handler;
        handler.request = [&](request_view const&, completion<response> done) {
            kept = std::move(done);
            return true;
        };
        std::optional<asio::io_context> io{std::in_place};
        std::optional<patient_gateway> server;
        server.emplace(*io, backchannel::allow_all{}, handler, prod());
        test_client client{open_port(*server)};
        client.send(get("/"));
        while (!kept) (void)io->run_one();
        std::atomic<bool> ready{false};
        std::thread other{[&] {
            ready = true;
            kept(response{200, "text/plain", "maybe too late"});
        }};
        while (!ready) std::this_thread::yield();
        server.reset();
        io.reset();
        other.join();
        CHECK(client.ended());
    }
}

TEST_CASE("completions may outlive the gateway, and need not be called", "[gateway]") {
    SECTION("kept by the handler itself") {
        hoarder handler;
        auto const log = handler.log;
        running_gateway<hoarder> g{std::move(handler)};
        test_client client{g.port};
        client.send(get("/1") + get("/2"));
        CHECK(log->wait_for("asked"));
        client.close();
        g.server.context().stop();
    }
    SECTION("answered when the gateway has gone") {
        std::vector<completion<response>> kept;
        event_log log;
        patient_handler handler;
        handler.request = [&](request_view const&, completion<response> done) {
            kept.push_back(std::move(done));
            log.add("asked");
            return true;
        };
        auto options = prod();
        options.linger_timeout = 50ms;
        std::optional<running_gateway<patient_handler>> g;
        g.emplace(handler, options);
        test_client client{g->port};
        client.send(get("/1") + get("/2"));
        REQUIRE(log.wait_for("asked"));
        g.reset();
        CHECK(client.ended());
        kept[0](response{200, "text/plain", "too late"});
    }
}

TEST_CASE("what cannot be listened on is an error, and leaves nothing behind", "[gateway]") {
    for (std::size_t const threads : {std::size_t{1}, std::size_t{2}}) {
        plain_gateway first{threads, {}, {}, prod()}, second{threads == 1 ? 2u : 1u, {}, {}, prod()};
        unsigned short const port = open_port(first);
        std::error_code error;
        (void)second.listen({asio::ip::address_v4::loopback(), port}, error);
        CHECK(error);
        (void)second.listen({asio::ip::make_address("192.0.2.1"), 0}, error);
        CHECK(error);
        CHECK(open_port(second) != 0);
    }
}

}
