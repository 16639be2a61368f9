// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_REQUEST_OUTCOME_HPP
#define BACKCHANNEL_TESTS_SUPPORT_REQUEST_OUTCOME_HPP

#include "support/catch.hpp"

#include <backchannel/protocol/http1_request.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the parser of request heads makes of a request, checked for every way of cutting it.
namespace test::request_outcome {

using namespace backchannel;
using http1::head_limits;
using http1::parse_error;
using http1::request_head;
using http1::request_parser;
using status = request_parser::status;

inline constexpr std::string_view another = "GET /next HTTP/1.1\r\nHost: b\r\n\r\n";

// All that a parse says, as text.
struct outcome {
    status result = status::need_more;
    parse_error error = parse_error::none;
    std::string text;

    bool operator==(outcome const& other) const {
        return result == other.result && error == other.error && text == other.text;
    }
};

inline std::string dump(request_head const& head) {
    std::string text;
    auto const add = [&](std::string_view piece) { text.append(piece).append("|"); };
    for (std::string_view const piece : {head.method, head.target, head.target_path, head.authority}) add(piece);
    add("1." + std::to_string(head.minor_version));
    add(head.content_length ? std::to_string(*head.content_length) : "-");
    for (bool const flag : {head.chunked, head.keep_alive, head.expect_continue, head.upgrade}) add(flag ? "1" : "0");
    add(std::to_string(head.size));
    for (header_view const& header : head.headers) add(std::string{header.name} + "=" + std::string{header.value});
    return text;
}

// Shows the parser the prefixes of these sizes, each in memory of its own that is gone at the next call.
inline outcome parse_in(std::string_view input, std::vector<std::size_t> const& sizes, head_limits limits) {
    request_parser parser{limits};
    request_head head;
    outcome out;
    for (std::size_t const size : sizes) {
        std::vector<char> const buffer(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size));
        out.result = parser.parse({buffer.data(), buffer.size()}, head);
        out.error = parser.error();
        out.text = dump(head);
        if (out.result != status::need_more) break;
    }
    return out;
}

// The outcome, after checking that no way of cutting the input changes it.
inline outcome parse(std::string_view input, head_limits limits = {}) {
    outcome const whole = parse_in(input, {input.size()}, limits);
    std::vector<std::size_t> bytes;
    for (std::size_t i = 0; i <= input.size(); ++i) bytes.push_back(i);
    CHECK(parse_in(input, bytes, limits) == whole);
    if (input.size() <= 400)
        for (std::size_t i = 0; i <= input.size(); ++i)
            if (!(parse_in(input, {i, input.size()}, limits) == whole)) FAIL_CHECK("differs when cut at " << i);
    if (whole.result != status::need_more) {
        std::string const longer = std::string{input}.append(another);
        CHECK(parse_in(longer, {longer.size()}, limits) == whole);
    }
    return whole;
}

inline parse_error error_in(std::string_view input, head_limits limits = {}) {
    outcome const out = parse(input, limits);
    CHECK((out.result == status::failed) == (out.error != parse_error::none));
    if (out.result != status::complete) CHECK(out.text == dump(request_head{}));
    return out.error;
}

inline std::string get(std::string_view lines) { return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string{lines} + "\r\n"; }
inline std::string post(std::string_view lines) {
    return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string{lines} + "\r\n";
}
inline std::string with_target(std::string_view target, std::string_view method = "GET") {
    return std::string{method} + " " + std::string{target} + " HTTP/1.1\r\nHost: a\r\n\r\n";
}
inline std::string with_host(std::string_view host) {
    return "GET / HTTP/1.1\r\nHost: " + std::string{host} + "\r\n\r\n";
}

struct parsed {
    std::string bytes;
    request_head head;
};

// Parses a good request and checks on the way that it is one.
inline parsed parsed_from(std::string input) {
    parsed out{std::move(input), {}};
    request_parser parser;
    CHECK(parser.parse(out.bytes, out.head) == status::complete);
    CHECK(parse(out.bytes).text == dump(out.head));
    return out;
}

}

#endif
