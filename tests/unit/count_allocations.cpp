// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "support/count_allocations.hpp"

#include "support/catch.hpp"

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS

#include "support/replace_operators.hpp"

// One program can replace the global operators once; every test that counts allocations shares these.

namespace {
thread_local std::size_t count = 0;
}

void* test::replaced_new(std::size_t size, std::size_t alignment) noexcept {
    ++count;
    return system_memory(size, alignment);
}
void test::replaced_delete(void* memory) noexcept { std::free(memory); }

std::size_t test::allocations() noexcept { return count; }

TEST_CASE("allocations are counted", "[count_allocations]") {
    test::allocation_count const made;
    int* volatile one = new int{1};
    delete one;
    int* volatile many = new (std::nothrow) int[100];
    delete[] many;
    CHECK(made.so_far() == 2);
}

#endif
