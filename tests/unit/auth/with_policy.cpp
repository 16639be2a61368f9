// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/with_policy.hpp>

#include "support/catch.hpp"
#include "support/signer.hpp"

#include <backchannel/auth/allow_all.hpp>
#include <backchannel/auth/any_of.hpp>
#include <backchannel/auth/bearer.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace auth_with_policy_tests {

using namespace backchannel;

namespace {

[[nodiscard]] iam_policy policy(std::string_view statements) {
    auto result = iam_policy::parse(R"({"Version":"2012-10-17","Statement":[)" + std::string{statements} + "]}");
    REQUIRE(result);
    return std::move(result).policy();
}

[[nodiscard]] std::string allow(std::string_view resource, std::string_view more = {}) {
    return R"({"Effect":"Allow","Action":"execute-api:ManageConnections","Resource":")" + std::string{resource} + "\"" +
           std::string{more} + "}";
}

[[nodiscard]] router_options options() {
    router_options o{.stage = "prod"};
    o.region = "us-east-1";
    o.account = "123456789012";
    o.api_id = "abc";
    return o;
}

constexpr std::string_view posts = "arn:aws:execute-api:us-east-1:123456789012:abc/prod/POST/@connections/*";

/// Grants by name, and writes down the question.
struct by_name {
    std::vector<std::string>* asked;
    bool permits(principal const& who, iam_request const& r) const {
        asked->push_back(std::string{who.name.view()} + " " + std::string{r.action} + " " + std::string{r.resource});
        return who.name.view() == "alice";
    }
};

/// Denies, as long as it is there.
struct lasting_policy {
    std::shared_ptr<int> exists = std::make_shared<int>();
    bool permits(principal const&, iam_request const&) const { return exists == nullptr; }
    lasting_policy() = default;
    lasting_policy(lasting_policy&&) = default;
    ~lasting_policy() { exists.reset(); }
};

/// Answers at the last moment.
struct dying {
    std::vector<completion<auth_decision>> waiting{};

    dying() = default;
    dying(dying&&) = default;
    ~dying() {
        for (auto& done : waiting) done(auth_decision::allow({std::string_view{"somebody"}, {}}));
    }
    void async_authorize(request_view const&, operation, std::string_view, completion<auth_decision> done) {
        waiting.push_back(std::move(done));
    }
    bool permits(request_view const&, principal const&, operation, std::string_view) const { return true; }
};

struct later {
    void async_authorize(request_view const&, operation, std::string_view, completion<auth_decision> done) {
        done(auth_decision::allow({std::string_view{"somebody"}, {}}));
    }
};

}

TEST_CASE("What an authorizer answers when it is destroyed is judged too", "[with_policy]") {
    auth_error answer = auth_error::none;
    request_view const request{"POST", "/prod/@connections/x"};
    {
        with_policy judged{dying{}, lasting_policy{}};
        judged.configure(options());
        judged.async_authorize(request, operation::post, "x", [&](auth_decision d) { answer = d.error; });
        CHECK(answer == auth_error::none);
    }
    CHECK(answer == auth_error::not_permitted);
}

TEST_CASE("Nobody enters without a grant, whatever has authenticated the caller", "[with_policy]") {
    with_policy none{allow_all{}, iam_policy{}};
    none.configure(options());
    CHECK(none.authorize({}, operation::post, "id").error == auth_error::not_permitted);

    with_policy one{allow_all{}, policy(allow(posts))};
    one.configure(options());
    CHECK(one.authorize({}, operation::post, "id").allowed());
    CHECK(one.authorize({}, operation::get, "id").error == auth_error::not_permitted);
    CHECK(one.authorize({}, operation::del, "id").error == auth_error::not_permitted);

    with_policy token{bearer{std::string{"t"}}, policy(allow(posts))};
    token.configure(options());
    header_view const good[] = {{"Authorization", "Bearer t"}}, bad[] = {{"Authorization", "Bearer u"}};
    request_view r;
    r.headers = good;
    CHECK(token.authorize(r, operation::post, "id").allowed());
    auto const denied = token.authorize(r, operation::get, "id");
    CHECK(denied.error == auth_error::not_permitted);
    CHECK(denied.who.name.view() == "bearer"); // for the text of the denial
    r.headers = bad;
    CHECK(token.authorize(r, operation::post, "id").error == auth_error::unknown_principal);
    CHECK(token.authorize({}, operation::post, "id").error == auth_error::missing_token);
}

