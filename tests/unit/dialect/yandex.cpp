// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/dialect/yandex.hpp>

#include "support/catch.hpp"
#include "support/router_fixture.hpp"

#include <backchannel/auth/allow_all.hpp>
#include <backchannel/auth/any_of.hpp>
#include <backchannel/auth/bearer.hpp>
#include <backchannel/auth/with_policy.hpp>
#include <backchannel/auth/yandex_roles.hpp>
#include <backchannel/protocol/base64.hpp>
#include <backchannel/protocol/json_value.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dialect_yandex_tests {

using namespace backchannel;

namespace {

using traits = test::still_traits_for<yandex_dialect>;

/// A hub with connection 1 and a router of the dialect.
template <class Auth = allow_all>
struct service : test::router_fixture<Auth, test::direct_transport, traits> {
    test::lines received; ///< "text Hello!", "binary ..."

    explicit service(Auth auth = {}, router_options options = {.api_id = "d5d0gateway"})
        : test::router_fixture<Auth, test::direct_transport, traits>{std::move(auth), std::move(options)} {
        this->hub.wire().on_send = [this](int, message const& m) {
            received.push_back((m.kind() == message_kind::text ? "text " : "binary ") + std::string{m.data()});
            return delivery::accepted;
        };
    }

    [[nodiscard]] std::string target(std::string_view behind = {}) const {
        return "/apigateways/websocket/v1/connections/" + std::string{this->open.id()}.append(behind);
    }
    /// Status, code and message of the answer to Send; what the client received is appended.
    [[nodiscard]] std::string sent(std::string_view body) {
        auto const answer = this->ask("POST", target(":send"), body);
        REQUIRE(answer);
        std::string text = brief(*answer);
        for (std::string const& line : std::exchange(received, {})) text += " | " + line;
        return text;
    }

    /// An error as "404 5 message", anything else as status and body.
    [[nodiscard]] static std::string brief(response const& r) {
        CHECK(test::header_of(r, "Content-Type") == "application/json");
        auto const body = protocol::parse_json(r.body);
        REQUIRE(body);
        auto const* const code = body.value->find("code");
        if (code == nullptr) return std::to_string(r.status) + " " + r.body;
        auto const& details = *body.value->find("details");
        REQUIRE(details.items.size() == 1);
        CHECK(details.items[0].find("@type")->text == "type.googleapis.com/google.rpc.RequestInfo");
        CHECK(details.items[0].find("requestId")->text == test::header_of(r, "x-request-id"));
        CHECK(test::header_of(r, "x-request-id").size() == 36);
        return std::to_string(r.status) + " " + code->text + " " + body.value->find("message")->text;
    }
};

[[nodiscard]] std::string with_data(std::string_view bytes, std::string_view more = {}) {
    return "{\"data\":\"" + protocol::base64_encode(bytes) + "\"" + std::string{more} + "}";
}

}

TEST_CASE("Send delivers what the body says", "[yandex]") {
    service<> s;
    CHECK(s.sent(with_data("Hello!", ",\"type\":\"TEXT\"")) == "200 {} | text Hello!");
    CHECK(s.sent(with_data("Hello!", ",\"type\":\"BINARY\"")) == "200 {} | binary Hello!");
    CHECK(s.sent(with_data("Hello!", ",\"type\":1")) == "200 {} | binary Hello!");
    CHECK(s.sent(with_data("Hello!", ",\"type\":2")) == "200 {} | text Hello!");
    for (std::string const none : {"", ",\"type\":0", ",\"type\":\"DATA_TYPE_UNSPECIFIED\"", ",\"type\":null"}) {
        CHECK(s.sent(with_data("Hello!", none)) == "200 {} | text Hello!");
        CHECK(s.sent(with_data("\xFF", none)) == "200 {} | binary \xFF");
    }
    CHECK(s.sent(" {\"type\" : \"TEXT\" , \"data\" : \"SGk=\"} \n") == "200 {} | text Hi");
    CHECK(s.sent(R"({"\u0064ata":"SG\u006b="})") == "200 {} | text Hi");
    CHECK(s.sent(R"({"connectionId":"another","data":"SGk="})") == "200 {} | text Hi");
    CHECK(s.sent(R"({"connection_id":"another","data":"SGk="})") == "200 {} | text Hi");
    CHECK(s.sent(R"({"new":{"data":["SGk=",{}]},"data":"SGk=","new":1,"also":null})") == "200 {} | text Hi");
}

