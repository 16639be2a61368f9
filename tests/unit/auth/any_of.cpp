// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/any_of.hpp>

#include "support/catch.hpp"
#include "support/signer.hpp"

#include <backchannel/auth/bearer.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace backchannel;

namespace {

struct scripted {
    auth_decision answer;
    std::shared_ptr<std::string> log;
    char name = '?';

    auth_decision authorize(request_view const&, operation, std::string_view) {
        *log += name;
        return answer;
    }
    void configure(router_options const& o) { *log += o.stage; }
};

struct scripted_later {
    scripted inner;
    std::shared_ptr<std::vector<completion<auth_decision>>> waiting =
        std::make_shared<std::vector<completion<auth_decision>>>();

    void async_authorize(request_view const& r, operation op, std::string_view id, completion<auth_decision> done) {
        (void)inner.authorize(r, op, id);
        waiting->push_back(std::move(done));
    }
};

struct run {
    std::shared_ptr<std::string> log = std::make_shared<std::string>();

    [[nodiscard]] scripted says(auth_error error, char name) const {
        return {auth_decision::refuse(error, std::string{name}), log, name};
    }
    [[nodiscard]] auth_decision ask(auth_error a, auth_error b, auth_error c) const {
        any_of auth{says(a, 'a'), says(b, 'b'), says(c, 'c')};
        return auth.authorize({}, operation::post, {});
    }
};

using enum auth_error;

}

TEST_CASE("any_of takes the word of the first that finds credentials of its kind", "[any_of]") {
    struct row {
        auth_error a, b, c;
        std::string asked, answer;
    };
    for (row const& r :
         {row{none, none, none, "a", "a"}, row{missing_token, none, none, "ab", "b"},
          row{incomplete, none, none, "ab", "b"}, row{missing_token, incomplete, none, "abc", "c"},
          row{bad_signature, none, none, "a", "a"}, row{unknown_principal, none, none, "a", "a"},
          row{expired_token, none, none, "a", "a"}, row{bad_request, none, none, "a", "a"},
          row{payload_mismatch, none, none, "a", "a"}, row{not_permitted, none, none, "a", "a"},
          row{internal, none, none, "a", "a"}, row{unavailable, none, none, "a", "a"},
          row{missing_token, bad_signature, none, "ab", "b"}, row{incomplete, missing_token, missing_token, "abc", "a"},
          row{missing_token, incomplete, missing_token, "abc", "b"},
          row{incomplete, incomplete, missing_token, "abc", "a"}}) {
        run const each;
        auto const decision = each.ask(r.a, r.b, r.c);
        CHECK(*each.log == r.asked);
        CHECK(decision.message == r.answer);
        CHECK(decision.allowed() == (r.answer == "a" ? r.a == none : r.answer == "b" ? r.b == none : r.c == none));
    }
    run const nothing;
    CHECK(nothing.ask(missing_token, missing_token, missing_token).error == missing_token);
}

TEST_CASE("any_of hands the router's options to each", "[any_of]") {
    run const each;
    any_of auth{each.says(none, 'a'), bearer{std::string{"x"}}, each.says(none, 'b')};
    router_options options;
    options.stage = "prod,";
    auth.configure(options);
    CHECK(*each.log == "prod,prod,");
}

TEST_CASE("any_of waits for those that take their time", "[any_of]") {
    STATIC_REQUIRE_FALSE(has_authorize<any_of<scripted, scripted_later>>);
    STATIC_REQUIRE(has_async_authorize<any_of<scripted, scripted_later>>);
    run const each;
    scripted_later later{each.says(none, 'b')};
    any_of auth{each.says(missing_token, 'a'), later, each.says(bad_signature, 'c')};
    std::vector<auth_error> answers;
    request_view const request;
    auto const ask = [&] {
        auth.async_authorize(request, operation::post, {}, [&](auth_decision d) { answers.push_back(d.error); });
    };
    ask();
    CHECK(answers.empty());
    CHECK(*each.log == "ab");
    later.waiting->at(0)(auth_decision::allow());
    CHECK(answers == std::vector{none});
    ask();
    later.waiting->at(1)(auth_decision::refuse(missing_token));
    CHECK(answers.back() == bad_signature);
    ask();
    later.waiting->clear(); // forgotten: neither let in, nor offered to the next
    CHECK(answers.size() == 3);
    CHECK(answers.back() == internal);
    CHECK(*each.log == "ababcab");
}

TEST_CASE("sigv4 and bearer side by side", "[any_of]") {
    test::fixed_clock const clock{test::at(test::example_date)};
    auto const ask = [&](test::http_request const& r) {
        test::request_of const view{r};
        any_of first{test::fixed_sigv4{static_keys{test::example_key()}, {}, clock}, bearer{std::string{"token"}}};
        any_of second{bearer{std::string{"token"}}, test::fixed_sigv4{static_keys{test::example_key()}, {}, clock}};
        auto const a = first.authorize(view, operation::post, {}), b = second.authorize(view, operation::post, {});
        CHECK(a.allowed() == b.allowed());
        return a.error;
    };
    test::http_request r = test::example_post();
    CHECK(ask(r) == missing_token);
    test::http_request signed_one = r;
    sign(signed_one);
    CHECK(ask(signed_one) == none);
    signed_one.body += "!";
    CHECK(ask(signed_one) == bad_signature);
    r.set("Authorization", "Bearer token");
    CHECK(ask(r) == none);
    r.set("Authorization", "Bearer other");
    CHECK(ask(r) == unknown_principal);
    r.set("Authorization", "Basic token");
    CHECK(ask(r) == incomplete);
    r.set("Authorization", "Bearer token");
    r.headers.emplace_back("Authorization", "Bearer token");
    CHECK(ask(r) == bad_request);
}
