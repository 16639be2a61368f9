// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/percent.hpp>

#include "support/catch.hpp"

#include <string>
#include <utility>
#include <vector>

namespace protocol_percent_tests {

namespace protocol = backchannel::protocol;

namespace {

std::string encoded(std::string_view text) {
    std::string out;
    protocol::append_percent_encoded(out, text);
    return out;
}

std::string encoded_path(std::string_view text) {
    std::string out;
    protocol::append_percent_encoded_path(out, text);
    return out;
}

std::string every_byte() {
    std::string bytes;
    for (int value = 0; value < 256; ++value) bytes.push_back(static_cast<char>(static_cast<unsigned char>(value)));
    return bytes;
}

}

TEST_CASE("only letters, digits and four marks are unreserved", "[percent]") {
    std::string const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (char const c : every_byte()) {
        INFO(static_cast<int>(c));
        CHECK(protocol::is_unreserved(c) == (unreserved.find(c) != std::string::npos));
        CHECK((encoded(std::string(1, c)).size() == 1) == (unreserved.find(c) != std::string::npos));
    }
}

TEST_CASE("percent coding encodes each byte with upper-case digits", "[percent]") {
    CHECK(encoded("").empty());
    CHECK(encoded("abc-._~XYZ019") == "abc-._~XYZ019");
    CHECK(encoded(" ") == "%20");
    CHECK(encoded("+") == "%2B");
    CHECK(encoded("a/b") == "a%2Fb");
    CHECK(encoded("/") == "%2F");
    CHECK(encoded("%3d") == "%253d");
    CHECK(encoded("\xc3\xa9\xff") == "%C3%A9%FF");
    CHECK(encoded(std::string(1, '\0')) == "%00");
    CHECK(encoded("@@") == "%40%40");
    CHECK(encoded("L0SM9cOFvHcCIhw=") == "L0SM9cOFvHcCIhw%3D");
}

TEST_CASE("percent coding of a path keeps the slash", "[percent]") {
    CHECK(encoded_path("/prod/@connections/L0SM9cOFvHcCIhw=") == "/prod/%40connections/L0SM9cOFvHcCIhw%3D");
    CHECK(encoded_path("/prod/%40connections/L0SM9cOFvHcCIhw%3D") == "/prod/%2540connections/L0SM9cOFvHcCIhw%253D");
    CHECK(encoded_path("//") == "//");
    CHECK(encoded_path("a\\b?c#d") == "a%5Cb%3Fc%23d");
}

TEST_CASE("percent coding appends to what is there", "[percent]") {
    std::string out = "x=";
    protocol::append_percent_encoded(out, "a b");
    protocol::append_percent_encoded_path(out, "/c d");
    CHECK(protocol::append_percent_decoded(out, "%21+"));
    CHECK(out == "x=a%20b/c%20d!+");
}

TEST_CASE("the sink gets whole runs and no empty piece", "[percent]") {
    std::vector<std::string> pieces;
    auto const collect = [&pieces](std::string_view piece) { pieces.emplace_back(piece); };
    protocol::percent_encode("ab@/cd=", collect);
    CHECK(pieces == std::vector<std::string>{"ab", "%40", "%2F", "cd", "%3D"});
    pieces.clear();
    protocol::percent_encode_path("@a/b", collect);
    CHECK(pieces == std::vector<std::string>{"%40", "a/b"});
    pieces.clear();
    protocol::percent_encode("", collect);
    CHECK(pieces.empty());
}

TEST_CASE("percent decoding undoes percent coding for every byte", "[percent]") {
    std::string const all = every_byte();
    CHECK(protocol::percent_decode(encoded(all)) == all);
    CHECK(protocol::percent_decode(encoded_path(all)) == all);
}

TEST_CASE("percent decoding takes digits of either case and leaves the rest alone", "[percent]") {
    std::vector<std::pair<std::string, std::string>> const table{
        {"", ""},       {"abc", "abc"},   {"%3D", "="},   {"%3d", "="},     {"a+b", "a+b"},
        {"%2B", "+"},   {"%253D", "%3D"}, {"%2F/", "//"}, {"%41%42", "AB"}, {"%e2%82%ac", "\xe2\x82\xac"},
        {"x%20", "x "}, {"%7E~", "~~"},
    };
    for (auto const& [text, expected] : table) {
        INFO(text);
        CHECK(protocol::percent_decode(text) == expected);
    }
    CHECK(protocol::percent_decode("%00") == std::string(1, '\0'));
    CHECK(protocol::percent_decode("%Ff%fF") == "\xff\xff");
}

TEST_CASE("percent decoding refuses a bad escape and leaves the output as it was", "[percent]") {
    for (char const* const text : {"%",   "%4",  "a%",  "a%4", "%%41", "%4%41", "%g0", "%0g",  "%G0",   "%-1",   "% 1",
                                   "%+1", "%/0", "%:0", "%0:", "%0/",  "%@0",   "%`0", "%41%", "%0x41", "abc%zz"}) {
        INFO(text);
        CHECK_FALSE(protocol::percent_decode(text).has_value());
        std::string out = "before";
        CHECK_FALSE(protocol::append_percent_decoded(out, text));
        CHECK(out == "before");
    }
}

TEST_CASE("percent decoding refuses an escape cut short by the end of the view", "[percent]") {
    std::string const text = "ab%41";
    CHECK_FALSE(protocol::percent_decode(std::string_view(text).substr(0, 4)).has_value());
    CHECK_FALSE(protocol::percent_decode(std::string_view(text).substr(0, 3)).has_value());
    CHECK(protocol::percent_decode(std::string_view(text).substr(0, 2)) == "ab");
}

}
