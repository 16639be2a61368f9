// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/http1_response.hpp>

#include "support/catch.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace protocol_http1_response_tests {

namespace {

using namespace backchannel;
using http1::append_response_head;
using namespace std::string_view_literals;

struct sample {
    int status = 200;
    std::vector<header_view> headers{};
    std::optional<std::uint64_t> length{};
    bool keep_alive = true;
    int minor_version = 1;
};

// The head as text; empty if it was refused.
std::string head_of(sample const& s) {
    std::string out = "before";
    if (!append_response_head(out, s.status, s.headers, s.length, s.keep_alive, s.minor_version)) {
        CHECK(out == "before");
        return {};
    }
    CHECK(out.substr(0, 6) == "before");
    header_lines lines;
    bool collected = true;
    for (header_view const& header : s.headers) collected = lines.add(header.name, header.value) && collected;
    CHECK(collected);
    std::string same = "before";
    CHECK(append_response_head(same, s.status, lines, s.length, s.keep_alive, s.minor_version));
    CHECK(same == out);
    return out.substr(6);
}

bool refused(sample const& s) { return head_of(s).empty(); }

}

TEST_CASE("http1_response writes a status line, the headers and the framing", "[http1_response]") {
    CHECK(head_of({.headers = {{"Content-Type", "text/plain"}, {"X-A", ""}}, .length = 12}) ==
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-A: \r\nContent-Length: 12\r\n\r\n");
    CHECK(head_of({.status = 404, .length = 0}) == "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    CHECK(head_of({.status = 200, .length = ~std::uint64_t{0}}) ==
          "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n");
    CHECK(head_of({.status = 304}) == "HTTP/1.1 304 Not Modified\r\n\r\n");
    CHECK(head_of({.status = 599}) == "HTTP/1.1 599 \r\n\r\n");
}

TEST_CASE("http1_response says what becomes of the connection", "[http1_response]") {
    CHECK(head_of({.keep_alive = true, .minor_version = 1}) == "HTTP/1.1 200 OK\r\n\r\n");
    CHECK(head_of({.keep_alive = false, .minor_version = 1}) == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    CHECK(head_of({.keep_alive = true, .minor_version = 0}) == "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n");
    CHECK(head_of({.keep_alive = false, .minor_version = 0}) == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    // whoever names protocols in Upgrade names Upgrade in Connection
    std::string const upgrade = "HTTP/1.1 426 Upgrade Required\r\nConnection: ";
    CHECK(head_of({.status = 426, .keep_alive = true}) == upgrade + "Upgrade\r\n\r\n");
    CHECK(head_of({.status = 426, .keep_alive = false}) == upgrade + "close, Upgrade\r\n\r\n");
    CHECK(head_of({.status = 426, .keep_alive = true, .minor_version = 0}) == upgrade + "keep-alive, Upgrade\r\n\r\n");
    CHECK(head_of({.keep_alive = true, .minor_version = 2}) == "HTTP/1.1 200 OK\r\n\r\n");
}

TEST_CASE("http1_response writes no Content-Length where the status forbids it", "[http1_response]") {
    CHECK(head_of({.status = 204, .length = 0}) == "HTTP/1.1 204 No Content\r\n\r\n");
    CHECK(head_of({.status = 204, .length = 5, .keep_alive = false}) ==
          "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    CHECK(head_of({.status = 101, .headers = {{"Connection", "Upgrade"}}, .length = 5, .keep_alive = false}) ==
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n");
    CHECK(head_of({.status = 100, .length = 0, .minor_version = 0}) == http1::continue_response);
    CHECK(head_of({.status = 304, .length = 0}) == "HTTP/1.1 304 Not Modified\r\n\r\n");
    CHECK(head_of({.status = 304, .length = 5}) == "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
    CHECK(head_of({.status = 205, .length = 0}) == "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("http1_response never writes a header that could be read as more than one", "[http1_response]") {
    for (std::string_view const value : {"a\r\nSet-Cookie: x"sv, "a\r"sv, "\n"sv, "a\0b"sv, "\x7F"sv, "\x1B[0m"sv}) {
        INFO(value);
        CHECK(refused({.headers = {{"Good", "x"}, {"X", value}}}));
    }
    for (std::string_view const name : {""sv, "a b"sv, "a:"sv, "a\r\nb"sv, "a\0"sv, "caf\xE9"sv})
        CHECK(refused({.headers = {{name, "x"}}}));
    CHECK(head_of({.headers = {{"X", "a\tb \xE9"}}}) == "HTTP/1.1 200 OK\r\nX: a\tb \xE9\r\n\r\n");
}

TEST_CASE("http1_response leaves framing to nobody else and refuses impossible statuses", "[http1_response]") {
    for (std::string_view const name : {"Content-Length", "content-length", "Transfer-Encoding", "Connection"}) {
        INFO(name);
        CHECK(refused({.headers = {{name, "5"}}}));
        header_lines lines;
        CHECK(lines.add("X", "y"));
        CHECK(lines.add(name, "5"));
        CHECK(lines.add("Z", "y"));
        std::string out = "before";
        CHECK_FALSE(append_response_head(out, 200, lines, std::nullopt, true));
        CHECK(out == "before");
    }
    CHECK(refused({.status = 101, .headers = {{"Content-Length", "5"}}}));
    CHECK_FALSE(refused({.headers = {{"Content-Type", "x"}, {"X-Connection", "y"}}}));
    for (int const status : {-1, 0, 99, 600, 1000}) {
        CHECK(refused({.status = status}));
        std::string out;
        CHECK_FALSE(append_response_head(out, status, header_lines{}, std::nullopt, true));
    }
}

TEST_CASE("http1_response has a phrase for the statuses that servers use", "[http1_response]") {
    for (int const status : {100, 101, 200, 204, 301, 304, 400, 401, 403, 404, 405, 408,
                             410, 413, 414, 415, 417, 426, 429, 431, 500, 501, 503, 505}) {
        INFO(status);
        CHECK_FALSE(http1::reason_phrase(status).empty());
    }
    CHECK(http1::reason_phrase(410) == "Gone");
    CHECK(http1::reason_phrase(426) == "Upgrade Required");
    CHECK(http1::reason_phrase(299).empty());
    CHECK(http1::reason_phrase(0).empty());
}

}
