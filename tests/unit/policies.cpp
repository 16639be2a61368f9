// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/allow_all.hpp>
#include <backchannel/auth/sigv4.hpp>
#include <backchannel/auth/with_policy.hpp>
#include <backchannel/management_router.hpp>

#include "support/catch.hpp"
#include "support/http_answer.hpp"
#include "support/signer.hpp"
#include "support/test_hub.hpp"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace policies_tests {

// What docs/policies.md says of policies that throw, as far as no test of the policy itself shows it.

using namespace backchannel;

namespace {

struct refusal : std::runtime_error {
    refusal() : std::runtime_error{"policy"} {}
};

struct throwing_policy {
    bool permits(principal const&, iam_request const&) const { throw refusal{}; }
};

struct waiting_auth {
    std::shared_ptr<std::vector<completion<auth_decision>>> waiting =
        std::make_shared<std::vector<completion<auth_decision>>>();
    void async_authorize(request_view const&, operation, std::string_view, completion<auth_decision> done) {
        waiting->push_back(std::move(done));
    }
};

struct throwing_configure : allow_all {
    void configure(router_options const&) { throw refusal{}; }
};

struct throwing_keys {
    std::optional<access_key> find(std::string_view) { throw refusal{}; }
};
struct throwing_remote_keys {
    void async_find(std::string_view, completion<std::optional<access_key>>) { throw refusal{}; }
};
struct forgetful_keys {
    void async_find(std::string_view, completion<std::optional<access_key>>) {}
};

struct throwing_dialect : aws_dialect {
    using aws_dialect::aws_dialect;
    call read(std::string_view, std::string_view, target_form) const { throw refusal{}; }
};
struct throwing_dialect_traits : default_router_traits {
    using dialect = throwing_dialect;
};

struct one_connection {
    test::test_hub<test::direct_transport> hub;
    session open = hub.open(1);
    test::http_request r = test::example_post("/@connections/" + std::string{open.id()});
    std::vector<int> answers;

    one_connection() { test::sign(r); }
    auto collect() {
        return [this](response a) { answers.push_back(a.status); };
    }
    template <class Auth>
    std::vector<int> statuses(Auth auth) {
        management_router<Auth> router{*hub.hub, std::move(auth)};
        test::request_of request{r};
        router.async_handle(request.view(), collect());
        return answers;
    }
};

}

TEST_CASE("a policy that throws is answered with 500, and nothing is sent", "[policies]") {
    one_connection c;
    CHECK(c.statuses(with_policy<allow_all, throwing_policy>{{}, {}}) == std::vector{500});
    CHECK(c.hub.sent().empty());
}

TEST_CASE("a policy that throws behind an Auth that waited: 500, and the exception goes to who decided", "[policies]") {
    one_connection c;
    waiting_auth const auth;
    management_router router{*c.hub.hub, with_policy<waiting_auth, throwing_policy>{auth, {}}};
    test::request_of request{c.r};
    CHECK(router.async_handle(request.view(), c.collect()));
    REQUIRE(auth.waiting->size() == 1);
    CHECK_THROWS_AS(auth.waiting->front()(auth_decision::allow()), refusal);
    CHECK(c.answers == std::vector{500});
    CHECK(c.hub.sent().empty());
}

TEST_CASE("what configure throws leaves the router's constructor", "[policies]") {
    one_connection c;
    CHECK_THROWS_AS((management_router{*c.hub.hub, throwing_configure{}}), refusal);
}

TEST_CASE("keys that throw are answered with 500", "[policies]") {
    one_connection c;
    CHECK(c.statuses(sigv4{throwing_keys{}}) == std::vector{500});
    CHECK(c.hub.sent().empty());
}

TEST_CASE("keys that drop what they were asked, or throw it away, say that there is no such key", "[policies]") {
    one_connection c;
    SECTION("drop") { CHECK(c.statuses(sigv4{forgetful_keys{}}) == std::vector{403}); }
    SECTION("throw") { CHECK(c.statuses(sigv4{throwing_remote_keys{}}) == std::vector{403}); }
    CHECK(c.hub.sent().empty());
}

TEST_CASE("what a dialect throws leaves the router's call", "[policies]") {
    one_connection c;
    management_router<allow_all, throwing_dialect_traits> router{*c.hub.hub, allow_all{}};
    test::request_of request{c.r};
    CHECK_THROWS_AS(router.handle(request.view()), refusal);
    CHECK_THROWS_AS(router.async_handle(request.view(), c.collect()), refusal);
    CHECK(c.answers.empty());
}

}
