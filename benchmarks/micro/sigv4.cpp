// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// One verification of a signature, as the router asks for it: bytes of the body, bytes of the session token.

#include "support/fixed_clock.hpp"
#include "support/signed_post.hpp"

#include <backchannel/auth/sigv4.hpp>

#include <benchmark/benchmark.h>

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
