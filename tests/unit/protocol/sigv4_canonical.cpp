// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/sigv4_canonical.hpp>

#include "support/catch.hpp"
#include "support/digest_text.hpp"

#include <backchannel/crypto/hmac.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace protocol_sigv4_canonical_tests {

using namespace backchannel;
using namespace backchannel::protocol;

namespace {

[[nodiscard]] std::string value(std::string_view text) {
    std::string out;
    auto const sink = [&](std::string_view piece) { out.append(piece); };
    write_canonical_value(text, sink);
    return out;
}

[[nodiscard]] std::string query(std::string_view text, std::string_view left_out = {}) {
    std::vector<query_parameter> parameters;
    return parse_query(text, parameters) ? canonical_query(parameters, left_out) : "unreadable";
}

}

TEST_CASE("A credential is split from the right", "[sigv4_canonical]") {
    sigv4_scope s;
    REQUIRE(parse_sigv4_scope("AKID/20261121/us-east-1/execute-api/aws4_request", s));
    CHECK(s.access_key == "AKID");
    CHECK(s.date == "20261121");
    CHECK(s.region == "us-east-1");
    CHECK(s.service == "execute-api");
    CHECK(s.text == "20261121/us-east-1/execute-api/aws4_request");
    REQUIRE(parse_sigv4_scope("A/B/C/20261121//x/aws4_request", s));
    CHECK(s.access_key == "A/B/C");
    CHECK(s.region.empty());
    for (std::string_view const wrong :
         {"", "AKID", "/aws4_request", "r/s/aws4_request", "AKID20261121/r/s/aws4_request", "AKID/20261121/r/s",
          "20261121/r/s/aws4_request", "/20261121/r/s/aws4_request", "AKID/2026112/r/s/aws4_request",
          "AKID/202611210/r/s/aws4_request", "AKID/2026112x/r/s/aws4_request", "AKID/20261121/r/s/aws4_reques",
          "AKID/20261121/r/s/aws4_request/", "AKID/20261121/r/s/AWS4_REQUEST"}) {
        INFO(wrong);
        CHECK_FALSE(parse_sigv4_scope(wrong, s));
    }
}

TEST_CASE("Names and mistakes of an Authorization header", "[sigv4_canonical]") {
    sigv4_claims c;
    auto const parse = [&](std::string_view text) {
        c = {};
        return parse_sigv4_authorization(text, c);
    };
    using enum sigv4_mistake;
    CHECK(parse("AWS4-HMAC-SHA256 Credential=A/20261121/r/s/aws4_request, SignedHeaders=host, Signature=ab") == none);
    CHECK(c.scope.access_key == "A");
    CHECK(c.signed_headers == "host");
    CHECK(c.signature == "ab");
    CHECK(parse("AWS4-HMAC-SHA256 Signature=a=b,Credential=A/20261121/r/s/aws4_request,SignedHeaders=h") == none);
    CHECK(c.signature == "a=b");
    CHECK(parse("AWS4-HMAC-SHA256") == missing_part);
    CHECK(parse("AWS4-HMAC-SHA256 SignedHeaders=host, Signature=ab") == missing_part);
    CHECK(c.signature == "ab");
    CHECK(parse("AWS4-HMAC-SHA256Credential=A") == other_scheme);
    CHECK(parse("AWS4-HMAC-SHA512 Credential=A") == other_scheme);
    CHECK(parse("") == other_scheme);
    CHECK(parse("AWS4-HMAC-SHA256 Credential=A, SignedHeaders=host, Signature=ab") == bad_credential);
    CHECK(parse("AWS4-HMAC-SHA256 Signature=a, Signature=a") == repeated_part);
    CHECK(parse("AWS4-HMAC-SHA256 Signature=a,, SignedHeaders=h") == unknown_part);
    CHECK(parse("AWS4-HMAC-SHA256 Nonce=a") == unknown_part);
}

TEST_CASE("A list of signed headers is small letters, sorted, each once", "[sigv4_canonical]") {
    for (std::string_view const good : {"host", "a;b;c", "host;x-amz-date", "a-b;a0", "a;a0"})
        CHECK(is_signed_header_list(good));
    for (std::string_view const bad :
         {"", ";", "host;", ";host", "a;;b", "b;a", "a;a", "Host", "a b", "a\nb", "a:b", "a,b", "\xC3\xA9", "a\x7F"})
        CHECK_FALSE(is_signed_header_list(bad));
    std::string visited;
    CHECK(for_each_signed_header("a;host;z", [&](std::string_view name) { visited.append(name).append("|"); }));
    CHECK(visited == "a|host|z|");
    CHECK(is_signed_header("a;host;z", "Host"));
    CHECK(is_signed_header("a;host;z", "z"));
    CHECK_FALSE(is_signed_header("a;host;z", "hos"));
    CHECK_FALSE(is_signed_header("a;host;z", "hosts"));
    CHECK_FALSE(is_signed_header("a;host;z", "a;host"));
    CHECK_FALSE(is_signed_header("", "a"));
}

