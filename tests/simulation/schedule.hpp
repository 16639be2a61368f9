// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SIMULATION_SCHEDULE_HPP
#define BACKCHANNEL_TESTS_SIMULATION_SCHEDULE_HPP

#include "simulation/plants.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace simulation {

/// What came of one schedule.
struct result {
    std::uint64_t hash = 0;           ///< of all that happened
    std::string rule{}, detail{};     ///< what is broken, if anything
    std::string setting{};            ///< in words
    std::vector<std::string> trace{}; ///< its end, as far as lines were kept
    std::size_t messages = 0, received = 0, connections = 0;
};

/// Runs one schedule from its seed to its end.
[[nodiscard]] result run_schedule(std::uint64_t seed, plant planted, std::size_t lines_kept);

/// Allocations that have not been freed.
[[nodiscard]] std::int64_t live_allocations() noexcept;

/// What the operating system's random source gives from now on.
void seed_entropy(std::uint64_t seed) noexcept;

}

#endif
