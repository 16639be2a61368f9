// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/sigv4_request.hpp>

#include "support/catch.hpp"
#include "support/signer.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace auth_sigv4_request_tests {

// What a signed request may look like. Every case starts from a request that would verify, so that the one thing that
// is wrong with it is what it is refused for.

using namespace test;
using backchannel::auth_error;
using backchannel::sigv4_options;

namespace {

using edit = std::function<void(http_request&)>;

struct refused_case {
    std::string_view what;
    edit change;
    auth_error error;
    std::string_view text{}; ///< part of the message
};

[[nodiscard]] backchannel::auth_decision ask(http_request const& r, backchannel::access_key const& key = example_key(),
                                             sigv4_options const& options = {}) {
    return judge(r, key, options, at(example_date));
}

void replace(std::string& text, std::string_view what, std::string_view with) {
    auto const found = text.find(what);
    REQUIRE(found != std::string::npos);
    text.replace(found, what.size(), with);
}

/// Changes the Authorization header.
[[nodiscard]] edit authorization(std::string what, std::string with) {
    return [=](http_request& r) { replace(*r.find("authorization"), what, with); };
}
[[nodiscard]] edit query(std::string what, std::string with) {
    return [=](http_request& r) { replace(r.target, what, with); };
}
[[nodiscard]] edit added(std::string name, std::string value) {
    return [=](http_request& r) { r.headers.emplace_back(name, value); };
}
[[nodiscard]] edit without(std::string name) {
    return [=](http_request& r) { r.erase(name); };
}

void check(std::vector<refused_case> const& cases, http_request const& good,
           backchannel::access_key const& key = example_key()) {
    CHECK(ask(good, key).allowed());
    for (refused_case const& c : cases) {
        INFO(c.what);
        http_request r = good;
        c.change(r);
        auto const decision = ask(r, key);
        CHECK(static_cast<int>(decision.error) == static_cast<int>(c.error));
        INFO(decision.message);
        CHECK(decision.message.find(c.text) != std::string::npos);
    }
}

/// A request that is signed in an odd way, with the right key.
[[nodiscard]] backchannel::auth_decision signed_oddly(signing const& s, http_request r = example_post()) {
    sign(r, s);
    return ask(r, s.key);
}

constexpr std::string_view scope = "20261121/us-east-1/execute-api/aws4_request";
constexpr std::string_view needs_credential = "Authorization header requires 'Credential' parameter.";
constexpr std::string_view needs_signature = "Authorization header requires 'Signature' parameter.";
constexpr std::string_view needs_headers = "Authorization header requires 'SignedHeaders' parameter.";
constexpr std::string_view needs_date =
    "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";

}

