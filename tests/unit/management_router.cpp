// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/management_router.hpp>

#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include "support/router_fixture.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace management_router_tests {

// The answers of an own server, row by row as clients meet them.

using namespace backchannel;
using test::header_of;
using test::http_request;
using test::lines;
using test::request_of;
using test::shown;

namespace {

/// Says what it is told to say.
struct scripted_auth {
    std::shared_ptr<auth_decision> answer = std::make_shared<auth_decision>(auth_decision::allow());

    [[nodiscard]] auth_decision authorize(request_view const&, operation, std::string_view) const { return *answer; }
};

struct quiet_transport {
    using handle = int;
    [[maybe_unused]] static constexpr bool bounds_itself = true;
    delivery send(handle const&, message const&) { return delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

struct fixture : test::router_fixture<scripted_auth> {
    scripted_auth auth; // what the router has a copy of

    explicit fixture(router_options options = {.stage = "prod"}, scripted_auth a = {})
        : router_fixture{a, std::move(options)}, auth{std::move(a)} {}
};

constexpr std::string_view never_open = "AAAAAAAAAAAAAAAA";

[[nodiscard]] std::string connection(std::string_view id) { return "/prod/@connections/" + std::string{id}; }

}

TEST_CASE("A router answers for its stage and nothing else", "[management_router]") {
    fixture f;
    for (std::string_view const ours :
         {"/prod/@connections/abc", "/prod/%40connections/abc", "/prod/@connections/", "/prod/@connections//",
          "/prod//@connections/abc", "/%70rod/@connections/abc", "/prod/@connections/abc?a=b",
          "/prod/@connections/abc/", "/prod/@connections/a%25b", "/prod/../prod/@connections/abc"}) {
        INFO(ours);
        CHECK(f.router.owns(ours));
        CHECK(f.router.max_body(ours) == 131072);
        CHECK(f.ask("GET", ours).has_value());
    }
    for (std::string_view const foreign : {"/",
                                           "",
                                           "*",
                                           "/prod",
                                           "/prod/",
                                           "/prod/@connections",
                                           "/@connections/abc",
                                           "/dev/@connections/abc",
                                           "/prod/v1/@connections/abc",
                                           "/v1/prod/@connections/abc",
                                           "/Prod/@connections/abc",
                                           "/prod/@connections/abc/more",
                                           "/prod/@connection/abc",
                                           "/prod/%2540connections/abc",
                                           "/prod%2F@connections/abc",
                                           "/caf%C3%A9/@connections/abc",
                                           "/pro%64%20/@connections/abc",
                                           "/prod%2F/@connections/abc",
                                           "prod/@connections/abc",
                                           "/a?x=/prod/@connections/abc"}) {
        INFO(foreign);
        CHECK_FALSE(f.router.owns(foreign));
        CHECK(f.router.max_body(foreign) == 0);
        CHECK_FALSE(f.ask("POST", foreign, "x").has_value());
        CHECK_FALSE(f.router.begin({"POST", foreign}));
        request_view r;
        r.method = "POST";
        r.target = foreign;
        bool called = false;
        CHECK_FALSE(f.router.async_handle(r, [&](response) { called = true; }));
        CHECK_FALSE(called);
    }
    CHECK(f.hub.sent().empty());

    fixture bare{router_options{}};
    CHECK(bare.told("POST", bare.path(""), "x") == "200");
    CHECK_FALSE(bare.router.owns(bare.path()));
    fixture deep{router_options{.stage = "a/b"}};
    CHECK(deep.told("POST", deep.path("/a/b"), "x") == "200");
    CHECK_FALSE(deep.router.owns(deep.path("/a")));
    CHECK_FALSE(deep.router.owns(deep.path("/a/b/c")));
    fixture small{router_options{.stage = "prod", .max_body = 10}};
    CHECK(small.router.max_body(small.path()) == 10);
}

TEST_CASE("POST, GET and DELETE of an open connection", "[management_router]") {
    fixture f;
    auto const sent = f.ask("POST", f.path(), "Hello");
    REQUIRE(sent);
    CHECK(shown(*sent) == "200");
    CHECK(header_of(*sent, "content-type") == "application/json");
    CHECK(f.hub.sent() == lines{"send 1 Hello"});

    auto const got = f.ask("GET", f.path());
    REQUIRE(got);
    CHECK(shown(*got) == R"(200 {"connectedAt":"2026-09-21T14:13:20Z","identity":{"sourceIp":"192.0.2.7",)"
                         R"("userAgent":"wscat/6"},"lastActiveAt":"2026-09-21T14:13:20Z"})");
    CHECK(header_of(*got, "content-type") == "application/json");

    f.hub.clock.advance(std::chrono::milliseconds{58120});
    f.open.touch();
    CHECK(shown(*f.ask("GET", f.path())).find(R"("lastActiveAt":"2026-09-21T14:14:18.120Z")") != std::string::npos);

    auto const closed = f.ask("DELETE", f.path());
    REQUIRE(closed);
    CHECK(shown(*closed) == "204");
    CHECK(closed->body.empty());
    CHECK_FALSE(closed->headers.find("content-type").has_value());
    CHECK_FALSE(closed->headers.find("content-length").has_value());
    CHECK(f.hub.sent() == lines{"close 1 1000 Connection Closed Normally"});
    for (std::string_view const method : {"POST", "GET", "DELETE"})
        CHECK(f.told(method, f.path()) == R"(410 GoneException {"message":"Gone"})");
    CHECK(f.hub.sent().empty());
}

TEST_CASE("A client without address and agent has empty texts", "[management_router]") {
    fixture f;
    auto const second = f.hub.open(2);
    CHECK(f.told("GET", connection(second.id())) ==
          R"(200 {"connectedAt":"2026-09-21T14:13:20Z","identity":{"sourceIp":"","userAgent":""},)"
          R"("lastActiveAt":"2026-09-21T14:13:20Z"})");
}

TEST_CASE("A body that is UTF-8 goes out as text, any other as binary", "[management_router]") {
    fixture f;
    std::vector<message_kind> kinds;
    f.hub.wire().on_send = [&](int, message const& m) {
        kinds.push_back(m.kind());
        return delivery::accepted;
    };
    for (std::string_view const body : {"", "text", "\xC3\xA9", "\xC3", "\xFF\xFE"})
        CHECK(f.told("POST", f.path(), body) == "200");
    using enum message_kind;
    CHECK(kinds == std::vector{text, text, text, binary, binary});
}

TEST_CASE("An id that is not open, and one that cannot be", "[management_router]") {
    fixture f;
    for (std::string_view const method : {"POST", "GET", "DELETE"}) {
        CHECK(f.told(method, connection(never_open)) == R"(410 GoneException {"message":"Gone"})");
        CHECK(f.told(method, connection("R0oXAdfD0kwCH6w%3D")) == R"(410 GoneException {"message":"Gone"})"); // AWS'
        CHECK(f.told(method, connection("R0oXAdfD0kwCH6w%3D%3D")) ==
              R"(400 BadRequestException {"message":"Invalid connectionId: R0oXAdfD0kwCH6w=="})");
        CHECK(f.told(method, connection("short")) ==
              R"(400 BadRequestException {"message":"Invalid connectionId: short"})");
    }
    auto reserved = f.hub.hub->reserve(); // $connect has not returned
    std::string const early = connection(reserved.id());
    CHECK(f.told("POST", early, "x") == R"(410 GoneException {"message":"Gone"})");
    f.hub.hub->attach(reserved, 5);
    CHECK(f.told("POST", early, "x") == "200");
}

TEST_CASE("An empty id is 400 for every method, before anybody is asked who it is", "[management_router]") {
    fixture f;
    *f.auth.answer = auth_decision::refuse(auth_error::missing_token);
    for (std::string_view const method : {"POST", "GET", "DELETE", "HEAD", "PUT", "OPTIONS", "x"})
        for (std::string_view const target :
             {"/prod/@connections/", "/prod/@connections//", "/prod/@connections/?a=b", "/prod/@connections/%00",
              "/prod/@connections/%25", "/prod/@connections/%", "/prod/@connections/%2E%2e", "/prod/@connections/.",
              "/prod/./@connections/abc", "/prod/@connections/\\"}) {
            INFO(method << " " << target);
            CHECK(f.told(method, target) == R"(400 BadRequestException {"message":"Invalid connectionId: "})");
        }
}

TEST_CASE("Other methods are 405 and say which there are", "[management_router]") {
    fixture f;
    for (std::string_view const method : {"HEAD", "PUT", "PATCH", "OPTIONS", "TRACE", "post", "Get", "", "GET "}) {
        INFO(method);
        auto const answer = f.ask(method, f.path());
        REQUIRE(answer);
        CHECK(shown(*answer) == R"(405 MethodNotAllowedException {"message":"Method not allowed"})");
        CHECK(header_of(*answer, "allow") == "DELETE, GET, POST");
    }
}

TEST_CASE("A body over the limit is 413, whoever sends it", "[management_router]") {
    fixture f;
    *f.auth.answer = auth_decision::refuse(auth_error::missing_token);
    std::string body(131073, 'x');
    CHECK(f.told("POST", f.path(), body) == R"(413 PayloadTooLargeException {"message":"Message too long"})");
    *f.auth.answer = auth_decision::allow();
    body.pop_back();
    CHECK(f.told("POST", f.path(), body) == "200");
}

TEST_CASE("A full queue is 429", "[management_router]") {
    fixture f;
    f.hub.wire().on_send = [](int, message const&) { return delivery::backpressure; };
    CHECK(f.told("POST", f.path(), "x") ==
          R"(429 LimitExceededException {"message":"The client's send buffer is full"})");
}

TEST_CASE("Each refusal has its status, type and text", "[management_router]") {
    fixture f;
    struct row {
        auth_error error;
        std::string_view text, answer;
    };
    for (
        row const& r :
        {row{auth_error::missing_token, "",
             R"(403 MissingAuthenticationTokenException {"message":"Missing Authentication Token"})"},
         row{auth_error::incomplete, "What is missing.",
             R"(403 IncompleteSignatureException {"message":"What is missing."})"},
         row{auth_error::unknown_principal, "",
             R"(403 UnrecognizedClientException {"message":"The security token included in the request is invalid."})"},
         row{auth_error::expired_token, "",
             R"(403 ExpiredTokenException {"message":"The security token included in the request is expired"})"},
         row{auth_error::bad_signature, "Signature expired: \"x\"\n\xFF",
             "403 InvalidSignatureException {\"message\":\"Signature expired: \\\"x\\\"\\n\xEF\xBF\xBD\"}"},
         row{auth_error::payload_mismatch, "",
             R"(400 XAmzContentSHA256Mismatch {"message":"The provided 'x-amz-content-sha256' header does not match )"
             R"(what was computed."})"},
         row{auth_error::bad_request, "", R"(400 BadRequestException {"message":"Bad Request"})"},
         row{auth_error::unavailable, "", R"(503 ServiceUnavailableException {"message":"Service unavailable"})"},
         row{auth_error::throttled, "", R"(429 LimitExceededException {"message":"Rate exceeded"})"},
         row{auth_error::throttled, "Slower.", R"(429 LimitExceededException {"message":"Slower."})"},
         row{auth_error::internal, "do not show",
             R"(500 InternalServerErrorException {"message":"Internal server error"})"}}) {
        *f.auth.answer = auth_decision::refuse(r.error, std::string{r.text});
        for (std::string_view const method : {"POST", "GET", "DELETE"}) {
            auto const answer = f.ask(method, f.path(), "x");
            REQUIRE(answer);
            CHECK(shown(*answer) == r.answer);
            CHECK(header_of(*answer, "content-type") == "application/json");
            CHECK(answer->headers.find("retry-after").has_value() == (answer->status == 503 || answer->status == 429));
        }
        // whether the id is open is not told to somebody who may not ask
        CHECK(f.told("POST", connection(never_open)) == r.answer);
        CHECK(f.told("POST", connection("short")) == r.answer);
    }
    CHECK(f.hub.sent().empty());
    CHECK(f.told("POST", f.path(), "x") != "200");
    *f.auth.answer = auth_decision{}; // an authorizer that says nothing refuses
    CHECK(f.told("POST", f.path(), "x") == R"(500 InternalServerErrorException {"message":"Internal server error"})");
}

TEST_CASE("Who is not permitted is told what it may not do", "[management_router]") {
    router_options options{.stage = "prod"};
    options.region = "eu-west-1";
    options.account = "123456789012";
    options.api_id = "abc";
    auth_decision denied = auth_decision::refuse(auth_error::not_permitted, {}, {std::string_view{"AKIDEXAMPLE"}, {}});
    for (bool const modelled : {false, true}) {
        options.forbidden_is_modelled_type = modelled;
        fixture f{options};
        *f.auth.answer = denied;
        std::string const id{f.open.id()};
        std::string const type = modelled ? "403 ForbiddenException" : "403 AccessDeniedException";
        CHECK(f.told("DELETE", f.path()) ==
              type +
                  R"( {"message":"User: AKIDEXAMPLE is not authorized to perform: execute-api:ManageConnections on )"
                  R"(resource: arn:aws:execute-api:eu-west-1:********9012:abc/prod/DELETE/@connections/)" +
                  id + "\"}");
        f.auth.answer->who.arn = "arn:aws:iam::1:user/x";
        CHECK(f.told("GET", f.path()).find("User: arn:aws:iam::1:user/x is not") != std::string::npos);
        f.auth.answer->message = "No.";
        CHECK(f.told("GET", f.path()) == type + R"( {"message":"No."})");
    }
}

