// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/sigv4.hpp>

#include "support/catch.hpp"
#include "support/counting_crypto.hpp"
#include "support/signer.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace auth_sigv4_keys_tests {

// Where keys come from, and that neither an answer nor the work for it tells who has which.

using namespace test;
using backchannel::access_key;
using backchannel::auth_decision;
using backchannel::auth_error;
using backchannel::completion;
using backchannel::operation;
using backchannel::sigv4;
using backchannel::sigv4_candidates;
using backchannel::sigv4_options;
using backchannel::static_keys;

namespace {

[[nodiscard]] http_request signed_post(signing const& s = {}) {
    http_request r = example_post();
    sign(r, s);
    return r;
}

/// Answers when it is told to.
struct slow_keys {
    struct state {
        std::vector<std::string> asked;
        std::vector<completion<std::optional<access_key>>> waiting;
    };
    std::shared_ptr<state> shared = std::make_shared<state>();

    void async_find(std::string_view id, completion<std::optional<access_key>> done) {
        shared->asked.emplace_back(id);
        shared->waiting.push_back(std::move(done));
    }
};

/// Answers at the last moment.
struct dying_keys {
    std::vector<completion<std::optional<access_key>>> waiting{};

    dying_keys() = default;
    dying_keys(dying_keys&&) = default;
    ~dying_keys() {
        for (auto& done : waiting) done(example_key());
    }
    void async_find(std::string_view, completion<std::optional<access_key>> done) { waiting.push_back(std::move(done)); }
};

struct counting_traits : fixed_sigv4_traits {
    using crypto = counting_crypto;
};
using counting_sigv4 = sigv4<static_keys, counting_traits>;

/// Signs everything with zeros.
struct zero_crypto {
    using sha256 = backchannel::crypto::sha256;
    struct hmac_sha256 {
        explicit hmac_sha256(std::string_view) noexcept {}
        void update(std::string_view) noexcept {}
        [[nodiscard]] backchannel::crypto::sha256_digest finish() noexcept { return {}; }
        [[nodiscard]] static backchannel::crypto::sha256_digest digest(std::string_view, std::string_view) noexcept {
            return {};
        }
    };
};
struct zero_traits : fixed_sigv4_traits {
    using crypto = zero_crypto;
};

[[nodiscard]] crypto_calls cost_of(counting_sigv4& auth, http_request const& r) {
    request_of const view{r};
    crypto_calls::current() = {};
    auto const decision = auth.authorize(view, operation::post, {});
    CHECK_FALSE(decision.allowed());
    return crypto_calls::current();
}

}

TEST_CASE("Keys may be looked up by a function that returns an optional or a pointer", "[sigv4]") {
    fixed_clock const clock{at(example_date)};
    http_request const r = signed_post();
    request_of const view{r};
    auto const optional = [](std::string_view id) {
        return id == "AKIDEXAMPLE" ? std::optional{example_key()} : std::nullopt;
    };
    sigv4<decltype(optional), fixed_sigv4_traits> by_value{optional, {}, clock};
    CHECK(by_value.authorize(view, operation::post, {}).allowed());

    access_key const stored = example_key();
    auto const pointer = [&stored](std::string_view id) -> access_key const* {
        return id == stored.id ? &stored : nullptr;
    };
    sigv4<decltype(pointer), fixed_sigv4_traits> by_pointer{pointer, {}, clock};
    CHECK(by_pointer.authorize(view, operation::post, {}).allowed());

    auto const nobody = [](std::string_view) { return std::optional<access_key>{}; };
    sigv4<decltype(nobody), fixed_sigv4_traits> none{nobody, {}, clock};
    CHECK(none.authorize(view, operation::post, {}).error == auth_error::unknown_principal);
}

TEST_CASE("keys may still be answered when the authorizer is destroyed", "[sigv4]") {
    std::vector<auth_error> answers;
    http_request const r = signed_post();
    request_of const view{r};
    {
        sigv4<dying_keys, fixed_sigv4_traits> auth{dying_keys{}, {}, fixed_clock{at(example_date)}};
        auth.async_authorize(view, operation::post, {}, [&](auth_decision d) { answers.push_back(d.error); });
        CHECK(answers.empty());
    }
    CHECK(answers == std::vector{auth_error::none});
}

