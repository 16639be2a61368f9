// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/websocket_extensions.hpp>

#include "support/catch.hpp"
#include "support/count_allocations.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace protocol_websocket_extensions_tests {

namespace {

using namespace backchannel;
using item = websocket::extension_reader::item;

// What a reader finds: `<extension>`, `(parameter)`, `(parameter=)` for one with a value, `!` for a mistake.
std::string read(std::vector<header_view> const& headers) {
    websocket::extension_reader reader{headers};
    std::string out;
    for (;;) {
        item const found = reader.next();
        std::string const name{reader.name()};
        if (found == item::extension) {
            out += "<" + name + ">";
            CHECK_FALSE(reader.value().has_value());
        } else if (found == item::parameter) {
            out += "(" + name + (reader.value().has_value() ? "=)" : ")");
        } else {
            CHECK(reader.next() == found); // it stays so
            CHECK(websocket::extensions_are_valid(headers) == (found == item::end));
            return out + (found == item::malformed ? "!" : "");
        }
    }
}

std::string read_line(std::string_view value) { return read({{"Sec-WebSocket-Extensions", value}}); }

bool is_malformed(std::string_view value) { return read_line(value).ends_with('!'); }

// The first parameter's value is `text`, and is nothing else.
bool has_value(std::string_view line, std::string_view text) {
    std::vector<header_view> const headers{{"Sec-WebSocket-Extensions", line}};
    websocket::extension_reader reader{headers};
    if (reader.next() != item::extension || reader.next() != item::parameter || !reader.value()) return false;
    CHECK_FALSE(*reader.value() == std::string{text} + "x");
    CHECK_FALSE(*reader.value() == text.substr(0, text.size() - 1));
    CHECK_FALSE(*reader.value() == "");
    return *reader.value() == text;
}

std::string repeated(std::string_view first, std::string_view more, std::size_t count) {
    std::string out{first};
    for (std::size_t i = 1; i < count; ++i) out += more;
    return out;
}

}

TEST_CASE("websocket_extensions reads extensions with their parameters", "[websocket_extensions]") {
    CHECK(read({}) == "");
    CHECK(read({{"Host", "a"}, {"Sec-WebSocket-Extension", ";"}}) == "");
    CHECK(read_line("foo") == "<foo>");
    CHECK(read_line("foo, bar; baz=2") == "<foo><bar>(baz=)");
    CHECK(read_line("deflate-stream") == "<deflate-stream>");
    CHECK(read_line("mux; max-channels=4; flow-control, deflate-stream") ==
          "<mux>(max-channels=)(flow-control)<deflate-stream>");
    CHECK(read_line("a;b=\"c\";d,e") == "<a>(b=)(d)<e>");
    CHECK(read_line("\t a\t ; \tb = c ;d= \"e\" ,\tf ") == "<a>(b=)(d=)<f>");
    CHECK(read_line(", a,, ,b;c,") == "<a><b>(c)");
    CHECK(read_line("a, a; b; b") == "<a><a>(b)(b)"); // what may be repeated is the extension's to say
}

TEST_CASE("websocket_extensions takes all lines together", "[websocket_extensions]") {
    CHECK(read({{"sec-websocket-extensions", "a; b"}, {"X", "; ;"}, {"SEC-WEBSOCKET-EXTENSIONS", "c, d"}}) ==
          "<a>(b)<c><d>");
    CHECK(read({{"Sec-WebSocket-Extensions", "a"}, {"Sec-WebSocket-Extensions", "; b"}}) == "<a>!");
    CHECK(read({{"Sec-WebSocket-Extensions", "a"}, {"Sec-WebSocket-Extensions", ""}}) == "<a>!");
    CHECK(read({{"Sec-WebSocket-Extensions", "a;"}, {"Sec-WebSocket-Extensions", "b"}}) == "<a>!");
}

