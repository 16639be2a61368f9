// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// One verification of a signature, as the router asks for it: bytes of the body, bytes of the session token. And bodies
// that arrive on one loop, so many of them in a turn.

#include "support/fixed_clock.hpp"
#include "support/signed_post.hpp"

#include <backchannel/auth/sigv4.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>

static void verify(benchmark::State& state) {
    bench::signed_post const post{static_cast<std::size_t>(state.range(0)),
                                  std::string(static_cast<std::size_t>(state.range(1)), 't')};
    backchannel::sigv4<backchannel::static_keys, test::fixed_sigv4_traits> auth{
        backchannel::static_keys{post.key}, {.region = "us-east-1"}, test::fixed_clock{test::at(test::example_date)}};
    auto const request = post.view();
    for (auto _ : state) {
        auto const decision = auth.authorize(request, backchannel::operation::post, "R0oXAdfD0kwCH6w=");
        if (!decision.allowed()) state.SkipWithError("the signature is refused");
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(verify)->ArgNames({"body", "token"})->Args({64, 0})->Args({64, 800})->Args({4096, 0})->Args({131072, 0});

static void verify_arriving(benchmark::State& state) {
    bench::signed_post const post{static_cast<std::size_t>(state.range(0)), {}};
    backchannel::sigv4<backchannel::static_keys, test::fixed_sigv4_traits> auth{
        backchannel::static_keys{post.key}, {.region = "us-east-1"}, test::fixed_clock{test::at(test::example_date)}};
    auto const request = post.view();
    auto head = request;
    head.body = {};
    backchannel::crypto::sha256_lanes lanes{[] {}};
    std::int64_t allowed = 0;
    for (auto _ : state) {
        for (std::int64_t i = 0; i != state.range(1); ++i) {
            auto verification = auth.begin(head, backchannel::operation::post, "R0oXAdfD0kwCH6w=");
            verification.join(lanes);
            verification.append(request.body);
            verification.finish([&](backchannel::auth_decision const& d) { allowed += d.allowed(); });
        }
        lanes.settle();
    }
    if (allowed != state.iterations() * state.range(1)) state.SkipWithError("a signature is refused");
    state.SetItemsProcessed(allowed);
    state.SetBytesProcessed(allowed * state.range(0));
}
BENCHMARK(verify_arriving)->ArgNames({"body", "at_once"})->Args({131072, 1})->Args({131072, 2})->Args({131072, 16});
