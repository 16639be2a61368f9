// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/any_of.hpp>

#include "support/catch.hpp"
#include "support/signer.hpp"

#include <backchannel/auth/bearer.hpp>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace auth_any_of_tests {

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

/// Answers at the end of a body that it has seen in pieces only.
struct scripted_in_pieces {
    scripted inner;

    struct state {
        scripted_in_pieces* self;
        state(state const&) = delete;
        explicit state(scripted_in_pieces& s) : self{&s} {}
        void append(std::string_view piece) {
            if (piece == "throw") throw std::runtime_error{"append"};
            self->inner.log->append(piece);
        }
        void finish(completion<auth_decision> done) { done(self->inner.authorize({}, operation::post, {})); }
    };
    [[nodiscard]] state begin(request_view const& head, operation, std::string_view) {
        if (head.method == "throw") throw std::runtime_error{"begin"};
        return state{*this};
    }
};

/// Says when what it has begun has ended.
struct says_its_end {
    std::shared_ptr<std::string> log;

    struct state {
        std::string* log;
        explicit state(std::string& l) : log{&l} {}
        state(state const&) = delete;
        ~state() { *log += "ended "; }
        void append(std::string_view) {}
        void finish(completion<auth_decision> done) { done(auth_decision::refuse(auth_error::missing_token)); }
    };
    [[nodiscard]] state begin(request_view const&, operation, std::string_view) { return state{*log}; }
};

/// Looks at the body as a whole.
struct reads_body {
    std::shared_ptr<std::string> log;

    auth_decision authorize(request_view const& r, operation, std::string_view) {
        log->append("[").append(r.body).append("]");
        if (r.body.ends_with("!")) throw std::runtime_error{"authorize"};
        return auth_decision::allow();
    }
};

/// Has a word on each further target of a caller that it has let in under a number of its own.
struct granting {
    scripted inner;
    std::uint32_t number = 0;

    auth_decision authorize(request_view const& r, operation op, std::string_view id) {
        auth_decision d = inner.authorize(r, op, id);
        d.who.via = number;
        return d;
    }
    bool permits(request_view const& r, principal const& who, operation op, std::string_view id) {
        inner.log->append(1, inner.name).append("?").append(id);
        CHECK(r.target == "/target");
        CHECK(who.via == number);
        CHECK(who.name.view() == "caller");
        CHECK(op == operation::del);
        return id == "yes";
    }
};

struct granting_later : scripted_later {
    bool permits(request_view const&, principal const& who, operation, std::string_view id) {
        inner.log->append(1, inner.name).append("?").append(id);
        CHECK(who.via == 0);
        return id == "yes";
    }
};

