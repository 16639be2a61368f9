// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/management_router.hpp>

#include "support/catch.hpp"
#include "support/router_fixture.hpp"

#include <backchannel/auth/allow_all.hpp>
#include <backchannel/auth/any_of.hpp>
#include <backchannel/auth/bearer.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace management_router_async_tests {

// Requests that wait: for their body, for their authorizer, for the thread of their connection.

using namespace backchannel;
using test::lines;
using test::shown;

namespace {

/// Answers when it is told to; remembers what it was shown.
struct slow_auth {
    struct state {
        request_view const* request = nullptr;
        std::string_view id;
        completion<auth_decision> waiting;
    };
    std::shared_ptr<state> shared = std::make_shared<state>();

    void async_authorize(request_view const& r, operation, std::string_view id, completion<auth_decision> done) {
        shared->request = &r;
        shared->id = id;
        shared->waiting = std::move(done);
    }
};

/// Only ever sees a body in pieces.
struct piecewise_auth {
    std::shared_ptr<lines> pieces = std::make_shared<lines>();

    struct state {
        std::shared_ptr<lines> pieces;
        std::string_view id;
        void append(std::string_view piece) { pieces->emplace_back(piece); }
        void finish(completion<auth_decision> done) {
            pieces->push_back("end of " + std::string{id.substr(0, 1)});
            done(auth_decision::allow());
        }
    };
    [[nodiscard]] state begin(request_view const&, operation, std::string_view id) { return {pieces, id}; }
};

struct throwing_auth {
    [[nodiscard]] auth_decision authorize(request_view const&, operation, std::string_view) {
        throw std::runtime_error{"database"};
    }
};
struct async_throwing_auth {
    void async_authorize(request_view const&, operation, std::string_view, completion<auth_decision>) {
        throw std::runtime_error{"database"};
    }
};
struct begin_throwing_auth {
    struct state {
        void append(std::string_view) {}
        void finish(completion<auth_decision> done) { done(auth_decision::allow()); }
    };
    [[nodiscard]] state begin(request_view const&, operation, std::string_view) {
        throw std::runtime_error{"database"};
    }
};
struct append_throwing_auth {
    struct state {
        void append(std::string_view) { throw std::runtime_error{"database"}; }
        void finish(completion<auth_decision>) { throw std::runtime_error{"database"}; }
    };
    [[nodiscard]] state begin(request_view const&, operation, std::string_view) { return {}; }
};

constexpr std::string_view internal = R"(500 InternalServerErrorException {"message":"Internal server error"})";

}

TEST_CASE("handle answers 200 once a message for another thread is queued", "[management_router]") {
    test::router_fixture<allow_all, test::looping_transport> f;
    request_view r;
    std::string const target = f.path();
    r.method = "POST";
    r.target = target;
    r.body = "Hello";
    CHECK(shown(*f.router.handle(r)) == "200");
    CHECK(f.hub.sent().empty());
    f.hub.run();
    CHECK(f.hub.sent() == lines{"send 1 Hello"});
    CHECK(f.hub.wire().wrong_thread.load() == 0);
}