TEST_CASE("A policy is asked about the operation, the id and the caller's circumstances", "[with_policy]") {
    with_policy one{
        allow_all{},
        policy(allow("arn:aws:execute-api:us-east-1:123456789012:abc/prod/*/@connections/abc*") +
               R"(,{"Effect":"Deny","Action":"execute-api:*","Resource":"arn:aws:execute-api:*:*:*/*abc3"})")};
    one.configure(options());
    CHECK(one.authorize({}, operation::get, "abc1").allowed());
    CHECK_FALSE(one.authorize({}, operation::get, "abd").allowed());
    CHECK_FALSE(one.authorize({}, operation::get, "ab").allowed());
    CHECK_FALSE(one.authorize({}, operation::get, "abc3").allowed());
    CHECK_FALSE(one.authorize({}, operation::get, "*").allowed());
    auto elsewhere = options();
    elsewhere.stage = "dev";
    one.configure(elsewhere);
    CHECK_FALSE(one.authorize({}, operation::get, "abc1").allowed());

    with_policy local{allow_all{}, policy(allow("*", R"(,"Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}})"))};
    local.configure(options());
    request_view r;
    CHECK_FALSE(local.authorize(r, operation::post, "id").allowed());
    r.source_ip = "192.0.2.7";
    CHECK(local.authorize(r, operation::post, "id").allowed());
    r.source_ip = "198.51.100.7";
    CHECK_FALSE(local.authorize(r, operation::post, "id").allowed());

    with_policy tls{allow_all{}, policy(allow("*", R"(,"Condition":{"Bool":{"aws:SecureTransport":"true"}})"))};
    tls.configure(options());
    CHECK_FALSE(tls.authorize(r, operation::post, "id").allowed());
    r.secure = false;
    CHECK_FALSE(tls.authorize(r, operation::post, "id").allowed());
    r.secure = true;
    CHECK(tls.authorize(r, operation::post, "id").allowed());
}

TEST_CASE("A grant for each connection is none for all of them together", "[with_policy]") {
    with_policy each{allow_all{}, policy(allow(posts))};
    each.configure(options());
    CHECK(each.authorize({}, operation::post, "id").allowed());
    CHECK(each.authorize({}, operation::post, {}).error == auth_error::not_permitted);
    CHECK_FALSE(each.permits({}, {}, operation::post, {}));

    with_policy together{allow_all{}, policy(allow(posts.substr(0, posts.size() - 2)))};
    together.configure(options());
    CHECK(together.authorize({}, operation::post, {}).allowed());
    CHECK(together.permits({}, {}, operation::post, {}));
    CHECK(together.authorize({}, operation::post, "id").error == auth_error::not_permitted);
    CHECK(together.authorize({}, operation::put, {}).error == auth_error::not_permitted);
}

TEST_CASE("A policy may be a type of one's own", "[with_policy]") {
    std::vector<std::string> asked;
    with_policy auth{bearer{std::vector<bearer_token>{{"a", "alice"}, {"b", "bob"}}}, by_name{&asked}};
    auth.configure(options());
    auto const ask = [&](std::string_view token) {
        std::string const value = "Bearer " + std::string{token};
        header_view const headers[] = {{"Authorization", value}};
        request_view r;
        r.headers = headers;
        return auth.authorize(r, operation::del, "id").error;
    };
    CHECK(ask("a") == auth_error::none);
    CHECK(ask("b") == auth_error::not_permitted);
    CHECK(ask("c") == auth_error::unknown_principal);
    std::string const question =
        " execute-api:ManageConnections arn:aws:execute-api:us-east-1:123456789012:abc/prod/DELETE/@connections/id";
    CHECK(asked == std::vector{"alice" + question, "bob" + question});
    CHECK(auth.permits({}, {std::string_view{"alice"}, {}}, operation::post, "x"));
    CHECK_FALSE(auth.permits({}, {std::string_view{"bob"}, {}}, operation::post, "x"));
}

TEST_CASE("Every way to ask goes through the policy", "[with_policy]") {
    test::fixed_clock const clock{test::at(test::example_date)};
    auto const aws = [&] { return test::fixed_sigv4{static_keys{test::example_key()}, {}, clock}; };
    test::http_request r = test::example_post();
    sign(r);
    test::request_of view{r};
    for (bool const granted : {true, false}) {
        iam_policy const rules = granted ? policy(allow(posts)) : policy(allow("arn:aws:execute-api:*:*:abc/*/GET/*"));
        with_policy auth{aws(), rules};
        auth.configure(options());
        CHECK(auth.authorize(view, operation::post, "id").allowed() == granted);
        int calls = 0;
        auto const check = [&](auth_decision d) {
            ++calls;
            CHECK(d.allowed() == granted);
            CHECK(d.who.name.view() == "AKIDEXAMPLE");
            if (!granted) CHECK(d.error == auth_error::not_permitted);
        };
        auth.async_authorize(view, operation::post, "id", check);
        auto state = auth.begin(view, operation::post, "id");
        state.append("Hel");
        state.append("lo");
        auto moved = std::move(state);
        moved.finish(check);
        CHECK(calls == 2);
        CHECK(auth.permits({}, {}, operation::post, "id") == granted);

        with_policy<later> slow{later{}, rules};
        slow.configure(options());
        bool allowed = !granted;
        slow.async_authorize(view, operation::post, "id", [&](auth_decision d) { allowed = d.allowed(); });
        CHECK(allowed == granted);

        with_policy chain{any_of{bearer{std::string{"x"}}, aws()}, rules};
        chain.configure(options());
        CHECK(chain.authorize(view, operation::post, "id").allowed() == granted);
    }
    // what the caller's own signature says comes first
    r.body += "!";
    test::request_of changed{r};
    with_policy auth{aws(), policy(allow("*"))};
    auth.configure(options());
    CHECK(auth.authorize(changed, operation::post, "id").error == auth_error::bad_signature);
}

TEST_CASE("A policy around a policy does not replace it for the targets of a batch", "[with_policy]") {
    std::string const everything = allow("arn:aws:execute-api:*:*:*/*");
    std::string const but_vip =
        everything + R"(,{"Effect":"Deny","Action":"execute-api:*","Resource":"arn:aws:execute-api:*:*:*/*vip"})";
    with_policy outer{any_of{with_policy{allow_all{}, policy(but_vip)}}, policy(everything)};
    with_policy inner{any_of{with_policy{allow_all{}, policy(everything)}}, policy(but_vip)};
    for (auto* const auth : {&outer, &inner}) {
        auth->configure(options());
        for (std::string_view const id : {"vip", "other"}) {
            auto const decision = auth->authorize({}, operation::post, id);
            CHECK(decision.allowed() == (id == "other"));
            CHECK(auth->permits({}, decision.who, operation::post, id) == (id == "other"));
        }
    }
}

}
