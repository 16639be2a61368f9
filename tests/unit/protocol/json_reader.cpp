// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/json_reader.hpp>
#include <backchannel/protocol/json_value.hpp>

#include "support/catch.hpp"

#include <string>
#include <utility>
#include <vector>

namespace protocol_json_reader_tests {

namespace protocol = backchannel::protocol;
using protocol::json_reader;
using protocol::json_token;

namespace {

// The tokens of a text in a shape that is easy to compare; "!" stands for an error.
std::string tokens_of(std::string_view text, std::size_t depth = json_reader::default_depth) {
    json_reader in(text, depth);
    std::string out;
    std::string scratch;
    char const* const marks[] = {"{", "}", "[", "]", "=", "'", " ", "T", "F", "N", ".", "!"};
    for (;;) {
        json_token const token = in.next();
        if (token == json_token::string) out += '\'';
        if (token == json_token::string || token == json_token::name) out += in.string(scratch);
        if (token == json_token::number) out += in.raw();
        out += marks[static_cast<std::size_t>(token)];
        if (token == json_token::end || token == json_token::error) return out;
    }
}

bool valid(std::string_view text) {
    bool const by_reader = tokens_of(text).back() == '.';
    json_reader in(text);
    bool const by_skipping = in.skip_value() && in.next() == json_token::end;
    CHECK(by_reader == by_skipping);
    return by_reader;
}

std::string const sample = R"( {"data" : "aGVsbG8=", "type":"TEXT", "é\u00e9":[1, -2.5e+3,true,false,null,{}, [ ],)"
                           R"("\ud83d\ude00\"\\\/\b\f\n\r\t"],"nested":{"a":{"b":[[0]]}}} )";

}

TEST_CASE("the JSON reader gives the tokens in order", "[json_reader]") {
    CHECK(tokens_of("1") == "1 .");
    CHECK(tokens_of(" \t\r\n\"x\" \t\r\n") == "'x'.");
    CHECK(tokens_of("[]") == "[].");
    CHECK(tokens_of("{}") == "{}.");
    CHECK(tokens_of(R"([1,"a",true,false,null])") == "[1 'a'TFN].");
    CHECK(tokens_of(R"({"a":1,"b":{"c":[{}]},"":""})") == "{a=1 b={c=[{}]}=''}.");
    CHECK(tokens_of(" [ [ ] , { } , [ 1 , 2 ] ] ") == "[[]{}[1 2 ]].");
    CHECK(tokens_of(R"({ "a" : 1 , "a" : 2 })") == "{a=1 a=2 }.");
}

TEST_CASE("valid JSON is taken", "[json_reader]") {
    for (char const* const text : {"0",
                                   "-0",
                                   "1",
                                   "10",
                                   "-1",
                                   "0.0",
                                   "0.10",
                                   "1e5",
                                   "1E5",
                                   "1e+5",
                                   "1e-5",
                                   "0e0",
                                   "-1.5E-10",
                                   "123456789012345",
                                   "true",
                                   "false",
                                   "null",
                                   "\"\"",
                                   "\"\x7f\"",
                                   "[0]",
                                   "[[[]]]",
                                   "{\"a\":{}}",
                                   " 1 ",
                                   "\n1\n",
                                   "\"\\u0000\"",
                                   "\"\\uD7FF\"",
                                   "\"\\ue000\"",
                                   "\"\\uFFFF\"",
                                   "\"\\ud800\\udc00\"",
                                   "\"\\uDBFF\\uDFFF\"",
                                   "\"\xf0\x9f\x98\x80\""}) {
        INFO(text);
        CHECK(valid(text));
        CHECK(protocol::parse_json(text));
    }
}