TEST_CASE("Header values lose the blanks around them and all but one within", "[sigv4_canonical]") {
    CHECK(value("") == "");
    CHECK(value("   ") == "");
    CHECK(value("a") == "a");
    CHECK(value(" a ") == "a");
    CHECK(value("a b") == "a b");
    CHECK(value("a  b") == "a b");
    CHECK(value("a \t b\tc") == "a b c");
    CHECK(value("a b  c d   e") == "a b c d e");
    CHECK(value("a\n  b\r\n\tc") == "a b c");
    CHECK(value("\"a  b\"") == "\"a b\"");
    CHECK(value("a, b,c") == "a, b,c");
}

TEST_CASE("Headers of one name are joined in the order of the wire, and all of the list must be there",
          "[sigv4_canonical]") {
    header_view const headers[] = {{"Host", "h"}, {"X-A", "2"}, {"x-a", " 1 "}, {"X-B", ""}};
    auto const write = [&](std::string_view list, std::string& out) {
        auto const sink = [&](std::string_view piece) { out.append(piece); };
        return write_canonical_headers(headers, list, "public", sink);
    };
    std::string out;
    CHECK(write("host;x-a;x-b", out));
    CHECK(out == "host:public\nx-a:2,1\nx-b:\n");
    CHECK_FALSE(write("host;x-c", out));
}

TEST_CASE("Queries are decoded, encoded anew and sorted", "[sigv4_canonical]") {
    CHECK(query("") == "");
    CHECK(query("b=2&a=1") == "a=1&b=2");
    CHECK(query("a=2&a=1&a") == "a=&a=1&a=2");
    CHECK(query("a") == "a=");
    CHECK(query("a=b=c") == "a=b%3Dc");
    CHECK(query("a=%7e%2f%20+") == "a=~%2F%20%2B");
    CHECK(query("%61=%62") == "a=b");
    CHECK(query("a-=1&a=2") == "a=2&a-=1");
    CHECK(query("A=1&a=2&%C3%A9=3") == "%C3%A9=3&A=1&a=2"); // by their encoded bytes
    CHECK(query("&&a=1&") == "a=1");
    CHECK(query("X-Amz-Signature=1&a=1") == "a=1");
    CHECK(query("x-amz-signature=1") == "x-amz-signature=1");
    CHECK(query("T=1&a=1", "T") == "a=1");
    CHECK(query("a=%") == "unreadable");
    CHECK(query("%zz=1") == "unreadable");
    std::vector<query_parameter> parameters;
    CHECK(parse_query("a&b", parameters, 2));
    parameters.clear();
    CHECK_FALSE(parse_query("a&b&c", parameters, 2));
    CHECK(parameters.size() == 3); // more than may be
}

TEST_CASE("Paths are normalised as signers do", "[sigv4_canonical]") {
    for (auto const& [path, normal] : {std::pair{"/", "/"},
                                       {"", "/"},
                                       {"//", "/"},
                                       {"/a", "/a"},
                                       {"/a/", "/a/"},
                                       {"/a//b", "/a/b"},
                                       {"/./", "/"},
                                       {"/./a", "/a"},
                                       {"/a/./b", "/a/b"},
                                       {"/a/..", "/"},
                                       {"/a/../b", "/b"},
                                       {"/a/b/../..", "/"},
                                       {"/../a", "/a"},
                                       {"/a/b/..", "/a/"},
                                       {"/a/.", "/a/"},
                                       {"/%2e/a", "/%2e/a"},
                                       {"/a/...", "/a/..."},
                                       {"//a//", "/a/"}})
        CHECK(normalised_path(path) == normal);
}

TEST_CASE("The example of the SigV4 documents gives its known signing key", "[sigv4_canonical]") {
    std::string const credential = "AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request";
    sigv4_scope scope;
    REQUIRE(parse_sigv4_scope(credential, scope));
    auto mac = sigv4_signing_key<crypto::hmac_sha256>("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", scope);
    std::string text;
    write_string_to_sign("20150830T123600Z", scope.text,
                         "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59",
                         [&](std::string_view piece) { text.append(piece); });
    CHECK(text == "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"
                  "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
    mac.update(text);
    CHECK(test::hex_of(mac.finish()) == "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

}