struct granting_in_pieces : scripted_in_pieces {
    bool permits(request_view const&, principal const& who, operation, std::string_view id) {
        inner.log->append(1, inner.name).append("?").append(id);
        CHECK(who.via == 0);
        return id == "yes";
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

        // the same of every form, for a request that is there and for one that arrives
        run const mixed;
        scripted_later later{mixed.says(r.a, 'a')};
        any_of auth{later, scripted_in_pieces{mixed.says(r.b, 'b')}, mixed.says(r.c, 'c')};
        std::vector<auth_decision> answers;
        auto const collect = [&](auth_decision d) { answers.push_back(std::move(d)); };
        auth.async_authorize({}, operation::post, {}, collect);
        later.waiting->at(0)(auth_decision{later.inner.answer});
        auth.begin({}, operation::post, {}).finish(collect);
        later.waiting->at(1)(auth_decision{later.inner.answer});
        CHECK(*mixed.log == r.asked + r.asked);
        REQUIRE(answers.size() == 2);
        for (auto const& each_answer : answers) {
            CHECK(each_answer.error == decision.error);
            CHECK(each_answer.message == r.answer);
        }
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

TEST_CASE("any_of shows a body to those that take pieces as it arrives, to the others as a whole", "[any_of]") {
    STATIC_REQUIRE_FALSE(has_begin<any_of<scripted, scripted_later>>);
    STATIC_REQUIRE_FALSE(has_authorize<any_of<scripted, scripted_in_pieces>>);
    run const each;
    scripted_in_pieces const pieces{each.says(missing_token, 'a')};
    any_of auth{pieces, reads_body{each.log}};
    std::vector<auth_error> answers;
    auto const collect = [&](auth_decision d) { answers.push_back(d.error); };
    auto arriving = auth.begin({}, operation::post, {});
    arriving.append("Hel");
    CHECK(*each.log == "Hel");
    arriving.append("lo, it is longer than a short string");
    auto moved = std::move(arriving);
    moved.finish(collect);
    CHECK(*each.log == "Hello, it is longer than a short stringa[Hello, it is longer than a short string]");
    CHECK(answers == std::vector{none});

    each.log->clear();
    request_view whole;
    whole.body = "Hello";
    auth.async_authorize(whole, operation::post, {}, collect);
    CHECK(*each.log == "Helloa[Hello]");
    CHECK(answers == std::vector{none, none});

    { auto const dropped = auth.begin({}, operation::post, {}); } // the client has gone
    CHECK(answers.size() == 2);
}

TEST_CASE("any_of has let go of what its authorizers have begun when it answers", "[any_of]") {
    auto const log = std::make_shared<std::string>();
    any_of auth{says_its_end{log}, says_its_end{log}};
    SECTION("in pieces") {
        auth.begin({}, operation::post, {}).finish([&](auth_decision const&) { *log += "answered "; });
    }
    SECTION("as a whole") {
        auth.async_authorize({}, operation::post, {}, [&](auth_decision const&) { *log += "answered "; });
    }
    SECTION("by one that decides") {
        any_of both{says_its_end{log}, says_its_end{log}, scripted{auth_decision::allow(), log}};
        both.begin({}, operation::post, {}).finish([&](auth_decision const&) { *log += "answered "; });
        CHECK(log->starts_with("?"));
        log->erase(0, 1);
    }
    CHECK(*log == "ended ended answered ");
}

TEST_CASE("any_of answers for one that throws when it is asked, and not before", "[any_of]") {
    auto const ask = [](auth_error first, std::string_view method, std::vector<std::string_view> const& body) {
        run const each;
        any_of auth{each.says(first, 'a'), scripted_in_pieces{each.says(missing_token, 'b')}, reads_body{each.log}};
        std::vector<auth_error> answers;
        request_view head;
        head.method = method;
        auto arriving = auth.begin(head, operation::post, {});
        for (auto const piece : body) arriving.append(piece);
        arriving.finish([&](auth_decision d) { answers.push_back(d.error); });
        REQUIRE(answers.size() == 1);
        return answers[0];
    };
    for (bool const asked : {false, true}) {
        auth_error const first = asked ? missing_token : none;
        CHECK(ask(first, "POST", {"Hello"}) == none);
        CHECK(ask(first, "throw", {"Hello"}) == (asked ? internal : none));
        CHECK(ask(first, "POST", {"throw", "Hello"}) == (asked ? internal : none));
        CHECK(ask(first, "POST", {"Hello", "!"}) == (asked ? internal : none));
    }
}

TEST_CASE("any_of asks the one that let the caller in about each further target", "[any_of]") {
    STATIC_REQUIRE(has_permits<any_of<any_of<granting, granting>, granting>>);
    STATIC_REQUIRE_FALSE(has_permits<any_of<scripted, granting>>);
    STATIC_REQUIRE_FALSE(has_permits<any_of<granting, any_of<granting, scripted>>>);
    for (char const lets_in : {'a', 'b', 'c', 'd', 'e', 'f', 'g'}) {
        INFO(lets_in);
        run const each;
        auto const grants = [&](char name) {
            scripted s = each.says(name == lets_in ? none : missing_token, name);
            s.answer.who.name = short_text{"caller"};
            return granting{s, name == 'e' ? 7u : 0u};
        };
        any_of auth{grants('a'), any_of{grants('b'), grants('c'), grants('d')},
                    any_of{any_of{grants('e')}, grants('f')}, grants('g')};
        auto const check = [&](auth_decision const& decision) {
            REQUIRE(decision.allowed());
            request_view r;
            r.target = "/target";
            for (char const* const id : {"yes", "no"}) {
                each.log->clear();
                CHECK(auth.permits(r, decision.who, operation::del, id) == (id == std::string_view{"yes"}));
                CHECK(*each.log == std::string{lets_in} + "?" + id);
            }
        };
        check(auth.authorize({}, operation::post, "first"));
        int answers = 0;
        auth.async_authorize({}, operation::post, "first", [&](auth_decision d) {
            ++answers;
            check(d);
        });
        any_of arriving{scripted_in_pieces{each.says(missing_token, 'p')}, auth};
        arriving.begin({}, operation::post, "first").finish([&](auth_decision d) {
            ++answers;
            d.who.via /= 2; // what the outer one has added
            check(d);
        });
        CHECK(answers == 2);
    }
}

TEST_CASE("any_of remembers who let a caller in, whatever way it was asked", "[any_of]") {
    for (char const lets_in : {'a', 'b', 'c'}) {
        run const each;
        auto const says = [&](char name) { return each.says(name == lets_in ? none : missing_token, name); };
        granting_later const later{{says('b')}};
        any_of auth{granting_in_pieces{{says('a')}}, any_of{later, granting_in_pieces{{says('c')}}}};
        std::vector<principal> callers;
        auto const collect = [&](auth_decision d) {
            if (d.allowed()) callers.push_back(std::move(d.who));
        };
        auth.async_authorize({}, operation::post, {}, collect);
        auto verification = auth.begin({}, operation::post, {});
        verification.append("body");
        verification.finish(collect);
        for (auto& waiting : std::exchange(*later.waiting, {})) waiting(auth_decision{later.inner.answer});
        REQUIRE(callers.size() == 2);
        for (principal const& who : callers) {
            for (bool const granted : {true, false}) {
                each.log->clear();
                char const* const id = granted ? "yes" : "no";
                CHECK(auth.permits({}, who, operation::get, id) == granted);
                CHECK(*each.log == std::string{lets_in} + "?" + id);
            }
        }
    }
}

TEST_CASE("sigv4 and bearer side by side", "[any_of]") {
    test::fixed_clock const clock{test::at(test::example_date)};
    auto const ask = [&](test::http_request const& r) {
        test::request_of const view{r};
        any_of first{test::fixed_sigv4{static_keys{test::example_key()}, {}, clock}, bearer{std::string{"token"}}};
        any_of second{bearer{std::string{"token"}}, test::fixed_sigv4{static_keys{test::example_key()}, {}, clock}};
        auto const a = first.authorize(view, operation::post, {}), b = second.authorize(view, operation::post, {});
        CHECK(a.allowed() == b.allowed());
        auto const in_pieces = [&](auto& auth) {
            request_view head = view;
            head.body = {};
            auto arriving = auth.begin(head, operation::post, {});
            for (char const& c : r.body) arriving.append({&c, 1});
            auth_error error{};
            arriving.finish([&](auth_decision d) { error = d.error; });
            return error;
        };
        CHECK(in_pieces(first) == a.error);
        CHECK(in_pieces(second) == b.error);
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

}
