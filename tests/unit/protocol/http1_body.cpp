// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/http1_body.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace protocol_http1_body_tests {

namespace {

using namespace backchannel;
using http1::body_reader;
using http1::chunk_limits;
using http1::parse_error;
using http1::request_head;
using namespace std::string_view_literals;

constexpr std::uint64_t plenty = 1 << 20;

struct reading {
    std::string data;
    std::size_t consumed = 0;
    bool done = false;
    parse_error error = parse_error::none;

    bool operator==(reading const& other) const {
        return data == other.data && consumed == other.consumed && done == other.done && error == other.error;
    }
};

request_head head_of(std::optional<std::uint64_t> length, bool chunked) {
    request_head head;
    head.content_length = length;
    head.chunked = chunked;
    return head;
}

request_head const chunked_head = head_of({}, true);

struct limits {
    std::uint64_t body = plenty;
    chunk_limits chunks{};
};

// Shows the reader the pieces that end at these offsets, each in memory of its own.
reading read_in(request_head const& head, std::string_view input, std::vector<std::size_t> const& ends, limits l) {
    body_reader reader{head, l.body, l.chunks};
    reading out;
    std::size_t begin = 0;
    for (std::size_t const end : ends) {
        std::vector<char> const piece(input.begin() + static_cast<std::ptrdiff_t>(begin),
                                      input.begin() + static_cast<std::ptrdiff_t>(end));
        std::string_view rest{piece.data(), piece.size()};
        do {
            body_reader::step const step = reader.next(rest);
            CHECK((step.consumed != 0 || rest.empty() || step.done || step.error != parse_error::none));
            CHECK(step.data.size() <= step.consumed);
            out.data.append(step.data);
            out.consumed += step.consumed;
            out.done = step.done;
            out.error = step.error;
            rest.remove_prefix(step.consumed);
        } while (!rest.empty() && !out.done && out.error == parse_error::none);
        if (out.done || out.error != parse_error::none) {
            body_reader::step const after = reader.next("0\r\n\r\nxyz");
            CHECK(after.data.empty());
            CHECK(after.consumed == 0);
            CHECK(after.done == out.done);
            CHECK(after.error == out.error);
            break;
        }
        begin = end;
    }
    return out;
}

// The reading, after checking that no way of cutting the input changes it, nor what follows it.
reading read(request_head const& head, std::string_view input, limits l = {}) {
    reading const whole = read_in(head, input, {input.size()}, l);
    std::vector<std::size_t> bytes;
    for (std::size_t i = 0; i <= input.size(); ++i) bytes.push_back(i);
    CHECK(read_in(head, input, bytes, l) == whole);
    if (input.size() <= 200)
        for (std::size_t i = 0; i <= input.size(); ++i)
            if (!(read_in(head, input, {i, input.size()}, l) == whole)) FAIL_CHECK("differs when cut at " << i);
    if (whole.done || whole.error != parse_error::none) {
        std::string const longer = std::string{input} + "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        CHECK(read_in(head, longer, {longer.size()}, l) == whole);
    }
    return whole;
}

reading chunked(std::string_view input, limits l = {}) { return read(chunked_head, input, l); }

void check_good(std::string_view input, std::string_view data, limits l = {}) {
    reading const out = chunked(input, l);
    CHECK(out == reading{std::string{data}, input.size(), true, parse_error::none});
    // no part of it is complete
    for (std::size_t i = 0; i != input.size(); ++i) {
        reading const part = chunked(input.substr(0, i), l);
        if (part.done || part.error != parse_error::none || part.consumed != i) FAIL_CHECK("cut short at " << i);
    }
}

}

TEST_CASE("http1_body is done at once when no body follows", "[http1_body]") {
    CHECK(read(head_of({}, false), "") == reading{"", 0, true, parse_error::none});
    CHECK(read(head_of({}, false), "GET /") == reading{"", 0, true, parse_error::none});
    CHECK(read(head_of(0, false), "GET /") == reading{"", 0, true, parse_error::none});
    CHECK(read(head_of(0, false), "", {.body = 0}) == reading{"", 0, true, parse_error::none});
}

TEST_CASE("http1_body yields the bytes that Content-Length announces and no more", "[http1_body]") {
    CHECK(read(head_of(5, false), "hello") == reading{"hello", 5, true, parse_error::none});
    CHECK(read(head_of(5, false), "helloGET /") == reading{"hello", 5, true, parse_error::none});
    CHECK(read(head_of(5, false), "hell") == reading{"hell", 4, false, parse_error::none});
    CHECK(read(head_of(5, false), "") == reading{"", 0, false, parse_error::none});
}

TEST_CASE("http1_body views the input and copies nothing", "[http1_body]") {
    std::string_view const input = "5\r\nhello\r\n0\r\n\r\n";
    body_reader reader{chunked_head, plenty};
    body_reader::step const step = reader.next(input);
    CHECK(step.data.data() == input.data() + 3);
    CHECK(step.data == "hello");
    CHECK(step.done);
    CHECK(step.consumed == input.size());
}