TEST_CASE("Keys may take their time", "[sigv4]") {
    fixed_clock const clock{at(example_date)};
    slow_keys keys;
    sigv4<slow_keys, fixed_sigv4_traits> auth{keys, {}, clock};
    http_request const r = signed_post();
    request_of const view{r};
    std::vector<auth_error> answers;
    auto const collect = [&](auth_decision d) { answers.push_back(d.error); };
    auto& waiting = keys.shared->waiting;

    auth.async_authorize(view, operation::post, {}, collect);
    CHECK(answers.empty());
    CHECK(keys.shared->asked == std::vector<std::string>{"AKIDEXAMPLE"});
    waiting[0](example_key());
    auth.async_authorize(view, operation::post, {}, collect);
    waiting[1](std::nullopt);
    auth.async_authorize(view, operation::post, {}, collect);
    access_key other = example_key();
    other.secret += "x";
    waiting[2](other);
    CHECK(answers == std::vector{auth_error::none, auth_error::unknown_principal, auth_error::bad_signature});

    // a lookup that forgets its caller lets nobody in
    auth.async_authorize(view, operation::post, {}, collect);
    waiting.clear();
    REQUIRE(answers.size() == 4);
    CHECK(answers.back() != auth_error::none);

    // what cannot be verified at all is not looked up
    http_request const unsigned_one = example_post();
    request_of const unsigned_view{unsigned_one};
    keys.shared->asked.clear();
    auth.async_authorize(unsigned_view, operation::post, {}, collect);
    CHECK(keys.shared->asked.empty());
    CHECK(answers.back() == auth_error::missing_token);
}

TEST_CASE("A body may come in pieces, with keys at once and later", "[sigv4]") {
    fixed_clock const clock{at(example_date)};
    http_request const r = signed_post();
    request_of view{r};
    view.view().body = {};
    auto const run = [&](auto& auth, std::vector<std::string_view> const& pieces) {
        auto verification = auth.begin(view, operation::post, {});
        for (std::string_view const piece : pieces) verification.append(piece);
        auto moved = std::move(verification);
        int calls = 0;
        bool allowed = false;
        moved.finish([&](auth_decision d) {
            ++calls;
            allowed = d.allowed();
        });
        CHECK(calls == 1);
        return allowed;
    };
    sigv4<static_keys, fixed_sigv4_traits> at_once{static_keys{example_key()}, {}, clock};
    sigv4<prompt_keys, fixed_sigv4_traits> later{prompt_keys{}, {}, clock};
    for (auto const& pieces : {std::vector<std::string_view>{"Hello"}, {"H", "", "ell", "o"}}) {
        CHECK(run(at_once, pieces));
        CHECK(run(later, pieces));
    }
    for (auto const& pieces : {std::vector<std::string_view>{}, {"Hell"}, {"Hello", "!"}, {"ello", "H"}}) {
        CHECK_FALSE(run(at_once, pieces));
        CHECK_FALSE(run(later, pieces));
    }
}

TEST_CASE("An unknown key is told nothing about the rest of its request", "[sigv4]") {
    access_key stranger = example_key();
    stranger.id = "STRANGER";
    auto const asked = [&](signing s, sigv4_options const& options = {}) {
        s.key = stranger;
        return judge(signed_post(s), example_key(), options, at(example_date));
    };
    signing late, token, service, region;
    late.date = "20261120T010000Z";
    service.service = "s3";
    region.region = "x";
    sigv4_options options;
    options.region = "us-east-1";
    for (signing const& s : {signing{}, late, service, region}) {
        auto const decision = asked(s, options);
        CHECK(decision.error == auth_error::unknown_principal);
        CHECK(decision.message.empty());
        CHECK(decision.who.name.view().empty());
    }
}

TEST_CASE("A wrong signature costs the same work whether the key is known or not", "[sigv4]") {
    for (auto const which : {sigv4_candidates::aws, sigv4_candidates::all}) {
        sigv4_options options;
        options.candidates = which;
        counting_sigv4 auth{static_keys{example_key()}, options, fixed_clock{at(example_date)}};
        http_request const good = signed_post();
        request_of const view{good};
        CHECK(auth.authorize(view, operation::post, {}).allowed()); // the signing key is there from now on

        signing s;
        s.key.secret = "wrong";
        crypto_calls const known = cost_of(auth, signed_post(s));
        s.key.id = "AKIDSTRANGE"; // as long as the known one
        CHECK(cost_of(auth, signed_post(s)) == known);
        CHECK(known.digests > 2);
        CHECK(known.keys == 0);

        // neither do a wrong time, a wrong token or a wrong scope save it
        signing late = s, known_late = s;
        late.date = known_late.date = "20261121T020000Z";
        known_late.key.id = "AKIDEXAMPLE";
        CHECK(cost_of(auth, signed_post(late)) == cost_of(auth, signed_post(known_late)));
        CHECK(cost_of(auth, signed_post(late)).digests == known.digests);
    }
}

