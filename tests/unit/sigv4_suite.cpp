// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/sigv4_canonical.hpp>

#include "support/catch.hpp"
#include "support/signer.hpp"

#include <backchannel/protocol/json_value.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace sigv4_suite_tests {

// The public SigV4 signing suite, read from where the environment variable BACKCHANNEL_SIGV4_SUITE says (vectors.json).
// Each signed request is taken apart again and must give the canonical request, string to sign and signature of the
// case.

using namespace test;
using namespace backchannel::protocol;

namespace {

[[nodiscard]] std::string const& text_at(json_value const& where, std::string_view name) {
    json_value const* const found = where.find(name);
    REQUIRE(found != nullptr);
    return found->text;
}

[[nodiscard]] bool flag_at(json_value const& where, std::string_view name) {
    json_value const* const found = where.find(name);
    return found != nullptr && found->boolean;
}

struct derived {
    std::string canonical_request, string_to_sign, signature;
    std::string claimed;
};

/// What follows from a signed request, read as a server would.
[[nodiscard]] derived derive(json_value const& one, json_value const& request, bool header_form) {
    derived d;
    std::vector<backchannel::header_view> headers;
    for (json_value const& pair : request.find("headers")->items)
        headers.push_back({pair.items.at(0).text, pair.items.at(1).text});
    std::string const &target = text_at(request, "target"), &body = text_at(request, "body");
    std::vector<query_parameter> parameters;
    REQUIRE(parse_query(query_of(target), parameters));
    auto const parameter = [&](std::string_view name) {
        for (auto const& p : parameters)
            if (p.name == name) return std::string_view{p.value};
        return std::string_view{};
    };

    sigv4_claims claims;
    std::string date;
    std::string_view left_out; // the token of a case that adds it after signing
    if (header_form) {
        auto const* const authorization = backchannel::find_header(headers, "authorization");
        REQUIRE(authorization != nullptr);
        REQUIRE(parse_sigv4_authorization(authorization->value, claims) == sigv4_mistake::none);
        date = backchannel::find_header(headers, "x-amz-date")->value;
    } else {
        REQUIRE(parse_sigv4_scope(parameter("X-Amz-Credential"), claims.scope));
        claims.signed_headers = parameter("X-Amz-SignedHeaders");
        claims.signature = parameter("X-Amz-Signature");
        date = parameter("X-Amz-Date");
        if (flag_at(one, "omit_session_token")) left_out = "X-Amz-Security-Token";
    }
    CHECK(claims.scope.service == text_at(one, "service"));
    CHECK(claims.scope.region == text_at(one, "region"));
    CHECK(is_signed_header_list(claims.signed_headers));
    if (header_form && flag_at(one, "omit_session_token"))
        CHECK_FALSE(is_signed_header(claims.signed_headers, "x-amz-security-token"));

    std::string path{path_of(target)}, canonical_path;
    if (flag_at(one, "normalize")) path = normalised_path(path);
    append_percent_encoded_path(canonical_path, path);
    auto const* const declared = backchannel::find_header(headers, "x-amz-content-sha256");
    std::string const payload = declared != nullptr ? std::string{declared->value} : hex_sha256(body);
    if (declared != nullptr) CHECK(payload == hex_sha256(body));
    std::string const query = canonical_query(parameters, left_out);
    CHECK(write_canonical_request(
        {text_at(request, "method"), query, headers, claims.signed_headers, payload},
        [&](auto& sink) { sink(std::string_view{canonical_path}); }, backchannel::find_header(headers, "host")->value,
        [&](std::string_view piece) { d.canonical_request.append(piece); }));
    write_string_to_sign(date, claims.scope.text, hex_sha256(d.canonical_request),
                         [&](std::string_view piece) { d.string_to_sign.append(piece); });
    auto mac = sigv4_signing_key<backchannel::crypto::hmac_sha256>(
        text_at(*one.find("credentials"), "secret_access_key"), claims.scope);
    mac.update(d.string_to_sign);
    d.signature = hex_of(mac.finish());
    d.claimed = claims.signature;
    return d;
}

}

TEST_CASE("The cases of the public signing suite verify in both forms", "[sigv4_suite]") {
    char const* const path = std::getenv("BACKCHANNEL_SIGV4_SUITE");
    if (path == nullptr || *path == '\0') {
        std::printf("skipped: BACKCHANNEL_SIGV4_SUITE does not name the suite's vectors.json\n");
        return;
    }
    auto const text = read_file(path);
    REQUIRE(text.has_value());
    auto const suite = parse_json(*text);
    REQUIRE(suite);
    json_value const* const cases = suite.value->find("cases");
    REQUIRE(cases != nullptr);
    CHECK(cases->items.size() == 38);
    std::size_t verified = 0;
    for (json_value const& one : cases->items)
        for (bool const header_form : {true, false}) {
            INFO(text_at(one, "name") << (header_form ? ", header" : ", query"));
            json_value const* const expected = one.find(header_form ? "header" : "query");
            REQUIRE(expected != nullptr);
            derived const d = derive(one, *expected->find("signed_request"), header_form);
            CHECK(d.canonical_request == text_at(*expected, "canonical_request"));
            CHECK(d.string_to_sign == text_at(*expected, "string_to_sign"));
            CHECK(d.signature == text_at(*expected, "signature"));
            CHECK(d.claimed == d.signature);
            verified += d.claimed == d.signature;
        }
    CHECK(verified == 76);
}

}
