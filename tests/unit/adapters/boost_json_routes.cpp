// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/adapters/boost_json/message_router.hpp>

#include "support/catch.hpp"

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

using backchannel::message;
using backchannel::message_kind;
using backchannel::message_router;
using backchannel::route_expression;

namespace {

std::optional<std::string> evaluate(std::string_view expression, std::string_view body) {
    return route_expression{expression}.evaluate({body, message_kind::text});
}

std::string refusal(std::string_view expression) {
    try {
        route_expression const accepted{expression};
        return "accepted";
    } catch (std::invalid_argument const& wrong) {
        return wrong.what();
    }
}

constexpr std::string_view chat =
    R"({"service":"chat","action":"join","data":{"room":"room1234","seats":[7,{"row":"b"}]}})";

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}

TEST_CASE("the expressions of AWS' documentation evaluate as it says", "[route_expression]") {
    CHECK(evaluate("$request.body.action", chat) == "join");
    CHECK(evaluate("${request.body.action}", chat) == "join");
    CHECK(evaluate("${request.body.service}/${request.body.action}", chat) == "chat/join");
    CHECK(evaluate("${request.body.action}-${request.body.invalidPath}", chat) == "join-");
    CHECK(evaluate("${request.body.action}-beta", chat) == "join-beta");
    CHECK(evaluate("action", chat) == "action");
    CHECK(evaluate("\\$default", chat) == "$default");
}

TEST_CASE("paths lead to members and items", "[route_expression]") {
    CHECK(evaluate("$request.body.data.room", chat) == "room1234");
    CHECK(evaluate("$request.body['data'][\"room\"]", chat) == "room1234");
    CHECK(evaluate("$request.body.data.seats[0]", chat) == "7");
    CHECK(evaluate("${request.body.data.seats[1].row}x", chat) == "bx");
    CHECK(evaluate("$request.body.data.seats[2]", chat) == "");
    CHECK(evaluate("$request.body[1][0]", "[1,[2,3],4]") == "2");
    CHECK(evaluate("$request.body.my-action_2", R"({"my-action_2":"x"})") == "x");
    CHECK(evaluate("$request.body['a/b']", R"({"a/b":"x"})") == "x");
    CHECK(evaluate("$request.body['']", R"({"":"x"})") == "x");
    CHECK(evaluate("${request.body.a}${request.body.a}", R"({"a":"x"})") == "xx");
    CHECK(evaluate("${request.body.a.b}${request.body.a.c}${request.body.a}", R"({"a":{"c":1,"b":2}})") == "21");
}

TEST_CASE("a scalar becomes its text, anything else nothing", "[route_expression]") {
    CHECK(evaluate("$request.body.a", R"({"a":"\u0061\n\ud83d\ude00"})") == "a\n\xf0\x9f\x98\x80");
    CHECK(evaluate("$request.body.a", R"({"a":-12.50e+3})") == "-12.50e+3");
    CHECK(evaluate("$request.body.a", R"({"a":123456789012345678901234567890})") == "123456789012345678901234567890");
    CHECK(evaluate("$request.body.a", R"({"a":true})") == "true");
    CHECK(evaluate("$request.body.a", R"({"a":false})") == "false");
    for (char const* const body :
         {R"({"a":null})", R"({"a":[]})", R"({"a":{"a":"x"}})", R"({"a":["x"]})", R"({"a":""})", R"({"A":"x"})",
          R"({"aa":"x"})", R"({"b":{"a":"x"}})", R"([{"a":"x"}])", R"({})", R"("a")", "1"}) {
        INFO(body);
        CHECK(evaluate("$request.body.a", body) == "");
    }
}

TEST_CASE("of members with one name the last one counts", "[route_expression]") {
    CHECK(evaluate("$request.body.a", R"({"a":"x","a":"y"})") == "y");
    CHECK(evaluate("$request.body.a", R"({"a":"x","\u0061":null})") == "");
    CHECK(evaluate("$request.body.a.b", R"({"a":{"b":"x"},"a":{"c":"y"}})") == "");
    CHECK(evaluate("$request.body.a", "{\"a\":\"" + std::string(2000, 'x') + R"(","a":"y"})") == "y");
}

TEST_CASE("what is not JSON, too deep, too long or binary has no key", "[route_expression]") {
    for (char const* const body :
         {"", " ", "hello", "{", R"({"a":"x")", R"({"a":"x"} x)", R"({"a":"x"}{})", "{'a':1}", "{\"a\":\"\xff\"}",
          R"({"a":"\ud800"})", R"({"a":"x",})", "nul", "01", "\xef\xbb\xbf{\"a\":\"x\"}", R"(/**/{"a":"x"})"}) {
        INFO(body);
        CHECK(evaluate("$request.body.a", body) == std::nullopt);
        CHECK(evaluate("a", body) == std::nullopt); // a static key is for JSON messages as well
    }
    CHECK(evaluate("a", " {} \n") == "a");
    CHECK(evaluate("a", nested(32)) == "a");
    CHECK(evaluate("a", nested(33)) == std::nullopt);
    CHECK(evaluate("a", std::string(1'000'000, '[')) == std::nullopt);
    CHECK(evaluate("$request.body.a", R"({"a":")" + std::string(1024, 'x') + "\"}") == std::string(1024, 'x'));
    CHECK(evaluate("$request.body.a", R"({"a":")" + std::string(1025, 'x') + "\"}") == std::nullopt);
    CHECK(evaluate("${request.body.a}x", R"({"a":")" + std::string(1024, 'x') + "\"}") == std::nullopt);
    CHECK(route_expression{"$request.body.a"}.evaluate({R"({"a":"x"})", message_kind::binary}) == std::nullopt);
}

