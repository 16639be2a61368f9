// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/with_rate_limit.hpp>

#include "support/catch.hpp"
#include "support/http_answer.hpp"
#include "support/manual_clock.hpp"
#include "support/router_fixture.hpp"
#include "support/signer.hpp"

#include <backchannel/auth/allow_all.hpp>
#include <backchannel/auth/any_of.hpp>
#include <backchannel/auth/bearer.hpp>
#include <backchannel/auth/with_policy.hpp>
#include <backchannel/dialect/extensions.hpp>
#include <backchannel/dialect/yandex.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace auth_with_rate_limit_tests {

using namespace backchannel;
using namespace std::chrono_literals;
using test::manual_clock;

namespace {

/// Answers what it is told to, and writes down the questions.
struct scripted {
    std::optional<std::chrono::milliseconds>* answer;
    std::vector<std::string>* asked;
    std::optional<std::chrono::milliseconds> admit(principal const& who, operation op, time_point now) {
        asked->push_back(std::string{who.name.view()} + " " + std::to_string(static_cast<int>(op)) + " " +
                         std::to_string(now.time_since_epoch() / 1s));
        return *answer;
    }
};

template <class Auth>
auto limited(Auth auth, manual_clock const& clock, std::uint32_t per_second, std::uint32_t burst) {
    return with_rate_limit{std::move(auth), token_buckets{{.per_second = per_second, .burst = burst}}, clock};
}

[[nodiscard]] bearer tokens() { return bearer{{{"a", "alice", {}}, {"b", "bob", {}}}}; }

auth_decision shows(auto& auth, std::string_view token, operation op = operation::post) {
    std::string const value = "Bearer " + std::string{token};
    header_view const headers[] = {{"Authorization", value}};
    request_view r;
    r.headers = headers;
    return auth.authorize(r, op, "id");
}

struct only_posts {
    bool permits(principal const&, operation op, std::string_view) const { return op == operation::post; }
};

struct later {
    std::vector<completion<auth_decision>>* waiting;
    void async_authorize(request_view const&, operation, std::string_view, completion<auth_decision> done) {
        waiting->push_back(std::move(done));
    }
};

}

TEST_CASE("Whom the authorizer lets in is limited, each caller alone", "[with_rate_limit]") {
    manual_clock const clock;
    auto auth = limited(tokens(), clock, 2, 3);
    for (int i = 0; i != 3; ++i) CHECK(shows(auth, "a").allowed());
    auto const late = shows(auth, "a");
    CHECK(late.error == auth_error::throttled);
    CHECK(late.retry_after == 1s);
    CHECK(late.who.name.view() == "alice");
    CHECK(late.message.empty());
    for (int i = 0; i != 3; ++i) CHECK(shows(auth, "b").allowed());
    CHECK(shows(auth, "b").error == auth_error::throttled);
    clock.advance(500ms);
    CHECK(shows(auth, "a").allowed());
    CHECK_FALSE(shows(auth, "a").allowed());
}

TEST_CASE("Whom the authorizer refuses is not counted, and told what the authorizer says", "[with_rate_limit]") {
    manual_clock const clock;
    auto auth = limited(with_policy{tokens(), only_posts{}}, clock, 1, 1);
    for (int i = 0; i != 5; ++i) {
        CHECK(shows(auth, "c").error == auth_error::unknown_principal);
        CHECK(auth.authorize({}, operation::post, "id").error == auth_error::missing_token);
        CHECK(shows(auth, "a", operation::get).error == auth_error::not_permitted);
    }
    CHECK(shows(auth, "a").allowed());
    CHECK(shows(auth, "a").error == auth_error::throttled);
    CHECK(shows(auth, "a", operation::get).error == auth_error::not_permitted);

    // the other way about a policy's denials count
    with_policy outside{limited(tokens(), clock, 1, 1), only_posts{}};
    CHECK(shows(outside, "a", operation::get).error == auth_error::not_permitted);
    CHECK(shows(outside, "a").error == auth_error::throttled);
}

