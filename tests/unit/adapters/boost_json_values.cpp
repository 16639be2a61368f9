// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/adapters/boost_json/connection_values.hpp>
#include <backchannel/dialect/aws.hpp>

#include "support/catch.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <string>

namespace json = boost::json;
using backchannel::connection_info;
using backchannel::connection_state;
using backchannel::wall_time;

namespace {

wall_time at(std::int64_t milliseconds) { return wall_time{std::chrono::milliseconds{milliseconds}}; }

connection_state const sample{at(1'795'222'798'120), at(1'795'222'799'000), "192.0.2.7", "wscat/6"};

bool same(connection_state const& a, connection_state const& b) {
    return a.connected_at == b.connected_at && a.last_active_at == b.last_active_at && a.source_ip == b.source_ip &&
           a.user_agent == b.user_agent;
}

std::string error_of(char const* text) {
    auto const read = json::try_value_to<connection_state>(json::parse(text));
    return read ? "none" : read.error().message();
}

std::string message(json::error e) { return make_error_code(e).message(); }

}

TEST_CASE("a connection's value is the answer to GET", "[connection_values]") {
    backchannel::response answer;
    backchannel::aws_dialect{backchannel::router_options{}}.succeed(answer, backchannel::operation::get, &sample, {});
    CHECK(json::serialize(json::value_from(sample)) == answer.body);
    CHECK(same(json::value_to<connection_state>(json::parse(answer.body)), sample));
}

TEST_CASE("a connection's value with bytes that are not UTF-8 is the answer to GET too", "[connection_values]") {
    connection_state odd = sample;
    odd.user_agent = "a\xff\xe2\x82\"\n\xc3\xa9";
    backchannel::response answer;
    backchannel::aws_dialect{backchannel::router_options{}}.succeed(answer, backchannel::operation::get, &odd, {});
    CHECK(json::serialize(json::value_from(odd)) == answer.body);
}

TEST_CASE("what an identity lacks is empty", "[connection_values]") {
    for (char const* const identity : {"{}", "null", R"({"sourceIp":null,"more":[]})"}) {
        auto const read = json::value_to<connection_state>(json::parse(
            R"({"connectedAt":"2026-11-21T01:00:00Z","lastActiveAt":"2026-11-21T02:00:00+01:00","identity":)" +
            std::string{identity} + "}"));
        INFO(identity);
        CHECK(same(read, {read.connected_at, read.connected_at, "", ""}));
    }
}

TEST_CASE("what is no connection is refused with the reason", "[connection_values]") {
    CHECK(error_of("[]") == message(json::error::not_object));
    CHECK(error_of("{}") == message(json::error::unknown_name));
    CHECK(error_of(R"({"connectedAt":1,"lastActiveAt":"2026-11-21T01:00:00Z"})") == message(json::error::not_string));
    CHECK(error_of(R"({"connectedAt":"today","lastActiveAt":"2026-11-21T01:00:00Z"})") == message(json::error::syntax));
    CHECK(error_of(R"({"connectedAt":"2026-11-21T01:00:00Z"})") == message(json::error::unknown_name));
    std::string const times = R"({"connectedAt":"2026-11-21T01:00:00Z","lastActiveAt":"2026-11-21T01:00:00Z",)";
    CHECK(error_of((times + R"("identity":[]})").c_str()) == message(json::error::not_object));
    CHECK(error_of((times + R"("identity":{"sourceIp":1}})").c_str()) == message(json::error::not_string));
    CHECK(error_of((times + R"("identity":{"userAgent":{}}})").c_str()) == message(json::error::not_string));
    CHECK_THROWS(json::value_to<connection_state>(json::parse("{}")));
}

TEST_CASE("connection_info goes there and back but for its deadline", "[connection_values]") {
    connection_info const info{"192.0.2.7", "wscat/6", std::chrono::steady_clock::now()};
    json::value const value = json::value_from(info);
    CHECK(json::serialize(value) == R"({"identity":{"sourceIp":"192.0.2.7","userAgent":"wscat/6"}})");
    auto const back = json::value_to<connection_info>(value);
    CHECK(back.source_ip == info.source_ip);
    CHECK(back.user_agent == info.user_agent);
    CHECK(!back.expires_at);
    CHECK(json::value_to<connection_info>(json::value_from(sample)).source_ip == sample.source_ip);
    CHECK(json::try_value_to<connection_info>(json::value{1}).error() == json::error::not_object);
    CHECK(json::try_value_to<connection_info>(json::parse(R"({"identity":1})")).error() == json::error::not_object);
}
