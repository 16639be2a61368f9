// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/bearer.hpp>

#include "support/catch.hpp"

#include <backchannel/concepts.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace auth_bearer_tests {

using namespace backchannel;

namespace {

[[nodiscard]] auth_decision ask(bearer const& auth, std::vector<header_view> headers) {
    request_view r;
    r.headers = headers;
    return auth.authorize(r, operation::post, {});
}
[[nodiscard]] auth_error with(bearer const& auth, std::string_view value) {
    return ask(auth, {{"Host", "x"}, {"Authorization", value}}).error;
}

}

TEST_CASE("bearer lets in who has a known token, and says who it is", "[bearer]") {
    STATIC_REQUIRE(authorizer<bearer>);
    bearer const one{std::string{"secret"}};
    CHECK(with(one, "Bearer secret") == auth_error::none);
    CHECK(with(one, "bearer secret") == auth_error::none);
    CHECK(with(one, "BEARER  secret") == auth_error::none);
    CHECK(ask(one, {{"authorization", "Bearer secret"}}).who.name.view() == "bearer");

    bearer const many{std::vector<bearer_token>{{"a", "alice", "arn:a"}, {"b", "bob"}, {"ab", "carol"}}};
    CHECK(ask(many, {{"Authorization", "Bearer a"}}).who.name.view() == "alice");
    CHECK(ask(many, {{"Authorization", "Bearer a"}}).who.arn == "arn:a");
    CHECK(ask(many, {{"Authorization", "Bearer b"}}).who.name.view() == "bob");
    CHECK(ask(many, {{"Authorization", "Bearer ab"}}).who.name.view() == "carol");
}

TEST_CASE("bearer refuses unknown tokens and does not mind other schemes", "[bearer]") {
    bearer const one{std::string{"secret"}};
    for (std::string_view const wrong : {"Bearer Secret", "Bearer secre", "Bearer secrets", "Bearer secret x",
                                         "Bearer  ", "Bearer \"secret\"", "Bearer ssecret", "Bearer secret,"})
        CHECK(with(one, wrong) == auth_error::unknown_principal);
    for (std::string_view const other :
         {"", "secret", "Bearer", "Bearersecret", "Basic secret", "Bearer\tsecret", "AWS4-HMAC-SHA256 Credential=x"})
        CHECK(with(one, other) == auth_error::missing_token);
    CHECK(ask(one, {}).error == auth_error::missing_token);
    CHECK(ask(one, {{"X-Authorization", "Bearer secret"}}).error == auth_error::missing_token);
    CHECK(ask(one, {{"Authorization", "Bearer secret"}, {"authorization", "Bearer secret"}}).error ==
          auth_error::bad_request);
}

TEST_CASE("An empty token is nobody's", "[bearer]") {
    CHECK(with(bearer{std::string{}}, "Bearer ") == auth_error::unknown_principal);
    CHECK(with(bearer{std::vector<bearer_token>{{}, {"a"}}}, "Bearer ") == auth_error::unknown_principal);
    CHECK(with(bearer{std::vector<bearer_token>{}}, "Bearer a") == auth_error::unknown_principal);
}

TEST_CASE("api_key takes keys by its own scheme only", "[bearer]") {
    STATIC_REQUIRE(authorizer<api_key>);
    auto const with_key = [](api_key const& auth, std::string_view value) {
        header_view const headers[] = {{"Authorization", value}};
        request_view r;
        r.headers = headers;
        return auth.authorize(r, operation::post, {});
    };
    api_key const one{std::string{"AQVN"}};
    CHECK(with_key(one, "Api-Key AQVN").error == auth_error::none);
    CHECK(with_key(one, "api-key  AQVN").who.name.view() == "api-key");
    CHECK(with_key(one, "Api-Key AQV").error == auth_error::unknown_principal);
    CHECK(with_key(one, "Api-Key").error == auth_error::missing_token);
    CHECK(with_key(one, "Bearer AQVN").error == auth_error::missing_token);
    api_key const many{std::vector<bearer_token>{{"a", "alice"}, {"b", "bob"}}};
    CHECK(with_key(many, "Api-Key b").who.name.view() == "bob");
    CHECK(with(bearer{std::string{"AQVN"}}, "Api-Key AQVN") == auth_error::missing_token);
}

}