TEST_CASE("A limit holds around any_of and inside it", "[with_rate_limit]") {
    manual_clock const clock;
    auto around = limited(any_of{tokens(), api_key{{{"k", "machine", {}}}}}, clock, 1, 1);
    header_view const key[] = {{"Authorization", "Api-Key k"}};
    request_view r;
    r.headers = key;
    CHECK(shows(around, "a").allowed());
    CHECK(shows(around, "b").allowed());
    CHECK(around.authorize(r, operation::post, "id").allowed());
    CHECK(shows(around, "a").error == auth_error::throttled);
    CHECK(around.authorize(r, operation::post, "id").error == auth_error::throttled);

    // only some are limited; to be late is final: nobody else is asked
    any_of inside{limited(tokens(), clock, 1, 1), api_key{{{"k", "machine", {}}}}, allow_all{}};
    CHECK(shows(inside, "a").allowed());
    CHECK(shows(inside, "a").error == auth_error::throttled);
    for (int i = 0; i != 3; ++i) CHECK(inside.authorize(r, operation::post, "id").allowed());
}

TEST_CASE("The limiter is told who asks for what and when, and its wait is rounded up", "[with_rate_limit]") {
    manual_clock const clock;
    std::optional<std::chrono::milliseconds> answer;
    std::vector<std::string> asked;
    with_rate_limit auth{tokens(), scripted{&answer, &asked}, clock};
    CHECK(shows(auth, "a", operation::del).allowed());
    clock.advance(7s);
    CHECK(shows(auth, "b", operation::get).allowed());
    CHECK_FALSE(shows(auth, "c").allowed());
    CHECK(asked == std::vector<std::string>{"alice 2 3600", "bob 1 3607"});
    struct row {
        std::chrono::milliseconds wait;
        std::chrono::seconds told;
    };
    for (row const& each : {row{0ms, 1s}, row{-5ms, 1s}, row{1ms, 1s}, row{1000ms, 1s}, row{1001ms, 2s}, row{60s, 60s},
                            row{60001ms, 61s}}) {
        answer = each.wait;
        CHECK(shows(auth, "a").error == auth_error::throttled);
        CHECK(shows(auth, "a").retry_after == each.told);
    }
}

TEST_CASE("Every way to ask is counted", "[with_rate_limit]") {
    manual_clock const clock;
    test::fixed_sigv4 aws{static_keys{test::example_key()}, {}, test::fixed_clock{test::at(test::example_date)}};
    auto auth = limited(std::move(aws), clock, 1, 3);
    auth.configure({.region = "us-east-1"});
    test::http_request r = test::example_post();
    sign(r);
    test::request_of view{r};
    std::vector<auth_decision> told;
    auto const note = [&](auth_decision d) { told.push_back(std::move(d)); };
    auto const in_pieces = [&](std::string_view body) {
        request_view head = view.view();
        head.body = {};
        auto state = auth.begin(head, operation::post, "id");
        state.append(body.substr(0, 3));
        auto moved = std::move(state);
        moved.append(body.substr(3));
        moved.finish(note);
    };
    in_pieces("wrong"); // not counted, as it is not let in
    CHECK(auth.authorize(view.view(), operation::post, "id").allowed());
    auth.async_authorize(view.view(), operation::post, "id", note);
    in_pieces(r.body);
    in_pieces(r.body);
    auth.async_authorize(view.view(), operation::post, "id", note);
    CHECK(auth.authorize(view.view(), operation::post, "id").error == auth_error::throttled);
    std::vector<auth_error> errors;
    for (auto const& each : told) errors.push_back(each.error);
    using enum auth_error;
    CHECK(errors == std::vector{bad_signature, none, none, throttled, throttled});
    for (std::size_t const late : {3u, 4u}) {
        CHECK(told[late].retry_after == 1s);
        CHECK(told[late].who.name.view() == "AKIDEXAMPLE");
    }
}

TEST_CASE("An answer that comes later is counted when it comes", "[with_rate_limit]") {
    manual_clock const clock;
    std::vector<completion<auth_decision>> waiting;
    auto auth = limited(later{&waiting}, clock, 1, 1);
    std::vector<auth_error> told;
    for (int i = 0; i != 3; ++i)
        auth.async_authorize({}, operation::post, "id", [&](auth_decision d) { told.push_back(d.error); });
    CHECK(told.empty());
    waiting[0](auth_decision::allow());
    clock.advance(1s); // while the others wait
    waiting[1](auth_decision::allow());
    waiting[2] = {}; // dropped
    using enum auth_error;
    CHECK(told == std::vector{none, none, internal});
    auth.async_authorize({}, operation::post, "id", [&](auth_decision d) { told.push_back(d.error); });
    waiting[3](auth_decision::allow());
    CHECK(told.back() == throttled);
}

