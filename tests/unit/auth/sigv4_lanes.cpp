// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/sigv4.hpp>

#include "support/catch.hpp"
#include "support/random.hpp"
#include "support/router_fixture.hpp"

#include <backchannel/auth/any_of.hpp>
#include <backchannel/auth/bearer.hpp>
#include <backchannel/auth/with_policy.hpp>
#include <backchannel/crypto/sha256_lanes.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace auth_sigv4_lanes_tests {

// Bodies that are hashed beside others of the same loop.

using namespace test;
using namespace backchannel;

namespace {

using aws = sigv4<static_keys, fixed_sigv4_traits>;

[[nodiscard]] aws example_auth() { return aws{static_keys{example_key()}, {}, still()}; }

[[nodiscard]] http_request signed_post(std::string_view target, std::string_view body) {
    http_request r = example_post(target, body);
    sign(r);
    return r;
}

struct loop {
    int woken = 0;
    crypto::sha256_lanes lanes{[this] { ++woken; }};
};

/// What an authorizer says to two requests of one turn, in the order in which it does.
template <class Auth>
[[nodiscard]] std::vector<std::string> judge_two(Auth& auth, http_request const& a, http_request const& b) {
    std::vector<std::string> said;
    loop l;
    request_of view_a{a}, view_b{b};
    auto const start = [&](request_of& view, char const* name) {
        std::string_view const body = view.view().body;
        view.view().body = {};
        auto state = auth.begin(view, operation::post, "id");
        if constexpr (joins_lanes<decltype(state)>) state.join(l.lanes);
        auto moved = std::move(state);
        moved.append(body.substr(0, 100));
        moved.append(body.substr(100));
        moved.finish([&said, name](auth_decision const& d) {
            said.push_back(std::string{name} + (d.allowed() ? " enters" : " does not"));
        });
    };
    start(view_a, "a");
    start(view_b, "b");
    said.push_back("the turn ends");
    l.lanes.settle();
    return said;
}

using said = std::vector<std::string>;

}

TEST_CASE("two long bodies of a turn are verified together", "[sigv4]") {
    http_request const good = signed_post("/prod/@connections/x", std::string(20'000, 'g'));
    http_request bad = good;
    bad.body[10'000] = 'b';
    http_request longer = signed_post("/prod/@connections/x", std::string(30'000, 'l'));
    auto const run = [&](auto& auth) {
        CHECK(judge_two(auth, good, good) == said{"b enters", "the turn ends", "a enters"});
        CHECK(judge_two(auth, good, bad) == said{"b does not", "the turn ends", "a enters"});
        CHECK(judge_two(auth, bad, good) == said{"b enters", "the turn ends", "a does not"});
        CHECK(judge_two(auth, good, longer) == said{"the turn ends", "a enters", "b enters"});
        longer.body[29'999] = '?';
        CHECK(judge_two(auth, good, longer) == said{"the turn ends", "a enters", "b does not"});
        longer.body[29'999] = 'l';
    };
    auto at_once = example_auth();
    run(at_once);
    sigv4<prompt_keys, fixed_sigv4_traits> later{prompt_keys{}, {}, still()};
    run(later);
    struct anything {
        [[nodiscard]] bool permits(principal const&, operation, std::string_view) const { return true; }
    };
    with_policy granted{example_auth(), anything{}};
    run(granted);
}

TEST_CASE("keys that throw for one body that waited are asked for the next", "[sigv4]") {
#if BACKCHANNEL_EXCEPTIONS
    auto const find = [](std::string_view id) -> std::optional<access_key> {
        if (id != "AKIDEXAMPLE") throw std::out_of_range{"no such key"};
        return example_key();
    };
    router_fixture f{sigv4<decltype(find), fixed_sigv4_traits>{find, {}, still()}};
    loop l;
    std::vector<int> statuses(2);
    for (bool const known : {false, true}) {
        http_request r = example_post(f.path(), std::string(known ? 20'000 : 10'000, 'x'));
        signing s;
        if (!known) s.key.id = "STRANGER";
        sign(r, s);
        request_of const head{r};
        auto arriving = f.router.begin(head, r.body.size(), &l.lanes);
        REQUIRE(arriving.append(r.body));
        arriving.finish([&status = statuses[known]](response const& answer) { status = answer.status; });
    }
    CHECK(statuses == std::vector{0, 0});
    l.lanes.settle();
    CHECK(statuses == std::vector{500, 200});
#endif
}

TEST_CASE("what need not be hashed does not wait", "[sigv4]") {
    http_request const good = signed_post("/prod/@connections/x", std::string(20'000, 'g'));
    http_request anonymous = good;
    anonymous.headers = {{"Host", "api.example.org"}};
    auto auth = example_auth();
    CHECK(judge_two(auth, anonymous, good) == said{"a does not", "the turn ends", "b enters"});
    auto chain = any_of{bearer{std::string{"x"}}, example_auth()}; // hashes by itself
    CHECK(judge_two(chain, good, good) == said{"a enters", "b enters", "the turn ends"});
}

TEST_CASE("a router verifies many long bodies that arrive on one loop at once", "[sigv4]") {
    router_fixture<aws> f{example_auth()};
    random_source random;
    for (int round = 0; round != 20; ++round) {
        struct caller {
            http_request request;
            std::string wire; // the body as it comes
            bool forged;
            bool told; // how long it is
            management_router<aws, still_traits>::incoming arriving;
            std::size_t come = 0;
            int status = 0;
        };
        loop l;
        std::vector<caller> callers(5);
        for (caller& c : callers) {
            c.request = signed_post(f.path(), random.bytes(1 + random.below(100'000)));
            c.wire = c.request.body;
            c.forged = random.below(4) == 0;
            if (c.forged) c.wire[random.below(c.wire.size())] ^= 1;
            c.told = random.below(3) != 0; // else it comes in chunks, and its memory moves
            request_of const head{c.request};
            c.arriving = f.router.begin(head, c.told ? c.wire.size() : 0, &l.lanes);
        }
        for (std::size_t left = callers.size(); left != 0;) {
            caller& c = callers[random.below(callers.size())];
            if (random.below(6) == 0) l.lanes.settle();
            if (!c.arriving) continue;
            std::string_view piece = std::string_view{c.wire}.substr(c.come, 1 + random.below(60'000));
            if (std::span<char> const room = c.arriving.room(); random.below(2) == 0) { // received in its place
                piece = piece.substr(0, room.size());
                std::copy(piece.begin(), piece.end(), room.begin());
                REQUIRE(c.arriving.append({room.data(), piece.size()}));
            } else {
                REQUIRE(c.arriving.append(piece));
            }
            c.come += piece.size();
            if (c.come != c.wire.size()) continue;
            --left;
            if (random.below(10) == 0) {
                c.arriving = {}; // its client has gone
                c.status = -1;
            } else {
                auto whole = std::exchange(c.arriving, {});
                whole.finish([&c](response const& r) { c.status = r.status; });
            }
        }
        l.lanes.settle();
        int sent = 0;
        for (caller const& c : callers) {
            if (c.status == -1) continue;
            CHECK(c.status == (c.forged ? 403 : 200));
            sent += !c.forged;
        }
        CHECK(f.hub.sent().size() == static_cast<std::size_t>(sent));
    }
}

}
