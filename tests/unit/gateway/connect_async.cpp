// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/websocket_upgrade.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

#include <memory>
#include <optional>
#include <stdexcept>

namespace gateway_connect_async_tests {

using namespace test;

namespace {

/// Handshakes that wait for the test to decide.
struct gate {
    std::mutex mutex;
    std::vector<std::pair<std::string, completion<connect_answer>>> waiting; // by id
    event_log log;

    /// The oldest that waits, when there is one.
    std::pair<std::string, completion<connect_answer>> next() {
        std::pair<std::string, completion<connect_answer>> found;
        REQUIRE(soon([&] {
            std::lock_guard const lock{mutex};
            if (waiting.empty()) return false;
            found = std::move(waiting.front());
            waiting.erase(waiting.begin());
            return true;
        }));
        return found;
    }
};

struct gated_handler {
    std::shared_ptr<gate> shared;

    void on_connect(gateway_client& c, request_view const& r, completion<connect_answer> done) {
        if (r.target == "/prod?now") return done(connect_answer::accept());
        if (r.target == "/prod?no") return done(connect_answer::refuse(401, "no"));
        if (r.target == "/prod?throw") throw std::runtime_error{"as asked"};
        if (r.target == "/prod?lose") return;
        std::lock_guard const lock{shared->mutex};
        shared->waiting.emplace_back(c.id(), std::move(done));
    }
    void on_open(gateway_client& c) { (void)c.send(message{"welcome", message_kind::text}); }
    void on_message(gateway_client& c, message const& m) { (void)c.send(m); }
    void on_disconnect(std::string_view, std::uint16_t code, std::string_view) {
        shared->log.add("closed " + std::to_string(code));
    }
};

struct fixture {
    std::shared_ptr<gate> shared = std::make_shared<gate>();
    running_gateway<gated_handler> g;

    explicit fixture(gateway_options options = prod()) : g{gated_handler{shared}, std::move(options)} {}
    ~fixture() { g.stop(); }

    [[nodiscard]] static gateway_options holding() {
        auto options = prod();
        options.hub.hold_before_open = true;
        return options;
    }
};

/// A handshake that is under way.
struct candidate : test_client {
    explicit candidate(unsigned short port, std::string_view path = "/prod") : test_client{port} {
        send(upgrade_request(path));
    }
};

}

TEST_CASE("on_connect may decide later, on another thread", "[http_session]") {
    fixture f;
    candidate client{f.g.port};
    client.send(masked_frame(1, "early")); // it should not, but it waits
    auto [id, done] = f.shared->next();
    test_client caller{f.g.port};
    CHECK(caller.ask(post_to(id, "x")).status == 410);
    CHECK(caller.ask(get("/prod/@connections/" + id)).status == 410);
    done(connect_answer::accept().with({{"plan", "free"}}));
    CHECK(client.read_response().status == 101);
    websocket_client open{std::move(client)};
    CHECK(open.read_text() == "welcome");
    CHECK(open.read_text() == "early");
    CHECK(caller.ask(post_to(id, "x")).status == 200);
    CHECK(open.read_text() == "x");
    auto const state = f.g.server.hub().find(id);
    REQUIRE(state);
    CHECK(state->attributes == backchannel::connection_attributes{{"plan", "free"}});
    CHECK(state->source_ip == "127.0.0.1");
}

TEST_CASE("on_connect decides at once, refuses, throws and forgets in its other form too", "[http_session]") {
    fixture f;
    CHECK(candidate{f.g.port, "/prod?now"}.read_response().status == 101);
    auto const no = candidate{f.g.port, "/prod?no"}.read_response();
    CHECK(no.status == 401);
    CHECK(no.body == "no");
    CHECK(candidate{f.g.port, "/prod?throw"}.read_response().status == 500);
    candidate forgotten{f.g.port, "/prod?lose"};
    CHECK(forgotten.read_response().status == 500);
    CHECK(forgotten.ask(get("/missing")).status == 404); // the connection goes on
    CHECK(f.g.counts(&gateway_metrics::websockets_refused, 3));
}

TEST_CASE("a client that on_connect says nothing about is 504, and what is said then is for nobody", "[http_session]") {
    auto options = fixture::holding();
    options.answer_timeout = 50ms;
    fixture f{options};
    candidate client{f.g.port};
    auto [id, done] = f.shared->next();
    test_client caller{f.g.port};
    caller.send(post_to(id, "waits"));
    CHECK(client.read_response().status == 504);
    CHECK(caller.read_response().status == 410);
    done(connect_answer::accept());
    CHECK(client.ask(get("/missing")).status == 404);
    CHECK(f.g.server.hub().metrics().opened == 0);
}

TEST_CASE("a client that goes while on_connect decides is not opened", "[http_session]") {
    fixture f{fixture::holding()};
    auto client = std::make_unique<candidate>(f.g.port);
    auto [id, done] = f.shared->next();
    test_client caller{f.g.port};
    caller.send(post_to(id, "waits"));
    client.reset();
    CHECK(caller.read_response().status == 410);
    done(connect_answer::accept());
    CHECK(f.g.counts(&gateway_metrics::connections_open, 1));
    CHECK(f.g.server.hub().metrics().opened == 0);
    CHECK(f.shared->log.events().empty());
}

TEST_CASE("a POST that comes while on_connect decides waits, and is the client's first message", "[http_session]") {
    fixture f{fixture::holding()};
    for (bool const accepted : {true, false}) {
        candidate client{f.g.port};
        auto [id, done] = f.shared->next();
        test_client first{f.g.port}, second{f.g.port};
        for (test_client* const caller : {&first, &second}) {
            caller->send(post_to(id, caller == &first ? "1" : "2"));
            // whoever comes later is answered later: the loop has dealt with the POST then
            CHECK(test_client{f.g.port}.ask(get("/prod/@connections/" + id)).status == 410); // it is not open
        }
        done(accepted ? connect_answer::accept() : connect_answer::refuse(403, "no"));
        CHECK(client.read_response().status == (accepted ? 101 : 403));
        CHECK(first.read_response().status == (accepted ? 200 : 410));
        CHECK(second.read_response().status == (accepted ? 200 : 410));
        if (!accepted) continue;
        websocket_client open{std::move(client)};
        for (char const* const text : {"1", "2", "welcome"}) CHECK(open.read_text() == text);
    }
}

TEST_CASE("no client is let in by a gateway that is stopping", "[http_session]") {
    fixture f;
    candidate client{f.g.port};
    auto [id, done] = f.shared->next();
    f.g.server.drain(5s);
    REQUIRE(soon([&] { return f.g.server.draining(); }));
    done(connect_answer::accept());
    CHECK(client.read_response().status == 503);
}

}
