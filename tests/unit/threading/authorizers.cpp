// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/allow_all.hpp>
#include <backchannel/auth/any_of.hpp>
#include <backchannel/auth/bearer.hpp>
#include <backchannel/auth/sigv4.hpp>
#include <backchannel/auth/with_policy.hpp>

#include "support/at_once.hpp"
#include "support/catch.hpp"
#include "support/fixed_clock.hpp"
#include "support/signer.hpp"
#include "support/witness.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace threading_authorizers_tests {

// A test for each row of docs/threading.md: what decides who may manage connections.

using namespace backchannel;
using test::at_once;
using test::example_key;
using test::example_post;
using test::http_request;
using test::request_of;
using test::sign;
using test::witness;

namespace {

constexpr int threads = 3, rounds = 4;

struct witness_clock : test::fixed_clock {
    std::shared_ptr<witness> seen{};

    [[nodiscard]] wall_time wall() const noexcept {
        seen->enter();
        return now;
    }
};

struct watched_traits : test::fixed_sigv4_traits {
    using mutex = test::watched_mutex;
    using clock = witness_clock;
};
witness_clock still(std::shared_ptr<witness> const& seen) { return {{test::at(test::example_date)}, seen}; }

/// Keys that note whether a lock is held when they are looked up.
struct witness_keys {
    std::shared_ptr<witness> seen;
    std::optional<access_key> find(std::string_view id) {
        seen->enter();
        return id == example_key().id ? std::optional{example_key()} : std::nullopt;
    }
};

/// Finds keys on a thread of its own.
struct distant_keys {
    std::shared_ptr<witness> seen;
    void async_find(std::string_view id, completion<std::optional<access_key>> done) {
        seen->enter();
        std::thread{[done = std::move(done), known = id == example_key().id]() mutable {
            done(known ? std::optional{example_key()} : std::nullopt);
        }}.join();
    }
};

struct witness_policy {
    std::shared_ptr<witness> seen;
    bool permits(principal const& who, iam_request const& r) const {
        seen->enter();
        return who.name.view() == example_key().id && r.resource.ends_with("good");
    }
};

using near_sigv4 = sigv4<witness_keys, watched_traits>;
using far_sigv4 = sigv4<distant_keys, watched_traits>;

/// A signed request, one whose body is another one's, and one with a token.
struct requests {
    http_request good = example_post(), bad = good, token = good;
    requests() {
        sign(good);
        bad = good;
        bad.body = "Other";
        token.set("Authorization", "Bearer secret");
    }
};

auth_decision asked(auto& auth, http_request const& r, std::string_view id = "good") {
    return auth.authorize(request_of{r}.view(), operation::post, id);
}

auth_decision asked_later(auto& auth, http_request const& r, std::string_view id = "good") {
    request_of view{r};
    auth_decision told;
    auth.async_authorize(view.view(), operation::post, id, [&](auth_decision d) { told = std::move(d); });
    return told;
}

auth_decision asked_in_pieces(auto& auth, http_request const& r, std::string_view id = "good") {
    request_of view{r};
    request_view head = view.view();
    head.body = {};
    auth_decision told;
    auto verification = auth.begin(head, operation::post, id);
    verification.append(std::string_view{r.body}.substr(0, 2));
    verification.append(std::string_view{r.body}.substr(2));
    verification.finish([&](auth_decision d) { told = std::move(d); });
    return told;
}

/// `ask(request)` on many threads at once: the good request enters and the other does not.
template <class Ask>
void ask_at_once(Ask ask, std::shared_ptr<witness> const& seen = nullptr) {
    requests const r;
    std::atomic<int> entered{0}, refused{0};
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            entered += ask(r.good).allowed();
            refused +=
                ask(r.bad).error == auth_error::payload_mismatch || ask(r.bad).error == auth_error::bad_signature;
        }
    });
    CHECK(entered == threads * rounds);
    CHECK(refused == threads * rounds);
    if (seen != nullptr) CHECK(seen->saw_no_lock());
}

/// Keys that call the authorizer again.
template <class Auth>
struct asked_again {
    std::shared_ptr<witness> seen = std::make_shared<witness>();
    Auth auth;
    requests r;

    template <class Make>
    explicit asked_again(Make make) : auth{make(seen)} {
        seen->again = [this] { (void)asked_later(auth, r.good); };
    }
    ~asked_again() { seen->again = nullptr; }
};

near_sigv4 near(std::shared_ptr<witness> const& seen) { return near_sigv4{witness_keys{seen}, {}, still(seen)}; }
far_sigv4 far(std::shared_ptr<witness> const& seen) { return far_sigv4{distant_keys{seen}, {}, still(seen)}; }

any_of<bearer, near_sigv4> either(std::shared_ptr<witness> const& seen) {
    return any_of<bearer, near_sigv4>{bearer{"secret"}, near(seen)};
}
any_of<bearer, far_sigv4> either_far(std::shared_ptr<witness> const& seen) {
    return any_of<bearer, far_sigv4>{bearer{"secret"}, far(seen)};
}
with_policy<near_sigv4, witness_policy> judged(std::shared_ptr<witness> const& seen) {
    return {near(seen), witness_policy{seen}};
}

}

