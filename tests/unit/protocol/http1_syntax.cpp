// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/http1_syntax.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace protocol_http1_syntax_tests {

namespace {

using namespace backchannel;

std::string elements_of(std::string_view list) {
    std::string out;
    for (std::string_view element; http1::next_list_element(list, element);)
        out.append("<").append(element).append(">");
    return out;
}

}

TEST_CASE("http1_syntax tells tokens from other text", "[http1_syntax]") {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    for (int c = 0; c != 256; ++c) {
        bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        bool const expected = letter || (c != 0 && marks.find(static_cast<char>(c)) != marks.npos);
        std::string const text{'a', static_cast<char>(c)};
        if (http1::is_token(text) != expected) FAIL_CHECK("byte " << c);
    }
    CHECK_FALSE(http1::is_token(""));
    CHECK(http1::is_token("x"));
}

TEST_CASE("http1_syntax takes lists apart and skips empty elements", "[http1_syntax]") {
    CHECK(elements_of("") == "");
    CHECK(elements_of(" , ,\t,") == "");
    CHECK(elements_of("a") == "<a>");
    CHECK(elements_of("a,b") == "<a><b>");
    CHECK(elements_of(", a b\t,, c ") == "<a b><c>");
    CHECK(elements_of("a,") == "<a>");
}

TEST_CASE("http1_syntax knows a host with an optional port", "[http1_syntax]") {
    // the table of good and bad ones is where Host is tested, with the request parser
    CHECK(http1::is_host_and_port("example.com"));
    CHECK(http1::is_host_and_port("example.com:8080"));
    CHECK(http1::is_host_and_port("[2001:db8::1]:8080"));
    CHECK_FALSE(http1::is_host_and_port(""));
    CHECK_FALSE(http1::is_host_and_port("user@example.com"));
}

}
