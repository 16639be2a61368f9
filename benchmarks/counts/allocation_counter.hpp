// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_BENCHMARKS_COUNTS_ALLOCATION_COUNTER_HPP
#define BACKCHANNEL_BENCHMARKS_COUNTS_ALLOCATION_COUNTER_HPP

#include <cstdint>

namespace bench {

/// How often this process has allocated memory so far.
[[nodiscard]] std::uint64_t allocations() noexcept;

/// How many bytes of it are in use, as the allocator rounds them.
[[nodiscard]] std::int64_t bytes_in_use() noexcept;

}

#endif
