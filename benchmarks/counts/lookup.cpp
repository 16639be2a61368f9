// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// lookup CONNECTIONS   what a hub needs for so many connections that do nothing, and allocations of a send, as JSON;
// the
//                      instructions and cache misses of sends to ids in random order if callgrind is told to begin
//                      without instrumentation. The transport of the hub does nothing, so that a send is the lookup of
//                      the id and what the hub writes down.

#include "allocation_counter.hpp"
#include "support/idle_transport.hpp"

#include <backchannel/connection_hub.hpp>

#include <valgrind/callgrind.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <random>
#include <string_view>
#include <vector>

namespace {

using id_text = std::array<char, 16>;

constexpr std::size_t sends = 200'000;

/// The hub, its sessions and their ids in random order, the same each time.
class crowd {
public:
    explicit crowd(std::size_t count) : sessions_(count), ids_(count) {
        std::int64_t const before = bench::bytes_in_use();
        for (std::size_t i = 0; i != count; ++i) {
            sessions_[i] = hub.open(static_cast<std::uint32_t>(i), {});
            if (sessions_[i].id().size() > sizeof(id_text)) std::exit(1);
        }
        bytes = bench::bytes_in_use() - before;
        for (std::size_t i = 0; i != count; ++i)
            std::memcpy(ids_[i].data(), sessions_[i].id().data(), sessions_[i].id().size());
        length_ = sessions_.front().id().size();
        std::mt19937_64 order{1};
        for (std::size_t i = count - 1; i != 0; --i) std::swap(ids_[i], ids_[order() % (i + 1)]);
    }

    void send(std::size_t from, std::size_t count) {
        backchannel::message const m{"hello", backchannel::message_kind::text};
        for (std::size_t i = from; i != from + count; ++i)
            if (hub.send({ids_[i].data(), length_}, m) != backchannel::delivery::accepted) std::exit(1);
    }

    backchannel::connection_hub<test::idle_transport> hub;
    std::int64_t bytes = 0; // of the hub, for all of them

private:
    std::vector<backchannel::session> sessions_;
    std::vector<id_text> ids_;
    std::size_t length_ = 0;
};

}

int main(int argc, char** argv) {
    std::size_t const count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
    if (count < 3 * sends) return std::cerr << "lookup: at least " << 3 * sends << " connections\n", 2;
    crowd all{count};
    CALLGRIND_START_INSTRUMENTATION;
    all.send(0, 2 * sends); // what the processor would have in its cache
    CALLGRIND_ZERO_STATS;
    std::uint64_t const before = bench::allocations();
    all.send(2 * sends, sends);
    CALLGRIND_STOP_INSTRUMENTATION;
    std::cout << "{\"times\": " << sends
              << ", \"bytes\": " << static_cast<double>(all.bytes) / static_cast<double>(count)
              << ", \"allocations\": " << (bench::allocations() - before) / sends << "}" << std::endl;
}
