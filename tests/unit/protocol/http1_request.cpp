// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/http1_request.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace backchannel;
using http1::head_limits;
using http1::parse_error;
using http1::request_head;
using http1::request_parser;
using status = request_parser::status;
using namespace std::string_view_literals;

constexpr std::string_view another = "GET /next HTTP/1.1\r\nHost: b\r\n\r\n";

// All that a parse says, as text.
struct outcome {
    status result = status::need_more;
    parse_error error = parse_error::none;
    std::string text;

    bool operator==(outcome const& other) const {
        return result == other.result && error == other.error && text == other.text;
    }
};

std::string dump(request_head const& head) {
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
outcome parse_in(std::string_view input, std::vector<std::size_t> const& sizes, head_limits limits) {
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
outcome parse(std::string_view input, head_limits limits = {}) {
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

parse_error error_in(std::string_view input, head_limits limits = {}) {
    outcome const out = parse(input, limits);
    CHECK((out.result == status::failed) == (out.error != parse_error::none));
    if (out.result != status::complete) CHECK(out.text == dump(request_head{}));
    return out.error;
}

std::string get(std::string_view lines) { return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string{lines} + "\r\n"; }
std::string post(std::string_view lines) { return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string{lines} + "\r\n"; }
std::string with_target(std::string_view target, std::string_view method = "GET") {
    return std::string{method} + " " + std::string{target} + " HTTP/1.1\r\nHost: a\r\n\r\n";
}
std::string with_host(std::string_view host) { return "GET / HTTP/1.1\r\nHost: " + std::string{host} + "\r\n\r\n"; }

struct parsed {
    std::string bytes;
    request_head head;
};

// Parses a good request and checks on the way that it is one.
parsed parsed_from(std::string input) {
    parsed out{std::move(input), {}};
    request_parser parser;
    CHECK(parser.parse(out.bytes, out.head) == status::complete);
    CHECK(parse(out.bytes).text == dump(out.head));
    return out;
}

}

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

TEST_CASE("http1_request reports each mistake in the request line", "[http1_request]") {
    struct sample {
        std::string_view line;
        parse_error error;
    };
    sample const samples[] = {
        {" GET / HTTP/1.1\r\n", parse_error::bad_method},
        {"GE\tT / HTTP/1.1\r\n", parse_error::bad_method},
        {"G(T / HTTP/1.1\r\n", parse_error::bad_method},
        {"G\xC3T / HTTP/1.1\r\n", parse_error::bad_method},
        {"\x16\x03\x01\x02", parse_error::bad_method},
        {"\n", parse_error::bad_method},
        {"\r\n\r\n", parse_error::bad_method},
        {"GET\r\n", parse_error::bad_method},
        {"A23456789012345678901234567890123 / HTTP/1.1\r\n", parse_error::bad_method},
        {"\rGET / HTTP/1.1\r\n", parse_error::bad_line_end},
        {"GET  / HTTP/1.1\r\n", parse_error::bad_target},
        {"GET \r\n", parse_error::bad_target},
        {"GET \t/ HTTP/1.1\r\n", parse_error::bad_target},
        {"GET HTTP/1.1\r\n", parse_error::bad_version},
        {"GET /\r\n", parse_error::bad_version},
        {"GET /\n", parse_error::bad_version},
        {"GET /\t HTTP/1.1\r\n", parse_error::bad_target},
        {"GET /\0 HTTP/1.1\r\n"sv, parse_error::bad_target},
        {"GET /\x7F HTTP/1.1\r\n", parse_error::bad_target},
        {"GET /caf\xC3\xA9 HTTP/1.1\r\n", parse_error::bad_target},
        {"GET /12345678901\x80 HTTP/1.1\r\n", parse_error::bad_target},
        {"GET /path#fragment HTTP/1.1\r\n", parse_error::bad_target},
        {"GET /a b HTTP/1.1\r\n", parse_error::bad_version},
        {"GET /  HTTP/1.1\r\n", parse_error::bad_version},
        {"GET / http/1.1\r\n", parse_error::bad_version},
        {"GET / HTTP/1\r\n", parse_error::bad_version},
        {"GET / HTTP/1.\r\n", parse_error::bad_version},
        {"GET / HTTP/1.10\r\n", parse_error::bad_version},
        {"GET / HTTP/01.1\r\n", parse_error::bad_version},
        {"GET / HTTP/1,1\r\n", parse_error::bad_version},
        {"GET / HTTP/1.1 \r\n", parse_error::bad_version},
        {"GET / HTTP/ 1.1\r\n", parse_error::bad_version},
        {"GET / HTTPS/1.1\r\n", parse_error::bad_version},
        {"GET / HTTP/1.1\n", parse_error::bad_line_end},
        {"GET / HTTP/1.1\rHost: a\r\n", parse_error::bad_line_end},
        {"GET / HTTP/1.1\r\r\n", parse_error::bad_line_end},
        {"GET / HTTP/2.0\r\n", parse_error::unsupported_version},
        {"GET / HTTP/0.9\r\n", parse_error::unsupported_version},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", parse_error::unsupported_version},
    };
    for (sample const& s : samples) {
        INFO(s.line);
        CHECK(error_in(s.line) == s.error);
        CHECK(error_in("\r\n" + std::string{s.line}) ==
              (s.line[0] == '\r' ? parse_error::bad_method : s.error)); // an empty line in front changes nothing
    }
}

TEST_CASE("http1_request reports each mistake in header lines", "[http1_request]") {
    struct sample {
        std::string_view lines;
        parse_error error;
    };
    sample const samples[] = {
        {" a: b\r\n", parse_error::obsolete_fold},
        {"\ta: b\r\n", parse_error::obsolete_fold},
        {"a: b\r\n c\r\n", parse_error::obsolete_fold},
        {"a: b\r\n\tc\r\n", parse_error::obsolete_fold},
        {"a: b\r\n \r\n", parse_error::obsolete_fold},
        {"a : b\r\n", parse_error::space_before_colon},
        {"a\t: b\r\n", parse_error::space_before_colon},
        {"a b: c\r\n", parse_error::space_before_colon},
        {": b\r\n", parse_error::bad_header_name},
        {"a\r\n", parse_error::bad_header_name},
        {"a\n", parse_error::bad_header_name},
        {"a[b: c\r\n", parse_error::bad_header_name},
        {"a\0b: c\r\n"sv, parse_error::bad_header_name},
        {"\xC3\xA9: c\r\n", parse_error::bad_header_name},
        {"\"a\": c\r\n", parse_error::bad_header_name},
        {"\n", parse_error::bad_line_end},
        {"\r\r\n", parse_error::bad_line_end},
        {"a: b\n", parse_error::bad_line_end},
        {"a: b\rc\r\n", parse_error::bad_line_end},
        {"a: b\r\r\n", parse_error::bad_line_end},
        {"a:\r b\r\n", parse_error::bad_line_end},
        {"a: b\0c\r\n"sv, parse_error::bad_header_value},
        {"a: b\x01\r\n", parse_error::bad_header_value},
        {"a: b\x1F\r\n", parse_error::bad_header_value},
        {"a: \x7F\r\n", parse_error::bad_header_value},
        {"a: \x0Bx\r\n", parse_error::bad_header_value},
        {"a: 0123456789\x0C tail of some length\r\n", parse_error::bad_header_value},
        {"a: tab\tand \xFF\x80 and a long tail are fine\r\n", parse_error::none},
        {"!#$%&'*+-.^_`|~09azAZ: b\r\n", parse_error::none},
        {"a:b\r\nA: c\r\n", parse_error::none},
    };
    for (sample const& s : samples) {
        INFO(s.lines);
        CHECK(error_in(get(s.lines)) == s.error);
    }
}

TEST_CASE("http1_request refuses every control character wherever it stands in a value", "[http1_request]") {
    for (int c = 0; c != 256; ++c) {
        for (std::size_t at = 0; at != 17; ++at) {
            std::string value(17, 'x');
            value[at] = static_cast<char>(c);
            request_parser parser;
            request_head head;
            std::string const input = get("a: " + value + "\r\n");
            bool const good = c == '\t' || (c >= 0x20 && c != 0x7F);
            if ((parser.parse(input, head) == status::complete) != good) FAIL_CHECK("byte " << c << " at " << at);
        }
    }
}

TEST_CASE("http1_request takes exactly the visible ASCII bytes but # in a target", "[http1_request]") {
    for (int c = 0; c != 256; ++c) {
        for (std::size_t at = 1; at != 18; ++at) {
            std::string target(18, '/');
            target[at] = static_cast<char>(c);
            request_parser parser;
            request_head head;
            bool const good = c > 0x20 && c < 0x7F && c != '#';
            if ((parser.parse(with_target(target), head) == status::complete) != good)
                FAIL_CHECK("byte " << c << " at " << at);
        }
    }
}

TEST_CASE("http1_request knows the forms of a target", "[http1_request]") {
    struct sample {
        std::string_view method, target, authority, path;
    };
    sample const good[] = {
        {"GET", "/", "a", "/"},
        {"GET", "//x/../y?q=/?", "a", "//x/../y?q=/?"},
        {"OPTIONS", "*", "a", "*"},
        {"GET", "http://b.example/x?y", "b.example", "/x?y"},
        {"GET", "HTTPS://b.example:443", "b.example:443", "/"},
        {"GET", "http://[::1]:80/", "[::1]:80", "/"},
        {"OPTIONS", "http://b.example", "b.example", "*"},
        {"OPTIONS", "http://b.example/", "b.example", "/"},
    };
    for (sample const& s : good) {
        INFO(s.target);
        auto const [bytes, head] = parsed_from(with_target(s.target, s.method));
        CHECK(head.target == s.target);
        CHECK(head.authority == s.authority);
        CHECK(head.target_path == s.path);
    }
    for (std::string_view const target :
         {"*", "**", "a", "a/b", "?x", "http:/x", "http:///x", "http://", "http://?x", "http://b?x", "http://u@b/",
          "http://u:p@b/", "http://b:x/", "http://b:65536/", "ftp://b/", "ws://b/", "://b/", "b.example:80", "\\x"}) {
        INFO(target);
        CHECK(error_in(with_target(target)) == parse_error::bad_target);
    }
    CHECK(error_in(with_target("*x", "OPTIONS")) == parse_error::bad_target);
    CHECK(error_in(with_target("b.example:443", "CONNECT")) == parse_error::connect_unsupported);
    CHECK(error_in(with_target("[::1]:443", "CONNECT")) == parse_error::connect_unsupported);
    for (std::string_view const target :
         {"/", "*", "b.example", "b.example:", "[::1]", "http://b.example:80/", ":80"}) {
        INFO(target);
        CHECK(error_in(with_target(target, "CONNECT")) == parse_error::bad_target);
    }
    CHECK(error_in(with_target("/", "connect")) == parse_error::none);
}

TEST_CASE("http1_request wants exactly one valid Host", "[http1_request]") {
    CHECK(error_in("GET / HTTP/1.1\r\n\r\n") == parse_error::missing_host);
    CHECK(error_in("GET / HTTP/1.2\r\n\r\n") == parse_error::missing_host);
    CHECK(error_in("GET http://a/ HTTP/1.1\r\n\r\n") == parse_error::missing_host);
    CHECK(error_in("GET / HTTP/1.0\r\n\r\n") == parse_error::none);
    CHECK(error_in(get("Host: a\r\n")) == parse_error::repeated_host);
    CHECK(error_in(get("hOST: b\r\n")) == parse_error::repeated_host);
    CHECK(error_in("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n") == parse_error::repeated_host);
    CHECK(error_in("GET / HTTP/1.0\r\nHost: \r\n\r\n") == parse_error::bad_host);
    for (std::string_view const host :
         {"a", "a:", "a:80", "a:65535", "a.b-c_d~e", "%41", "a!$&'()*+,;=", "127.0.0.1", "[::]", "[::1]", "[1::]:80",
          "[1:2:3:4:5:6:7:8]", "[1::3:4:5:6:7:8]", "[::FFFF:127.0.0.1]", "[1:2:3:4:5:6:127.0.0.1]", "[1:2:3:4:5:6:7::]",
          "[v1.a:b]", "[vFF.x]"}) {
        INFO(host);
        CHECK(error_in(with_host(host)) == parse_error::none);
    }
    for (std::string_view const host : {"",
                                        ":",
                                        ":80",
                                        "a:b",
                                        "a:65536",
                                        "a:99999999999",
                                        "a:80:80",
                                        "a:+1",
                                        "u@a",
                                        "a/b",
                                        "a?b",
                                        "a b",
                                        "a, b",
                                        "a\\b",
                                        "%4",
                                        "%4g",
                                        "%",
                                        "a%",
                                        "[",
                                        "[]",
                                        "[::1",
                                        "::1",
                                        "[::1]x",
                                        "[::1]:x",
                                        "[1]",
                                        "[1:2:3:4:5:6:7]",
                                        "[1:2:3:4:5:6:7:8:9]",
                                        "[1:2:3:4:5:6:7:8::]",
                                        "[::1:2:3:4:5:6:7:8]",
                                        "[1::2::3]",
                                        "[:::1]",
                                        "[12345::]",
                                        "[g::]",
                                        "[1:]",
                                        "[1:2:3:4:5:6:7:8:]",
                                        "[:1:2:3:4:5:6:7:8]",
                                        "[:1]",
                                        "[::1.2.3]",
                                        "[::1.2.3.256]",
                                        "[::1.2.3.04]",
                                        "[::01.2.3.4]",
                                        "[::1.2.3.4:1]",
                                        "[::1.2.3.]",
                                        "[::1%25eth0]",
                                        "[v1.]",
                                        "[v.a]",
                                        "[vg.a]",
                                        "[v1a]",
                                        "[v1./]",
                                        "[v1.a/]",
                                        "caf\xC3\xA9",
                                        "a\"",
                                        "<a>"}) {
        INFO(host);
        CHECK(error_in(with_host(host)) == parse_error::bad_host);
    }
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

TEST_CASE("http1_request reports a mistake at the byte that makes it one", "[http1_request]") {
    struct sample {
        std::string_view bytes; // the mistake is the last of them
    };
    sample const samples[] = {
        {"G("},
        {"GET /\x80"},
        {"GET / HTTQ"},
        {"GET / HTTP/1.1\n"},
        {"GET / HTTP/2.0\r\n"},
        {"GET / HTTP/1.1\r\n "},
        {"GET / HTTP/1.1\r\na "},
        {"GET / HTTP/1.1\r\na: b\n"},
        {"GET / HTTP/1.1\r\na: b\x01"},
        {"GET / HTTP/1.1\r\nContent-Length: x\r\n"},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n"},
        {"GET / HTTP/1.1\r\n\r\n"},
    };
    for (sample const& s : samples) {
        INFO(s.bytes);
        CHECK(parse(s.bytes).result == status::failed);
        CHECK(parse(s.bytes.substr(0, s.bytes.size() - 1)).result == status::need_more);
    }
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

TEST_CASE("http1_request gives every mistake a status and a phrase of its own", "[http1_request]") {
    std::set<std::string_view> phrases;
    for (int i = 1; i <= static_cast<int>(parse_error::body_too_large); ++i) {
        auto const error = static_cast<parse_error>(i);
        INFO(i);
        CHECK(http1::status_of(error) >= 400);
        CHECK(http1::status_of(error) <= 505);
        CHECK(phrases.insert(http1::describe(error)).second);
    }
    // in the order of the enumeration
    constexpr int statuses[] = {0,   400, 400, 414, 400, 505, 501, 400, 400, 400, 400, 400, 431, 431, 400, 400,
                                400, 400, 400, 400, 400, 501, 400, 417, 400, 400, 400, 400, 400, 431, 413};
    int index = 0;
    for (int const expected : statuses) {
        INFO(index);
        CHECK(http1::status_of(static_cast<parse_error>(index++)) == expected);
    }
    CHECK(index == static_cast<int>(parse_error::body_too_large) + 1);
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