TEST_CASE("http1_body decides from Content-Length whether a body is too large", "[http1_body]") {
    CHECK(read(head_of(10, false), "", {.body = 9}) == reading{"", 0, false, parse_error::body_too_large});
    CHECK(read(head_of(10, false), "0123456789", {.body = 9}) == reading{"", 0, false, parse_error::body_too_large});
    CHECK(read(head_of(10, false), "0123456789", {.body = 10}).done);
    CHECK(read(head_of(~std::uint64_t{0}, false), "x").error == parse_error::body_too_large);
    CHECK(read(head_of(~std::uint64_t{0}, false), "x", {.body = ~std::uint64_t{0}}).data == "x");
}

TEST_CASE("http1_body decodes chunks", "[http1_body]") {
    check_good("0\r\n\r\n", "");
    check_good("000\r\n\r\n", "");
    check_good("5\r\nhello\r\n0\r\n\r\n", "hello");
    check_good("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world");
    check_good("A\r\n0123456789\r\na\r\n0123456789\r\n0000000000000000\r\n\r\n", "01234567890123456789");
    check_good("1\r\n\r\r\n1\r\n\n\r\n0\r\n\r\n", "\r\n");
    std::string const long_data(0x1F3, 'z');
    check_good("1f3\r\n" + long_data + "\r\n0\r\n\r\n", long_data);
}

TEST_CASE("http1_body accepts well formed chunk extensions and trailers and drops them", "[http1_body]") {
    for (std::string_view const extension :
         {";a", ";a=b", ";a=\"b\"", ";a=\"\"", ";a=\"x\\\"y\\\\;\"", ";a;b=c;d", " ;a", "\t; a", " ; a = b ; c",
          ";a \t= \"b\" ;c", ";a=\"caf\xC3\xA9\t \""}) {
        INFO(extension);
        check_good("1" + std::string{extension} + "\r\nx\r\n0" + std::string{extension} + "\r\n\r\n", "x");
    }
    for (std::string_view const trailers :
         {"a:\r\n", "a: b\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: x\r\n",
          "a:\t\xFF \r\nA:b\r\n"}) {
        INFO(trailers);
        check_good("1\r\nx\r\n0\r\n" + std::string{trailers} + "\r\n", "x");
    }
}

TEST_CASE("http1_body refuses malformed chunks", "[http1_body]") {
    struct sample {
        std::string_view input;
        parse_error error;
        std::size_t consumed; // bytes before the first wrong one
    };
    sample const samples[] = {
        {"x", parse_error::bad_chunk_size, 0},
        {"g\r\n", parse_error::bad_chunk_size, 0},
        {"\r\n", parse_error::bad_chunk_size, 0},
        {"\n", parse_error::bad_line_end, 0},
        {";a\r\n", parse_error::bad_chunk_size, 0},
        {" 5\r\n", parse_error::bad_chunk_size, 0},
        {"-1\r\n", parse_error::bad_chunk_size, 0},
        {"+1\r\n", parse_error::bad_chunk_size, 0},
        {"0x5\r\n", parse_error::bad_chunk_size, 1},
        {"1_0\r\n", parse_error::bad_chunk_size, 1},
        {"5\0\r\n"sv, parse_error::bad_chunk_size, 1},
        {"1:\r\n", parse_error::bad_chunk_size, 1},
        {"1@\r\n", parse_error::bad_chunk_size, 1},
        {"1G\r\n", parse_error::bad_chunk_size, 1},
        {"1`\r\n", parse_error::bad_chunk_size, 1},
        {"00000000000000001\r\n", parse_error::bad_chunk_size, 16},
        {"FFFFFFFFFFFFFFFF0\r\n", parse_error::bad_chunk_size, 16},
        {"FFFFFFFFFFFFFFFF\r\n", parse_error::body_too_large, 16},
        {"5\n", parse_error::bad_line_end, 1},
        {"5\rhello", parse_error::bad_line_end, 2},
        {"5\r\r\n", parse_error::bad_line_end, 2},
        {"5 \r\n", parse_error::bad_chunk_extension, 2},
        {"5;\r\n", parse_error::bad_chunk_extension, 2},
        {"5;\n", parse_error::bad_chunk_extension, 2},
        {"5; \r\n", parse_error::bad_chunk_extension, 3},
        {"5;=b\r\n", parse_error::bad_chunk_extension, 2},
        {"5;a=\r\n", parse_error::bad_chunk_extension, 4},
        {"5;a=;b\r\n", parse_error::bad_chunk_extension, 4},
        {"5;a \r\n", parse_error::bad_chunk_extension, 4},
        {"5;a b\r\n", parse_error::bad_chunk_extension, 4},
        {"5;a=b \r\n", parse_error::bad_chunk_extension, 6},
        {"5;a=b c\r\n", parse_error::bad_chunk_extension, 6},
        {"5;a=b=c\r\n", parse_error::bad_chunk_extension, 5},
        {"5;a\"b\"\r\n", parse_error::bad_chunk_extension, 3},
        {"5;a=\"b\"c\r\n", parse_error::bad_chunk_extension, 7},
        {"5;a=\"b\r\n", parse_error::bad_chunk_extension, 6},
        {"5;a=\"b\n\"\r\n", parse_error::bad_chunk_extension, 6},
        {"5;a=\"b\\\r\"\r\n", parse_error::bad_chunk_extension, 7},
        {"5;a\n", parse_error::bad_chunk_extension, 3},
        {"5;a=b\n", parse_error::bad_chunk_extension, 5},
        {"5;a\rX\r\n", parse_error::bad_line_end, 4},
        {"5;\0ext\r\n"sv, parse_error::bad_chunk_extension, 2},
        {"5;;a\r\n", parse_error::bad_chunk_extension, 2},
        {"5\r\nhello!!\r\n", parse_error::bad_chunk_end, 8},
        {"5\r\nhello0\r\n", parse_error::bad_chunk_end, 8},
        {"5\r\nhello\n", parse_error::bad_chunk_end, 8},
        {"5\r\nhello\r0", parse_error::bad_chunk_end, 9},
        {"5\r\nhello\r\n\r\n", parse_error::bad_chunk_size, 10},
        {"0\r\n\n", parse_error::bad_line_end, 3},
        {"0\r\n\rx", parse_error::bad_line_end, 4},
        {"0\r\n a: b\r\n", parse_error::bad_trailer, 3},
        {"0\r\n: b\r\n", parse_error::bad_trailer, 3},
        {"0\r\na\r\n", parse_error::bad_trailer, 4},
        {"0\r\na : b\r\n", parse_error::bad_trailer, 4},
        {"0\r\na: b\n", parse_error::bad_line_end, 7},
        {"0\r\na: b\rc", parse_error::bad_line_end, 8},
        {"0\r\na: b\0\r\n"sv, parse_error::bad_trailer, 7},
        {"0\r\na: b\x7F\r\n", parse_error::bad_trailer, 7},
        {"0\r\na: b\r\n c\r\n", parse_error::bad_trailer, 9},
    };
    for (sample const& s : samples) {
        INFO(s.input);
        reading const out = chunked(s.input);
        CHECK(out.error == s.error);
        CHECK(out.consumed == s.consumed);
        CHECK_FALSE(out.done);
    }
}

