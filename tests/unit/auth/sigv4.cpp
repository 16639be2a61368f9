// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/sigv4.hpp>

#include "support/catch.hpp"
#include "support/router_fixture.hpp"
#include "support/signer.hpp"

#include <backchannel/protocol/http1_request.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace auth_sigv4_tests {

// How signed requests are judged; tests/unit/auth/sigv4_request.cpp has what they may look like.

using namespace test;
using namespace std::chrono_literals;
using backchannel::access_key;
using backchannel::auth_decision;
using backchannel::auth_error;
using backchannel::operation;
using backchannel::sigv4_options;
using backchannel::static_keys;
using backchannel::unsigned_payload;

namespace {

[[nodiscard]] backchannel::wall_time now() { return at(example_date); }

[[nodiscard]] auth_decision ask(http_request const& r, sigv4_options const& options = {},
                                access_key const& key = example_key()) {
    return judge(r, key, options, now());
}

[[nodiscard]] http_request signed_post(signing const& s = {}, http_request r = example_post()) {
    sign(r, s);
    return r;
}
[[nodiscard]] http_request presigned_get(signing const& s = {}) {
    http_request r = example_post("/prod/@connections/R0oXAdfD0kwCH6w%3D", {});
    r.method = "GET";
    presign(r, s);
    return r;
}

constexpr std::string_view mismatch = "The request signature we calculated does not match the signature you provided. "
                                      "Check your AWS Secret Access Key and "
                                      "signing method. Consult the service documentation for details.";

}

