// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/handler.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

namespace gateway_handler_tests {

using namespace backchannel;

namespace {

struct full_handler {
    connect_answer on_connect(gateway_client&, request_view const&) { return connect_answer::accept(); }
    void on_open(gateway_client&) {}
    void on_message(gateway_client&, message const&) {}
    void on_disconnect(std::string_view, std::uint16_t, std::string_view) {}
    std::optional<response> on_request(request_view const&) { return std::nullopt; }
};

struct final_handler final {
    void on_message(gateway_client&, message const&) {}
};

struct templated_handler {
    void on_message(auto& client, auto const& m) { client.send(m); }
};

struct async_handler {
    bool on_request(request_view const&, completion<response>) { return false; }
};

struct recording_peer final : websocket_peer {
    std::vector<std::string> calls;
    delivery send(message const& m) override {
        calls.push_back("send " + std::string{m.data()});
        return delivery::backpressure;
    }
    delivery send_until(message const&, backchannel::time_point, completion<delivery>&) override {
        return delivery::gone;
    }
    void close(std::uint16_t code, std::string_view reason) override {
        calls.push_back("close " + std::to_string(code) + " " + std::string{reason});
    }
    void ping(std::string_view) override {}
    void terminate() override {}
};

}

static_assert(check_handler<full_handler>());
static_assert(check_handler<final_handler>());
static_assert(check_handler<templated_handler>());
static_assert(check_handler<async_handler>());
static_assert(check_handler<no_handler>());
static_assert(has_on_connect<full_handler> && has_on_client_open<full_handler> && has_on_message<full_handler> &&
              has_on_disconnect<full_handler> && has_on_request<full_handler> && !has_async_on_request<full_handler>);
static_assert(!has_on_connect<no_handler> && !has_on_message<no_handler> && !has_on_request<no_handler>);
static_assert(has_async_on_request<async_handler> && !has_on_request<async_handler>);
static_assert(has_on_message<final_handler> && has_on_message<templated_handler>);

TEST_CASE("a handler reaches its client through the connection", "[handler]") {
    recording_peer peer;
    session const untracked;
    gateway_client client{peer, untracked};
    CHECK(client.id().empty());
    CHECK(client.tag("room:7") == tagging::gone);
    CHECK_FALSE(client.untag("room:7"));
    CHECK(client.source_ip().empty());
    CHECK(client.send(message{"hello", message_kind::text}) == delivery::backpressure);
    client.close();
    client.close(4000, "enough");
    CHECK(peer.calls == std::vector<std::string>{"send hello", "close 1000 ", "close 4000 enough"});
}

TEST_CASE("a connection is let in unless it is refused", "[handler]") {
    CHECK(connect_answer{}.refusal() == nullptr);
    CHECK(connect_answer::accept().refusal() == nullptr);
    auto refused = connect_answer::refuse(401, "who are you?");
    REQUIRE(refused.refusal() != nullptr);
    CHECK(refused.refusal()->status == 401);
    CHECK(refused.refusal()->body == "who are you?");
    CHECK(refused.refusal()->headers.find("Content-Type") == "text/plain");
}

TEST_CASE("a completion of a response that is dropped reports no status", "[handler]") {
    int status = -1;
    {
        completion<response> const dropped{[&](response r) { status = r.status; }};
    }
    CHECK(status == 0);
}

}
