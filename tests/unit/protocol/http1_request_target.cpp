// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/http1_request.hpp>

#include "support/catch.hpp"
#include "support/request_outcome.hpp"

#include <string>
#include <string_view>

namespace protocol_http1_request_target_tests {

using namespace test::request_outcome;

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

TEST_CASE("the authority of a target takes the place of Host in the headers", "[http1_request]") {
    auto const hosts = [](request_head const& head) {
        std::string all;
        for (header_view const& h : head.headers)
            if (equal_ignoring_case(h.name, "host")) all.append(h.value).append(";");
        return all;
    };
    {
        auto const [bytes, head] = parsed_from("GET http://b.example:81/x HTTP/1.1\r\nA: 1\r\nhOsT: a\r\nB: 2\r\n\r\n");
        CHECK(hosts(head) == "b.example:81;");
        REQUIRE(head.headers.size() == 3);
        CHECK(head.headers[1].name == "hOsT");
        CHECK(head.find("A") == "1");
        CHECK(head.find("B") == "2");
    }
    for (std::string_view const line : {"Host: a\r\n", "A: 1\r\n", ""}) {
        INFO(line);
        std::string const lines{line};
        auto const [bytes, head] = parsed_from("OPTIONS http://b.example HTTP/1.0\r\n" + lines + "\r\n");
        CHECK(hosts(head) == "b.example;");
        CHECK(head.authority == "b.example");
        CHECK(head.headers.size() == (line.starts_with("A") ? 2 : 1));
        auto const [same, plain] = parsed_from("GET / HTTP/1.0\r\n" + lines + "\r\n");
        CHECK(hosts(plain) == (line.starts_with("H") ? "a;" : ""));
        CHECK(plain.authority == (line.starts_with("H") ? "a" : ""));
    }
    CHECK(error_in("GET http://b/ HTTP/1.1\r\nHost: a b\r\n\r\n") == parse_error::bad_host);
    CHECK(error_in("GET http://b/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == parse_error::repeated_host);
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
                                        "[::256.1.2.3]",
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

}
