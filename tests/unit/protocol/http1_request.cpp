// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/http1_request.hpp>

#include "support/catch.hpp"
#include "support/request_outcome.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace protocol_http1_request_tests {

using namespace test::request_outcome;

TEST_CASE("http1_request parses a request into its parts", "[http1_request]") {
    auto const [bytes, head] = parsed_from("POST /prod/@connections/a%3D?x=1 HTTP/1.1\r\n"
                                           "Host: example.com:8080\r\n"
                                           "X-Empty:\r\n"
                                           "X-Blanks: \t a  b\t \r\n"
                                           "x-latin: caf\xE9\r\n"
                                           "Content-Length: 0005\r\n"
                                           "\r\n");
    CHECK(head.method == "POST");
    CHECK(head.target == "/prod/@connections/a%3D?x=1");
    CHECK(head.target_path == head.target);
    CHECK(head.authority == "example.com:8080");
    CHECK(head.minor_version == 1);
    CHECK(head.content_length == 5u);
    CHECK_FALSE(head.chunked);
    CHECK(head.keep_alive);
    CHECK_FALSE(head.expect_continue);
    CHECK_FALSE(head.upgrade);
    CHECK(head.size == bytes.size());
    REQUIRE(head.headers.size() == 5);
    CHECK(head.headers[0].name == "Host");
    CHECK(head.headers[1].value.empty());
    CHECK(head.headers[2].value == "a  b");
    CHECK(head.find("X-LATIN") == "caf\xE9");
    CHECK(head.find("content-length") == "0005");
    CHECK(head.find("absent").empty());
}

