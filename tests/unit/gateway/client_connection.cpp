// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// What an idle connection holds, on a stream whose peer takes as many bytes as the test says.

#include <backchannel/gateway/client_connection.hpp>

#include <backchannel/gateway/gateway_core.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"
#include "support/mock_stream.hpp"

#include <backchannel/auth/allow_all.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace gateway_client_connection_tests {

using namespace test;
using namespace backchannel;

namespace {

template <class Handler = scripted_handler>
struct fixture {
    using core_type = gateway_core<Handler>;
    using connection_type = client_connection<core_type, mock_stream>;

    asio::io_context io;
    std::shared_ptr<mock_wire> wire = std::make_shared<mock_wire>(io);
    std::shared_ptr<core_type> core;
    std::shared_ptr<gateway_worker> worker = std::make_shared<gateway_worker>(io);
    admission rooms{1, 0, 1};
    outbox* pooled = nullptr; // the only one that is not in use
    std::shared_ptr<connection_type> connection;
    std::size_t seen = 0;

    explicit fixture(Handler handler = {}, gateway_options const& options = prod())
        : core{std::make_shared<core_type>(std::move(handler), options)} {
        (void)core->template mount<aws_dialect>(allow_all{}, core->options.router);
        auto made = worker->outboxes().take();
        pooled = made.get();
        worker->outboxes().give_back(std::move(made));
        connection = std::make_shared<connection_type>(core, *worker, mock_stream{wire}, "192.0.2.7", rooms.enter({}));
        connection->start();
    }
    ~fixture() {
        worker->abandon();
        run_ready(io);
        CHECK(wire->misuse().empty());
        CHECK(worker->counters().queue_bytes.get() == 0);
    }

    void turn(std::string const& sent = {}) {
        if (!sent.empty()) wire->send(sent);
        run_ready(io);
    }
    /// What has come since the last call.
    [[nodiscard]] std::string received() {
        std::string fresh = wire->received().substr(seen);
        seen += fresh.size();
        return fresh;
    }
    /// Whether the connection has given its outbox back.
    [[nodiscard]] bool holds_no_outbox() {
        auto taken = worker->outboxes().take();
        bool const there = taken.get() == pooled;
        if (there) worker->outboxes().give_back(std::move(taken));
        return there;
    }
};

}

TEST_CASE("a WebSocket holds nothing of HTTP when it is open, and answers as before", "[client_connection]") {
    fixture<> f;
    REQUIRE(f.connection->http() != nullptr);
    f.turn("GET /first HTTP/1.1\r\nHost: here\r\n\r\n");
    CHECK(f.received().find("GET /first") != std::string::npos);
    CHECK(f.connection->http() != nullptr);
    f.turn(upgrade_request() + masked_frame(1, "at once"));
    CHECK(f.connection->http() == nullptr);
    std::string const begun = f.received();
    CHECK(begun.starts_with("HTTP/1.1 101 "));
    CHECK(begun.ends_with("\x81\x07"
                          "at once"));
    f.turn(masked_frame(1, "later"));
    CHECK(f.received() == "\x81\x05later");
    CHECK(f.worker->counters().websockets_open.get() == 1);
    f.wire->end();
    f.turn();
    CHECK(f.wire->closed());
    CHECK(f.worker->counters().websockets_open.get() == 0);
    CHECK(f.worker->counters().connections_open.get() == 0);
}

TEST_CASE("a refused upgrade leaves HTTP as it was", "[client_connection]") {
    scripted_handler handler;
    handler.connect = [](gateway_client&, request_view const&) { return connect_answer::refuse(403); };
    fixture<> f{std::move(handler)};
    f.turn(upgrade_request());
    CHECK(f.received().starts_with("HTTP/1.1 403 "));
    REQUIRE(f.connection->http() != nullptr);
    f.turn("GET /next HTTP/1.1\r\nHost: here\r\n\r\n");
    CHECK(f.received().find("GET /next") != std::string::npos);
}

TEST_CASE("a connection holds an outbox only while something waits in it", "[client_connection]") {
    fixture<> f;
    CHECK(f.holds_no_outbox());
    f.turn("GET / HTTP/1.1\r\nHost: here\r\n\r\n");
    CHECK(f.holds_no_outbox());
    f.turn(upgrade_request());
    CHECK(f.holds_no_outbox());
    (void)f.received();

    f.wire->window = 3;
    f.turn(masked_frame(1, "hello"));
    CHECK_FALSE(f.holds_no_outbox());
    CHECK(f.connection->queued() == 4);
    CHECK(f.worker->counters().queue_bytes.get() == 4);
    f.wire->open_window(100);
    f.turn();
    CHECK(f.received() == "\x81\x05hello");
    CHECK(f.connection->queued() == 0);
    CHECK(f.worker->counters().queue_bytes.get() == 0);
    CHECK(f.holds_no_outbox());
}