TEST_CASE("Configuration and further targets go to the authorizer", "[with_rate_limit]") {
    struct choosy {
        std::string* stage;
        void configure(router_options const& options) { *stage = options.stage; }
        auth_decision authorize(request_view const&, operation, std::string_view) { return auth_decision::allow(); }
        bool permits(request_view const&, principal const&, operation op, std::string_view id) {
            return op == operation::get && id == "yes";
        }
    };
    manual_clock const clock;
    std::string stage;
    auto auth = limited(choosy{&stage}, clock, 1, 1);
    auth.configure({.stage = "prod"});
    CHECK(stage == "prod");
    CHECK(auth.authorize({}, operation::get, "yes").allowed());
    for (int i = 0; i != 3; ++i) { // one request, so they count no more
        CHECK(auth.permits({}, {}, operation::get, "yes"));
        CHECK_FALSE(auth.permits({}, {}, operation::get, "no"));
        CHECK_FALSE(auth.permits({}, {}, operation::del, "yes"));
    }
    STATIC_REQUIRE_FALSE(has_permits<with_rate_limit<later>>);
    STATIC_REQUIRE(has_permits<decltype(auth)>);
    STATIC_REQUIRE_FALSE(has_authorize<with_rate_limit<later>>);
    STATIC_REQUIRE_FALSE(has_begin<with_rate_limit<allow_all>>);
}

TEST_CASE("A caller that is early is told when to come back, in the words of its dialect", "[with_rate_limit]") {
    manual_clock const clock;
    std::optional<std::chrono::milliseconds> answer = 2500ms;
    std::vector<std::string> asked;
    with_rate_limit const auth{allow_all{}, scripted{&answer, &asked}, clock};

    test::router_fixture aws{auth};
    auto told = aws.ask("POST", aws.path(), "x");
    REQUIRE(told);
    CHECK(test::shown(*told) == R"(429 LimitExceededException {"message":"Rate exceeded"})");
    CHECK(told->headers.find("retry-after") == "3");
    CHECK(told->headers.find("x-amzn-errortype") == "LimitExceededException");
    CHECK(aws.start("POST", "x"));
    CHECK(aws.answers.back() == test::shown(*told));
    CHECK(aws.hub.sent().empty());
    answer.reset();
    CHECK(aws.told("POST", aws.path(), "x") == "200");

    answer = 61s;
    management_router<decltype(with_rate_limit{auth}), router_traits_for<yandex_dialect>> yandex{*aws.hub.hub, auth};
    std::string const path = "/apigateways/websocket/v1/connections/" + std::string{aws.open.id()};
    told = yandex.handle({"GET", path, {}, {}});
    REQUIRE(told);
    CHECK(told->status == 429);
    CHECK(told->headers.find("retry-after") == "61");
    CHECK(told->body.starts_with(R"({"code":8,"message":"Rate exceeded")"));
    answer.reset();
    CHECK(yandex.handle({"GET", path, {}, {}})->status == 200);
}

TEST_CASE("A request for many connections counts once", "[with_rate_limit]") {
    manual_clock const clock;
    std::optional<std::chrono::milliseconds> answer;
    std::vector<std::string> asked;
    with_rate_limit auth{with_policy{allow_all{}, only_posts{}}, scripted{&answer, &asked}, clock};
    test::router_fixture<decltype(auth), test::direct_transport, test::still_traits_for<extended_dialect>> f{auth};
    auto const second = f.hub.open(2, {"192.0.2.8", {}, {}});
    CHECK(f.told("POST", "/prod/@connections?all=true", "x") ==
          R"(200 {"matched":2,"accepted":2,"refused":0,"errors":[]})");
    CHECK(asked.size() == 1);
    answer = 1s;
    CHECK(f.told("POST", "/prod/@connections?all=true", "x") ==
          R"(429 LimitExceededException {"message":"Rate exceeded"})");
    CHECK(asked.size() == 2);
    CHECK(f.hub.sent().size() == 2);
}

}