TEST_CASE("http1_request frames the body without doubt or refuses", "[http1_request]") {
    struct sample {
        std::string_view lines;
        parse_error error;
    };
    sample const samples[] = {
        {"Content-Length: 0\r\n", parse_error::none},
        {"Content-Length: 18446744073709551615\r\n", parse_error::none},
        {"Content-Length: 18446744073709551616\r\n", parse_error::bad_content_length},
        {"Content-Length: 99999999999999999999\r\n", parse_error::bad_content_length},
        {"Content-Length:\r\n", parse_error::bad_content_length},
        {"Content-Length: +5\r\n", parse_error::bad_content_length},
        {"Content-Length: -1\r\n", parse_error::bad_content_length},
        {"Content-Length: -0\r\n", parse_error::bad_content_length},
        {"Content-Length: 5x\r\n", parse_error::bad_content_length},
        {"Content-Length: 0x5\r\n", parse_error::bad_content_length},
        {"Content-Length: 1 0\r\n", parse_error::bad_content_length},
        {"Content-Length: 1_0\r\n", parse_error::bad_content_length},
        {"Content-Length: 5.0\r\n", parse_error::bad_content_length},
        {"Content-Length: 5, 5\r\n", parse_error::bad_content_length},
        {"Content-Length: 5\r\nContent-Length: 5\r\n", parse_error::repeated_content_length},
        {"content-length: 5\r\nCONTENT-LENGTH: 6\r\n", parse_error::repeated_content_length},
        {"Transfer-Encoding: chunked\r\n", parse_error::none},
        {"transfer-encoding:\tChUnKeD \r\n", parse_error::none},
        {"Transfer-Encoding:\r\n", parse_error::bad_transfer_encoding},
        {"Transfer-Encoding: gzip\r\n", parse_error::bad_transfer_encoding},
        {"Transfer-Encoding: identity\r\n", parse_error::bad_transfer_encoding},
        {"Transfer-Encoding: xchunked\r\n", parse_error::bad_transfer_encoding},
        {"Transfer-Encoding: chunked, gzip\r\n", parse_error::bad_transfer_encoding},
        {"Transfer-Encoding: chunked, chunked\r\n", parse_error::bad_transfer_encoding},
        {"Transfer-Encoding: chunked;a=b\r\n", parse_error::bad_transfer_encoding},
        {"Transfer-Encoding: , chunked\r\n", parse_error::bad_transfer_encoding},
        {"Transfer-Encoding: chunked,\r\n", parse_error::bad_transfer_encoding},
        {"Transfer-Encoding: \"chunked\"\r\n", parse_error::bad_transfer_encoding},
        {"Transfer-Encoding: gzip, chunked\r\n", parse_error::unsupported_transfer_encoding},
        {"Transfer-Encoding: deflate , gzip ,chunked\r\n", parse_error::unsupported_transfer_encoding},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", parse_error::bad_transfer_encoding},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", parse_error::bad_transfer_encoding},
        {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", parse_error::content_length_with_transfer_encoding},
        {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", parse_error::content_length_with_transfer_encoding},
        {"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", parse_error::content_length_with_transfer_encoding},
        {"Transfer_Encoding: chunked\r\nContent-Length: 5\r\n", parse_error::none},
    };
    for (sample const& s : samples) {
        INFO(s.lines);
        CHECK(error_in(post(s.lines)) == s.error);
    }
    CHECK(error_in("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") ==
          parse_error::transfer_encoding_in_http_1_0);
    CHECK(parsed_from(post("Transfer-Encoding: chunked\r\n")).head.chunked);
    CHECK_FALSE(parsed_from(post("")).head.content_length.has_value());
    CHECK(parsed_from(post("Content-Length: 18446744073709551615\r\n")).head.content_length == ~std::uint64_t{0});
}

TEST_CASE("http1_request says whether the connection may be kept", "[http1_request]") {
    struct sample {
        std::string_view start, lines;
        bool keep_alive;
    };
    sample const samples[] = {
        {"GET / HTTP/1.1", "", true},
        {"GET / HTTP/1.1", "Connection: close\r\n", false},
        {"GET / HTTP/1.1", "Connection: CLOSE\r\n", false},
        {"GET / HTTP/1.1", "Connection: x,, close ,y\r\n", false},
        {"GET / HTTP/1.1", "Connection: x-close\r\n", true},
        {"GET / HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n", false},
        {"GET / HTTP/1.1", "Connection: close\r\nConnection: keep-alive\r\n", false},
        {"GET / HTTP/1.0", "", false},
        {"GET / HTTP/1.0", "Connection: Keep-Alive\r\n", true},
        {"GET / HTTP/1.0", "Connection: keep-alive, close\r\n", false},
        {"GET / HTTP/1.2", "", true},
        {"GET / HTTP/1.9", "Connection: close\r\n", false},
    };
    for (sample const& s : samples) {
        INFO(s.start << " " << s.lines);
        auto const [bytes, head] =
            parsed_from(std::string{s.start} + "\r\nHost: a\r\n" + std::string{s.lines} + "\r\n");
        CHECK(head.keep_alive == s.keep_alive);
        CHECK(head.minor_version == s.start.back() - '0');
    }
}

TEST_CASE("http1_request notices expectations", "[http1_request]") {
    CHECK(parsed_from(post("Expect: 100-Continue\r\nContent-Length: 1\r\n")).head.expect_continue);
    CHECK(parsed_from(post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n")).head.expect_continue);
    CHECK_FALSE(parsed_from(post("Expect: 100-continue\r\nContent-Length: 0\r\n")).head.expect_continue);
    CHECK_FALSE(parsed_from(post("Expect: 100-continue\r\n")).head.expect_continue);
    CHECK_FALSE(
        parsed_from("POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n").head.expect_continue);
    for (std::string_view const line : {"Expect: 200-ok\r\n", "Expect:\r\n", "Expect: 100-continue, x\r\n"})
        CHECK(error_in(post(line)) == parse_error::unsupported_expectation);
}

TEST_CASE("http1_request notices a wish for WebSocket", "[http1_request]") {
    CHECK(parsed_from(get("Connection: Upgrade\r\nUpgrade: websocket\r\n")).head.upgrade);
    CHECK(parsed_from(get("Upgrade: h2c, WebSocket\r\nConnection: keep-alive, UPGRADE\r\n")).head.upgrade);
    CHECK_FALSE(parsed_from(get("Upgrade: websocket\r\n")).head.upgrade);
    CHECK_FALSE(parsed_from(get("Connection: Upgrade\r\n")).head.upgrade);
    CHECK_FALSE(parsed_from(get("Connection: Upgrade\r\nUpgrade: websocket/13\r\n")).head.upgrade);
    CHECK_FALSE(parsed_from("GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n").head.upgrade);
}

TEST_CASE("http1_request skips one empty line before the request", "[http1_request]") {
    auto const [bytes, head] = parsed_from("\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(head.method == "GET");
    CHECK(head.target == "/x");
    CHECK(head.size == bytes.size());
}

TEST_CASE("http1_request is ready for the next request after one and stays failed after a mistake", "[http1_request]") {
    request_parser parser;
    request_head head;
    std::string const first = post("Content-Length: 3\r\nConnection: close\r\nExpect: 100-continue\r\n");
    std::string_view buffer = first;
    CHECK(parser.parse(buffer.substr(0, 20), head) == status::need_more);
    CHECK(parser.parse(buffer, head) == status::complete);
    CHECK(head.content_length == 3u);
    CHECK(parser.parse(another, head) == status::complete);
    CHECK(head.target == "/next");
    CHECK(head.headers.size() == 1);
    CHECK_FALSE(head.content_length.has_value());
    CHECK(head.keep_alive);

    CHECK(parser.parse(post("Content-Length: 3\r\nExpect: 100-continue\r\n"), head) == status::complete);
    CHECK(parser.parse("G", head) == status::need_more);
    CHECK(dump(head) == dump(request_head{}));
    parser.reset();
    CHECK(parser.parse(get("Connection: Upgrade\r\nUpgrade: websocket\r\n"), head) == status::complete);
    CHECK(parser.parse("(", head) == status::failed);
    CHECK(dump(head) == dump(request_head{}));
    CHECK(parser.parse(another, head) == status::failed);
    CHECK(parser.error() == parse_error::bad_method);
    parser.reset();
    CHECK(parser.error() == parse_error::none);
    CHECK(parser.parse(another, head) == status::complete);

    CHECK(parser.parse("POST / HTTP/1.0\r\nContent-Length: 7\r\n", head) == status::need_more);
    parser.reset();
    CHECK(parser.parse(another, head) == status::complete);
    CHECK_FALSE(head.content_length.has_value());
    CHECK(head.minor_version == 1);
}

TEST_CASE("http1_request keeps the capacity of the header list", "[http1_request]") {
    request_parser parser;
    request_head head;
    CHECK(parser.parse(get("a: b\r\nc: d\r\n"), head) == status::complete);
    header_view const* const storage = head.headers.data();
    CHECK(parser.parse("GE", head) == status::need_more);
    parser.reset();
    CHECK(parser.parse(get("a: b\r\n"), head) == status::complete);
    CHECK(head.headers.data() == storage);
}

}