TEST_CASE("allow_all::authorize, permits: everybody enters, on every thread", "[threading]") {
    allow_all auth;
    std::atomic<int> entered{0};
    at_once(threads, [&](int) {
        auth_decision const told = asked(auth, example_post());
        entered += told.allowed() && auth.permits({}, told.who, operation::del, "id");
    });
    CHECK(entered == threads);
}

TEST_CASE("static_keys::find: threads look keys up at once", "[threading]") {
    static_keys const keys{std::vector<access_key>{{"A", "1"}, {"B", "2"}, {"C", "3"}}};
    std::atomic<int> wrong{0};
    at_once(threads, [&](int t) {
        for (int i = 0; i != 100; ++i) {
            std::string const id(1, static_cast<char>('A' + t));
            auto const* const found = keys.find(id);
            wrong += found == nullptr || found->secret != std::to_string(t + 1) || keys.find("D") != nullptr;
        }
    });
    CHECK(wrong == 0);
}

TEST_CASE("sigv4::configure: once, and then all threads follow it", "[threading]") {
    near_sigv4 auth = near(std::make_shared<witness>());
    auth.configure({.region = "eu-west-1"});
    http_request here = example_post(), elsewhere = here;
    test::signing of_region;
    of_region.region = "eu-west-1";
    sign(here, of_region);
    sign(elsewhere);
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) { wrong += !asked(auth, here).allowed() || asked(auth, elsewhere).allowed(); });
    CHECK(wrong == 0);
}

TEST_CASE("sigv4::authorize: threads verify at once, and no lock is held while keys are looked up", "[threading]") {
    asked_again<near_sigv4> a{near};
    ask_at_once([&](http_request const& r) { return asked(a.auth, r); }, a.seen);
}

TEST_CASE("sigv4::async_authorize: threads verify at once with keys of another thread", "[threading]") {
    asked_again<far_sigv4> a{far};
    ask_at_once([&](http_request const& r) { return asked_later(a.auth, r); }, a.seen);
}

TEST_CASE("sigv4::begin: threads verify at once what arrives in pieces", "[threading]") {
    asked_again<near_sigv4> a{near};
    ask_at_once([&](http_request const& r) { return asked_in_pieces(a.auth, r); }, a.seen);
}

TEST_CASE("sigv4::verification::append, decide: a request moves from thread to thread", "[threading]") {
    asked_again<near_sigv4> a{near};
    std::atomic<int> entered{0};
    at_once(threads, [&](int) {
        request_of view{a.r.good};
        request_view head = view.view();
        head.body = {};
        auto verification = a.auth.begin(head, operation::post, "good");
        verification.append(a.r.good.body);
        std::thread{[&] { entered += verification.decide().allowed(); }}.join();
    });
    CHECK(entered == threads);
}

TEST_CASE("sigv4::verification::join, settle: each loop has its own lanes", "[threading]") {
    asked_again<near_sigv4> a{near};
    http_request long_one = example_post("/prod/@connections/x", std::string(10'000, 'x'));
    sign(long_one);
    std::atomic<int> entered{0};
    at_once(threads, [&](int) {
        crypto::sha256_lanes lanes{[] {}};
        request_of view{long_one};
        request_view head = view.view();
        head.body = {};
        std::string_view const body = long_one.body;
        for (int i = 0; i != 4; ++i) {
            auto verification = a.auth.begin(head, operation::post, "good");
            verification.join(lanes);
            verification.append(body.substr(0, 5000));
            if (i % 2 != 0) verification.settle();
            verification.append(body.substr(5000));
            verification.finish([&](auth_decision const& d) { entered += d.allowed(); });
        }
        lanes.settle();
    });
    CHECK(entered == 4 * threads);
}

TEST_CASE("sigv4::verification::finish: keys of another thread report there", "[threading]") {
    asked_again<far_sigv4> a{far};
    ask_at_once([&](http_request const& r) { return asked_in_pieces(a.auth, r); }, a.seen);
}

TEST_CASE("sigv4::permits: any thread hears that a caller may reach every connection", "[threading]") {
    asked_again<near_sigv4> a{near};
    std::atomic<int> granted{0};
    at_once(threads, [&](int) { granted += a.auth.permits({}, {}, operation::del, "id"); });
    CHECK(granted == threads);
}

namespace {

template <class Auth>
void show_tokens_at_once(std::string const& scheme) {
    Auth const auth{std::vector<bearer_token>{{"secret", "one", {}}, {"other", "two", {}}}};
    std::atomic<int> wrong{0};
    at_once(threads, [&](int t) {
        http_request r = example_post();
        r.set("Authorization", scheme + (t == 0 ? "secret" : t == 1 ? "other" : "nothing"));
        for (int i = 0; i != 100; ++i) {
            auth_decision const told = asked(auth, r);
            wrong += told.who.name.view() != (t == 0 ? "one" : t == 1 ? "two" : "") || told.allowed() != (t != 2);
            wrong += !auth.permits({}, told.who, operation::del, "id");
        }
    });
    CHECK(wrong == 0);
}

}

TEST_CASE("bearer::authorize, permits: threads show tokens at once", "[threading]") {
    show_tokens_at_once<bearer>("Bearer ");
}

TEST_CASE("api_key::authorize, permits: threads show keys at once", "[threading]") {
    show_tokens_at_once<api_key>("Api-Key ");
}

TEST_CASE("any_of::configure: once, and then all threads follow it", "[threading]") {
    auto auth = either(std::make_shared<witness>());
    auth.configure({.region = "eu-west-1"});
    requests const r;
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) { wrong += asked(auth, r.good).allowed() || !asked(auth, r.token).allowed(); });
    CHECK(wrong == 0);
}

