// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/http1_request.hpp>

#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include "support/request_outcome.hpp"

#include <new>
#include <string>
#include <string_view>

namespace protocol_http1_request_errors_tests {

using namespace test::request_outcome;
using namespace std::string_view_literals;

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

TEST_CASE("http1_request knows a HEAD request that it refuses, as its answer has no content", "[http1_request]") {
    struct sample {
        std::string_view bytes;
        bool is_head;
    };
    for (sample const& s : {sample{"HEAD", false}, sample{"HEAD ", true}, sample{"HEAD /\n", true},
                            sample{"\r\nHEAD / HTTP/1.1\r\n\r\n", true}, sample{"HEADS \n", false},
                            sample{"head /\n", false}, sample{"GET /HEAD \n", false}}) {
        INFO(s.bytes);
        request_parser parser;
        request_head head;
        (void)parser.parse(s.bytes, head);
        CHECK(parser.is_head() == s.is_head);
        parser.reset();
        CHECK_FALSE(parser.is_head());
        CHECK(parser.parse("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", head) == status::complete);
        CHECK_FALSE(parser.is_head()); // ready for the next
    }
}

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
TEST_CASE("http1_request checks each line also after memory has failed", "[http1_request]") {
    std::string const bytes = "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nContent-Length: 1x\r\nX-B: 2\r\n\r\n";
    std::string const good = "POST / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nConnection: close\r\nContent-Length: 7\r\n\r\n";
    for (std::size_t n = 1;; ++n) {
        INFO("allocation " << n);
        auto const parse = [n](request_parser& parser, std::string_view text, request_head& head, bool& failed) {
            test::allocation_failure const failing{n};
            status result = status::need_more;
            try {
                result = parser.parse(text, head);
            } catch (std::bad_alloc const&) {
                failed = true;
                result = parser.parse(text, head);
            }
            return result;
        };
        bool failed = false;
        request_parser parser;
        request_head bad, fine;
        CHECK(parse(parser, bytes, bad, failed) == status::failed);
        CHECK(parser.error() == parse_error::bad_content_length);
        parser.reset();
        CHECK(parse(parser, good, fine, failed) == status::complete);
        CHECK(fine.headers.size() == 4);
        CHECK(fine.content_length == 7u);
        CHECK_FALSE(fine.keep_alive);
        request_head with_host; // one that the target stands for
        CHECK(parse(parser, "GET http://b/ HTTP/1.0\r\nA: 1\r\n\r\n", with_host, failed) == status::complete);
        CHECK(with_host.headers.size() == 2);
        CHECK(with_host.find("host") == "b");
        if (!failed) break;
        REQUIRE(n < 20);
    }
}
#endif

}
