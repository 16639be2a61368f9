// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// The hub by itself, with a transport that does nothing: sends to random ids, and threads that open, send and close.

#include "support/idle_transport.hpp"

#include <backchannel/connection_hub.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using idle_hub = backchannel::connection_hub<test::idle_transport>;
backchannel::message const hello{"hello", backchannel::message_kind::text};

/// For several threads: it has nothing that they could share.
struct still_transport {
    using handle = std::uint32_t;
    static constexpr bool bounds_itself = true;
    backchannel::delivery send(handle const&, backchannel::message const&) { return backchannel::delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

/// A hub with that many connections, and their ids in random order.
template <class Hub>
struct crowd {
    explicit crowd(std::size_t count) {
        for (std::size_t i = 0; i != count; ++i) {
            sessions.push_back(hub->open(static_cast<std::uint32_t>(i), {}));
            ids.emplace_back(sessions.back().id());
        }
        std::shuffle(ids.begin(), ids.end(), std::mt19937_64{1});
    }

    std::unique_ptr<Hub> hub = std::make_unique<Hub>();
    std::vector<backchannel::session> sessions;
    std::vector<std::string> ids;
};

}

static void send_to_random_id(benchmark::State& state) {
    crowd<idle_hub> all{static_cast<std::size_t>(state.range(0))};
    std::size_t next = 0;
    for (auto _ : state) {
        if (all.hub->send(all.ids[next], hello) != backchannel::delivery::accepted) state.SkipWithError("gone");
        if (++next == all.ids.size()) next = 0;
    }
}
BENCHMARK(send_to_random_id)->ArgName("connections")->Arg(10'000)->Arg(100'000)->Arg(1'000'000);

static void open_and_close(benchmark::State& state) {
    idle_hub hub;
    for (auto _ : state) {
        auto session = hub.open(1, {});
        session.closed(1000);
    }
}
BENCHMARK(open_and_close);

// Each thread opens a connection, sends 16 messages to those of all threads, and closes it. More threads than
// processors measure the scheduler, too, and are marked.
static void contended(benchmark::State& state) {
    using crowd_type = crowd<backchannel::connection_hub<still_transport>>;
    static crowd_type* all = nullptr;
    if (state.thread_index() == 0) all = new crowd_type{10'000};
    std::size_t next = static_cast<std::size_t>(state.thread_index()) * 997;
    for (auto _ : state) {
        auto session = all->hub->open(1, {});
        for (int i = 0; i != 16; ++i) {
            next = (next + 1) % all->ids.size();
            if (all->hub->send(all->ids[next], hello) != backchannel::delivery::accepted) state.SkipWithError("gone");
        }
        session.closed(1000);
    }
    if (state.thread_index() == 0) {
        if (static_cast<unsigned>(state.threads()) > std::thread::hardware_concurrency())
            state.SetLabel("oversubscribed");
        delete all;
    }
}
BENCHMARK(contended)->ThreadRange(1, 8)->UseRealTime();
