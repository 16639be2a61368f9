// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/wait_for_answer.hpp>

#include "support/catch.hpp"
#include "support/router_fixture.hpp"

#include <backchannel/auth/allow_all.hpp>

#include <string_view>
#include <thread>
#include <utility>

namespace support_wait_for_answer_tests {

using namespace backchannel;

namespace {

/// Decides on a thread of its own.
struct elsewhere {
    std::jthread* thread;
    void async_authorize(request_view const&, operation, std::string_view, completion<auth_decision> done) {
        *thread = std::jthread{[done = std::move(done)]() mutable { done(auth_decision::allow({})); }};
    }
};

request_view post(std::string_view target) { return {.method = "POST", .target = target, .body = "hello"}; }

}

TEST_CASE("the router's answer is waited for", "[wait_for_answer]") {
    test::router_fixture<allow_all> here;
    auto const answer = wait_for_answer(here.router, post(here.path()));
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK_FALSE(wait_for_answer(here.router, post("/elsewhere")));
}

TEST_CASE("an answer of another thread is waited for", "[wait_for_answer]") {
    std::jthread thread;
    test::router_fixture<elsewhere> there{elsewhere{&thread}};
    auto const answer = wait_for_answer(there.router, post(there.path()));
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(thread.get_id() != std::thread::id{});
}

TEST_CASE("a body that is too long is refused on the strength of the head", "[wait_for_answer]") {
    test::router_fixture<allow_all> here;
    auto const answer = answer_too_large(here.router, post(here.path()));
    REQUIRE(answer);
    CHECK(answer->status == 413);
    CHECK_FALSE(answer_too_large(here.router, post("/elsewhere")));
}

}
