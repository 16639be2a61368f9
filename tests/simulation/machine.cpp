// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// What a process has of its machine, made countable and repeatable: memory and random bytes.
#include "simulation/random.hpp"
#include "simulation/schedule.hpp"

#include "support/count_allocations.hpp"

#include <cstdlib>

#if defined(__linux__)
#include <sys/types.h>
#endif

namespace {

std::int64_t live = 0;
simulation::random_source entropy{0};

}

std::int64_t simulation::live_allocations() noexcept { return live; }
void simulation::seed_entropy(std::uint64_t seed) noexcept { entropy = random_source{~seed}; }

#if defined(__linux__)
// Stands before the C library's: ids and keys are those of the seed.
extern "C" ssize_t getrandom(void* buffer, std::size_t size, unsigned) {
    auto* out = static_cast<unsigned char*>(buffer);
    for (std::size_t i = 0; i != size; ++i) out[i] = static_cast<unsigned char>(entropy() >> 56);
    return static_cast<ssize_t>(size);
}
#endif

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
#include "support/replace_operators.hpp"

void* test::replaced_new(std::size_t size, std::size_t alignment) noexcept {
    void* const memory = system_memory(size, alignment);
    live += memory != nullptr;
    return memory;
}
void test::replaced_delete(void* memory) noexcept {
    --live;
    std::free(memory);
}
#endif
