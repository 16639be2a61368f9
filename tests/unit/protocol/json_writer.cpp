// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/json_writer.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace protocol_json_writer_tests {

namespace protocol = backchannel::protocol;

namespace {

std::string quoted(std::string_view text) {
    std::string out;
    protocol::append_json_string(out, text);
    return out;
}

std::string const bad = "\xef\xbf\xbd";

}

TEST_CASE("a JSON string escapes quotes, backslashes and control characters", "[json_writer]") {
    CHECK(quoted("") == R"("")");
    CHECK(quoted("abc") == R"("abc")");
    CHECK(quoted("a\"b\\c/d") == R"("a\"b\\c/d")");
    CHECK(quoted("\"") == R"("\"")");
    CHECK(quoted("\b\f\n\r\t") == R"("\b\f\n\r\t")");
    CHECK(quoted(std::string(1, '\0')) == "\"\\u0000\"");
    CHECK(quoted("\x01\x0b\x0e\x0f\x10\x1f") == "\"\\u0001\\u000b\\u000e\\u000f\\u0010\\u001f\"");
    CHECK(quoted(" \x7f~") == "\" \x7f~\"");
}

TEST_CASE("a JSON string is escaped wherever a byte needs it, however long it is", "[json_writer]") {
    for (std::size_t size = 1; size != 26; ++size) {
        for (std::size_t at = 0; at != size; ++at) {
            for (int byte = 0; byte != 256; ++byte) {
                std::string text(size, '~');
                text[at] = static_cast<char>(byte);
                std::string const one = quoted({text.data() + at, 1}); // see the other cases
                std::string expected = '"' + text.substr(0, at);
                expected.append(one, 1, one.size() - 2).append(text, at + 1).append("\"");
                if (quoted(text) != expected) FAIL_CHECK(size << " bytes, at " << at << ": " << byte);
            }
        }
    }
}

TEST_CASE("a JSON string keeps well-formed UTF-8", "[json_writer]") {
    for (std::string const text :
         {"\xc2\x80", "\xc3\xa9", "\xdf\xbf", "\xe0\xa0\x80", "\xe2\x82\xac", "\xed\x9f\xbf", "\xee\x80\x80",
          "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
        INFO(quoted(text));
        CHECK(quoted(text) == '"' + text + '"');
        CHECK(quoted('a' + text + "b\n") == "\"a" + text + "b\\n\"");
    }
}

TEST_CASE("each byte of a JSON string that isn't UTF-8 becomes U+FFFD", "[json_writer]") {
    std::vector<std::pair<std::string, std::size_t>> const table{
        {"\x80", 1},
        {"\xbf", 1},
        {"\xc0\x80", 2},
        {"\xc1\xbf", 2},
        {"\xc2", 1},
        {"\xe2\x82", 2},
        {"\xe0\x9f\xbf", 3},
        {"\xed\xa0\x80", 3},
        {"\xed\xbf\xbf", 3},
        {"\xf0\x9f\x98", 3},
        {"\xf0\x8f\xbf\xbf", 4},
        {"\xf4\x90\x80\x80", 4},
        {"\xf5\x80\x80\x80", 4},
        {"\xfe", 1},
        {"\xff\xff", 2},
    };
    for (auto const& [text, count] : table) {
        std::string expected;
        for (std::size_t i = 0; i < count; ++i) expected += bad;
        INFO(expected);
        CHECK(quoted(text) == '"' + expected + '"');
        CHECK(quoted("x" + text + "y") == "\"x" + expected + "y\"");
    }
    CHECK(quoted("\xc3\x28") == '"' + bad + "(\"");
    CHECK(quoted("\xe2\x28\xa1") == '"' + bad + "(" + bad + '"');
    CHECK(quoted("\xe2\x82\xc3\xa9") == '"' + bad + bad + "\xc3\xa9\"");
    CHECK(quoted("\xe2\x82\"") == '"' + bad + bad + "\\\"\"");
}

TEST_CASE("a JSON string is appended", "[json_writer]") {
    std::string out = "x";
    protocol::append_json_string(out, "y");
    CHECK(out == "x\"y\"");
}

TEST_CASE("the JSON writer sets commas between values and nowhere else", "[json_writer]") {
    std::string out;
    protocol::json_writer json(out);
    json.begin_object();
    json.member("connectedAt", "2026-11-21T00:00:00Z");
    json.key("identity").begin_object().member("sourceIp", "192.0.2.7").member("userAgent", "").end_object();
    json.key("list").begin_array().value(1).value("two").begin_array().end_array().begin_object().end_object();
    json.null().value(true).end_array();
    json.member("last", false).end_object();
    CHECK(out == R"({"connectedAt":"2026-11-21T00:00:00Z","identity":{"sourceIp":"192.0.2.7","userAgent":""},)"
                 R"("list":[1,"two",[],{},null,true],"last":false})");
}

TEST_CASE("the JSON writer writes a lone value after what is there", "[json_writer]") {
    std::string out = "data: ";
    protocol::json_writer(out).value("text");
    CHECK(out == R"(data: "text")");
}

TEST_CASE("the JSON writer knows each type of value", "[json_writer]") {
    std::string out;
    protocol::json_writer json(out);
    char const* const pointer = "p";
    json.begin_array();
    json.value(pointer).value(std::string("s")).value(std::string_view("v")).value(nullptr).null();
    json.value(true).value(false);
    json.value(std::int64_t{-1}).value(std::uint64_t{1}).value(short{-2}).value(0u).value(std::uint8_t{65});
    json.value(std::numeric_limits<std::int64_t>::min()).value(std::numeric_limits<std::int64_t>::max());
    json.value(std::numeric_limits<std::uint64_t>::max());
    json.end_array();
    CHECK(out == "[\"p\",\"s\",\"v\",null,null,true,false,-1,1,-2,0,65,-9223372036854775808,9223372036854775807,"
                 "18446744073709551615]");
}

TEST_CASE("the JSON writer escapes keys", "[json_writer]") {
    std::string out;
    protocol::json_writer(out).begin_object().member("a\"\xff", 1).end_object();
    CHECK(out == "{\"a\\\"" + bad + "\":1}");
}

TEST_CASE("the JSON writer escapes each part of a member of text where it must", "[json_writer]") {
    std::string out;
    protocol::json_writer json(out);
    json.begin_object().member("a", "b").member("c\\", "d").member("e", "f\n").member("g", std::string("h"));
    json.member("i", nullptr).end_object();
    CHECK(out == R"({"a":"b","c\\":"d","e":"f\n","g":"h","i":null})");
}

}