TEST_CASE("Every answer has an accurate date and an id of its own", "[management_router]") {
    fixture f;
    std::vector<std::string> ids;
    auto const check = [&](std::optional<response> const& answer) {
        REQUIRE(answer);
        CHECK(header_of(*answer, "date") == "Sat, 21 Nov 2026 01:00:00 GMT");
        ids.push_back(header_of(*answer, "x-amzn-requestid"));
        CHECK(ids.back().size() == 36);
    };
    check(f.ask("POST", f.path(), "x"));
    check(f.ask("GET", f.path()));
    check(f.ask("PUT", f.path()));
    check(f.ask("POST", "/prod/@connections/"));
    *f.auth.answer = auth_decision::refuse(auth_error::bad_signature);
    check(f.ask("POST", f.path(), "x"));
    *f.auth.answer = auth_decision::allow();
    check(f.ask("DELETE", f.path()));
    check(f.ask("DELETE", f.path()));
    std::sort(ids.begin(), ids.end());
    CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
}

TEST_CASE("A signed request gets through, and is told why if not", "[management_router]") {
    test::test_hub<test::direct_transport> hub;
    auto const open = hub.open(1);
    test::fixed_clock const clock = test::still();
    router_options options{.stage = "prod"};
    auto const make = [&](router_options const& o) {
        return std::make_unique<management_router<test::fixed_sigv4, test::still_traits>>(
            *hub.hub, test::fixed_sigv4{static_keys{test::example_session_key()}, {}, clock}, o, clock);
    };
    auto router = make(options);
    auto const asked = [&](http_request const& r) {
        request_of const view{r};
        auto const answer = router->handle(view);
        return answer ? shown(*answer) : "not ours";
    };
    test::signing s;
    s.key = test::example_session_key();
    http_request r = test::example_post("/prod/@connections/" + std::string{open.id()});
    CHECK(asked(r) == R"(403 MissingAuthenticationTokenException {"message":"Missing Authentication Token"})");
    sign(r, s);
    for (int i = 0; i != 3; ++i) CHECK(asked(r) == "200"); // SDKs send equal signatures within a second
    CHECK(hub.sent() == lines{"send 1 Hello", "send 1 Hello", "send 1 Hello"});
    r.body = "Jello";
    std::string const mismatch =
        R"(403 InvalidSignatureException {"message":"The request signature we calculated does not match the signature )"
        R"(you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for )"
        R"(details.)";
    CHECK(asked(r) == mismatch + "\"}");
    options.echo_canonical_request = true;
    router = make(options);
    CHECK(asked(r).starts_with(mismatch + R"(\n\nThe Canonical String for this request should have been\n'POST\n)"));
    CHECK(asked(r).find("x-amz-security-token:***") != std::string::npos);
    CHECK(asked(r).find(s.key.session_token) == std::string::npos);
    options.region = "eu-west-1";
    router = make(options);
    r.body = "Hello";
    CHECK(asked(r) == R"(403 InvalidSignatureException {"message":"Credential should be scoped to a valid Region, not )"
                      R"('us-east-1'."})");
    CHECK(hub.sent().empty());
}

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
TEST_CASE("A verified POST of a small body needs no memory", "[management_router]") {
    connection_hub<quiet_transport> hub{quiet_transport{}};
    auto const open = hub.open(1);
    test::fixed_clock const clock = test::still();
    management_router<test::fixed_sigv4, test::still_traits> router{
        hub, test::fixed_sigv4{static_keys{test::example_key()}, {}, clock}, router_options{.stage = "prod"}, clock};
    http_request r = test::example_post("/prod/@connections/" + std::string{open.id()});
    sign(r);
    request_of const view{r};
    CHECK(router.handle(view)->status == 200); // the signing key is derived
    test::allocation_count const made;
    auto const answer = router.handle(view);
    std::size_t const allocations = made.so_far();
    CHECK(answer->status == 200);
    CHECK(allocations == 0);
}
#endif

}