TEST_CASE("a client that has sent much is served in turns with the loop's others", "[client_connection]") {
    int seen = 0; // of what the client has sent, in order
    bool in_order = true;
    scripted_handler handler;
    handler.receive = [&](gateway_client& c, message const& m) {
        in_order = in_order && m.data() == std::to_string(seen++);
        (void)c.send(m); // whose way out does not bring the next turn
    };
    handler.request = [&](request_view const& r) -> std::optional<response> {
        in_order = in_order && r.target == "/" + std::to_string(seen++);
        return response{200, "text/plain", "yes"};
    };
    fixture<> f{handler};
    constexpr int count = 9000; // more than one read takes
    std::string messages, requests;
    for (int i = 0; i != count; ++i) {
        messages += masked_frame(1, std::to_string(i));
        requests += get("/" + std::to_string(i));
    }
    int most = 0;
    auto const arrives = [&](std::string_view bytes) {
        f.wire->send(bytes);
        int last = seen;
        for (f.io.restart(); f.io.poll_one() != 0; last = seen) most = std::max(most, seen - last);
    };
    SECTION("requests") {
        arrives(requests);
        CHECK(most == 64);
    }
    SECTION("messages, the last of which comes in two pieces") {
        f.turn(upgrade_request());
        arrives(std::string_view{messages}.substr(0, messages.size() - 5));
        CHECK(seen == count - 1);
        arrives(std::string_view{messages}.substr(messages.size() - 5));
        CHECK(most == 128);
    }
    SECTION("messages, and then nothing more") {
        f.turn(upgrade_request());
        f.wire->send(messages);
        f.wire->end();
        arrives({});
        CHECK(most == 128);
    }
    CHECK(seen == count);
    CHECK(in_order);
}

TEST_CASE("a client that breaks a rule in the midst of much, or is dropped there, is heard no more", "[client_connection]") {
    int seen = 0;
    scripted_handler handler;
    handler.receive = [&](gateway_client&, message const&) { ++seen; };
    fixture<> f{handler};
    f.turn(upgrade_request());
    std::string burst;
    for (int i = 0; i != 200; ++i) burst += masked_frame(1, "one");
    int expected = 200;
    SECTION("breaks a rule") { f.turn(burst + "\xFF\xFF" + burst); }
    SECTION("is dropped") {
        expected = 128; // of one turn
        f.wire->send(burst + burst);
        f.io.restart();
        while (seen == 0 && f.io.poll_one() != 0) {
        }
        f.connection->drop();
        f.turn();
    }
    CHECK(seen == expected);
}

TEST_CASE("a connection that is dropped gives its outbox back", "[client_connection]") {
    fixture<> f;
    f.turn(upgrade_request());
    f.wire->window = 0;
    f.turn(masked_frame(1, "never sent"));
    CHECK_FALSE(f.holds_no_outbox());
    f.connection->drop();
    CHECK(f.holds_no_outbox());
    f.turn();
}

TEST_CASE("HTTP is there until a decision that comes later has been made", "[client_connection]") {
    struct late_handler {
        std::shared_ptr<std::optional<completion<connect_answer>>> decision =
            std::make_shared<std::optional<completion<connect_answer>>>();

        void on_connect(gateway_client&, request_view const&, completion<connect_answer> done) {
            decision->emplace(std::move(done));
        }
    };
    late_handler handler;
    auto const decision = handler.decision;
    fixture<late_handler> f{handler};
    f.turn(upgrade_request());
    REQUIRE(decision->has_value());
    CHECK(f.connection->http() != nullptr);
    (**decision)(connect_answer::accept());
    f.turn();
    CHECK(f.received().starts_with("HTTP/1.1 101 "));
    CHECK(f.connection->http() == nullptr);
}

TEST_CASE("a WebSocket tells its client's address, a proxy's word for it too", "[client_connection]") {
    std::string seen;
    scripted_handler handler;
    handler.open = [&](gateway_client& c) { seen = c.source_ip(); };
    {
        fixture<> direct{handler};
        direct.turn(upgrade_request());
        CHECK(seen == "192.0.2.7");
    }
    auto options = prod();
    options.trusted_proxies = {*backchannel::ip_network::parse("192.0.2.7")};
    fixture<> behind{handler, options};
    behind.turn(upgrade_request("/prod", "X-Forwarded-For: 2001:db8::7\r\n"));
    CHECK(seen == "2001:db8::7");
}

}