TEST_CASE("what an expression cannot have is refused with the reason", "[route_expression]") {
    auto const says = [](std::string_view expression, std::string const& reason) {
        std::string const told = refusal(expression);
        INFO(told);
        CHECK(told.find(reason) != std::string::npos);
    };
    struct {
        char const *expression, *reason;
    } const table[] = {
        {"", "it is empty"},
        {"$request.header.x-api-key", "belong to the handshake"},
        {"${request.querystring.room}", "belong to the handshake"},
        {"$request.basepath", "a stage, not a route"},
        {"$context.routeKey", "the context is not known"},
        {"$integration.response.statuscode", "integration responses"},
        {"${stageVariables.x}", "no stage variables"},
        {"/2\\d\\d/", "a pattern"},
        {"$default", "written with a backslash"},
        {"$", "is no variable of a message"},
        {"${}", "is no variable of a message"},
        {"$request.bodyaction", "is no variable of a message"},
        {"$request.body", "names no member"},
        {"${request.body}", "names no member"},
        {"${request.body.action", "not closed"},
        {"$request.body.service/$request.body.action", "needs braces"},
        {"$request.body.", "the name of a member"},
        {"$request.body..action", "the name of a member"},
        {"$request.body.*", "the name of a member"},
        {"$request.body[*]", "one value is named"},
        {"$request.body[-1]", "one value is named"},
        {"$request.body[0:2]", "one value is named"},
        {"$request.body[0", "one value is named"},
        {"$request.body[", "one value is named"},
        {"$request.body[?(@.x)]", "one value is named"},
        {"$request.body['a','b']", "one value is named"},
        {"$request.body['a", "a quote is not closed"},
        {"$request.body['a\\'b']", "backslash"},
        {"$request.body[99999999999999999999]", "one value is named"},
        {"a\\b", "in front of a dollar sign only"},
        {"a\\", "in front of a dollar sign only"},
    };
    for (auto const& row : table) {
        INFO(row.expression);
        says(row.expression, row.reason);
        says(row.expression, "\"" + std::string{row.expression} + "\"");
    }
    std::string path = "$request.body";
    for (int i = 0; i != 31; ++i) path += "[0]";
    CHECK(refusal(path) == "accepted");
    says(path + "[0]", "31 steps");
    std::string variables;
    for (int i = 0; i != 8; ++i) variables += "${request.body.a}";
    CHECK(refusal(variables) == "accepted");
    says(variables + "${request.body.a}", "more than 8");
    says(std::string(1025, 'x'), "longer than 1024");
}

TEST_CASE("the longest path leads to the deepest value", "[route_expression]") {
    std::string path = "$request.body";
    for (int i = 0; i != 31; ++i) path += "[0]";
    CHECK(evaluate(path, std::string(31, '[') + "5" + std::string(31, ']')) == "5");
}

TEST_CASE("a message selects the route of its key, else $default", "[message_router]") {
    message_router<std::function<std::string(int)>> routes{"$request.body.action"};
    routes.on("join", [](int n) { return "join " + std::to_string(n); })
        .on("$default", [](int) { return std::string{"default"}; })
        .on("$connect", [](int) { return std::string{"connect"}; })
        .on("$disconnect", [](int) { return std::string{"disconnect"}; });
    auto const answer = [&routes](std::string_view body, message_kind kind = message_kind::text) {
        auto const* const route = routes.select({body, kind});
        return route == nullptr ? "none" : route->key + ": " + route->handler(3);
    };
    CHECK(answer(R"({"action":"join"})") == "join: join 3");
    CHECK(answer(R"({"action":"join"})", message_kind::binary) == "$default: default");
    CHECK(answer(R"({"action":"JOIN"})") == "$default: default");
    CHECK(answer(R"({"action":""})") == "$default: default");
    CHECK(answer(R"({})") == "$default: default");
    CHECK(answer("hello") == "$default: default");
    CHECK(routes.find("$connect")->handler(0) == "connect");
    CHECK(routes.find("leave") == nullptr);
}

TEST_CASE("a message cannot select what happens to connections", "[message_router]") {
    message_router<int> routes{"$request.body.action"};
    routes.on("$connect", 1).on("$disconnect", 2);
    for (char const* const body :
         {R"({"action":"$connect"})", R"({"action":"$disconnect"})", R"({"action":"\u0024connect"})"}) {
        INFO(body);
        CHECK(routes.select({body, message_kind::text}) == nullptr);
    }
    routes.on("$default", 3);
    CHECK(routes.select({R"({"action":"$connect"})", message_kind::text})->handler == 3);
}

TEST_CASE("a route key is checked", "[message_router]") {
    message_router<int> routes{"$request.body.action"};
    routes.on("a", 1).on(std::string(1024, 'k'), 2);
    CHECK_THROWS_AS(routes.on("", 1), std::invalid_argument);
    CHECK_THROWS_AS(routes.on("a", 1), std::invalid_argument);
    CHECK_THROWS_AS(routes.on("$message", 1), std::invalid_argument);
    CHECK_THROWS_AS(routes.on(std::string(1025, 'k'), 1), std::invalid_argument);
    CHECK_THROWS_AS(message_router<int>{"$context.x"}, std::invalid_argument);
}
