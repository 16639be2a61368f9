// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/websocket_handshake.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace protocol_websocket_handshake_tests {

namespace {

using namespace backchannel;
using websocket::handshake_error;

constexpr std::string_view upgrade_lines = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
constexpr std::string_view version_line = "Sec-WebSocket-Version: 13\r\n";
constexpr std::string_view key_line = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

// Calls `use` with the head of a request that has these lines.
template <class Use>
auto with_head(std::string const& lines, std::string const& start, Use use) {
    std::string const bytes = start + "\r\nHost: a\r\n" + lines + "\r\n";
    http1::request_parser parser;
    http1::request_head head;
    CHECK(parser.parse(bytes, head) == http1::request_parser::status::complete);
    return use(head);
}

handshake_error check(std::string const& lines, std::string const& start = "GET /chat HTTP/1.1") {
    return with_head(lines, start, [](http1::request_head const& head) { return websocket::check_handshake(head); });
}

std::string join(std::initializer_list<std::string_view> parts) {
    std::string out;
    for (std::string_view const part : parts) out.append(part);
    return out;
}

std::string good(std::string_view more = {}) { return join({upgrade_lines, version_line, key_line, more}); }

// The offers in round brackets, or `refused`.
std::string offers(std::string const& lines) {
    return with_head(lines, "GET / HTTP/1.1", [](http1::request_head const& head) -> std::string {
        auto const list = websocket::read_subprotocols(head);
        if (!list.has_value()) return "refused";
        std::string out;
        for (std::string_view const name : *list) out.append("(").append(name).append(")");
        CHECK(list->empty() == out.empty());
        return out;
    });
}

}