TEST_CASE("what isn't JSON is refused", "[json_reader]") {
    for (char const* const text : {"",
                                   " ",
                                   "\xef\xbb\xbf{}",
                                   "{",
                                   "}",
                                   "[",
                                   "]",
                                   ",",
                                   ":",
                                   "\"",
                                   "[1,]",
                                   "[,1]",
                                   "[,]",
                                   "[1 2]",
                                   "[1:2]",
                                   "[1}",
                                   "{]",
                                   "[}",
                                   "{\"a\":1]",
                                   "{,}",
                                   "{\"a\"}",
                                   "{\"a\":}",
                                   "{\"a\":1,}",
                                   "{\"a\" 1}",
                                   "{a:1}",
                                   "{1:1}",
                                   "{\"a\":1 \"b\":2}",
                                   "{\"a\":1,,\"b\":2}",
                                   "{\"a\"::1}",
                                   "{'a':1}",
                                   "{\"a\":1},",
                                   "{null:1}",
                                   "1 2",
                                   "[] []",
                                   "{}{}",
                                   "1,",
                                   "01",
                                   "-01",
                                   "00",
                                   "-",
                                   "+1",
                                   ".5",
                                   "1.",
                                   "1.e5",
                                   "-.5",
                                   "1e",
                                   "1e+",
                                   "1E-",
                                   "0x10",
                                   "1_000",
                                   "1a",
                                   "--1",
                                   "Infinity",
                                   "NaN",
                                   "-Infinity",
                                   "1.2.3",
                                   "1e5.0",
                                   "tru",
                                   "truE",
                                   "True",
                                   "TRUE",
                                   "trues",
                                   "t",
                                   "fals",
                                   "nul",
                                   "nulll",
                                   "undefined",
                                   "'a'",
                                   "\"a",
                                   "\"a\\\"",
                                   "\"\\\"",
                                   "\"\\a\"",
                                   "\"\\x41\"",
                                   "\"\\'\"",
                                   "\"\\U0041\"",
                                   "\"\\u\"",
                                   "\"\\u1\"",
                                   "\"\\u12\"",
                                   "\"\\u123\"",
                                   "\"\\u123g\"",
                                   "\"\\u 123\"",
                                   "\"\\u+123\"",
                                   "\"\\u-123\"",
                                   "\"\\ud800\"",
                                   "\"\\udbff\"",
                                   "\"\\udc00\"",
                                   "\"\\udfff\"",
                                   "\"\\ud800x\"",
                                   "\"\\ud800\\n\"",
                                   "\"\\ud800\\u0041\"",
                                   "\"\\ud800\\ud800\"",
                                   "\"\\ud800\\ue000\"",
                                   "\"\\udc00\\ud800\"",
                                   "\"\\ud800\\udc0\"",
                                   "\"\\ud800\\u\"",
                                   "\"\\ud800\\udc0g\"",
                                   "\"\\ud800\\xdc00\"",
                                   "\"\x01\"",
                                   "\"\t\"",
                                   "\"\n\"",
                                   "\"\x1f\"",
                                   "\"\x80\"",
                                   "\"\xc3\"",
                                   "\"\xc0\x80\"",
                                   "\"\xed\xa0\x80\"",
                                   "\"\xf4\x90\x80\x80\"",
                                   "\"\xff\"",
                                   "\xc3\xa9",
                                   "// x\n1",
                                   "1 // x",
                                   "/**/1",
                                   "[1]/",
                                   "\v1",
                                   "\f1",
                                   "\xc2\xa0"
                                   "1",
                                   "{\"\x80\":1}",
                                   "{\"a\x01\":1}",
                                   "{\"\\ud800\":1}",
                                   "[\"a\"",
                                   "[1",
                                   "[1,",
                                   "{\"a\"",
                                   "{\"a\":",
                                   "{\"a\":1",
                                   "{\"a\":1,"}) {
        INFO(text);
        CHECK_FALSE(valid(text));
        CHECK_FALSE(protocol::parse_json(text));
    }
    CHECK_FALSE(valid(std::string("1\0", 2)));
    CHECK_FALSE(valid(std::string("\"\0\"", 3)));
    CHECK_FALSE(valid(std::string("[1,\0]", 5)));
}