TEST_CASE("websocket_extensions takes quotes and backslashes off a value", "[websocket_extensions]") {
    CHECK(has_value("a; b=10", "10"));
    CHECK(has_value("a; b=\"10\"", "10"));
    CHECK(has_value("a; b=\"\\1\\0\"", "10"));
    CHECK(has_value("a; b=\"1\\0\"; c", "10"));
    CHECK(has_value("a; b=!#$%&'*+-.^_`|~", "!#$%&'*+-.^_`|~"));
    CHECK_FALSE(has_value("a; b=\"\\1\\0\"", "\\1\\0"));
    CHECK_FALSE(has_value("a; b=c", "C"));
}

TEST_CASE("websocket_extensions refuses what breaks the grammar", "[websocket_extensions]") {
    for (std::string_view const line : {"",
                                        " ",
                                        ",",
                                        ", ,\t",
                                        ";",
                                        "; a",
                                        "a;",
                                        "a; ",
                                        "a;;b",
                                        "a; ,b",
                                        "a; b=",
                                        "a; b= ,c",
                                        "a; =c",
                                        "a b",
                                        "a; b c",
                                        "a; b=c d",
                                        "a=b",
                                        "a, b=c",
                                        "a/b",
                                        "a; b/c",
                                        "a; b=c/d",
                                        "(",
                                        "a; b==c",
                                        "a; b=c=d",
                                        "\"a\"",
                                        "a; \"b\"",
                                        "a; b=\"\"",
                                        "a; b=\"c",
                                        "a; b=\"",
                                        "a; b=\"\\",
                                        "a; b=c\"",
                                        "a; b=\"c\"d",
                                        "a; b=\" c\"",
                                        "a; b=\"c,d\"",
                                        "a; b=\"c;d\"",
                                        "a; b=\"\\\"\"",
                                        "a; b=\"\\\\\"",
                                        "a; b=\"c\\\"",
                                        "caf\xE9",
                                        "a; b='c d'",
                                        "a; b=\"c\" \"d\"",
                                        "a\x7F",
                                        "a; b\x01",
                                        "a, b, c;"}) {
        INFO(line);
        CHECK(is_malformed(line));
    }
    CHECK(is_malformed(std::string_view{"a\0", 2}));
    CHECK(is_malformed(std::string_view{"a; b=\"c\\d\""}.substr(0, 8))); // nothing behind the end is looked at
    CHECK(is_malformed(std::string_view{"a; b=\"\0\"", 8}));
    CHECK(read_line("a; b=c, d e") == "<a>(b=)<d>!");
}

TEST_CASE("websocket_extensions has an end to its patience", "[websocket_extensions]") {
    constexpr std::size_t extensions = websocket::extension_reader::max_extensions;
    constexpr std::size_t parameters = websocket::extension_reader::max_parameters;
    CHECK_FALSE(is_malformed(repeated("a", ",a", extensions)));
    CHECK(is_malformed(repeated("a", ",a", extensions + 1)));
    CHECK_FALSE(is_malformed(repeated("a;b", ";b", parameters)));
    CHECK(is_malformed(repeated("a;b", ";b", parameters + 1)));
    CHECK_FALSE(is_malformed(repeated("a;b", ";b", parameters) + "," + repeated("a;b", ";b", parameters)));

    std::vector<header_view> lines(extensions, {"Sec-WebSocket-Extensions", "a"});
    CHECK(websocket::extensions_are_valid(lines));
    lines.push_back(lines.front());
    CHECK_FALSE(websocket::extensions_are_valid(lines));
}

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
TEST_CASE("websocket_extensions allocates nothing", "[websocket_extensions]") {
    header_view const header{"Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits=\"\\1\\0\", x-y"};
    test::allocation_count const allocations;
    bool const valid = websocket::extensions_are_valid({&header, 1});
    std::size_t const count = allocations.so_far();
    CHECK(valid);
    CHECK(count == 0);
}
#endif

}