TEST_CASE("any_of::authorize: threads are let in by one or the other", "[threading]") {
    asked_again<any_of<bearer, near_sigv4>> a{either};
    ask_at_once(
        [&](http_request const& r) { return asked(a.auth, a.r.token).allowed() ? asked(a.auth, r) : auth_decision{}; },
        a.seen);
}

TEST_CASE("any_of::async_authorize: threads are let in by one that takes its time", "[threading]") {
    asked_again<any_of<bearer, far_sigv4>> a{either_far};
    ask_at_once([&](http_request const& r) { return asked_later(a.auth, r); }, a.seen);
}

TEST_CASE("any_of::begin: threads show bodies in pieces", "[threading]") {
    asked_again<any_of<bearer, near_sigv4>> a{either};
    ask_at_once([&](http_request const& r) { return asked_in_pieces(a.auth, r); }, a.seen);
}

TEST_CASE("any_of::verification::append, finish: keys of another thread report there", "[threading]") {
    asked_again<any_of<bearer, far_sigv4>> a{either_far};
    ask_at_once([&](http_request const& r) { return asked_in_pieces(a.auth, r); }, a.seen);
}

TEST_CASE("any_of::permits: threads ask the one that let them in at once", "[threading]") {
    auto const seen = std::make_shared<witness>();
    any_of<bearer, with_policy<near_sigv4, witness_policy>> auth{bearer{"secret"}, judged(seen)};
    requests const r;
    seen->again = [&] { (void)asked(auth, r.good); };
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            principal const by_key = asked(auth, r.good).who, by_token = asked(auth, r.token).who;
            wrong += !auth.permits({}, by_key, operation::post, "good");
            wrong += auth.permits({}, by_key, operation::post, "other");
            wrong += !auth.permits({}, by_token, operation::post, "other"); // of a token, nothing more is asked
        }
    });
    seen->again = nullptr;
    CHECK(wrong == 0);
    CHECK(seen->saw_no_lock());
}

TEST_CASE("with_policy::configure: once, and then all threads follow it", "[threading]") {
    auto const seen = std::make_shared<witness>();
    auto auth = judged(seen);
    auth.configure({.stage = "prod", .region = "us-east-1"});
    requests const r;
    std::atomic<int> entered{0};
    at_once(threads, [&](int) { entered += asked(auth, r.good).allowed(); });
    CHECK(entered == threads);
}

TEST_CASE("with_policy::authorize: who is not granted stays out, on every thread", "[threading]") {
    asked_again<with_policy<near_sigv4, witness_policy>> a{judged};
    ask_at_once([&](http_request const& r) { return asked(a.auth, r); }, a.seen);
    CHECK(asked(a.auth, a.r.good, "bad id").error == auth_error::not_permitted);
}

TEST_CASE("with_policy::async_authorize: who is not granted stays out, on every thread", "[threading]") {
    asked_again<with_policy<near_sigv4, witness_policy>> a{judged};
    ask_at_once([&](http_request const& r) { return asked_later(a.auth, r); }, a.seen);
    CHECK(asked_later(a.auth, a.r.good, "bad id").error == auth_error::not_permitted);
}

TEST_CASE("with_policy::begin: who is not granted stays out, also when the body comes in pieces", "[threading]") {
    asked_again<with_policy<near_sigv4, witness_policy>> a{judged};
    ask_at_once([&](http_request const& r) { return asked_in_pieces(a.auth, r); }, a.seen);
    CHECK(asked_in_pieces(a.auth, a.r.good, "bad id").error == auth_error::not_permitted);
}

TEST_CASE("with_policy::permits: threads ask for one more target at once", "[threading]") {
    asked_again<with_policy<near_sigv4, witness_policy>> a{judged};
    principal const who{std::string_view{"AKIDEXAMPLE"}, {}};
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            wrong += !a.auth.permits({}, who, operation::post, "good");
            wrong += a.auth.permits({}, who, operation::post, "other");
        }
    });
    CHECK(wrong == 0);
    CHECK(a.seen->saw_no_lock());
}

}
