// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/adapters/boost_json.hpp>

#include "support/catch.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace json = boost::json;
using namespace backchannel;

namespace {

constexpr wall_time connected{std::chrono::milliseconds{1'607'854'667'185}};
constexpr wall_time now{std::chrono::milliseconds{1'607'854'667'186}};
connection_state const client{connected, connected, "203.0.113.9", "wscat/6"};
event_converter const converter{{"abc.example.org", "prod", "abc"}};
event_moment const moment{now, "request-1"};

std::string context(std::string const& route, std::string const& type, std::string const& rest = "") {
    return R"({"routeKey":")" + route + R"(","eventType":")" + type +
           R"(","extendedRequestId":"request-1","requestTime":"13/Dec/2020:10:17:47 +0000","messageDirection":"IN",)"
           R"("stage":"prod","connectedAt":1607854667185,"requestTimeEpoch":1607854667186,)"
           R"("identity":{"sourceIp":"203.0.113.9","userAgent":"wscat/6"},"requestId":"request-1",)"
           R"("domainName":"abc.example.org","connectionId":"id=","apiId":"abc")" +
           rest + "}";
}

json::object connect(std::string_view target, std::vector<header_view> const& headers = {},
                     target_form form = target_form::raw) {
    return converter.connect("id=", client, {.method = "GET", .target = target, .headers = headers, .form = form},
                             moment);
}

}

TEST_CASE("CONNECT has the handshake's headers and query", "[event_converter]") {
    CHECK(json::value(connect("/prod?room=a%20b&room=c", {{"Host", "abc.example.org"}, {"X-A", "1"}, {"x-a", "2"}})) ==
          json::parse(R"({"headers":{"Host":"abc.example.org","X-A":"2"},)"
                      R"("multiValueHeaders":{"Host":["abc.example.org"],"X-A":["1","2"]},)"
                      R"("queryStringParameters":{"room":"c"},)"
                      R"("multiValueQueryStringParameters":{"room":["a b","c"]},)"
                      R"("requestContext":)" +
                      context("$connect", "CONNECT") + R"(,"isBase64Encoded":false})"));
}

TEST_CASE("a handshake without a query has no query members", "[event_converter]") {
    for (char const* const target : {"/prod", "/prod?", "/prod?&&"}) {
        INFO(target);
        CHECK(!connect(target).contains("queryStringParameters"));
        CHECK(!connect(target).contains("multiValueQueryStringParameters"));
    }
}

TEST_CASE("query parameters are decoded once", "[event_converter]") {
    auto const query = [](std::string_view target, target_form form = target_form::raw) {
        return json::serialize(connect(target, {}, form)["queryStringParameters"]);
    };
    CHECK(query("/?a") == R"({"a":""})");
    CHECK(query("/?=b&a=b=c&") == R"({"":"b","a":"b=c"})");
    CHECK(query("/?a+b=c+d%2Be&%61=%2561") == R"({"a b":"c d+e","a":"%61"})");
    CHECK(query("/?a=%zz+1") == R"({"a":"%zz+1"})"); // a bad escape: as it came
    CHECK(query("/?a=%ff%00") == "{\"a\":\"\xef\xbf\xbd\\u0000\"}");
    CHECK(query("/?a=%41+", target_form::decoded) == R"({"a":"%41+"})");
}

TEST_CASE("header values that are not UTF-8 make an event that is", "[event_converter]") {
    std::string const text = json::serialize(connect("/", {{"X-Name", "J\xf6rg"}}));
    CHECK(json::parse(text).at("headers").at("X-Name") == "J\xef\xbf\xbdrg");
}

TEST_CASE("MESSAGE has the body as text or base64", "[event_converter]") {
    auto const render = [](std::string_view data, message_kind kind) {
        return json::value(converter.message_received("id=", client, {data, kind}, "join", moment));
    };
    auto const expected = [](std::string const& body, std::string const& encoded) {
        return json::parse(R"({"requestContext":)" + context("join", "MESSAGE", R"(,"messageId":"request-1")") +
                           R"(,"body":)" + body + R"(,"isBase64Encoded":)" + encoded + "}");
    };
    CHECK(render(R"({"action":"join"})", message_kind::text) == expected(R"("{\"action\":\"join\"}")", "false"));
    CHECK(render("", message_kind::text) == expected(R"("")", "false"));
    CHECK(render({"\0\xff", 2}, message_kind::binary) == expected(R"("AP8=")", "true"));
    CHECK(render("abc", message_kind::binary) == expected(R"("YWJj")", "true"));
    CHECK(render("\xff", message_kind::text) == expected(R"("/w==")", "true")); // of a server that lets it through
}

TEST_CASE("DISCONNECT has close code and reason", "[event_converter]") {
    CHECK(json::value(converter.disconnect("id=", client, {1001, "Going away"}, moment)) ==
          json::parse(
              R"({"requestContext":)" +
              context("$disconnect", "DISCONNECT", R"(,"disconnectStatusCode":1001,"disconnectReason":"Going away")") +
              R"(,"isBase64Encoded":false})"));
    auto const vanished = converter.disconnect("id=", client, {1006, {}}, moment);
    CHECK(vanished.at("requestContext").at("disconnectReason") == "");
}

TEST_CASE("an unknown user agent and an empty stage", "[event_converter]") {
    event_converter const plain{{"127.0.0.1:8080"}};
    connection_state const unnamed{connected, connected, "203.0.113.9", ""};
    json::object const event = plain.disconnect("id=", unnamed, {}, moment);
    json::value const& context = event.at("requestContext");
    CHECK(json::serialize(context.at("identity")) == R"({"sourceIp":"203.0.113.9"})");
    CHECK(context.at("stage") == "");
    CHECK(context.at("domainName") == "127.0.0.1:8080");
    CHECK(context.at("apiId") == "local");
}