TEST_CASE("http1_body holds chunked bodies to the limit before their data", "[http1_body]") {
    CHECK(chunked("5\r\nhello\r\n0\r\n\r\n", {.body = 5}).done);
    CHECK(chunked("5\r", {.body = 4}) == reading{"", 1, false, parse_error::body_too_large});
    CHECK(chunked("5\r\nhello\r\n1\r", {.body = 5}) == reading{"hello", 11, false, parse_error::body_too_large});
    CHECK(chunked("5\r\nhello\r\n1;", {.body = 5}).error == parse_error::body_too_large);
    CHECK(chunked("5\r\nhello\r\n1 ", {.body = 5}).error == parse_error::body_too_large);
    CHECK(chunked("5\r\nhello\r\n1", {.body = 5}).error == parse_error::none);
    CHECK(chunked("0\r\n\r\n", {.body = 0}).done);
    // sums that would overflow 64 bits
    std::uint64_t const all = ~std::uint64_t{0};
    CHECK(chunked("1\r\nx\r\nFFFFFFFFFFFFFFFF\r\n", {.body = all}).error == parse_error::body_too_large);
    CHECK(chunked("1\r\nx\r\nFFFFFFFFFFFFFFFE\r\n", {.body = all}).error == parse_error::none);
}

TEST_CASE("http1_body counts extensions and trailers against their limits", "[http1_body]") {
    limits const small{.chunks = {.extensions = 6, .trailers = 10}};
    check_good("1;ab\r\nx\r\n0;ab\r\n\r\n", "x", small);
    CHECK(chunked("1;ab\r\nx\r\n0;abc\r\n\r\n", small).error == parse_error::chunk_extensions_too_large);
    CHECK(chunked("1;abcdef", small).error == parse_error::chunk_extensions_too_large);
    CHECK(chunked("1      ", small).error == parse_error::none);
    CHECK(chunked("1       ", small).error == parse_error::chunk_extensions_too_large);
    check_good("0\r\na: 45678\r\n\r\n", "", small);
    check_good("0\r\na:3\r\nb:8\r\n\r\n", "", small);
    CHECK(chunked("0\r\na: 456789\r\n\r\n", small).error == parse_error::trailers_too_large);
    CHECK(chunked("0\r\na:3\r\nb:8\r\nc", small).error == parse_error::trailers_too_large);
    CHECK(chunked("5;a=" + std::string(70000, 'a')).error == parse_error::chunk_extensions_too_large);
    CHECK(chunked("0\r\na: " + std::string(70000, 'a')).error == parse_error::trailers_too_large);
}

}