TEST_CASE("a valid text is invalid when it's cut short anywhere", "[json_reader]") {
    REQUIRE(valid(sample));
    std::size_t const last = sample.find_last_of('}');
    for (std::size_t length = 0; length <= last; ++length) {
        INFO(length);
        // A copy of its own, so that reading past the end would be noticed by the address sanitiser.
        std::vector<char> const cut(sample.begin(), sample.begin() + static_cast<std::ptrdiff_t>(length));
        CHECK_FALSE(valid(std::string_view(cut.data(), cut.size())));
        CHECK_FALSE(protocol::parse_json(std::string_view(cut.data(), cut.size())));
    }
}

TEST_CASE("reader and parser agree about a text with any one byte replaced", "[json_reader]") {
    std::size_t taken = 0;
    for (std::size_t at = 0; at < sample.size(); ++at) {
        for (int value = 0; value < 256; ++value) {
            std::string text = sample;
            text[at] = static_cast<char>(static_cast<unsigned char>(value));
            bool const by_reader = tokens_of(text).back() == '.';
            auto const result = protocol::parse_json(text);
            bool const twice = result.error.message.find("two members") != std::string::npos;
            bool const agree = by_reader == (result || twice);
            if (!agree) {
                INFO(text);
                REQUIRE(agree);
            }
            bool const raw_byte_in_no_string = value < 0x20 && value != '\t' && value != '\n' && value != '\r';
            if (by_reader && raw_byte_in_no_string) FAIL("took the control character " << value << " at " << at);
            taken += by_reader ? 1u : 0u;
        }
    }
    // Python's json module, with lone surrogates and bytes that aren't UTF-8 refused, takes the same number.
    CHECK(taken == 3964);
}

