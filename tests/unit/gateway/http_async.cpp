// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/http_session.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

namespace gateway_http_async_tests {

using namespace test;

namespace {

/// Keeps the requests until the test answers them.
struct desk {
    std::mutex mutex;
    std::vector<std::pair<std::string, completion<response>>> waiting;

    bool take(request_view const& r, completion<response> done) {
        std::lock_guard const lock{mutex};
        waiting.emplace_back(r.target, std::move(done));
        return true;
    }
    [[nodiscard]] std::size_t size() {
        std::lock_guard const lock{mutex};
        return waiting.size();
    }
    [[nodiscard]] completion<response> give(std::string const& target) {
        std::lock_guard const lock{mutex};
        for (auto& [name, done] : waiting)
            if (name == target && done) return std::move(done);
        return {};
    }
    void clear() {
        std::lock_guard const lock{mutex};
        waiting.clear();
    }
};

[[nodiscard]] response text(std::string body) { return response{200, "text/plain", std::move(body)}; }

/// Decides on a thread of its own, when it is told to.
struct slow_auth {
    struct queue {
        std::mutex mutex;
        std::vector<completion<backchannel::auth_decision>> waiting;
    };
    std::shared_ptr<queue> shared = std::make_shared<queue>();

    void async_authorize(request_view const&, backchannel::operation, std::string_view,
                         completion<backchannel::auth_decision> done) {
        std::lock_guard const lock{shared->mutex};
        shared->waiting.push_back(std::move(done));
    }
    [[nodiscard]] static std::vector<completion<backchannel::auth_decision>> take(queue& q, std::size_t count) {
        std::vector<completion<backchannel::auth_decision>> taken;
        (void)soon([&] {
            std::lock_guard const lock{q.mutex};
            if (q.waiting.size() < count) return false;
            taken = std::exchange(q.waiting, {});
            return true;
        });
        return taken;
    }
};

/// The same for bodies in pieces.
struct slow_pieces : private slow_auth {
    using slow_auth::shared;

