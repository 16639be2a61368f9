// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/metrics.hpp>

#include "support/catch.hpp"
#include "support/fussy_auth.hpp"
#include "support/gateway_fixture.hpp"

#include <map>
#include <memory>
#include <numeric>
#include <optional>

namespace gateway_metrics_tests {

using namespace test;
using backchannel::auth_error;
using backchannel::close_code_index;
using backchannel::management_status_index;
using backchannel::http1::parse_error;

namespace {

using counting_gateway = running_gateway<scripted_handler, fussy_auth>;

void check_gauges_are_zero(gateway_metrics const& m) {
    CHECK(m.connections_open == 0);
    CHECK(m.websockets_open == 0);
    CHECK(m.handshakes_pending == 0);
    CHECK(m.queue_bytes == 0);
    CHECK(m.hub.open == 0);
}

template <class A>
[[nodiscard]] std::uint64_t sum(A const& a) {
    return std::accumulate(a.begin(), a.end(), std::uint64_t{0});
}

[[nodiscard]] std::string managed(std::string_view method, std::string_view id, std::string_view more = {}) {
    return std::string{method}
        .append(" /prod/@connections/")
        .append(id)
        .append(" HTTP/1.1\r\nHost: here\r\n")
        .append(more)
        .append("Content-Length: 0\r\n\r\n");
}

}

TEST_CASE("each close code and status has its place", "[metrics]") {
    CHECK(close_code_index(1000) == 0);
    CHECK(close_code_index(1015) == 15);
    CHECK(close_code_index(3000) == 16);
    CHECK(close_code_index(3999) == 16);
    CHECK(close_code_index(4000) == 17);
    CHECK(close_code_index(4999) == 17);
    for (int const other : {-1, 0, 999, 1016, 2999, 5000, 65535}) CHECK(close_code_index(other) == 18);
    CHECK(management_status_index(200) == 0);
    CHECK(management_status_index(504) == 12);
    for (int const other : {0, 100, 201, 418, 599}) CHECK(management_status_index(other) == 13);
}

TEST_CASE("numbers of several loops are added, each to its own", "[metrics]") {
    backchannel::gateway_counters a, b;
    std::uint64_t n = 0;
    a.combine(a, [&](backchannel::loop_counter& c, backchannel::loop_counter const&) { c.add(++n); });
    CHECK(n == 18 + 6 + 19 + backchannel::parse_errors + 4 * backchannel::management_statuses.size());
    b.queue_bytes.add(5);
    b.queue_bytes.subtract(2);
    gateway_metrics both;
    for (auto const* one : {&a, &b})
        both.combine(*one, [](std::uint64_t& to, backchannel::loop_counter const& from) { to += from.get(); });
    std::uint64_t again = 0;
    gateway_metrics only_a;
    only_a.combine(a, [&](std::uint64_t& to, backchannel::loop_counter const& from) {
        to = from.get();
        CHECK(to == ++again); // nothing is left out, and nothing is mixed up
    });
    CHECK(both.queue_bytes == a.queue_bytes.get() + 3);
    CHECK(both.connections_open == a.connections_open.get());
}

TEST_CASE("connections and requests are counted from their beginning to their end", "[metrics]") {
    counting_gateway g;
    {
        test_client client{g.port};
        CHECK(g.counts(&gateway_metrics::connections_open, 1));
        CHECK(g.server.metrics().handshakes_pending == 1);
        CHECK(g.server.metrics().connections_accepted == 1);
        CHECK(client.ask(get("/")).status == 200);
        CHECK(client.ask(get("/missing")).status == 404);
        auto m = g.server.metrics();
        CHECK(m.handshakes_pending == 0);
        CHECK(m.connections_open == 1);
        CHECK(m.responses[2] == 1);
        CHECK(m.responses[4] == 1);
        CHECK(m.bytes_received == get("/").size() + get("/missing").size());
        CHECK(m.bytes_sent > 100);
        CHECK(m.queue_bytes == 0);
        CHECK(sum(m.requests_rejected) == 0);
        for (auto const& one : m.management) CHECK(sum(one) == 0);
    }
    CHECK(g.counts(&gateway_metrics::connections_open, 0));
    { test_client silent{g.port}; }
    CHECK(soon([&] {
        auto const m = g.server.metrics();
        return m.connections_accepted == 2 && m.connections_open == 0 && m.handshakes_pending == 0;
    }));
    CHECK(g.server.metrics().connections_refused == 0);
    CHECK(g.server.metrics().accept_errors == 0);
}

TEST_CASE("requests that break HTTP are counted by what they break", "[metrics]") {
    counting_gateway g;
    std::vector<std::pair<std::string, parse_error>> const cases{
        {"GET / HTTP/1.1\r\n\r\n", parse_error::missing_host},
        {"GET / HTTP/2.0\r\n\r\n", parse_error::unsupported_version},
        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", parse_error::bad_content_length},
        {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", parse_error::space_before_colon},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", parse_error::body_too_large},
        {"\x01 / HTTP/1.1\r\nHost: a\r\n\r\n", parse_error::bad_method}};
    for (auto const& [request, why] : cases) {
        test_client client{g.port};
        CHECK(client.ask(request).status >= 400);
        CHECK(g.server.metrics().requests_rejected[static_cast<std::size_t>(why)] == 1);
    }
    auto const m = g.server.metrics();
    CHECK(sum(m.requests_rejected) == cases.size());
    CHECK(m.responses[4] + m.responses[5] == cases.size());
    CHECK(m.request_timeouts == 0);
    CHECK(g.counts(&gateway_metrics::connections_open, 0));
    CHECK(g.server.metrics().handshakes_pending == 0);
}

TEST_CASE("management answers are counted by operation and status, denials by their reason", "[metrics]") {
    counting_gateway g;
    websocket_client target{g.port};
    std::optional<test_client> caller{std::in_place, g.port};
    std::map<std::pair<std::size_t, int>, std::uint64_t> expected;
    auto const ask = [&](std::size_t operation, int status, std::string const& request) {
        auto const answer = caller->ask(request);
        CHECK(answer.status == status);
        ++expected[{operation, status}];
        if (answer.header("Connection") == "close") caller.emplace(g.port);
    };
    std::string const nobody(16, 'A');
    ask(0, 200, post_to(target.id, "hello"));
    ask(0, 200, post_to(target.id, "12345"));
    ask(0, 410, post_to(nobody, "x"));
    ask(0, 413, post_to(target.id, std::string(131'073, 'x')));
    ask(1, 200, get("/prod/@connections/" + target.id));
    ask(1, 410, get("/prod/@connections/" + nobody));
    ask(3, 405, managed("PUT", target.id));
    ask(2, 410, managed("DELETE", nobody));
    ask(0, 400, post_to("bad-id", "x"));
    std::uint64_t denied = 0;
    for (int i = 1; i <= static_cast<int>(auth_error::internal); ++i) {
        std::string const name{name_of(static_cast<auth_error>(i))};
        auto const answer = caller->ask(managed("GET", target.id, "X-Refuse: " + name + "\r\n"));
        CHECK(answer.status >= 400);
        ++expected[{1, answer.status}];
        ++denied;
        auto const m = g.server.metrics();
        CHECK(m.requests_denied[static_cast<std::size_t>(i)] == 1);
        CHECK(sum(m.requests_denied) == denied);
        if (answer.header("Connection") == "close") caller.emplace(g.port);
    }
    ask(2, 204, managed("DELETE", target.id));
    auto const m = g.server.metrics();
    std::uint64_t all = 0, known = 0;
    for (auto const& one : m.management) all += sum(one);
    for (auto const& [which, count] : expected) {
        CAPTURE(which.first, which.second);
        CHECK(m.management[which.first][management_status_index(which.second)] == count);
        known += count;
    }
    CHECK(all == known);
    CHECK(m.hub.accepted == 2);
    CHECK(m.hub.accepted_bytes == 10);
    CHECK(m.messages_sent == 2);
    CHECK(m.requests_denied[0] == 0);
}

TEST_CASE("WebSockets are counted, and their ends by code", "[metrics]") {
    scripted_handler handler;
    handler.connect = [](gateway_client&, request_view const& r) {
        return r.target == "/prod?no" ? connect_answer::refuse(403) : connect_answer::accept();
    };
    handler.receive = [](gateway_client& c, message const& m) {
        if (m.data() == "throw") throw 1;
        if (m.data() == "close") return c.close(4321);
        (void)c.send(m);
    };
    counting_gateway g{handler};
    std::vector<std::unique_ptr<websocket_client>> all;
    for (int i = 0; i != 8; ++i) all.push_back(std::make_unique<websocket_client>(g.port));
    test_client refused{g.port};
    CHECK(refused.ask(upgrade_request("/prod?no")).status == 403);
    auto m = g.server.metrics();
    CHECK(m.websockets_open == 8);
    CHECK(m.websockets_opened == 8);
    CHECK(m.websockets_refused == 1);
    CHECK(m.responses[1] == 8);
    CHECK(m.hub.open == 8);
    all[0]->send_text("a");
    all[0]->send(masked_frame(1, "b", false) + masked_frame(0, "c"));
    CHECK(all[0]->read_text() == "a");
    CHECK(all[0]->read_text() == "bc");
    CHECK(g.server.metrics().messages_received == 2);
    CHECK(g.server.metrics().messages_sent == 2);
    CHECK(g.server.hub().ping(all[0]->id, "?"));
    CHECK(all[0]->read_frame().opcode == 9);
    CHECK(g.server.metrics().pings_sent == 1);

    CHECK(all[0]->hang_up(1000) == 1000);
    CHECK(all[1]->hang_up(3333) == 3333);
    all[2]->send(masked_frame(8, {}));
    CHECK(all[2]->read_close() == 0);
    all[3]->send_text("throw");
    CHECK(all[3]->read_close() == 1011);
    all[4]->send_text("close");
    CHECK(all[4]->read_close() == 4321);
    CHECK(g.server.metrics().websockets_open >= 4); // it counts until the client has answered
    all[4]->send_close(4321);
    all[5]->reset();
    all[6]->close();
    all[7]->send("\xFF\xFF\xFF\xFF\xFF\xFF");
    CHECK(all[7]->read_close() == 1002);
    CHECK(g.counts(&gateway_metrics::websockets_open, 0));
    m = g.server.metrics();
    std::map<std::size_t, std::uint64_t> const expected{{0, 1}, {16, 1}, {5, 1}, {11, 1}, {17, 1}, {6, 2}, {2, 1}};
    for (std::size_t i = 0; i != m.websockets_closed.size(); ++i) {
        CAPTURE(i);
        auto const at = expected.find(i);
        CHECK(m.websockets_closed[i] == (at == expected.end() ? 0 : at->second));
    }
    CHECK(m.hub.opened == 8);
    CHECK(m.hub.closed == 8);
    CHECK(m.hub.open == 0);
    all.clear();
    refused.close();
    CHECK(g.counts(&gateway_metrics::connections_open, 0));
    check_gauges_are_zero(g.server.metrics());
}

TEST_CASE("what waits for a client is counted until it has read it", "[metrics]") {
    counting_gateway g;
    websocket_client slow{g.port, "/prod", {}, 4096};
    test_client caller{g.port};
    std::size_t accepted = 0;
    for (; caller.ask(post_to(slow.id, std::string(10'000, 'x'))).status == 200; ++accepted) REQUIRE(accepted < 1000);
    std::size_t const limit = backchannel::hub_options{}.queue_limit;
    CHECK(g.server.metrics().queue_bytes > limit - 20'000);
    CHECK(g.server.metrics().queue_bytes <= limit);
    for (std::size_t i = 0; i != accepted; ++i) CHECK(slow.read_text().size() == 10'000);
    CHECK(g.counts(&gateway_metrics::queue_bytes, 0));
    for (int i = 0; i != 100; ++i) (void)caller.ask(post_to(slow.id, std::string(100'000, 'x')));
    CHECK(g.server.metrics().queue_bytes > 500'000);
    slow.reset();
    CHECK(g.counts(&gateway_metrics::websockets_open, 0));
    CHECK(g.counts(&gateway_metrics::queue_bytes, 0));
}

TEST_CASE("all that is counted as being there is gone after stop, whatever was going on", "[metrics]") {
    for (std::size_t const threads : {1u, 2u}) {
        auto options = prod();
        options.max_connections = 12;
        options.linger_timeout = 100ms;
        counting_gateway g{{}, options, threads};
        std::vector<std::unique_ptr<websocket_client>> sockets;
        for (int i = 0; i != 4; ++i) sockets.push_back(std::make_unique<websocket_client>(g.port, "/prod", "", 4096));
        test_client caller{g.port}, silent{g.port}, halfway{g.port}, body{g.port};
        while (caller.ask(post_to(sockets[0]->id, std::string(100'000, 'x'))).status == 200) {
        }
        halfway.send("GET / HT");
        body.send("POST /x HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nx");
        sockets[1]->send(masked_frame(1, "unfinished", false));
        sockets[2]->send_close(1000);
        std::vector<std::unique_ptr<test_client>> more;
        for (int i = 0; i != 8; ++i) more.push_back(std::make_unique<test_client>(g.port));
        CHECK(g.counts(&gateway_metrics::connections_accepted, 12));
        CHECK(g.counts(&gateway_metrics::connections_refused, 4));
        CHECK(g.server.metrics().queue_bytes > 500'000);
        CHECK(g.server.metrics().handshakes_pending >= 6);
        g.stop();
        check_gauges_are_zero(g.server.metrics());
        CHECK(sum(g.server.metrics().websockets_closed) == 4);
    }
}

}