TEST_CASE("websocket_handshake answers the key of RFC 6455 section 1.3", "[websocket_handshake]") {
    auto const accept = websocket::accept_key("dGhlIHNhbXBsZSBub25jZQ==");
    CHECK(std::string_view{accept.data(), accept.size()} == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("websocket_handshake accepts what RFC 6455 asks for", "[websocket_handshake]") {
    CHECK(check(good()) == handshake_error::none);
    CHECK(check(good("Origin: https://a\r\nSec-WebSocket-Protocol: x, y\r\nContent-Length: 0\r\n")) ==
          handshake_error::none);
    CHECK(check(join({"connection: keep-alive, upgrade\r\nupgrade: WebSocket\r\n", "sec-websocket-version:13\r\n",
                      "SEC-WEBSOCKET-KEY:\tAAAAAAAAAAAAAAAAAAAAAA== \r\n"})) == handshake_error::none);
    CHECK(check(good(), "GET / HTTP/1.2") == handshake_error::none);
}

TEST_CASE("websocket_handshake names each mistake", "[websocket_handshake]") {
    for (std::string_view const method : {"POST", "HEAD", "OPTIONS", "get"})
        CHECK(check(good(), std::string{method} + " / HTTP/1.1") == handshake_error::bad_method);
    CHECK(check(good(), "GET / HTTP/1.0") == handshake_error::bad_http_version);
    CHECK(check("") == handshake_error::not_websocket);
    CHECK(check(join({"Upgrade: websocket\r\n", version_line, key_line})) == handshake_error::not_websocket);
    CHECK(check(join({"Connection: Upgrade\r\n", version_line, key_line})) == handshake_error::not_websocket);
    CHECK(check(join({"Connection: Upgrade\r\nUpgrade: h2c\r\n", version_line, key_line})) ==
          handshake_error::not_websocket);
    CHECK(check(good("Content-Length: 1\r\n")) == handshake_error::body_present);
    CHECK(check(good("Transfer-Encoding: chunked\r\n")) == handshake_error::body_present);
    CHECK(check(good("Sec-WebSocket-Protocol: a, a\r\n")) == handshake_error::bad_subprotocols);
    CHECK(check(good("Sec-WebSocket-Extensions: a;\r\n")) == handshake_error::bad_extensions);
    CHECK(check(good("Origin: https://a\r\nOrigin: https://a\r\n")) == handshake_error::repeated_origin);
}

TEST_CASE("websocket_handshake knows version 13 alone, exactly once", "[websocket_handshake]") {
    CHECK(check(join({upgrade_lines, key_line})) == handshake_error::bad_version);
    for (std::string_view const version : {"", "8", "12", "14", "013", "13, 8", "13,13", "1 3", "13.0"}) {
        INFO(version);
        CHECK(check(join({upgrade_lines, key_line, "Sec-WebSocket-Version: ", version, "\r\n"})) ==
              handshake_error::bad_version);
    }
    CHECK(check(good(version_line)) == handshake_error::bad_version);
}

TEST_CASE("websocket_handshake wants one key of 16 bytes in base64", "[websocket_handshake]") {
    CHECK(check(join({upgrade_lines, version_line})) == handshake_error::bad_key);
    for (std::string_view const key :
         {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===",
          "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25jZSE=", "dGhlIHNhbXBsZSBub25j", "dGhlIHNhbXBsZSBub25jZSEh",
          "dGhlIHNhbXBsZSBub25jZS_=", "dGhlIHNh XBsZSBub25jZQ==", "====dGhlIHNhbXBsZSBub25j",
          "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=="}) {
        INFO(key);
        CHECK(check(join({upgrade_lines, version_line, "Sec-WebSocket-Key: ", key, "\r\n"})) ==
              handshake_error::bad_key);
    }
    CHECK(check(good(key_line)) == handshake_error::bad_key);
}

TEST_CASE("websocket_handshake reads the subprotocols in order", "[websocket_handshake]") {
    CHECK(offers("") == "");
    CHECK(offers("Sec-WebSocket-Protocol: chat\r\n") == "(chat)");
    CHECK(offers("Sec-WebSocket-Protocol: b , a,c\r\nX: y\r\nsec-websocket-protocol: d\r\n") == "(b)(a)(c)(d)");
    CHECK(offers("Sec-WebSocket-Protocol: a, A, ,\r\n") == "(a)(A)");
    for (std::string_view const value : {"", " , ", "a b", "a/b", "a, \"b\"", "a,b,a", "(", "caf\xE9", "a;b"}) {
        INFO(value);
        CHECK(offers(join({"Sec-WebSocket-Protocol: ", value, "\r\n"})) == "refused");
    }
    CHECK(offers("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n") == "refused");
    CHECK(offers("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol:\r\n") == "refused");

    std::string many = "Sec-WebSocket-Protocol: p0";
    for (int i = 1; i != 32; ++i) many += ",p" + std::to_string(i);
    CHECK(offers(many + "\r\n").substr(0, 8) == "(p0)(p1)");
    CHECK(offers(many + ",p32\r\n") == "refused");

    with_head("Sec-WebSocket-Protocol: a, b\r\n", "GET / HTTP/1.1", [](http1::request_head const& head) {
        auto const list = websocket::read_subprotocols(head);
        REQUIRE(list.has_value());
        CHECK(list->contains("b"));
        CHECK_FALSE(list->contains("B"));
        CHECK_FALSE(list->contains("ab"));
        CHECK(list->size() == 2);
    });
}

TEST_CASE("websocket_handshake believes one Origin or none", "[websocket_handshake]") {
    auto const origin = [](std::string const& lines) {
        return with_head(lines, "GET / HTTP/1.1", [](http1::request_head const& head) -> std::string {
            auto const field = websocket::read_origin(head);
            if (!field.valid) CHECK_FALSE(field.value.has_value());
            return !field.valid ? "invalid" : field.value.has_value() ? "<" + std::string{*field.value} + ">" : "none";
        });
    };
    CHECK(origin("") == "none");
    CHECK(origin("Origin: https://a.example\r\n") == "<https://a.example>");
    CHECK(origin("origin: null\r\n") == "<null>");
    CHECK(origin("Origin:\r\n") == "<>");
    CHECK(origin("Origin: a\r\nORIGIN: a\r\n") == "invalid");
}

TEST_CASE("websocket_handshake gives every mistake a status and a phrase", "[websocket_handshake]") {
    std::set<std::string_view> phrases;
    for (int i = 0; i <= static_cast<int>(handshake_error::repeated_origin); ++i)
        CHECK(phrases.insert(websocket::describe(static_cast<handshake_error>(i))).second);
    CHECK(websocket::status_of(handshake_error::none) == 101);
    CHECK(websocket::status_of(handshake_error::bad_method) == 405);
    CHECK(websocket::status_of(handshake_error::bad_http_version) == 400);
    CHECK(websocket::status_of(handshake_error::not_websocket) == 426);
    CHECK(websocket::status_of(handshake_error::bad_version) == 426);
    CHECK(websocket::status_of(handshake_error::bad_key) == 400);
    CHECK(websocket::status_of(handshake_error::body_present) == 400);
    CHECK(websocket::status_of(handshake_error::bad_subprotocols) == 400);
    CHECK(websocket::status_of(handshake_error::bad_extensions) == 400);
    CHECK(websocket::status_of(handshake_error::repeated_origin) == 400);
    CHECK(websocket::supported_version == "13");
}

}
