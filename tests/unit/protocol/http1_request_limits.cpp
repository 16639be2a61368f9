// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/http1_request.hpp>

#include "support/catch.hpp"
#include "support/request_outcome.hpp"

#include <string>
#include <string_view>

namespace protocol_http1_request_limits_tests {

using namespace test::request_outcome;

TEST_CASE("http1_request holds each limit to the byte", "[http1_request]") {
    std::string const target = "/" + std::string(49, 'x');
    CHECK(error_in(with_target(target), {.target = 50}) == parse_error::none);
    CHECK(error_in(with_target(target), {.target = 49}) == parse_error::target_too_long);
    CHECK(error_in("GET " + target, {.target = 49}) == parse_error::target_too_long);
    CHECK(error_in("GET " + target, {.target = 50}) == parse_error::none);
    CHECK(error_in("GET " + target + "\x01", {.target = 49}) == parse_error::target_too_long);
    CHECK(error_in("GET " + target + "\x01", {.target = 50}) == parse_error::bad_target);

    std::string const request = get("a: b\r\n");
    CHECK(error_in(request, {.head = request.size()}) == parse_error::none);
    CHECK(error_in(request, {.head = request.size() - 1}) == parse_error::head_too_large);
    // a head that fills the limit and isn't complete can't become so
    CHECK(error_in(request.substr(0, 20), {.head = 20}) == parse_error::head_too_large);
    CHECK(error_in(request.substr(0, 20), {.head = 21}) == parse_error::none);
    for (std::size_t limit = 0; limit != request.size(); ++limit) {
        parse_error const expected =
            limit >= 4 && limit < 6 ? parse_error::target_too_long : parse_error::head_too_large;
        if (error_in(request, {.head = limit}) != expected) FAIL_CHECK("limit " << limit);
    }
    CHECK(error_in("GET /" + std::string(500, 'x'), {.head = 100}) == parse_error::target_too_long);
    CHECK(error_in("GET / HTTP/1.1\r\n" + std::string(500, 'x'), {.head = 100}) == parse_error::head_too_large);
    CHECK(error_in("GET / HTTP/1.1\r\na: " + std::string(500, 'x'), {.head = 100}) == parse_error::head_too_large);
    CHECK(error_in(std::string(500, 'x'), {.head = 100}) == parse_error::bad_method);

    CHECK(error_in(request, {.headers = 2}) == parse_error::none);
    CHECK(error_in(request, {.headers = 1}) == parse_error::too_many_headers);
    CHECK(error_in("GET / HTTP/1.0\r\n\r\n", {.headers = 0}) == parse_error::none);
    std::string many;
    for (int i = 0; i != 99; ++i) many += "a:\r\n";
    CHECK(error_in(get(many)) == parse_error::none);
    CHECK(error_in(get(many + "a:\r\n")) == parse_error::too_many_headers);

    std::string const method(32, 'M');
    CHECK(error_in(with_target("/", method)) == parse_error::none);
    CHECK(error_in(method + "M") == parse_error::bad_method);
}

TEST_CASE("http1_request reads a long head in linear time when it comes byte by byte", "[http1_request]") {
    // 1 MiB one byte at a time: a parser that began again for each byte would never come to the end
    head_limits const limits{.head = std::size_t{1} << 20};
    std::string const input = get("a: " + std::string((std::size_t{1} << 20) - 40, 'x') + "\r\n");
    request_parser parser{limits};
    request_head head;
    std::size_t size = 0;
    while (parser.parse(std::string_view{input}.substr(0, size), head) == status::need_more && size < input.size())
        ++size;
    CHECK(size == input.size());
    CHECK(head.headers.size() == 2);
}

}
