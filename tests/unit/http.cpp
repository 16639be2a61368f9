// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/http.hpp>

#include "support/catch.hpp"
#include "support/count_allocations.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace http_tests {

using namespace backchannel;

TEST_CASE("header names compare without case, and only letters fold", "[http]") {
    CHECK(equal_ignoring_case("Content-Type", "cONTENT-tYPE"));
    CHECK(equal_ignoring_case("", ""));
    CHECK_FALSE(equal_ignoring_case("a", "ab"));
    CHECK_FALSE(equal_ignoring_case("a", "b"));
    CHECK_FALSE(equal_ignoring_case("@", "`"));
    CHECK_FALSE(equal_ignoring_case("[", "{"));
    CHECK_FALSE(equal_ignoring_case("-", "\r"));
    CHECK_FALSE(equal_ignoring_case("\xC4", "\xE4"));
    CHECK(equal_ignoring_case("AZaz", "azAZ"));
}

TEST_CASE("the first header of a name is found", "[http]") {
    std::array<header_view, 3> const headers{{{"Host", "a"}, {"X-Twice", "1"}, {"x-twice", "2"}}};
    REQUIRE(find_header(headers, "X-TWICE") != nullptr);
    CHECK(find_header(headers, "X-TWICE")->value == "1");
    CHECK(find_header(headers, "host") == headers.data());
    CHECK(find_header(headers, "Hos") == nullptr);
    CHECK(find_header({}, "Host") == nullptr);
}

TEST_CASE("header lines stand as they go on the wire", "[http]") {
    header_lines lines;
    CHECK(lines.text().empty());
    CHECK(lines.add("Content-Type", "application/json"));
    CHECK(lines.add("X-Empty", std::string_view{})); // whose pointer is null
    CHECK(lines.add("content-type", "second: with colon"));
    CHECK(lines.text() == "Content-Type: application/json\r\nX-Empty: \r\ncontent-type: second: with colon\r\n");
    CHECK(lines.find("CONTENT-TYPE") == "application/json");
    CHECK(lines.find("x-empty") == "");
    CHECK_FALSE(lines.find("X-Emp"));
    std::string seen;
    lines.for_each([&](header_view h) { (seen += h.name) += "=" + std::string{h.value} + ";"; });
    CHECK(seen == "Content-Type=application/json;X-Empty=;content-type=second: with colon;");
}

TEST_CASE("a header that would break the response is not added", "[http]") {
    header_lines lines;
    using namespace std::string_view_literals;
    for (std::string_view const name : {""sv, "a b"sv, "a:"sv, "a\r\n"sv, "a\t"sv, "\x7F"sv, "na\xC3\xAFve"sv, "a\0b"sv,
                                        "(a)"sv, "a,b"sv, "\"a\""sv, "{a}"sv})
        CHECK_FALSE(lines.add(name, "value"));
    for (std::string_view const value :
         {"a\rb"sv, "a\nb"sv, "a\0b"sv, "\r\nX-Injected: 1"sv, "a\n"sv, "\x01"sv, "a\x1F"sv, "a\x7F"sv})
        CHECK_FALSE(lines.add("X-Name", value));
    CHECK(lines.text().empty());
    CHECK(lines.add("!#$%&'*+-.^_`|~09azAZ", "tab\tand \xC3\xA9"));
}

TEST_CASE("a field that is known to be good is added as it is", "[http]") {
    header_lines checked, known;
    CHECK(checked.add("X-Name", "value"));
    known.add_checked("X-Name", "value");
    CHECK(known.text() == checked.text());
    CHECK(checked.add("X-Other", "1"));
    known.add_line("X-Other: 1\r\n");
    CHECK(known.text() == checked.text());
}

TEST_CASE("header lines tell whether the server's own fields may be among them", "[http]") {
    for (char const* const name : {"Connection", "content-length", "Transfer-Encoding"}) {
        header_lines lines;
        lines.add("Date", "now");
        CHECK_FALSE(lines.may_have_framing());
        lines.add(name, "x");
        CHECK(lines.may_have_framing());
        CHECK(header_lines{lines}.may_have_framing());
    }
}

TEST_CASE("header lines keep their order and text when they outgrow the inline buffer", "[http]") {
    for (std::size_t first = header_lines::inline_capacity - 12; first != header_lines::inline_capacity + 4; ++first) {
        header_lines lines;
        std::string expected;
        for (std::size_t const size : {first, std::size_t{1}, std::size_t{300}, std::size_t{0}}) {
            std::string const value(size, 'v');
            CHECK(lines.add("A", value));
            expected += "A: " + value + "\r\n";
        }
        CHECK_FALSE(lines.text() != expected);
        int count = 0;
        lines.for_each([&](header_view) { ++count; });
        CHECK(count == 4);
    }
}

TEST_CASE("header lines survive a copy and a move", "[http]") {
    for (std::size_t const size : {10u, 1000u}) {
        header_lines lines;
        lines.add("Name", std::string(size, 'x'));
        std::string const text{lines.text()};
        header_lines const copy = lines;
        header_lines moved = std::move(lines);
        CHECK(copy.text() == text);
        CHECK(moved.text() == text);
        lines = moved;
        CHECK(lines.text() == text);
    }
}

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
TEST_CASE("a response has a status, headers and a body of its own", "[http]") {
    test::allocation_count const count;
    response const empty{};
    CHECK(empty.status == 200);
    CHECK(empty.body.empty());
    CHECK(count.so_far() == 0);
    CHECK(response{410}.status == 410);
    response json{429, "application/json", "{}"};
    auto const moved = std::move(json);
    CHECK(moved.status == 429);
    CHECK(moved.headers.text() == "Content-Type: application/json\r\n");
    CHECK(moved.body == "{}");
}
#endif

}