TEST_CASE("Only right signatures take a place in the cache of signing keys", "[sigv4]") {
    counting_sigv4 auth{static_keys{example_key()}, {}, fixed_clock{at(example_date)}};
    http_request const good = signed_post();
    request_of const view{good};
    CHECK(auth.authorize(view, operation::post, {}).allowed());
    for (int i = 0; i != 1000; ++i) { // many more than there are places
        signing s;
        s.key.secret = "wrong";
        s.region = "region-" + std::to_string(i);
        CHECK(cost_of(auth, signed_post(s)).keys == 5);
    }
    crypto_calls::current() = {};
    CHECK(auth.authorize(view, operation::post, {}).allowed());
    CHECK(crypto_calls::current().keys == 0);
}

TEST_CASE("A signature that the stand-in key would make is worth nothing", "[sigv4]") {
    // the key that takes an unknown one's place is no secret; here every key signs with zeros
    sigv4<static_keys, zero_traits> auth{static_keys{example_key()}, {}, fixed_clock{at(example_date)}};
    auto const asked = [&](signing const& s) {
        http_request r = signed_post(s);
        std::string& text = *r.find("authorization");
        text.replace(text.size() - 64, 64, std::string(64, '0'));
        request_of const view{r};
        return auth.authorize(view, operation::post, {}).error;
    };
    signing stranger, late, token;
    stranger.key.id = "STRANGER";
    late.date = "20261121T020000Z";
    token.key.session_token = "x";
    CHECK(asked({}) == auth_error::none);
    CHECK(asked(stranger) == auth_error::unknown_principal);
    CHECK(asked(late) == auth_error::bad_signature);
    CHECK(asked(token) == auth_error::unknown_principal);
}

TEST_CASE("One text for everything that is wrong with credentials, if asked for", "[sigv4]") {
    sigv4_options options;
    options.uniform_refusals = true;
    options.region = "us-east-1";
    options.echo_canonical_request = true;
    access_key stored = example_key();
    auto const asked = [&](http_request const& r) { return judge(r, stored, options, at(example_date)); };
    CHECK(asked(signed_post()).allowed());

    signing secret, id, date, region, service, token, scope_date;
    secret.key.secret = "wrong";
    id.key.id = "STRANGER";
    date.date = "20261120T010000Z";
    region.region = "x";
    service.service = "s3";
    token.key.session_token = "x";
    scope_date.scope_date = "20261120";
    std::vector<http_request> requests;
    for (signing const& s : {secret, id, date, region, service, token, scope_date}) requests.push_back(signed_post(s));
    for (std::string_view const owner : {"AKIDEXAMPLE", "STRANGER"}) { // a wrong hash of the body does not tell either
        signing s;
        s.key.id = owner;
        http_request& r = requests.emplace_back(example_post());
        r.set("x-amz-content-sha256", hex_sha256("Jello"));
        sign(r, s);
    }
    for (http_request const& r : requests) {
        INFO(*r.find("authorization"));
        CHECK(asked(r).error == auth_error::unknown_principal);
        CHECK(asked(r).message.empty());
        CHECK(asked(r).who.name.view().empty());
    }
    stored.expires_at = at(example_date);
    CHECK(asked(signed_post()).error == auth_error::unknown_principal);

    // and the form of a request is judged before anybody looks who sent it
    for (std::string_view const owner : {"AKIDEXAMPLE", "STRANGER"}) {
        signing s;
        s.key.id = owner;
        s.payload = "UNSIGNED-PAYLOAD";
        http_request r = example_post();
        r.set("x-amz-content-sha256", s.payload);
        sign(r, s);
        CHECK(asked(r).error == auth_error::bad_request);
    }
}

TEST_CASE("A key whose secret is changed is good with the new one only", "[sigv4]") {
    auto current = std::make_shared<access_key>(example_key());
    auto const find = [current](std::string_view id) -> access_key const* {
        return id == current->id ? current.get() : nullptr;
    };
    sigv4<decltype(find), fixed_sigv4_traits> auth{find, {}, fixed_clock{at(example_date)}};
    auto const asked = [&](access_key const& key) {
        signing s;
        s.key = key;
        http_request const r = signed_post(s);
        request_of const view{r};
        return auth.authorize(view, operation::post, {}).allowed();
    };
    access_key const before = *current;
    CHECK(asked(before));
    current->secret = "another secret";
    CHECK_FALSE(asked(before));
    CHECK(asked(*current));
    CHECK_FALSE(asked(before));
}

}
