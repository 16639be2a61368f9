// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// The deadlines of connections: a new one is the latest of all; the earliest is looked at and put back, which is what
// happens to a connection that was active meanwhile.

#include <backchannel/hub/deadline_heap.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

namespace {

/// As much of the hub's table as the heap needs.
struct table {
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    struct record {
        std::uint32_t deadline_position = none;
    };

    explicit table(std::size_t size) : records(size), deadlines(size) {}

    [[nodiscard]] record& used(std::uint32_t i) { return records[i]; }
    [[nodiscard]] static record& record_of(record& r) { return r; }
    [[nodiscard]] std::uint64_t& deadline(std::uint32_t i) { return deadlines[i]; }
    [[nodiscard]] std::uint64_t deadline(std::uint32_t i) const { return deadlines[i]; }

    std::vector<record> records;
    std::vector<std::uint64_t> deadlines;
};

}

static void move_earliest_to_the_end(benchmark::State& state) {
    auto const count = static_cast<std::uint32_t>(state.range(0));
    table connections{count};
    backchannel::deadline_heap<table> heap{connections};
    std::uint64_t now = 0;
    for (std::uint32_t i = 0; i != count; ++i) heap.set(i, ++now);
    for (auto _ : state) heap.set(heap.earliest()->slot, ++now);
}
BENCHMARK(move_earliest_to_the_end)->ArgName("connections")->Arg(10'000)->Arg(100'000)->Arg(1'000'000);

static void add_and_remove_latest(benchmark::State& state) {
    auto const count = static_cast<std::uint32_t>(state.range(0));
    table connections{count + 1};
    backchannel::deadline_heap<table> heap{connections};
    std::uint64_t now = 0;
    for (std::uint32_t i = 0; i != count; ++i) heap.set(i, ++now);
    for (auto _ : state) {
        heap.set(count, ++now);
        heap.remove(count);
    }
}
BENCHMARK(add_and_remove_latest)->ArgName("connections")->Arg(10'000)->Arg(100'000)->Arg(1'000'000);
