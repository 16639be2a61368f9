// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/http_exchange.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

#include <map>

namespace gateway_deadlines_tests {

using namespace test;
using backchannel::auth_decision;

namespace {

using clock = std::chrono::steady_clock;

/// Keeps what is to be answered later.
template <class T>
struct drawer {
    std::mutex mutex;
    std::map<std::string, completion<T>> waiting;

    void put(std::string name, completion<T> done) {
        std::lock_guard const lock{mutex};
        waiting[std::move(name)] = std::move(done);
    }
    [[nodiscard]] completion<T> take(std::string const& name) {
        completion<T> found;
        if (!soon([&] {
                std::lock_guard const lock{mutex};
                auto const at = waiting.find(name);
                if (at != waiting.end()) found = std::move(at->second);
                waiting.erase(name);
                return static_cast<bool>(found);
            }))
            throw std::runtime_error{"nobody asked for " + name};
        return found;
    }
};

struct hesitant_auth {
    std::shared_ptr<drawer<auth_decision>> asked = std::make_shared<drawer<auth_decision>>();

    void async_authorize(request_view const&, backchannel::operation, std::string_view id,
                         completion<auth_decision> done) {
        if (id == std::string(16, 'A'))
            done(auth_decision::allow());
        else
            asked->put(std::string{id}, std::move(done));
    }
};

/// Answers /now at once, and everything else when the test wants it.
struct office {
    drawer<response> asked;
    hesitant_auth auth;
    patient_handler handler{[this](request_view const& r, completion<response> done) {
        if (r.target == "/now")
            done(text("now"));
        else
            asked.put(std::string{r.target}, std::move(done));
        return true;
    }};