TEST_CASE("async_handle waits for the answer of the connection's thread", "[management_router]") {
    test::router_fixture<allow_all, test::looping_transport> f;
    CHECK(f.start("POST", "one"));
    CHECK(f.answers.empty());
    f.hub.run();
    CHECK(f.answers == lines{"200"});
    CHECK(f.hub.sent() == lines{"send 1 one"});

    f.hub.wire().on_send = [](int, message const&) { return delivery::backpressure; };
    CHECK(f.start("POST", "two"));
    f.hub.run();
    CHECK(f.answers.back() == R"(429 LimitExceededException {"message":"The client's send buffer is full"})");
    f.hub.wire().on_send = nullptr;

    CHECK(f.start("POST", "three")); // the connection closes while the message waits
    f.open = {};
    f.hub.run();
    REQUIRE(f.answers.size() == 3);
    CHECK(f.answers.back() == R"(410 GoneException {"message":"Gone"})");
}

TEST_CASE("A message that the loop forgets is answered, as not sent", "[management_router]") {
    test::router_fixture<allow_all, test::looping_transport> f;
    CHECK(f.start("POST", "one"));
    f.hub.wire().loops[1].drop();
    f.open = {};
    f.hub.hub.reset();
    REQUIRE(f.answers.size() == 1);
    CHECK(f.answers[0].starts_with("503 ServiceUnavailableException")); // certainly not sent
}

TEST_CASE("async_handle answers inline what need not wait", "[management_router]") {
    test::router_fixture<allow_all, test::looping_transport> f;
    f.hub.on_loop(1, [&] { CHECK(f.start("POST", "own thread")); });
    CHECK(f.start("GET"));
    CHECK(f.start("PUT"));
    CHECK(f.start("POST", "x", "/prod/@connections/"));
    CHECK(f.start("POST", std::string(131073, 'x')));
    CHECK(f.start("DELETE"));
    CHECK(f.start("GET"));
    CHECK_FALSE(f.start("GET", "", "/dev/@connections/x"));
    REQUIRE(f.answers.size() == 7);
    CHECK(f.answers[0] == "200");
    CHECK(f.answers[1].starts_with("200 {"));
    CHECK(f.answers[2].starts_with("405 "));
    CHECK(f.answers[3].starts_with("400 "));
    CHECK(f.answers[4].starts_with("413 "));
    CHECK(f.answers[5] == "204");
    CHECK(f.answers[6] == R"(410 GoneException {"message":"Gone"})");
}

TEST_CASE("An authorizer may take its time, and the request is kept for it", "[management_router]") {
    slow_auth auth;
    test::router_fixture<slow_auth> f{auth};
    CHECK(f.start("POST", "a body that is longer than a short string"));
    CHECK(f.answers.empty());
    CHECK(f.hub.sent().empty());
    REQUIRE(auth.shared->request != nullptr);
    CHECK(auth.shared->request->method == "POST");
    CHECK(auth.shared->request->target == f.path());
    CHECK(auth.shared->request->body == "a body that is longer than a short string");
    REQUIRE(auth.shared->request->headers.size() == 1);
    CHECK(auth.shared->request->headers[0].name == "Host");
    CHECK(auth.shared->id == f.open.id());
    auth.shared->waiting(auth_decision::allow());
    CHECK(f.answers == lines{"200"});
    CHECK(f.hub.sent() == lines{"send 1 a body that is longer than a short string"});

    CHECK(f.start("POST", "x"));
    auth.shared->waiting(auth_decision::refuse(auth_error::not_permitted, "No."));
    CHECK(f.answers.back() == R"(403 AccessDeniedException {"message":"No."})");

    CHECK(f.start("POST", "x")); // an authorizer that forgets to answer lets nobody in
    auth.shared->waiting = {};
    CHECK(f.answers.back() == internal);
    CHECK(f.answers.size() == 3);
    CHECK(f.hub.sent().empty());
}

TEST_CASE("A late decision is dealt with where the completion says", "[management_router]") {
    std::vector<task> at_home;
    auto const homing = [&](auto done) {
        struct homing_done {
            decltype(done) inner;
            std::vector<task>* where;
            void operator()(response r) { inner(std::move(r)); }
            [[nodiscard]] auto home() const {
                return [where_ = where](auto f) {
                    auto const kept = std::make_shared<decltype(f)>(std::move(f));
                    where_->emplace_back([kept] { (*kept)(); });
                };
            }
        };
        return homing_done{std::move(done), &at_home};
    };
    slow_auth auth;
    test::router_fixture<slow_auth> f{auth};
    std::string const target = f.path();
    request_view r;
    r.method = "POST";
    r.target = target;
    r.body = "Hello";
    CHECK(f.router.async_handle(r, homing(f.collect())));
    CHECK(at_home.empty());
    auth.shared->waiting(auth_decision::allow());
    CHECK(f.hub.sent().empty());
    REQUIRE(at_home.size() == 1);
    at_home[0]();
    CHECK(f.answers == lines{"200"});
    CHECK(f.hub.sent() == lines{"send 1 Hello"});

    CHECK(f.router.async_handle(r, homing(f.collect())));
    auth.shared->waiting = {}; // it forgets to answer
    REQUIRE(at_home.size() == 2);
    at_home[1]();
    CHECK(f.answers.back() == internal);

    CHECK(f.router.async_handle(r, homing(f.collect())));
    auth.shared->waiting(auth_decision::allow());
    at_home.clear(); // nobody goes on with it
    CHECK(f.hub.sent().empty());
    CHECK(f.answers.size() == 2);

    piecewise_auth pieces;
    test::router_fixture<piecewise_auth> g{pieces};
    std::string const other = g.path();
    r.target = other;
    auto incoming = g.router.begin(r);
    CHECK(incoming.append("Hello"));
    incoming.finish(homing(g.collect()));
    CHECK(g.hub.sent().empty());
    REQUIRE(at_home.size() == 1);
    at_home[0]();
    CHECK(g.answers == lines{"200"});
    CHECK(g.hub.sent() == lines{"send 1 Hello"});
}

TEST_CASE("A body may arrive in pieces, each shown to the authorizer as it comes", "[management_router]") {
    piecewise_auth auth;
    test::router_fixture<piecewise_auth> f{auth, {.stage = "prod", .max_body = 10}};
    auto const begin = [&](std::string_view method, std::string target) {
        auto const text = std::make_unique<std::string>(std::move(target));
        request_view head;
        head.method = method;
        head.target = *text;
        head.body = "ignored";
        return f.router.begin(head);
    };
    auto whole = begin("POST", f.path());
    REQUIRE(whole);
    CHECK(whole.append("Hel"));
    CHECK(whole.append(""));
    auto moved = std::move(whole);
    CHECK(moved.append("lo"));
    moved.finish(f.collect());
    CHECK(f.answers == lines{"200"});
    CHECK(f.hub.sent() == lines{"send 1 Hello"});
    CHECK(*auth.pieces == lines{"Hel", "", "lo", "end of " + std::string{f.open.id().substr(0, 1)}});

    auth.pieces->clear();
    auto full = begin("POST", f.path());
    CHECK(full.append("0123456789"));
    CHECK_FALSE(full.append("x")); // over the limit: refused at once, and nobody is asked
    CHECK_FALSE(full.append("y"));
    full.finish(f.collect());
    CHECK(f.answers.back() == R"(413 PayloadTooLargeException {"message":"Message too long"})");
    auto at_limit = begin("POST", f.path());
    CHECK(at_limit.append("01234"));
    CHECK(at_limit.append("56789"));
    at_limit.finish(f.collect());
    CHECK(f.answers.back() == "200");

    auto bad = begin("PUT", f.path());
    CHECK_FALSE(bad.append("x"));
    bad.finish(f.collect());
    CHECK(f.answers.back().starts_with("405 "));
    CHECK_FALSE(begin("POST", "/dev/@connections/x"));

    auto head_only = begin("GET", f.path());
    head_only.finish(f.collect());
    CHECK(f.answers.back().starts_with("200 {"));

    auto announced = begin("POST", f.path());
    announced.refuse_as_too_large();
    CHECK_FALSE(announced.append("x"));
    announced.finish(f.collect());
    CHECK(f.answers.back().starts_with("413 "));
    // whole requests go the same way
    auth.pieces->clear();
    CHECK(f.start("POST", "whole"));
    CHECK(f.answers.back() == "200");
    CHECK(auth.pieces->front() == "whole");
}

TEST_CASE("Signed requests verify while they arrive", "[management_router]") {
    auto const verify = [](auto auth) {
        test::router_fixture<decltype(auth)> f{std::move(auth)};
        test::http_request r = test::example_post(f.path(), "Hello, out there");
        sign(r);
        auto const run = [&](std::vector<std::string_view> const& pieces) {
            auto const kept = std::make_unique<test::http_request>(r);
            auto view = std::make_unique<test::request_of>(*kept);
            view->view().body = {};
            auto incoming = f.router.begin(*view);
            view.reset(); // the head is kept
            for (auto const piece : pieces) CHECK(incoming.append(piece));
            incoming.finish(f.collect());
            return f.answers.back();
        };
        CHECK(run({"Hello, ", "out there"}) == "200");
        CHECK(run({"Hello, out there"}) == "200");
        CHECK(run({"Hello, ", "out there", "!"}).starts_with("403 InvalidSignatureException"));
        CHECK(run({}).starts_with("403 InvalidSignatureException"));
        CHECK(f.hub.sent() == lines{"send 1 Hello, out there", "send 1 Hello, out there"});
    };
    auto const aws = [] { return test::fixed_sigv4{static_keys{test::example_key()}, {}, test::still()}; };
    verify(aws());
    verify(any_of{aws(), bearer{std::string{"token"}}});
    verify(any_of{bearer{std::string{"token"}}, aws()});
}

TEST_CASE("An authorizer without pieces gets the whole body at the end", "[management_router]") {
    slow_auth auth;
    test::router_fixture<slow_auth> f{auth};
    std::string const target = f.path();
    request_view head;
    head.method = "POST";
    head.target = target;
    auto incoming = f.router.begin(head);
    CHECK(incoming.append("Hel"));
    CHECK(incoming.append("lo"));
    CHECK(auth.shared->request == nullptr);
    incoming.finish(f.collect());
    REQUIRE(auth.shared->request != nullptr);
    CHECK(auth.shared->request->body == "Hello");
    CHECK(f.answers.empty());
    { auto const gone = std::move(incoming); }
    auth.shared->waiting(auth_decision::allow());
    CHECK(f.answers == lines{"200"});
    CHECK(f.hub.sent() == lines{"send 1 Hello"});
}

TEST_CASE("An authorizer that throws is answered with 500, once, and nothing is sent", "[management_router]") {
    auto const run = [](auto auth) {
        using auth_type = decltype(auth);
        test::router_fixture<auth_type> f{auth};
        std::string const target = f.path();
        request_view r;
        r.method = "POST";
        r.target = target;
        r.body = "x";
        if constexpr (has_authorize<auth_type>) CHECK(shown(*f.router.handle(r)) == internal);
        CHECK(f.start("POST", "x"));
        CHECK(f.answers == lines{std::string{internal}});
        f.answers.clear();
        r.body = {};
        auto incoming = f.router.begin(r);
        CHECK(static_cast<bool>(incoming));
        (void)incoming.append("x");
        incoming.finish(f.collect());
        CHECK(f.answers == lines{std::string{internal}});
        CHECK(f.hub.sent().empty());
    };
    run(throwing_auth{});
    run(async_throwing_auth{});
    run(begin_throwing_auth{});
    run(append_throwing_auth{});
}

}
