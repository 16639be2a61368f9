// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/json_value.hpp>

#include "support/catch.hpp"

#include <string>
#include <utility>

namespace protocol_json_value_tests {

namespace protocol = backchannel::protocol;
using protocol::json_kind;

namespace {

std::string error_of(std::string_view text) {
    auto const result = protocol::parse_json(text);
    REQUIRE_FALSE(result);
    return result.error.message + " @" + std::to_string(result.error.offset);
}

}

TEST_CASE("a parsed value holds everything of the text", "[json_value]") {
    auto const result =
        protocol::parse_json(R"({"n":-1.50,"s":"a\n","t":true,"f":false,"z":null,"a":[1,[2]],"o":{"k":{}}})");
    REQUIRE(result);
    auto const& value = *result.value;
    REQUIRE(value.kind == json_kind::object);
    REQUIRE(value.members.size() == 7);
    CHECK(value.members[0].name == "n");
    CHECK(value.members[1].offset == 11);
    CHECK(value.members[1].value.offset == 15);
    REQUIRE(value.find("n") != nullptr);
    CHECK(value.find("n")->kind == json_kind::number);
    CHECK(value.find("n")->text == "-1.50");
    CHECK(value.find("s")->text == "a\n");
    CHECK(value.find("t")->kind == json_kind::boolean);
    CHECK(value.find("t")->boolean);
    CHECK(value.find("f")->kind == json_kind::boolean);
    CHECK_FALSE(value.find("f")->boolean);
    CHECK(value.find("z")->kind == json_kind::null);
    REQUIRE(value.find("a")->items.size() == 2);
    CHECK(value.find("a")->items[1].kind == json_kind::array);
    CHECK(value.find("a")->items[1].items[0].text == "2");
    CHECK(value.find("o")->find("k")->kind == json_kind::object);
    CHECK(value.find("missing") == nullptr);
    CHECK(value.find("a")->find("n") == nullptr);
}

TEST_CASE("two members of one name are an error of the parser", "[json_value]") {
    CHECK(error_of(R"({"a":1,"b":2,"a":3})") == "the object has two members named \"a\" @13");
    CHECK(error_of(R"({"a":1,"\u0061":3})") == "the object has two members named \"a\" @7");
    CHECK(error_of(R"({"":1,"":3})") == "the object has two members named \"\" @6");
    CHECK(error_of(R"([{"x":{"a":1,"a":1}}])") == "the object has two members named \"a\" @13");
    CHECK(protocol::parse_json(R"({"a":{"a":1},"A":[{"a":1},{"a":1}]})"));
}

TEST_CASE("the parser says what is wrong and where", "[json_value]") {
    CHECK(error_of("") == "the text ends where a value is expected @0");
    CHECK(error_of("[1,\n 2,\n x]") == "a value is expected @9");
    CHECK(error_of("[1,2") == "a comma or ']' is expected @4");
    CHECK(error_of("{\"a\":1") == "a comma or '}' is expected @6");
    CHECK(error_of("{\"a\" 1}") == "a colon is expected @5");
    CHECK(error_of("{1:1}") == "the name of a member is expected @1");
    CHECK(error_of("{} x") == "the text goes on after its value @3");
    CHECK(error_of("[01]") == "this is not a number @1");
    CHECK(error_of("[\"ab\\q\"]") == "an unknown escape @4");
    CHECK(error_of("[\"ab\\u12x4\"]") == "an escape without four hexadecimal digits @4");
    CHECK(error_of("[\"ab\\ud800\"]") == "half a surrogate pair @4");
    CHECK(error_of("[\"ab\n\"]") == "a control character in a string @4");
    CHECK(error_of("[\"\x80\"]") == "a string that is not UTF-8 @2");
    CHECK(error_of("[\"ab") == "the text ends within a string @4");
    CHECK(error_of(std::string(33, '[')) == "nested too deep @32");
    auto const result = protocol::parse_json("[1,\n \"\xc3\xa9\", x]");
    REQUIRE_FALSE(result);
    CHECK(result.error.position.line == 2);
    CHECK(result.error.position.column == 7);
}

TEST_CASE("positions count lines and characters from one", "[json_value]") {
    auto const position = [](std::string_view text, std::size_t offset) {
        auto const p = protocol::json_position_of(text, offset);
        return std::pair(p.line, p.column);
    };
    using pair = std::pair<std::size_t, std::size_t>;
    CHECK(position("", 0) == pair{1, 1});
    CHECK(position("ab", 1) == pair{1, 2});
    CHECK(position("a\nb", 1) == pair{1, 2});
    CHECK(position("a\nb", 2) == pair{2, 1});
    CHECK(position("a\r\n\nb", 4) == pair{3, 1});
    CHECK(position("\xe2\x82\xac"
                   "b",
                   3) == pair{1, 2});
    CHECK(position("ab", 99) == pair{1, 3});
}

TEST_CASE("the parser bounds text and values", "[json_value]") {
    CHECK(protocol::parse_json("[1,2]", {.size = 5}));
    CHECK_FALSE(protocol::parse_json("[1,2]", {.size = 4}));
    CHECK(protocol::parse_json("[1,2]", {.values = 3}));
    auto const result = protocol::parse_json("[1,2]", {.values = 2});
    REQUIRE_FALSE(result);
    CHECK(result.error.message == "too many values");
    CHECK(result.error.offset == 3);
    CHECK_FALSE(protocol::parse_json("{\"a\":{}}", {.values = 1}));
    CHECK_FALSE(protocol::parse_json("1", {.values = 0}));
}

}