    [[nodiscard]] static response text(std::string body) { return response{200, "text/plain", std::move(body)}; }
};

using slow_gateway = running_gateway<patient_handler, hesitant_auth>;

[[nodiscard]] gateway_options hurried() {
    auto options = prod();
    options.answer_timeout = 200ms;
    return options;
}

void check_timed_out(http_answer const& answer) {
    CHECK(answer.status == 504);
    CHECK(answer.header("x-amzn-ErrorType") == "GatewayTimeoutException");
    CHECK(answer.header("Connection").empty()); // it stays
}

/// Sends a byte now and then until the server says something.
void drip(test_client& client, std::string_view byte) {
    while (!client.readable(40ms)) client.send(byte);
}

}

TEST_CASE("a handler that does not answer is 504, and what it says later is for nobody", "[deadlines]") {
    office o;
    auto options = hurried();
    options.answer_timeout = 1s;
    slow_gateway g{o.handler, options, 1, o.auth};
    test_client client{g.port};
    auto const start = clock::now();
    check_timed_out(client.ask(get("/first")));
    CHECK(clock::now() - start >= 1s);
    CHECK(client.ask(get("/now")).body == "now");
    client.send(get("/second"));
    auto second = o.asked.take("/second"); // it is being worked on
    o.asked.take("/first")(office::text("late"));
    (void)g.on_loop([] { return 0; }); // that has arrived
    second(office::text("second"));
    CHECK(client.read_response().body == "second");
    CHECK(client.ask(get("/now")).body == "now");
    CHECK_FALSE(client.readable(50ms));
}

TEST_CASE("requests behind one that is not answered in time are answered in order", "[deadlines]") {
    office o;
    slow_gateway g{o.handler, hurried(), 1, o.auth};
    test_client client{g.port};
    client.send(get("/a") + get("/now") + get("/b") + post("/now", "body") + get("/now"));
    check_timed_out(client.read_response());
    CHECK(client.read_response().body == "now");
    check_timed_out(client.read_response());
    CHECK(client.read_response().body == "now");
    CHECK(client.read_response().body == "now");
    o.asked.take("/b")(office::text("late"));
    CHECK(client.ask(get("/now")).body == "now");
    CHECK_FALSE(client.readable(50ms));
}

TEST_CASE("an Auth that does not decide is 504, and its late decision sends nothing to the caller", "[deadlines]") {
    office o;
    slow_gateway g{o.handler, hurried(), 1, o.auth};
    websocket_client target{g.port};
    test_client client{g.port};
    check_timed_out(client.ask(post_to(target.id, "x")));
    CHECK(client.ask(get("/now")).body == "now");
    o.auth.asked->take(target.id)(auth_decision::allow());
    CHECK(client.ask(post_to(std::string(16, 'A'), "x")).status == 410);
    CHECK_FALSE(client.readable(50ms));
    auto const m = g.server.metrics();
    CHECK(m.management[0][backchannel::management_status_index(504)] == 1);
    CHECK(m.management[0][backchannel::management_status_index(410)] == 1);
}

TEST_CASE("an answer in time stops the clock", "[deadlines]") {
    office o;
    auto options = hurried();
    options.answer_timeout = 1s;
    slow_gateway g{o.handler, options, 1, o.auth};
    test_client client{g.port};
    client.send(get("/soon"));
    o.asked.take("/soon")(office::text("soon"));
    CHECK(client.read_response().body == "soon");
    CHECK_FALSE(client.readable(1200ms));
    CHECK(client.ask(get("/now")).body == "now");
}

TEST_CASE("a client that goes before its answer is late leaves nothing behind", "[deadlines]") {
    office o;
    slow_gateway g{o.handler, hurried(), 1, o.auth};
    {
        test_client reset{g.port}, closed{g.port};
        for (test_client* c : {&reset, &closed}) {
            c->send(get("/x"));
            (void)o.asked.take("/x");
        }
        reset.send(get("/y"));
        reset.reset();
    }
    CHECK(g.counts(&gateway_metrics::connections_open, 0));
}

TEST_CASE("a slow head is 408 after the time for a head, however steadily it comes", "[deadlines]") {
    auto options = prod();
    options.header_timeout = 400ms;
    options.request_timeout = 30s;
    running_gateway<> g{{}, options};
    for (bool const first : {true, false}) { // on a new connection and behind another request
        test_client client{g.port};
        if (!first) CHECK(client.ask(get("/")).status == 200);
        auto const start = clock::now();
        client.send("GET / HTTP/1.1\r\nHost: here\r\nX-Slow: ");
        drip(client, "x");
        CHECK(clock::now() - start >= 400ms);
        auto const answer = client.read_response();
        CHECK(answer.status == 408);
        CHECK(answer.header("Connection") == "close");
        CHECK(client.ended());
    }
    CHECK(g.server.metrics().request_timeouts == 2);
}

TEST_CASE("a slow body has the time of the whole request, and then is 408 too", "[deadlines]") {
    auto options = prod();
    options.header_timeout = 500ms;
    options.request_timeout = 1s;
    running_gateway<> g{{}, options};
    auto const start = clock::now();
    test_client upload{g.port}, managed{g.port};
    std::string const rest = " HTTP/1.1\r\nHost: here\r\nContent-Length: 10000\r\n\r\n";
    upload.send("POST /upload" + rest);
    managed.send("POST /prod/@connections/AAAAAAAAAAAAAAAA" + rest);
    for (test_client* client : {&upload, &managed}) {
        drip(*client, "x");
        CHECK(clock::now() - start >= 1s); // more than for a head
        CHECK(client->read_response().status == 408);
        CHECK(client->ended());
    }
    test_client quick{g.port};
    CHECK(quick.ask(post("/upload", "x")).status == 200);
}

TEST_CASE("a kept-alive connection waits for the next request for its own time, then closes without a word",
          "[deadlines]") {
    auto options = prod();
    options.header_timeout = 500ms;
    options.keep_alive_timeout = 800ms;
    running_gateway<> g{{}, options};
    test_client silent{g.port}, kept{g.port};
    auto const start = clock::now();
    CHECK(kept.ask(get("/")).status == 200);
    CHECK(silent.ended());
    CHECK(kept.ended());
    CHECK(clock::now() - start >= 800ms);
}

TEST_CASE("a client that does not take its answer is dropped after the write timeout, and the others go on",
          "[deadlines]") {
    auto options = prod();
    options.write_timeout = 300ms;
    scripted_handler handler;
    handler.request = [](request_view const& r) {
        return response{200, "text/plain", std::string(r.target == "/large" ? 16'000'000u : 3u, 'x')};
    };
    running_gateway<> g{handler, options};
    test_client stuck{g.port, 4096}, other{g.port};
    stuck.send(get("/large"));
    CHECK(g.counts(&gateway_metrics::peers_stalled, 1));
    CHECK(g.counts(&gateway_metrics::queue_bytes, 0));
    CHECK(g.counts(&gateway_metrics::connections_open, 1));
    CHECK(other.ask(get("/small")).body == "xxx");
}

TEST_CASE("a client that takes its answer slowly is waited for", "[deadlines]") {
    auto options = prod();
    options.write_timeout = 500ms;
    scripted_handler handler;
    handler.request = [](request_view const&) { return response{200, "text/plain", std::string(4'000'000, 'x')}; };
    running_gateway<> g{handler, options};
    test_client slow{g.port, 4096};
    slow.send(get("/large"));
    for (auto const end = clock::now() + 2500ms; clock::now() < end; std::this_thread::sleep_for(50ms))
        CHECK(slow.read_exactly(1024).size() == 1024); // so slowly that the system asks for no more meanwhile
    CHECK(g.server.metrics().peers_stalled == 0);
    CHECK(slow.read_exactly(3'000'000).size() == 3'000'000);
}

TEST_CASE("a deadline that is beyond all clocks is none", "[connection]") {
    auto options = prod();
    constexpr auto for_ever = std::chrono::milliseconds::max();
    options.header_timeout = options.request_timeout = options.answer_timeout = for_ever;
    options.keep_alive_timeout = options.write_timeout = options.linger_timeout = for_ever;
    options.ping_interval = options.pong_timeout = for_ever;
    running_gateway<> g{{}, options};
    test_client caller{g.port};
    websocket_client client{g.port};
    for (std::string const text : {"first", "second"}) {
        CHECK(caller.ask(post_to(client.id, text)).status == 200);
        CHECK(client.read_text() == text);
    }
    caller.send("POST /slow HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\na");
    std::this_thread::sleep_for(20ms);
    caller.send("b");
    CHECK(caller.read_response().status == 200);
    g.server.drain(for_ever);
    g.server.drain(1s);
}

}
