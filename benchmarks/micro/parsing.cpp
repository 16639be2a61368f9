// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// What the gateway does with bytes: heads of requests, frames of clients, headers of its own frames.

#include "support/signed_post.hpp"

#include <backchannel/protocol/http1_request.hpp>
#include <backchannel/protocol/websocket_frame.hpp>

#include <benchmark/benchmark.h>

#include <cstring>
#include <span>
#include <string>
#include <vector>

static void read_head(benchmark::State& state) {
    std::string const text = bench::signed_post{64}.head();
    backchannel::http1::request_head head;
    for (auto _ : state) {
        backchannel::http1::request_parser parser;
        if (parser.parse(text, head) != backchannel::http1::request_parser::status::complete)
            state.SkipWithError("the head is not read");
        benchmark::DoNotOptimize(head);
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(read_head);

static void read_frame(benchmark::State& state) {
    namespace websocket = backchannel::websocket;
    auto const size = static_cast<std::size_t>(state.range(0));
    std::array<char, 4> const key{1, 2, 3, 4};
    std::string payload(size, 'x');
    websocket::apply_mask(payload, key);
    std::string frame{websocket::make_masked_frame_header(websocket::opcode::text, size, key).view()};
    frame += payload;
    std::vector<char> input(frame.size());
    for (auto _ : state) {
        std::memcpy(input.data(), frame.data(), frame.size()); // it is unmasked in place
        websocket::frame_parser parser{{.frame = 1 << 20, .message = 1 << 20}};
        std::span<char> rest{input};
        if (!parser.next(rest).last) state.SkipWithError("the frame is not read");
        benchmark::DoNotOptimize(input.data());
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(read_frame)->ArgName("payload")->Arg(64)->Arg(4096)->Arg(131072);

static void frame_header(benchmark::State& state) {
    namespace websocket = backchannel::websocket;
    auto size = static_cast<std::uint64_t>(state.range(0));
    for (auto _ : state) {
        benchmark::DoNotOptimize(size);
        auto header = websocket::make_frame_header(websocket::opcode::text, size);
        benchmark::DoNotOptimize(header);
    }
}
BENCHMARK(frame_header)->ArgName("payload")->Arg(64)->Arg(4096)->Arg(131072);