TEST_CASE("strings come without their escapes", "[json_reader]") {
    std::vector<std::pair<std::string, std::string>> const table{
        {R"("")", ""},
        {R"("abc")", "abc"},
        {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
        {R"("a\u0041b")", "aAb"},
        {R"("\u007f\u0080\u07ff\u0800\uffff")", "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"},
        {R"("\u00E9\u00e9")", "\xc3\xa9\xc3\xa9"},
        {R"("\ud800\udc00\uD83D\uDE00\udbff\udfff")", "\xf0\x90\x80\x80\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf"},
        {R"("x\\u0041")", "x\\u0041"},
        {R"("\\")", "\\"},
        {"\"\xe2\x82\xac\\n\"", "\xe2\x82\xac\n"},
    };
    for (auto const& [text, expected] : table) {
        INFO(text);
        json_reader in(text);
        REQUIRE(in.next() == json_token::string);
        std::string scratch;
        CHECK(in.string(scratch) == expected);
        CHECK(in.raw() == std::string_view(text).substr(1, text.size() - 2));
        CHECK(in.equals(expected));
        CHECK_FALSE(in.equals(expected + "x"));
        if (!expected.empty()) CHECK_FALSE(in.equals(expected.substr(0, expected.size() - 1)));
        if (!expected.empty()) CHECK_FALSE(in.equals("?" + expected.substr(1)));
        CHECK(in.next() == json_token::end);
        auto const parsed = protocol::parse_json(text);
        REQUIRE(parsed);
        CHECK(parsed.value->kind == protocol::json_kind::string);
        CHECK(parsed.value->text == expected);
    }
    json_reader in("\"\\u0000\"");
    REQUIRE(in.next() == json_token::string);
    std::string scratch;
    CHECK(in.string(scratch) == std::string_view("\0", 1));
}

TEST_CASE("a string without escapes is a part of the text", "[json_reader]") {
    std::string const text = R"({"data":"aGVsbG8="})";
    json_reader in(text);
    std::string scratch;
    REQUIRE(in.next() == json_token::begin_object);
    REQUIRE(in.next() == json_token::name);
    CHECK(in.string(scratch).data() == text.data() + 2);
    REQUIRE(in.next() == json_token::string);
    CHECK(in.string(scratch).data() == text.data() + 9);
    CHECK(scratch.capacity() == std::string().capacity());
}

TEST_CASE("tokens tell where they begin", "[json_reader]") {
    json_reader in(R"( { "a" : [ 1 , true ] } )");
    std::vector<std::size_t> offsets;
    std::vector<std::size_t> depths;
    while (in.next() != json_token::end) {
        REQUIRE(in.token() != json_token::error);
        offsets.push_back(in.offset());
        depths.push_back(in.depth());
    }
    CHECK(offsets == std::vector<std::size_t>{1, 3, 9, 11, 15, 20, 22});
    CHECK(depths == std::vector<std::size_t>{1, 1, 2, 2, 2, 1, 0});
}

TEST_CASE("nesting is bounded", "[json_reader]") {
    auto const nested = [](std::size_t levels) {
        std::string text;
        for (std::size_t i = 0; i < levels; ++i) text += i % 2 == 0 ? "[" : "{\"a\":";
        text += "0";
        for (std::size_t i = levels; i > 0; --i) text += (i - 1) % 2 == 0 ? "]" : "}";
        return text;
    };
    CHECK(valid(nested(32)));
    CHECK_FALSE(valid(nested(33)));
    CHECK(tokens_of("[[]]", 2).back() == '.');
    CHECK(tokens_of("[[]]", 1) == "[!");
    CHECK(tokens_of("[]", 0) == "!");
    CHECK(tokens_of("1", 0) == "1 .");
    CHECK(tokens_of(nested(64), 1000).back() == '.');
    CHECK(tokens_of(nested(65), 1000).back() == '!');
    CHECK(tokens_of("[[],[],[],{},{\"a\":[]}]", 3).back() == '.');
    CHECK(tokens_of(std::string(100000, '[')).back() == '!');
    CHECK(protocol::parse_json("[[]]", {.depth = 2}));
    CHECK_FALSE(protocol::parse_json("[[]]", {.depth = 1}));
}

TEST_CASE("a value of any kind can be skipped", "[json_reader]") {
    for (char const* const value :
         {"1", "\"x\\n\"", "true", "null", "[]", "{}", "[[1],{\"a\":[2]}]", "{\"b\":{\"c\":[]}}"}) {
        INFO(value);
        std::string const text = std::string(R"({"unknown":)") + value + R"(,"type":"TEXT"})";
        json_reader in(text);
        REQUIRE(in.next() == json_token::begin_object);
        REQUIRE(in.next() == json_token::name);
        REQUIRE(in.equals("unknown"));
        REQUIRE(in.skip_value());
        REQUIRE(in.next() == json_token::name);
        CHECK(in.equals("type"));
        CHECK(in.skip_value());
        CHECK(in.next() == json_token::end_object);
        CHECK(in.next() == json_token::end);
    }
    json_reader empty("[]");
    REQUIRE(empty.next() == json_token::begin_array);
    CHECK_FALSE(empty.skip_value());
    json_reader broken("[[1,}]");
    REQUIRE(broken.next() == json_token::begin_array);
    CHECK_FALSE(broken.skip_value());
    CHECK(broken.token() == json_token::error);
}

TEST_CASE("end and error stay", "[json_reader]") {
    json_reader ended("1");
    CHECK(ended.next() == json_token::number);
    CHECK(ended.next() == json_token::end);
    CHECK(ended.next() == json_token::end);
    json_reader failed("[1 2]");
    CHECK(failed.next() == json_token::begin_array);
    CHECK(failed.next() == json_token::number);
    CHECK(failed.next() == json_token::error);
    CHECK(failed.offset() == 3);
    CHECK_FALSE(failed.error().empty());
    CHECK(failed.next() == json_token::error);
    CHECK(failed.token() == json_token::error);
}

TEST_CASE("a long string is read whole", "[json_reader]") {
    std::string const data(128 * 1024, 'A');
    std::string const text = R"({"data":")" + data + R"(","type":"BINARY"})";
    json_reader in(text);
    std::string scratch;
    REQUIRE(in.next() == json_token::begin_object);
    REQUIRE(in.next() == json_token::name);
    REQUIRE(in.next() == json_token::string);
    CHECK(in.string(scratch) == data);
    CHECK(scratch.empty());
}

}
