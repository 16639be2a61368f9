// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/partial_request.hpp>

#include "support/catch.hpp"
#include "support/router_fixture.hpp"

#include <backchannel/auth/allow_all.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace support_partial_request_tests {

using namespace backchannel;
using progress = partial_request::progress;

namespace {

http1::request_head parsed(std::string_view headers) {
    static std::string text; // which the head points into
    text = "POST /x HTTP/1.1\r\nHost: a\r\n" + std::string{headers} + "\r\n";
    http1::request_parser parser;
    http1::request_head head;
    REQUIRE(parser.parse(text, head) == http1::request_parser::status::complete);
    return head;
}

request_view request_of(http1::request_head const& head) { return {head.method, head.target_path, head.headers}; }

}

TEST_CASE("a partial request of the application gathers its body and leaves what is behind it", "[partial_request]") {
    struct sample {
        std::string_view headers, wire;
    };
    for (sample const& s : {sample{"Content-Length: 10\r\n", "0123456789"},
                            sample{"Transfer-Encoding: chunked\r\n", "4\r\n0123\r\n6;a=b\r\n456789\r\n0\r\n\r\n"}}) {
        for (std::size_t cut = 0; cut <= s.wire.size(); ++cut) {
            INFO(s.wire << " cut at " << cut);
            http1::request_head const head = parsed(s.headers);
            partial_request whole{request_of(head), head, 10, nullptr};
            CHECK(whole.managed() == nullptr);
            std::string const wire = std::string{s.wire} + "GET /";
            std::string_view first = std::string_view{wire}.substr(0, cut), rest = std::string_view{wire}.substr(cut);
            progress at = whole.read(first);
            CHECK(at == (cut == s.wire.size() ? progress::complete : progress::need_more));
            CHECK(first.empty());
            if (at == progress::need_more) at = whole.read(rest);
            CHECK(at == progress::complete);
            CHECK(rest == "GET /");
            CHECK(whole.view().body == "0123456789");
            CHECK(whole.view().target == "/x");
            CHECK(whole.error() == http1::parse_error::none);
        }
    }
}

TEST_CASE("a partial request tells what is wrong, and whether the client waits", "[partial_request]") {
    std::string_view none;
    SECTION("a body over the limit is refused before its first byte") {
        http1::request_head const head = parsed("Content-Length: 11\r\nExpect: 100-continue\r\n");
        partial_request whole{request_of(head), head, 10, nullptr};
        CHECK(whole.read(none) == progress::failed);
        CHECK(whole.error() == http1::parse_error::body_too_large);
        CHECK(partial_request::expected(head, 10) == 10);
    }
    SECTION("a chunk that is none") {
        http1::request_head const head = parsed("Transfer-Encoding: chunked\r\n");
        partial_request whole{request_of(head), head, 10, nullptr};
        std::string_view wire = "x\r\n";
        CHECK(whole.read(wire) == progress::failed);
        CHECK(whole.error() == http1::parse_error::bad_chunk_size);
        CHECK(whole.room().empty());
        CHECK(partial_request::expected(head, 10) == 0);
    }
    SECTION("100-continue is asked for once") {
        http1::request_head const head = parsed("Content-Length: 10\r\nExpect: 100-continue\r\n");
        partial_request whole{request_of(head), head, 10, nullptr};
        CHECK(whole.read(none) == progress::need_more);
        CHECK(whole.take_expect_continue());
        CHECK_FALSE(whole.take_expect_continue());
    }
}

TEST_CASE("what is received in the room of a partial request is not copied", "[partial_request]") {
    http1::request_head const head = parsed("Content-Length: 3000\r\n");
    partial_request whole{request_of(head), head, 4000, nullptr};
    std::string_view front = "0123456789";
    REQUIRE(whole.read(front) == progress::need_more);
    char const* received = nullptr;
    progress at = progress::need_more;
    while (at == progress::need_more) {
        std::span<char> const room = whole.room();
        REQUIRE_FALSE(room.empty());
        std::size_t const n = std::min<std::size_t>(room.size(), 1000);
        std::memset(room.data(), 'b', n);
        received = room.data() + n;
        std::string_view rest{room.data(), n};
        at = whole.read(rest);
        CHECK(rest.empty());
    }
    CHECK(at == progress::complete);
    std::string_view const body = whole.view().body;
    CHECK(body == "0123456789" + std::string(2990, 'b'));
    CHECK(body.data() + body.size() == received);
}

TEST_CASE("a partial request of a router is answered by it", "[partial_request]") {
    test::router_fixture<allow_all> f;
    http1::request_head head = parsed("Content-Length: 5\r\n");
    std::string const path = f.path();
    head.target = head.target_path = path;
    std::string answer;
    auto const done = [&](response r) { answer = std::to_string(r.status); };
    auto const begun = [&](std::size_t limit) {
        return partial_request{
            request_of(head), head, limit,
            arriving_request::begin(f.router, request_of(head), partial_request::expected(head, limit), nullptr)};
    };
    SECTION("whole") {
        partial_request whole = begun(10);
        std::string_view wire = "hello, and more";
        CHECK(whole.read(wire) == progress::complete);
        CHECK(wire == ", and more");
        REQUIRE(whole.managed() != nullptr);
        whole.managed()->finish(done);
        CHECK(answer == "200");
        CHECK(f.hub.sent() == test::lines{"send 1 hello"});
    }
    SECTION("too large") {
        partial_request whole = begun(4);
        std::string_view none;
        CHECK(whole.read(none) == progress::failed);
        REQUIRE(whole.managed() != nullptr);
        whole.managed()->refuse_as_too_large();
        CHECK(whole.room().empty());
        whole.managed()->finish(done);
        CHECK(answer == "413");
        CHECK(f.hub.sent().empty());
    }
}

}