TEST_CASE("data is base64 of either alphabet, with padding or without", "[yandex]") {
    service<> s;
    for (std::string const text : {"+/+/+A==", "-_-_-A==", "+/+/+A", "-_-_-A", "+\\/+\\/+A==", "-/+_-A"})
        CHECK(s.sent("{\"data\":\"" + text + "\"}") == "200 {} | binary \xFB\xFF\xBF\xF8");
    for (std::string const text : {"SGk", "SGk=", "SGk=\\n", "SGk==", "S", "SGk*", "SG k=", "SGl="}) {
        bool const good = text == "SGk" || text == "SGk=";
        CHECK(s.sent("{\"data\":\"" + text + "\"}") ==
              (good ? "200 {} | text Hi" : "400 3 data: a base64 string is expected"));
    }
}

TEST_CASE("a body that is not a request to send is code 3, and nothing is sent", "[yandex]") {
    service<> s;
    for (std::string const body :
         {"", " ", "null", "[]", "\"data\"", "{", "{}x", "{\"data\":\"SGk=\"", "{\"data\":\"SGk=\"}}",
          "{\"data\":\"SGk=\",}", "{'data':'SGk='}", "{\"data\":\"\xFF\"}", "{\"x\":\"\xC0\x80\"}",
          "{\"x\":\"\\ud800\",\"data\":\"SGk=\"}", "{\"data\"}", "{\"data\":}"})
        CHECK(s.sent(body) == "400 3 The request body is not a valid JSON object");
    std::string deep = "{\"x\":";
    for (int i = 0; i != 100'000; ++i) deep += "[";
    CHECK(s.sent(deep) == "400 3 The request body is not a valid JSON object");
    for (std::string const body :
         {"{}", "{\"data\":\"\"}", "{\"data\":null}", "{\"type\":\"TEXT\"}", "{\"Data\":\"SGk=\"}"})
        CHECK(s.sent(body) == "400 3 data: Field is required");
    for (std::string const value : {"1", "true", "{}", "[]", "[\"SGk=\"]"})
        CHECK(s.sent("{\"data\":" + value + "}") == "400 3 data: a base64 string is expected");
    for (std::string const value : {"\"text\"", "3", "-1", "1.5", "true", "[]", "\"1\"", "\"\""})
        CHECK(s.sent(with_data("Hi", ",\"type\":" + value)) ==
              "400 3 type: one of DATA_TYPE_UNSPECIFIED, BINARY and TEXT is expected");
    for (std::string const body : {R"({"data":"SGk=","data":"SGk="})", R"({"type":1,"data":"SGk=","type":1})",
                                   R"({"connectionId":"a","connection_id":"a","data":"SGk="})"})
        CHECK(s.sent(body) == "400 3 A field occurs twice in the request body");
    CHECK(s.sent(with_data("\xFF", ",\"type\":\"TEXT\"")) == "400 3 data: a text must be valid UTF-8");
}

TEST_CASE("a message may have 128 KiB after decoding, a body is bounded before", "[yandex]") {
    service<> s;
    std::string const longest(131'072, 'x');
    CHECK(s.sent(with_data(longest)) == "200 {} | text " + longest);
    CHECK(s.sent(with_data(longest + "x")) == "400 3 data: the message is too long");
    std::size_t const limit = s.router.max_body(s.target(":send"));
    std::string escaped = "{\"data\":\""; // every character of the longest message in the longest form that is usual
    for (std::size_t i = 0; i != protocol::base64_encoded_size(131'070); ++i) escaped += "\\/";
    escaped += "\"}";
    CHECK(escaped.size() <= limit);
    CHECK(s.sent(escaped).starts_with("200 {} | binary"));
    CHECK(s.sent(std::string(limit + 1, ' ')) == "400 3 data: the message is too long");
    CHECK(s.sent(std::string(limit, ' ')) == "400 3 The request body is not a valid JSON object");
    CHECK(s.router.max_body("/other") == 0);
}

TEST_CASE("Get shows a connection, Disconnect closes it, and then it is not found", "[yandex]") {
    service<> s;
    std::string const id{s.open.id()};
    CHECK(s.told("GET", s.target()) ==
          "200 {\"id\":\"" + id +
              "\",\"gatewayId\":\"d5d0gateway\",\"identity\":{\"sourceIp\":\"192.0.2.7\",\"userAgent\":\"wscat/6\"},"
              "\"connectedAt\":\"2026-09-21T14:13:20Z\",\"lastActiveAt\":\"2026-09-21T14:13:20Z\"}");
    CHECK(s.told("DELETE", s.target()) == "200 {}");
    CHECK(s.hub.sent() == test::lines{"close 1 1000 "});
    std::string const gone = "404 5 Connection " + id + " not found";
    CHECK(s.brief(*s.ask("GET", s.target())) == gone);
    CHECK(s.brief(*s.ask("DELETE", s.target())) == gone);
    CHECK(s.sent(with_data("late")) == gone);
    // callers forget a connection on 404 only, so an id that the cloud has given before must not be 400
    CHECK(s.brief(*s.ask("GET", "/apigateways/websocket/v1/connections/d20438soh73hn36u5srtfji21qg7eb04b")) ==
          "404 5 Connection d20438soh73hn36u5srtfji21qg7eb04b not found");
}

TEST_CASE("a request that the service does not have is code 12, one without a good id code 3", "[yandex]") {
    service<> s;
    for (auto const& [method, behind] : {std::pair{"POST", ""},
                                         {"PUT", ":send"},
                                         {"GET", ":send"},
                                         {"DELETE", "/:send"},
                                         {"POST", ":close"},
                                         {"HEAD", ""},
                                         {"PATCH", ""}})
        CHECK(s.brief(*s.ask(method, s.target(behind))) == "501 12 Method not implemented");
    CHECK(s.brief(*s.ask("GET", "/apigateways/websocket/v1/connections/" + std::string(51, 'x'))) ==
          "400 3 connectionId: a valid id is expected");
    CHECK_FALSE(s.ask("GET", "/prod/@connections/x"));
    CHECK_FALSE(s.router.owns("/prod/@connections/x"));
    CHECK(s.router.owns(s.target(":send")));
}

TEST_CASE("a client whose queue is full is code 8", "[yandex]") {
    service<> s;
    s.hub.wire().on_send = [](int, message const&) { return delivery::backpressure; };
    CHECK(s.sent(with_data("Hi")).starts_with("429 8 The client's send buffer is full"));
}

TEST_CASE("who may call: bearer tokens and API keys with roles", "[yandex]") {
    using tokens = std::vector<bearer_token>;
    using auth = with_policy<any_of<bearer, api_key>, yandex_roles>;
    service<auth> s{auth{
        any_of{bearer{tokens{{"t1.writer", "writer"}, {"t1.viewer", "viewer"}}}, api_key{tokens{{"AQVN", "admin"}}}},
        yandex_roles{{{"writer", "api-gateway.websocketWriter"},
                      {"admin", "api-gateway.admin"},
                      {"viewer", "api-gateway.viewer"}}}}};
    auto const ask = [&](std::string_view credentials) {
        header_view const headers[] = {{"Authorization", credentials}};
        return s.brief(*s.router.handle({"POST", s.target(":send"), headers, R"({"data":"SGk="})"}));
    };
    CHECK(ask("Bearer t1.writer") == "200 {}");
    CHECK(ask("Api-Key AQVN") == "200 {}");
    CHECK(ask("Bearer t1.viewer") == "403 7 Permission denied");
    CHECK(ask("Bearer AQVN") == "401 16 Token is invalid or has expired.");
    CHECK(ask("Api-Key t1.writer") == "401 16 Token is invalid or has expired.");
    CHECK(ask("Basic Zm9v") == "401 16 The request has no credentials");
    // who is not let in learns nothing of the body or the id
    CHECK(s.brief(*s.ask("POST", s.target(":send"), "{")) == "401 16 The request has no credentials");
    CHECK(s.brief(*s.ask("GET", "/apigateways/websocket/v1/connections/x")) == "401 16 The request has no credentials");
}

TEST_CASE("every refusal has its code", "[yandex]") {
    yandex_dialect const dialect{{}};
    auto const told = [&](auth_error why) {
        response r;
        r.headers.add("x-request-id", std::string(36, 'x'));
        dialect.deny(r, auth_decision::refuse(why), operation::get, "id");
        return service<>::brief(r);
    };
    CHECK(told(auth_error::bad_request) == "400 3 Bad request");
    CHECK(told(auth_error::payload_mismatch) == "400 3 Bad request");
    CHECK(told(auth_error::expired_token) == "401 16 Token is invalid or has expired.");
    CHECK(told(auth_error::throttled) == "429 8 Rate exceeded");
    CHECK(told(auth_error::unavailable) == "503 14 Service unavailable");
    CHECK(told(auth_error::internal) == "500 13 Internal error");
    CHECK(told(auth_error::none) == "500 13 Internal error");
    response r;
    r.headers.add("x-request-id", std::string(36, 'x'));
    dialect.fail(r, failure::unknown, "id");
    CHECK(service<>::brief(r) == "504 4 It is not known whether the message was sent");
}

}