TEST_CASE("The Authorization header is read strictly", "[sigv4_request]") {
    http_request good = example_post();
    sign(good);
    std::string const signature = good.find("authorization")->substr(good.find("authorization")->size() - 64);
    check(
        {{"no credentials at all", without("authorization"), auth_error::missing_token},
         {"another scheme", [](http_request& r) { r.set("Authorization", "Basic YTpi"); }, auth_error::incomplete,
          needs_credential},
         {"a bearer token", [](http_request& r) { r.set("Authorization", "Bearer abc"); }, auth_error::incomplete,
          needs_signature},
         {"an empty value", [](http_request& r) { r.set("Authorization", ""); }, auth_error::incomplete, needs_headers},
         {"the scheme in small letters", authorization("AWS4-HMAC-SHA256", "aws4-hmac-sha256"), auth_error::incomplete},
         {"the scheme and nothing else", authorization("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256X "),
          auth_error::incomplete, "Only the algorithm AWS4-HMAC-SHA256"},
         {"SigV4a", authorization("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), auth_error::incomplete,
          "Only the algorithm AWS4-HMAC-SHA256"},
         {"X.509", authorization("AWS4-HMAC-SHA256", "AWS4-X509-RSA-SHA256"), auth_error::incomplete,
          "Only the algorithm AWS4-HMAC-SHA256"},
         {"no Credential", authorization("Credential=AKIDEXAMPLE/" + std::string{scope} + ", ", ""),
          auth_error::incomplete, needs_credential},
         {"no SignedHeaders", authorization("SignedHeaders=host;x-amz-date, ", ""), auth_error::incomplete,
          needs_headers},
         {"no Signature", authorization(", Signature=" + signature, ""), auth_error::incomplete, needs_signature},
         {"an empty Signature", authorization(signature, ""), auth_error::incomplete, needs_signature},
         {"an empty list", authorization("host;x-amz-date", ""), auth_error::incomplete, needs_headers},
         {"no date", without("x-amz-date"), auth_error::incomplete, needs_date},
         {"a repeated part", authorization("Signature=", "Signature=" + signature + ", Signature="),
          auth_error::incomplete, "repeated"},
         {"a repeated Credential", authorization("Signature=", "Credential=x/" + std::string{scope} + ", Signature="),
          auth_error::incomplete, "repeated"},
         {"an unknown part", authorization("Signature=", "Extra=1, Signature="), auth_error::incomplete, "only"},
         {"a part without a value", authorization("Signature=", "Extra, Signature="), auth_error::incomplete, "only"},
         {"a part's name in small letters", authorization("Signature=", "signature="), auth_error::incomplete, "only"},
         {"a blank in front of '='", authorization("Signature=", "Signature ="), auth_error::incomplete, "only"},
         {"a short credential", authorization("/execute-api/", "/"), auth_error::incomplete, "5 parts"},
         {"no access key", authorization("AKIDEXAMPLE", ""), auth_error::incomplete, "5 parts"},
         {"another terminator", authorization("aws4_request", "aws5_request"), auth_error::incomplete, "5 parts"},
         {"a date of seven digits", authorization("/20261121/", "/2026112/"), auth_error::incomplete, "5 parts"},
         {"a date with a letter", authorization("/20261121/", "/2026112x/"), auth_error::incomplete, "5 parts"},
         {"a second header", [](http_request& r) { r.headers.emplace_back("authorization", "Bearer x"); },
          auth_error::bad_request, "Repeated header"}},
        good);
    // a bearer token in a wrong place is not shown to whoever sees the answer
    http_request bearer = example_post();
    bearer.set("Authorization", "Bearer my-secret");
    CHECK(ask(bearer).message == std::string{needs_credential} + " " + std::string{needs_signature} + " " +
                                     std::string{needs_headers} + " " + std::string{needs_date});
}

TEST_CASE("Blanks behind commas are optional, and an access key may hold slashes", "[sigv4_request]") {
    signing s;
    s.key.id = "AKID/WITH/SLASHES";
    http_request r = example_post();
    sign(r, s);
    CHECK(ask(r, s.key).allowed());
    CHECK(ask(r, s.key).who.name.view() == "AKID/WITH/SLASHES");
    for (std::string_view const separator : {",", ",   ", " ,\t"}) {
        http_request changed = r;
        std::string& text = *changed.find("authorization");
        replace(text, ", ", separator);
        replace(text, ", ", separator);
        CHECK(ask(changed, s.key).allowed());
    }
}

TEST_CASE("A query may name as many ids as a target has room for", "[sigv4_request]") {
    auto const with = [](std::size_t parameters, std::string_view last = "id=R0oXAdfD0kwCH6w") {
        std::string target = "/prod/@connections";
        for (std::size_t i = 1; i <= parameters; ++i)
            target.append(i == 1 ? "?" : "&").append(i == parameters ? last : "id=R0oXAdfD0kwCH6w");
        http_request r = example_post(target);
        sign(r);
        return r;
    };
    constexpr std::size_t most = backchannel::protocol::max_query_parameters;
    for (std::size_t const good : {std::size_t{65}, std::size_t{400}, most}) CHECK(ask(with(good)).allowed());
    CHECK(with(400).target.size() < 8192);
    auto const refused = ask(with(most + 1));
    CHECK(refused.error == auth_error::bad_request);
    CHECK(refused.message == "The query string has more than " + std::to_string(most) + " parameters");
    for (std::size_t const bad : {std::size_t{1}, most}) // what is wrong is not their number
        CHECK(ask(with(bad, "id=%zz")).message == "The query string cannot be read");
    http_request presigned = example_post(with(most + 1).target); // the credentials come behind what is read
    presign(presigned);
    CHECK(ask(presigned).error == auth_error::missing_token);
}

TEST_CASE("The query form is read strictly", "[sigv4_request]") {
    http_request good = example_post("/prod/@connections/R0oXAdfD0kwCH6w%3D?a=b");
    presign(good);
    std::string const signature = good.target.substr(good.target.size() - 64);
    auto const missing = [](std::string name) { return "AWS query-string parameters must include '" + name + "'."; };
    std::string const algorithm = missing("X-Amz-Algorithm"), credential = missing("X-Amz-Credential"),
                      headers = missing("X-Amz-SignedHeaders"), date = missing("X-Amz-Date"),
                      no_signature = missing("X-Amz-Signature");
    check(
        {{"both forms", added("Authorization", "AWS4-HMAC-SHA256 Credential=x"), auth_error::bad_request,
          "not in both"},
         {"a bearer token too", added("Authorization", "Bearer x"), auth_error::bad_request, "not in both"},
         {"an empty Authorization too", added("Authorization", ""), auth_error::bad_request, "not in both"},
         {"no algorithm", query("X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""), auth_error::incomplete, algorithm},
         {"another algorithm", query("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), auth_error::incomplete,
          "Only the algorithm AWS4-HMAC-SHA256"},
         {"no credential", query("X-Amz-Credential=", "X-Other="), auth_error::incomplete, credential},
         {"no date", query("X-Amz-Date=", "X-Other="), auth_error::incomplete, date},
         {"no list", query("X-Amz-SignedHeaders=host", "X=1"), auth_error::incomplete, headers},
         {"no signature", query("&X-Amz-Signature=" + signature, ""), auth_error::incomplete, no_signature},
         {"an empty signature", query(signature, ""), auth_error::incomplete, no_signature},
         {"a bad date", query("X-Amz-Date=2026", "X-Amz-Date=2O26"), auth_error::incomplete, "basic format"},
         {"a short credential", query("%2Fexecute-api", ""), auth_error::incomplete, "5 parts"},
         {"a repeated signature", query("X-Amz-Signature=", "X-Amz-Signature=1&X-Amz-Signature="),
          auth_error::bad_request, "X-Amz-Signature"},
         {"a repeated date", query("X-Amz-Date=", "X-Amz-Date=20261121T010000Z&X-Amz-Date="), auth_error::bad_request,
          "X-Amz-Date"},
         {"a repeated name in another spelling", query("a=b", "a=b&X-Amz-%44ate=20261121T010000Z"),
          auth_error::bad_request, "X-Amz-Date"},
         {"small letters", query("a=b", "x-amz-credential=x"), auth_error::bad_request, "X-Amz-Credential"},
         {"a bad escape", [](http_request& r) { r.target += "&a=%zz"; }, auth_error::bad_request, "query"},
         {"a bad escape before any credentials", query("a=b", "a=%zz"), auth_error::missing_token},
         {"too many parameters",
          [](http_request& r) {
              for (int i = 0; i != 512; ++i) r.target += "&a";
          },
          auth_error::bad_request, "more than 512"},
         {"expires 0", query("X-Amz-Expires=300", "X-Amz-Expires=0"), auth_error::bad_request, "604800"},
         {"expires too late", query("X-Amz-Expires=300", "X-Amz-Expires=604801"), auth_error::bad_request, "604800"},
         {"expires far too late", query("X-Amz-Expires=300", "X-Amz-Expires=99999999999999999999"),
          auth_error::bad_request, "604800"},
         {"expires below zero", query("X-Amz-Expires=300", "X-Amz-Expires=-1"), auth_error::bad_request, "604800"},
         {"expires with a sign", query("X-Amz-Expires=300", "X-Amz-Expires=%2B300"), auth_error::bad_request, "604800"},
         {"expires in words", query("X-Amz-Expires=300", "X-Amz-Expires=300s"), auth_error::bad_request, "604800"},
         {"an empty expires", query("X-Amz-Expires=300", "X-Amz-Expires="), auth_error::bad_request, "604800"},
         {"an empty payload", query("a=b", "X-Amz-Content-Sha256="), auth_error::bad_request, "empty"},
         {"an unsigned x-amz header", added("X-Amz-Date", "20261121T010000Z"), auth_error::bad_signature, "not signed"},
         {"a changed parameter", query("a=b", "a=c"), auth_error::bad_signature, "does not match"},
         {"one more parameter", query("a=b", "a=b&c"), auth_error::bad_signature, "does not match"}},
        good);
}

TEST_CASE("What is signed must be there, in order, and include host and date", "[sigv4_request]") {
    auto const list = [](std::string text) {
        signing s;
        s.signed_list = std::move(text);
        return signed_oddly(s);
    };
    CHECK(list("content-length;host;x-amz-date").allowed());
    for (std::string_view const wrong :
         {"x-amz-date;host", "host;host;x-amz-date", "Host;x-amz-date", "host;;x-amz-date", "host;x-amz-date;",
          ";host;x-amz-date", "host; x-amz-date", "host,x-amz-date", "host:;x-amz-date"}) {
        INFO(wrong);
        CHECK_FALSE(list(std::string{wrong}).allowed());
    }
    CHECK(list("x-amz-date;host").error == auth_error::incomplete);
    CHECK(list("host;host;x-amz-date").error == auth_error::incomplete);
    CHECK(list("Host;x-amz-date").error == auth_error::incomplete);
    CHECK(list("x-amz-date").message == "'Host' must be a 'SignedHeader' in the AWS Authorization.");
    CHECK(list("host").message == "'X-Amz-Date' or 'Date' must be a 'SignedHeader' in the AWS Authorization.");
    CHECK(list("host").error == auth_error::bad_signature);
    // an absent header is not an empty one
    CHECK(list("host;x-amz-date;x-none").message == "A signed header is not in the request: x-none");
    CHECK(list("host;x-amz-date;x-none").error == auth_error::bad_signature);

    signing dated; // Date counts only where there is no X-Amz-Date
    dated.signed_list = "date;host";
    http_request both = example_post();
    both.set("Date", "Sat, 21 Nov 2026 01:00:00 GMT");
    CHECK(signed_oddly(dated, both).message ==
          "'X-Amz-Date' or 'Date' must be a 'SignedHeader' in the AWS Authorization.");

    // no host in the list is no way out in the query form either
    signing hostless;
    hostless.signed_list = "content-length";
    http_request r = example_post();
    presign(r, hostless);
    CHECK(ask(r).error == auth_error::bad_signature);
}

TEST_CASE("Every x-amz-* header must be signed, but for two that are bound otherwise", "[sigv4_request]") {
    http_request r = example_post();
    r.set("x-amz-user-agent", "test");
    sign(r);
    CHECK(ask(r).allowed());
    for (std::string_view const name : {"X-Amz-Meta", "x-amz-meta", "X-AMZ-Target", "x-amz-a"}) {
        http_request more = r;
        more.headers.emplace_back(name, "1");
        CHECK(ask(more).message ==
              "There were headers present in the request which were not signed: " + std::string{name});
        CHECK(ask(more).error == auth_error::bad_signature);
        http_request front = r;
        front.headers.emplace(front.headers.begin(), name, "1");
        CHECK_FALSE(ask(front).allowed());
    }
    http_request unlike = r;
    unlike.headers.emplace_back("x-amzn-trace-id", "Root=1"); // load balancers add it on the way
    CHECK(ask(unlike).allowed());

    http_request hashed = example_post();
    sign(hashed);
    hashed.set("x-amz-content-sha256", hex_sha256("Hello")); // aws-requests-auth
    CHECK(ask(hashed).allowed());

    signing later; // the token added behind the signature
    later.key = example_session_key();
    later.send_token = false;
    http_request token = example_post();
    sign(token, later);
    token.set("X-Amz-Security-Token", later.key.session_token);
    CHECK(ask(token, later.key).allowed());
}

TEST_CASE("Ambiguous headers are refused", "[sigv4_request]") {
    http_request good = example_post();
    good.set("Date", "Sat, 21 Nov 2026 01:00:00 GMT");
    good.set("X-Amz-Content-Sha256", hex_sha256("Hello"));
    signing s;
    s.key = example_session_key();
    sign(good, s);
    check({{"two hosts", added("host", "api.example.org"), auth_error::bad_request, "host"},
           {"two dates", added("x-amz-date", std::string{example_date}), auth_error::bad_request, "x-amz-date"},
           {"two http dates", added("date", "Sat, 21 Nov 2026 01:00:00 GMT"), auth_error::bad_request, "date"},
           {"two hashes", added("x-amz-content-sha256", hex_sha256("Hello")), auth_error::bad_request, "sha256"},
           {"two tokens", added("x-amz-security-token", s.key.session_token), auth_error::bad_request, "token"},
           {"two lengths", added("content-length", "5"), auth_error::bad_request, "content-length"},
           {"no host", without("host"), auth_error::bad_request, "Host"},
           {"a line feed", added("x-other", "a\nb"), auth_error::bad_request, "control character"},
           {"a carriage return", added("x-other", "a\rb"), auth_error::bad_request, "control character"},
           {"a delete", added("x-other", "a\x7F"), auth_error::bad_request, "control character"},
           {"a NUL", added("x-other", std::string{"a\0b", 3}), auth_error::bad_request, "control character"},
           {"an empty hash", [](http_request& r) { r.set("x-amz-content-sha256", ""); }, auth_error::bad_request,
            "empty"}},
          good, s.key);
    // what is signed twice is joined in the order of the wire
    http_request repeated = example_post();
    repeated.headers.emplace_back("X-Amz-Meta", "b");
    repeated.headers.emplace_back("x-amz-meta", "a");
    sign(repeated);
    CHECK(ask(repeated).allowed());
    std::swap(repeated.headers[2].second, repeated.headers[3].second);
    CHECK_FALSE(ask(repeated).allowed());
}

TEST_CASE("Dates are ISO 8601 basic format, or those of HTTP", "[sigv4_request]") {
    for (std::string_view const wrong : {"20261121T010000", "20261121T010000z", "2026-11-21T01:00:00Z",
                                         "20261121 010000Z", "20261321T010000Z", "20261121T010060Z", "", " "}) {
        INFO(wrong);
        http_request r = example_post();
        sign(r);
        r.set("x-amz-date", wrong);
        CHECK(ask(r).error == auth_error::incomplete);
    }
    for (std::string_view const date : {"20261121T010000Z", "Sat, 21 Nov 2026 01:00:00 GMT",
                                        "Saturday, 21-Nov-26 01:00:00 GMT", "Sat Nov 21 01:00:00 2026"}) {
        INFO(date);
        http_request r = example_post();
        r.set("Date", date);
        signing s;
        s.date_header.clear();
        s.signed_headers = {"date", "host"};
        sign(r, s);
        CHECK(ask(r).allowed());
        s.signed_headers = {"host"};
        sign(r, s);
        CHECK(ask(r).error == auth_error::bad_signature);
        r.set("Date", "yesterday");
        CHECK(ask(r).error == auth_error::incomplete);
    }
}

TEST_CASE("A request's claims stay readable when it is moved", "[sigv4_request]") {
    http_request r = example_post();
    presign(r);
    request_of const view{r};
    auto first = backchannel::sigv4_request::read(view, {});
    auto const second = std::move(first);
    CHECK_FALSE(second.refusal().has_value());
    CHECK(second.scope().access_key == "AKIDEXAMPLE");
    CHECK(second.scope().text == scope);
    CHECK(second.signature() == r.target.substr(r.target.size() - 64));
    CHECK(second.date() == example_date);
    CHECK(second.first_host() == "api.example.org");
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<backchannel::sigv4_request>);
}

}