    struct state {
        slow_auth auth;
        void append(std::string_view) {}
        void finish(completion<backchannel::auth_decision> done) { auth.async_authorize({}, {}, {}, std::move(done)); }
    };
    [[nodiscard]] state begin(request_view const&, backchannel::operation, std::string_view) { return {*this}; }
};

/// Throws where it is asked first.
struct failing_auth {
    struct state {
        void append(std::string_view) {}
        void finish(completion<backchannel::auth_decision> done) { done(backchannel::auth_decision::allow()); }
    };
    state begin(request_view const&, backchannel::operation, std::string_view id) {
        if (id == "throw") throw std::runtime_error{"the authorizer has failed"};
        return {};
    }
};

}

TEST_CASE("answers keep the order of the requests when the first one comes late", "[http_session]") {
    desk waiting;
    patient_handler handler;
    handler.request = [&](request_view const& r, completion<response> done) {
        if (r.target.starts_with("/late")) return waiting.take(r, std::move(done));
        done(text(std::string{r.target}));
        return true;
    };
    running_gateway<patient_handler> g{handler};
    test_client client{g.port};
    client.send(get("/late1") + get("/now") + get("/late2") + get("/prod/@connections/AAAAAAAAAAAAAAAA"));
    REQUIRE(soon([&] { return waiting.size() == 1; }));
    CHECK_FALSE(client.readable(20ms));
    waiting.give("/late1")(text("first"));
    auto const first = client.read_response();
    CHECK(first.body == "first");
    CHECK(first.header("Date").size() == 29);
    CHECK(client.read_response().body == "/now");
    REQUIRE(soon([&] { return waiting.size() == 2; }));
    waiting.give("/late2")(text("third"));
    CHECK(client.read_response().body == "third");
    CHECK(client.read_response().status == 410);
}

TEST_CASE("a handler that declines is 404, and one that loses its request is 500, each once", "[http_session]") {
    desk waiting;
    patient_handler handler;
    handler.request = [&](request_view const& r, completion<response> done) {
        if (r.target == "/declined") return false;
        if (r.target == "/declined-late") return !waiting.take(r, std::move(done));
        if (r.target == "/dropped") return done ? true : false;
        if (r.target == "/kept") return waiting.take(r, std::move(done));
        if (r.target == "/answered-and-declined") {
            done(text("answered"));
            return false;
        }
        if (r.target == "/thrown-late") (void)waiting.take(r, std::move(done));
        if (r.target == "/answered-and-thrown") done(text("answered"));
        throw std::runtime_error{"the handler has failed"};
    };
    running_gateway<patient_handler> g{handler};
    test_client client{g.port};
    CHECK(client.ask(get("/declined")).status == 404);
    CHECK(client.ask(get("/declined-late")).status == 404);
    CHECK(client.ask(get("/dropped")).status == 500);
    CHECK(client.ask(get("/thrown")).status == 500);
    CHECK(client.ask(get("/thrown-late")).status == 500);
    CHECK(client.ask(get("/answered-and-declined")).body == "answered");
    CHECK(client.ask(get("/answered-and-thrown")).body == "answered");
    client.send(get("/kept"));
    REQUIRE(soon([&] { return waiting.size() == 3; }));
    // answers to requests that are over do not reach the one that waits
    waiting.give("/declined-late")(text("too late"));
    waiting.give("/thrown-late")(text("too late"));
    CHECK_FALSE(client.readable(20ms));
    waiting.clear();
    CHECK(client.read_response().status == 500);
    client.send(get("/declined"));
    CHECK(client.read_response().status == 404);
}

TEST_CASE("an answer from inside another request's call leaves that request whole", "[http_session]") {
    desk waiting;
    patient_handler handler;
    handler.request = [&](request_view const& r, completion<response> done) {
        if (r.target == "/wait") return waiting.take(r, std::move(done));
        if (auto other = waiting.give("/wait")) other(text("released"));
        std::string headers;
        for (auto const& h : r.headers) headers.append(h.name).append("=").append(h.value).append(";");
        done(text(std::string{r.target}.append("|").append(headers).append("|").append(r.body)));
        return true;
    };
    running_gateway<patient_handler> g{handler};
    test_client waits{g.port}, releases{g.port};
    waits.send(get("/wait") + get("/behind", "Secret: of the first client\r\nMore: 1\r\nAnd: 2\r\n"));
    REQUIRE(soon([&] { return waiting.size() == 1; }));
    CHECK(releases.ask(post("/release", "body", "Own: header\r\n")).body ==
          "/release|Host=here;Own=header;Content-Length=4;|body");
    CHECK(waits.read_response().body == "released");
    CHECK(waits.read_response().body.starts_with("/behind|Host=here;Secret="));
}

TEST_CASE("an answer to a client that has gone does nothing", "[http_session]") {
    desk waiting;
    patient_handler handler;
    handler.request = [&](request_view const& r, completion<response> done) {
        return waiting.take(r, std::move(done));
    };
    running_gateway<patient_handler> g{handler};
    {
        test_client client{g.port};
        client.send(get("/1"));
        REQUIRE(soon([&] { return waiting.size() == 1; }));
        client.reset();
    }
    {
        test_client client{g.port};
        client.send(get("/2"));
        client.half_close();
        REQUIRE(soon([&] { return waiting.size() == 2; }));
        waiting.give("/1")(text("nobody"));
        waiting.give("/2")(text("half closed"));
        CHECK(client.read_response().body == "half closed");
        CHECK(client.ended());
    }
}

TEST_CASE("a client that pipelines and reads nothing is bounded with late answers too", "[http_session]") {
    std::atomic<int> served{0};
    asio::io_context elsewhere;
    auto work = asio::make_work_guard(elsewhere);
    std::thread thread{[&] { elsewhere.run(); }};
    patient_handler handler;
    handler.request = [&](request_view const&, completion<response> done) {
        ++served;
        auto kept = std::make_shared<completion<response>>(std::move(done));
        asio::post(elsewhere, [kept] { (*kept)(text(std::string(10000, 'x'))); });
        return true;
    };
    auto options = prod();
    options.write_timeout = 700ms;
    options.linger_timeout = 100ms;
    {
        running_gateway<patient_handler> g{handler, options};
        test_client client{g.port, 4096};
        std::string batch;
        for (int i = 0; i != 1000; ++i) batch += get("/");
        bool cut = false;
        auto const end = std::chrono::steady_clock::now() + test_client::patience;
        try {
            while (std::chrono::steady_clock::now() < end)
                if (client.send_some(batch) == 0) std::this_thread::sleep_for(1ms);
        } catch (std::runtime_error const&) {
            cut = true;
        }
        CHECK(cut);
        CHECK(served < 1000); // 10 MB; the sockets hold some MB
    }
    work.reset();
    thread.join();
}

TEST_CASE("an authorizer may decide later and on another thread", "[http_session]") {
    slow_auth auth;
    auto const queue = auth.shared;
    running_gateway<scripted_handler, slow_auth> g{{}, prod(), 1, auth};
    websocket_client listener{g.port};
    test_client client{g.port};
    client.send(post_to(listener.id, "hello") + get("/behind") + get("/prod/@connections/" + listener.id));
    auto decisions = slow_auth::take(*queue, 1);
    REQUIRE(decisions.size() == 1);
    CHECK_FALSE(client.readable(20ms));
    std::thread{[&] { decisions[0](backchannel::auth_decision::allow()); }}.join();
    CHECK(client.read_response().status == 200);
    CHECK(listener.read_text() == "hello");
    CHECK(client.read_response().body == "GET /behind ");
    decisions = slow_auth::take(*queue, 1);
    REQUIRE(decisions.size() == 1);
    decisions[0](backchannel::auth_decision::refuse(backchannel::auth_error::not_permitted, "no"));
    CHECK(client.read_response().status == 403);

    client.send(post_to(listener.id, "never decided"));
    decisions = slow_auth::take(*queue, 1);
    decisions.clear(); // dropped: the caller is told that it failed
    CHECK(client.read_response().status == 500);

    client.send(post_to(listener.id, "decided when the client has gone"));
    decisions = slow_auth::take(*queue, 1);
    client.reset();
    decisions[0](backchannel::auth_decision::allow());
    CHECK(listener.read_text() == "decided when the client has gone");
}

TEST_CASE("an authorizer may decide when the gateway has gone", "[http_session]") {
    slow_auth auth;
    auto const queue = auth.shared;
    auto options = prod();
    options.linger_timeout = 50ms;
    std::optional<running_gateway<scripted_handler, slow_auth>> g;
    g.emplace(scripted_handler{}, options, std::size_t{1}, auth);
    test_client client{g->port};
    client.send(post_to("AAAAAAAAAAAAAAAA", "hello") + post_to("AAAAAAAAAAAAAAAA", "again"));
    auto decisions = slow_auth::take(*queue, 1);
    REQUIRE(decisions.size() == 1);
    g.reset();
    CHECK(client.ended());
    decisions[0](backchannel::auth_decision::allow());
}

TEST_CASE("an authorizer may decide while the gateway goes, and the loop behind it", "[http_session]") {
    using slow_gateway = backchannel::gateway<slow_auth, scripted_handler>;
    for (int round = 0; round != 100; ++round) {
        slow_auth auth;
        auto& waiting = auth.shared->waiting; // no other thread sees it
        std::optional<asio::io_context> io{std::in_place};
        std::optional<slow_gateway> server;
        std::string id;
        scripted_handler handler;
        handler.open = [&](gateway_client& c) { id = c.id(); };
        server.emplace(*io, auth, handler, prod());
        unsigned short const port = open_port(*server);
        test_client listener{port}, caller{port};
        listener.send(upgrade_request());
        while (id.empty()) (void)io->run_one();
        caller.send(post_to(id, "maybe too late"));
        while (waiting.empty()) (void)io->run_one();
        auto decide = std::move(waiting.front());
        waiting.clear();
        std::atomic<bool> ready{false};
        std::thread other{[&] {
            ready = true;
            decide(backchannel::auth_decision::allow());
        }};
        while (!ready) std::this_thread::yield();
        if (round % 2 == 0) (void)io->poll(); // so that it may come in between, too
        server.reset();
        io.reset();
        other.join();
        if (!caller.ended()) CHECK(caller.read_response().status == 200);
    }
}

TEMPLATE_TEST_CASE("a request goes on where it came in, on whichever thread its authorizer decides", "[http_session]",
                   slow_auth, slow_pieces) {
    TestType auth;
    auto const queue = auth.shared;
    std::mutex mutex;
    std::thread::id loop, denied;
    scripted_handler handler;
    handler.open = [&](gateway_client&) { loop = std::this_thread::get_id(); };
    handler.event = [&](gateway_event const& e) {
        std::lock_guard const lock{mutex};
        if (e.what == gateway_event::type::request_denied) denied = std::this_thread::get_id();
    };
    running_gateway<scripted_handler, TestType> g{handler, prod(), 1, auth};
    websocket_client const listener{g.port};
    std::string const request = post_to(listener.id, "body");
    for (std::size_t const cut : {std::size_t{0}, std::size_t{4}}) { // with the whole body at once, and behind the head
        denied = {};
        test_client client{g.port};
        client.send(request.substr(0, request.size() - cut));
        client.send(request.substr(request.size() - cut));
        auto decisions = slow_auth::take(*queue, 1);
        REQUIRE(decisions.size() == 1);
        decisions[0](backchannel::auth_decision::refuse(backchannel::auth_error::not_permitted));
        CHECK(client.read_response().status == 403);
        std::lock_guard const lock{mutex};
        CHECK(denied == loop);
    }
}

TEMPLATE_TEST_CASE("a decision that waits for its loop when the gateway goes comes too late", "[http_session]",
                   slow_auth, slow_pieces) {
    TestType auth;
    auto const queue = auth.shared;
    int denied = 0;
    scripted_handler handler;
    handler.event = [&](gateway_event const& e) { denied += e.what == gateway_event::type::request_denied ? 1 : 0; };
    std::optional<asio::io_context> io{std::in_place};
    std::optional<backchannel::gateway<TestType, scripted_handler>> server;
    server.emplace(*io, auth, handler, prod());
    test_client caller{open_port(*server)};
    caller.send(post_to("AAAAAAAAAAAAAAAA", "body"));
    while (queue->waiting.empty()) (void)io->run_one();
    queue->waiting[0](backchannel::auth_decision::refuse(backchannel::auth_error::not_permitted));
    queue->waiting.clear();
    server.reset();
    SECTION("and the loop stays") { io->run(); }
    SECTION("and the loop goes, too") { io.reset(); }
    CHECK(caller.ended());
    CHECK(denied == 0);
}

TEST_CASE("an authorizer that throws is 500, and its message is not sent", "[http_session]") {
    running_gateway<scripted_handler, failing_auth> g;
    websocket_client listener{g.port};
    for (std::size_t const cut : {std::size_t{0}, std::size_t{4}}) { // with the whole body at once, and behind the head
        test_client client{g.port};
        std::string const request = post_to("throw", "body");
        client.send(request.substr(0, request.size() - cut));
        client.send(request.substr(request.size() - cut));
        CHECK(client.read_response().status == 500);
    }
    test_client client{g.port};
    CHECK(client.ask(post_to(listener.id, "fine")).status == 200);
    CHECK(listener.read_text() == "fine");
}

}