TEST_CASE("The tests sign as the public signing suite does", "[sigv4]") {
    signing s;
    s.date = "20150830T123600Z";
    s.service = "service";
    s.expires = "3600";
    http_request vanilla;
    vanilla.method = "GET";
    vanilla.target = "/";
    vanilla.headers = {{"Host", "example.amazonaws.com"}};
    http_request r = vanilla;
    sign(r, s);
    CHECK(r.find("authorization")->ends_with("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
    r = vanilla;
    r.target = "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1";
    sign(r, s);
    CHECK(r.find("authorization")->ends_with("371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"));
    r = vanilla;
    presign(r, s);
    CHECK(r.target.ends_with("e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"));
    r = vanilla;
    s.key.session_token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    sign(r, s);
    CHECK(r.find("authorization")->ends_with("07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"));
}

TEST_CASE("The authority of an absolute-form target is what counts as Host", "[sigv4]") {
    auto const status_of = [](std::string_view signed_host) {
        router_fixture<fixed_sigv4> f{fixed_sigv4{static_keys{example_key()}, {}, fixed_clock{now()}}};
        signing s;
        s.host = signed_host;
        http_request const r = signed_post(s, example_post(f.path()));
        std::string raw = r.head();
        raw.insert(raw.find(' ') + 1, "http://other.example:81");
        backchannel::http1::request_parser parser;
        backchannel::http1::request_head head;
        REQUIRE(parser.parse(raw, head) == backchannel::http1::request_parser::status::complete);
        return f.router.handle({head.method, head.target_path, head.headers, r.body}).value().status;
    };
    CHECK(status_of("other.example:81") == 200);
    CHECK(status_of("api.example.org") == 403); // as it says in the Host header
}

TEST_CASE("Both forms verify, with and without a session token, and name the principal", "[sigv4]") {
    for (access_key key : {example_key(), example_session_key()}) {
        key.arn = "arn:aws:iam::123456789012:user/test";
        signing s;
        s.key = key;
        for (http_request const& r : {signed_post(s), presigned_get(s)}) {
            auto const decision = ask(r, {}, key);
            CHECK(decision.allowed());
            CHECK(decision.who.name.view() == "AKIDEXAMPLE");
            CHECK(decision.who.arn == key.arn);
            CHECK(decision.message.empty());
        }
    }
}

TEST_CASE("The same signature is good three times", "[sigv4]") {
    fixed_sigv4 auth{static_keys{example_key()}, {}, fixed_clock{now()}};
    http_request const r = signed_post();
    request_of const view{r};
    for (int i = 0; i != 3; ++i) CHECK(auth.authorize(view, operation::post, {}).allowed());
}

TEST_CASE("A request is good from five minutes before its date to five minutes after", "[sigv4]") {
    http_request const r = signed_post();
    access_key const key = example_key();
    auto const asked = [&](std::chrono::milliseconds later) { return judge(r, key, {}, now() + later); };
    CHECK(asked(-5min).allowed());
    CHECK(asked(5min).allowed());
    CHECK(asked(5min + 999ms).allowed()); // whole seconds, as in the date
    CHECK(
        asked(-5min - 1ms).message ==
        "Signature not yet current: 20261121T010000Z is still later than 20261121T005959Z (20261121T005459Z + 5 min.)");
    CHECK(asked(5min + 1s).message ==
          "Signature expired: 20261121T010000Z is now earlier than 20261121T010001Z (20261121T010501Z - 5 min.)");
    CHECK(asked(5min + 1s).error == auth_error::bad_signature);
    CHECK(asked(-5min - 1s).error == auth_error::bad_signature);
    sigv4_options narrow;
    narrow.window = 90s;
    CHECK(judge(r, key, narrow, now() + 90s).allowed());
    CHECK(judge(r, key, narrow, now() + 91s).message ==
          "Signature expired: 20261121T010000Z is now earlier than 20261121T010001Z (20261121T010131Z - 90 sec.)");
}

TEST_CASE("A presigned request is good as long as it says, else for the window", "[sigv4]") {
    access_key const key = example_key();
    auto const asked = [&](std::optional<std::string> expires, std::chrono::seconds later) {
        signing s;
        s.expires = std::move(expires);
        return judge(presigned_get(s), key, {}, now() + later).allowed();
    };
    CHECK(asked("1", 1s));
    CHECK_FALSE(asked("1", 2s));
    CHECK(asked("3600", 3600s));
    CHECK_FALSE(asked("3600", 3601s));
    CHECK(asked("604800", 604800s));
    CHECK_FALSE(asked("604800", 604801s));
    CHECK(asked("604800", -300s)); // a client whose clock is ahead
    CHECK_FALSE(asked("604800", -301s));
    CHECK(asked(std::nullopt, 300s));
    CHECK_FALSE(asked(std::nullopt, 301s));
}

TEST_CASE("The scope must name the date, service and region", "[sigv4]") {
    signing s;
    s.scope_date = "20261120";
    CHECK(ask(signed_post(s)).message ==
          "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
          "from HTTP: '20261120' != '20261121'.");
    CHECK(ask(presigned_get(s)).error == auth_error::bad_signature);
    s = {};
    s.service = "s3";
    CHECK(ask(signed_post(s)).message == "Credential should be scoped to correct service: 'execute-api'.");
    sigv4_options s3;
    s3.service = "s3";
    CHECK(ask(signed_post(s), s3).allowed());
    CHECK_FALSE(ask(signed_post(), s3).allowed());
    for (std::string_view const service : {"execute-api2", "execute-ap", ""}) {
        s.service = service;
        CHECK(ask(signed_post(s)).error == auth_error::bad_signature);
    }

    for (std::string_view const region : {"us-east-1", "local-1", ""}) { // the CLI signs an empty one
        s = {};
        s.region = region;
        CHECK(ask(signed_post(s)).allowed());
        sigv4_options other;
        other.region = "eu-west-1";
        CHECK(ask(signed_post(s), other).error == auth_error::bad_signature);
        CHECK(ask(signed_post(s), other).message ==
              "Credential should be scoped to a valid Region, not '" + std::string{region} + "'.");
    }
    sigv4_options strict;
    strict.region = "eu-west-1";
    for (std::string_view const region : {"eu-west-1/x", "eu-west-10", "eu-west-"}) {
        s = {};
        s.region = region;
        CHECK_FALSE(ask(signed_post(s), strict).allowed());
    }
}

TEST_CASE("The body is hashed, whatever the request says of its hash", "[sigv4]") {
    http_request r = example_post();
    r.set("x-amz-content-sha256", hex_sha256("Hello"));
    sign(r);
    CHECK(ask(r).allowed());
    r.body = "Jello";
    CHECK(ask(r).error == auth_error::payload_mismatch);
    http_request plain = signed_post();
    plain.body = "Jello";
    CHECK(ask(plain).error == auth_error::bad_signature);
    plain.body.clear();
    CHECK(ask(plain).error == auth_error::bad_signature);

    signing empty; // Postman's query form signs an empty body, whatever it sends
    empty.payload = hex_sha256({});
    CHECK(ask(signed_post(empty)).error == auth_error::bad_signature);
    signing unsigned_in_query; // what S3 does
    unsigned_in_query.payload = "UNSIGNED-PAYLOAD";
    CHECK(ask(presigned_get(unsigned_in_query)).error == auth_error::bad_signature);
    CHECK(ask(signed_post(unsigned_in_query)).error == auth_error::bad_signature);

    http_request in_query =
        example_post("/prod/@connections/R0oXAdfD0kwCH6w%3D?X-Amz-Content-Sha256=" + hex_sha256("Hello"));
    presign(in_query);
    CHECK(ask(in_query).allowed());
    in_query.body = "Jello";
    CHECK(ask(in_query).error == auth_error::payload_mismatch);
}

TEST_CASE("Payloads that are not hashes are refused, unsigned ones unless allowed over TLS", "[sigv4]") {
    sigv4_options open;
    open.payload = unsigned_payload::allow_over_tls;
    for (std::string const& declared :
         {std::string{"UNSIGNED-PAYLOAD"}, std::string{"STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
          std::string{"STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, std::string{"unsigned-payload"}, std::string{"x"},
          std::string(64, 'A'), std::string(63, 'a'), std::string(65, 'a'), hex_sha256("Hello") + " "}) {
        INFO(declared);
        http_request r = example_post();
        r.set("x-amz-content-sha256", declared);
        signing s;
        s.payload = declared;
        sign(r, s);
        CHECK(ask(r).error == auth_error::bad_request);
        r.secure = true;
        CHECK(ask(r).error == auth_error::bad_request);
        bool const unsigned_one = declared == "UNSIGNED-PAYLOAD";
        CHECK(ask(r, open).allowed() == unsigned_one);
        r.secure = false;
        CHECK(ask(r, open).error == auth_error::bad_request);
        request_of unknown{r};
        unknown.view().secure.reset();
        fixed_sigv4 auth{static_keys{example_key()}, open, fixed_clock{now()}};
        CHECK_FALSE(auth.authorize(unknown, operation::post, {}).allowed());
    }
    // the word alone does not replace a signature over it
    http_request forged = signed_post();
    forged.secure = true;
    forged.set("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    CHECK(ask(forged, open).error == auth_error::bad_signature);
}

TEST_CASE("A session token must be the stored one", "[sigv4]") {
    access_key const with = example_session_key(), without = example_key();
    signing s;
    s.key = with;
    for (bool const header_form : {true, false}) {
        auto const made = [&](signing const& how) { return header_form ? signed_post(how) : presigned_get(how); };
        CHECK(ask(made(s), {}, with).allowed());
        CHECK(ask(made(s), {}, without).error == auth_error::unknown_principal);
        signing tokenless = s;
        tokenless.key.session_token.clear();
        CHECK(ask(made(tokenless), {}, with).error == auth_error::unknown_principal);
        signing other = s;
        other.key.session_token += "x";
        CHECK(ask(made(other), {}, with).error == auth_error::unknown_principal);
    }
    http_request empty = example_post();
    empty.headers.emplace_back("X-Amz-Security-Token", "");
    sign(empty);
    CHECK(ask(empty, {}, without).error == auth_error::unknown_principal);
    CHECK(ask(empty, {}, with).error == auth_error::unknown_principal);

    // a token in one place and another in the other
    http_request two = example_post();
    two.headers.emplace_back("X-Amz-Security-Token", with.session_token);
    presign(two, s);
    CHECK(ask(two, {}, with).error == auth_error::bad_request);
    // the header form's token is not looked for in the query
    http_request misplaced = example_post("/prod/@connections/R0oXAdfD0kwCH6w%3D?X-Amz-Security-Token=x");
    signing header = s;
    header.key.session_token.clear();
    sign(misplaced, header);
    CHECK(ask(misplaced, {}, with).error == auth_error::unknown_principal);
}

TEST_CASE("A key whose session is over is refused", "[sigv4]") {
    access_key key = example_session_key();
    signing s;
    s.key = key;
    key.expires_at = now() + 1s;
    CHECK(ask(signed_post(s), {}, key).allowed());
    key.expires_at = now();
    CHECK(ask(signed_post(s), {}, key).error == auth_error::expired_token);
}

TEST_CASE("A signature is 64 small hexadecimal digits", "[sigv4]") {
    http_request const good = signed_post();
    std::string const text = *good.find("authorization");
    std::size_t const begin = text.size() - 64;
    auto const changed = [&](auto&& change) {
        http_request r = good;
        change(*r.find("authorization"));
        return ask(r).allowed();
    };
    CHECK(changed([](std::string&) {}));
    for (std::size_t i = begin; i != text.size(); ++i) {
        INFO(i - begin);
        CHECK_FALSE(changed([&](std::string& t) { t[i] = t[i] == '0' ? '1' : '0'; }));
    }
    CHECK_FALSE(changed([](std::string& t) {
        for (std::size_t i = t.size() - 64; i != t.size(); ++i)
            t[i] = t[i] >= 'a' && t[i] <= 'f' ? static_cast<char>(t[i] - 32) : t[i];
    }));
    CHECK_FALSE(changed([](std::string& t) { t.pop_back(); }));
    CHECK_FALSE(changed([](std::string& t) { t += '0'; }));
    CHECK_FALSE(changed([&](std::string& t) { t.replace(begin, 64, std::string(64, '0')); }));
    CHECK_FALSE(changed([&](std::string& t) { t.replace(begin, 64, "x"); }));
}

TEST_CASE("A mismatch is told without what should have been signed", "[sigv4]") {
    http_request r = signed_post();
    r.method = "DELETE";
    CHECK(ask(r).message == mismatch);
    CHECK(ask(r).error == auth_error::bad_signature);
}

TEST_CASE("The echo of a mismatch is an option and hides the session token", "[sigv4]") {
    sigv4_options options;
    options.echo_canonical_request = true;
    access_key key = example_session_key();
    signing s;
    s.key = key;
    s.key.secret = "wrong";
    std::string const message = ask(signed_post(s), options, key).message;
    std::string const begin = std::string{mismatch} +
                              "\n\nThe Canonical String for this request should have been\n"
                              "'POST\n/prod/%40connections/R0oXAdfD0kwCH6w%253D\n\nhost:api.example.org\n"
                              "x-amz-date:20261121T010000Z\nx-amz-security-token:***\n\n"
                              "host;x-amz-date;x-amz-security-token\n" +
                              hex_sha256("Hello") +
                              "'\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20261121T010000Z\n"
                              "20261121/us-east-1/execute-api/aws4_request\n";
    CHECK(message.substr(0, begin.size()) == begin);
    CHECK(message.substr(begin.size() + 64) == "'\n");
    for (std::string const& answer : {message, ask(presigned_get(s), options, key).message}) {
        CHECK(answer.starts_with(mismatch));
        CHECK(answer.size() > mismatch.size());
        CHECK(answer.find("FwoGZX") == std::string::npos);
        CHECK(answer.find("***") != std::string::npos);
        CHECK(answer.find(key.secret) == std::string::npos);
    }
    // an unknown key is told nothing
    key.id = "OTHER";
    CHECK(ask(signed_post(s), options, key).message.empty());
}

TEST_CASE("Region, hosts and echo come from the router where they are not set", "[sigv4]") {
    backchannel::router_options router;
    router.region = "eu-west-1";
    router.public_hosts = {"public.example.org"};
    router.echo_canonical_request = true;
    signing s;
    s.region = "eu-west-1";
    s.host = "public.example.org";
    http_request const r = signed_post(s);
    request_of const view{r};
    fixed_sigv4 auth{static_keys{example_key()}, {}, fixed_clock{now()}};
    CHECK_FALSE(auth.authorize(view, operation::post, {}).allowed());
    auth.configure(router);
    CHECK(auth.authorize(view, operation::post, {}).allowed());
    http_request const local = signed_post();
    request_of const local_view{local};
    CHECK_FALSE(auth.authorize(local_view, operation::post, {}).allowed());
    s.region = "us-east-1"; // the right host, another region
    http_request const elsewhere = signed_post(s);
    request_of const elsewhere_view{elsewhere};
    CHECK_FALSE(auth.authorize(elsewhere_view, operation::post, {}).allowed());

    sigv4_options own;
    own.region = "us-east-1";
    own.public_hosts = {"api.example.org"};
    fixed_sigv4 kept{static_keys{example_key()}, own, fixed_clock{now()}};
    kept.configure(router);
    CHECK(kept.authorize(local_view, operation::post, {}).allowed());
    CHECK_FALSE(kept.authorize(view, operation::post, {}).allowed());
}

}
