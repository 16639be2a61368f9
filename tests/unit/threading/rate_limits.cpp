// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/with_rate_limit.hpp>

#include "support/at_once.hpp"
#include "support/catch.hpp"
#include "support/manual_clock.hpp"
#include "support/witness.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

namespace threading_rate_limits_tests {

// A test for each row of docs/threading.md: how often callers may ask.

using namespace backchannel;
using test::at_once;
using test::witness;

namespace {

constexpr int threads = 3, rounds = 50, allowed = 40;

/// Every form of an authorizer; the one that takes its time answers on a thread of its own.
struct witness_auth {
    std::shared_ptr<witness> seen;

    struct verification {
        void append(std::string_view) {}
        void finish(completion<auth_decision> done) {
            std::thread{[&done] { done(auth_decision::allow({std::string_view{"caller"}, {}})); }}.join();
        }
    };
    void configure(router_options const&) { seen->enter(); }
    auth_decision authorize(request_view const&, operation, std::string_view) {
        seen->enter();
        return auth_decision::allow({std::string_view{"caller"}, {}});
    }
    void async_authorize(request_view const&, operation, std::string_view, completion<auth_decision> done) {
        seen->enter();
        verification{}.finish(std::move(done));
    }
    verification begin(request_view const&, operation, std::string_view) {
        seen->enter();
        return {};
    }
    bool permits(request_view const&, principal const&, operation op, std::string_view) {
        seen->enter();
        return op == operation::get;
    }
};

struct witness_clock : test::manual_clock {
    std::shared_ptr<witness> seen;
    [[nodiscard]] time_point steady() const noexcept {
        seen->enter();
        return test::manual_clock::steady();
    }
};

/// A limiter whose lock is watched, in front of buckets whose lock is their own business.
struct fixture {
    std::shared_ptr<witness> seen = std::make_shared<witness>();
    with_rate_limit<witness_auth, token_buckets, witness_clock> auth{
        witness_auth{seen}, token_buckets{{.per_second = 1, .burst = allowed}}, witness_clock{{}, seen}};

    /// `ask(count)` on many threads: exactly as many enter as there are tokens.
    template <class Ask>
    void ask_at_once(Ask ask) {
        std::atomic<int> entered{0}, late{0};
        at_once(threads, [&](int) {
            for (int i = 0; i != rounds; ++i) ask([&](auth_decision const& d) { ++(d.allowed() ? entered : late); });
        });
        CHECK(entered == allowed);
        CHECK(late == threads * rounds - allowed);
        CHECK(seen->calls == 2 * threads * rounds); // the authorizer, and the clock
    }
};

}

TEST_CASE("with_rate_limit::configure: once, and then all threads follow it", "[threading]") {
    fixture f;
    f.auth.configure({});
    CHECK(f.seen->calls == 1);
}

TEST_CASE("with_rate_limit::authorize: threads share what there is", "[threading]") {
    fixture f;
    f.ask_at_once([&](auto tell) { tell(f.auth.authorize({}, operation::post, "id")); });
}

TEST_CASE("with_rate_limit::async_authorize: answers of other threads share what there is", "[threading]") {
    fixture f;
    f.ask_at_once([&](auto tell) { f.auth.async_authorize({}, operation::post, "id", tell); });
}

TEST_CASE("with_rate_limit::begin: bodies in pieces share what there is", "[threading]") {
    fixture f;
    f.ask_at_once([&](auto tell) {
        auto state = f.auth.begin({}, operation::post, "id");
        state.append("piece");
        state.finish(tell);
    });
}

TEST_CASE("with_rate_limit::permits: threads ask for one more target at once, and use nothing up", "[threading]") {
    fixture f;
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            wrong += !f.auth.permits({}, {}, operation::get, "id");
            wrong += f.auth.permits({}, {}, operation::del, "id");
        }
    });
    CHECK(wrong == 0);
    // clock and authorizer may call it again: no lock is held
    f.seen->again = [&f] { (void)f.auth.authorize({}, operation::get, "id"); };
    int entered = 0;
    for (int i = 0; i != 2 * allowed; ++i) entered += f.auth.authorize({}, operation::get, "id").allowed();
    f.seen->again = nullptr;
    CHECK(f.seen->entered == 2 * 2 * allowed);
    CHECK(entered > 0);
    CHECK(entered < allowed);
}

TEST_CASE("token_buckets::admit: threads with names of their own disturb nobody", "[threading]") {
    token_buckets buckets{{.per_second = 1, .burst = 40, .max_buckets = threads}};
    std::atomic<int> entered{0};
    at_once(threads, [&](int t) {
        std::string_view const name = t == 0 ? "a" : t == 1 ? "b" : "c";
        for (int i = 0; i != 1000; ++i) entered += !buckets.admit({name, {}}, operation::post, time_point{});
    });
    CHECK(entered == threads * 40);
}

}
