// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SIMULATION_RANDOM_HPP
#define BACKCHANNEL_TESTS_SIMULATION_RANDOM_HPP

#include "support/random.hpp"

#include <cstddef>
#include <cstdint>

namespace simulation {

/// The only source of chance. Seeds that lie side by side give numbers that have nothing in common.
class random_source : public test::random_source {
public:
    explicit random_source(std::uint64_t seed) noexcept : test::random_source{mixed(seed) | 1} {}

    /// From and to included.
    [[nodiscard]] std::int64_t between(std::int64_t from, std::int64_t to) noexcept {
        return from + static_cast<std::int64_t>(below(static_cast<std::size_t>(to - from + 1)));
    }

    [[nodiscard]] bool chance(int in_a_thousand) noexcept { return between(0, 999) < in_a_thousand; }

    /// Precondition: the range is not empty.
    template <class Range>
    [[nodiscard]] auto& pick(Range& range) noexcept {
        return range[below(range.size())];
    }

private:
    [[nodiscard]] static std::uint64_t mixed(std::uint64_t seed) noexcept { // the last steps of SplitMix64
        seed = (seed + 0x9E3779B97F4A7C15u) * 0xBF58476D1CE4E5B9u;
        seed = (seed ^ (seed >> 27)) * 0x94D049BB133111EBu;
        return seed ^ (seed >> 31);
    }
};

}

#endif
