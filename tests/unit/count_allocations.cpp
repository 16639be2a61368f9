// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "support/count_allocations.hpp"

#include "support/catch.hpp"

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS

#include "support/replace_operators.hpp"

// One program can replace the global operators once; every test that counts allocations shares these.

namespace {
thread_local std::size_t count = 0, until_failure = 0; // 0: none fails
}

void* test::replaced_new(std::size_t size, std::size_t alignment) noexcept {
    ++count;
    if (until_failure != 0 && --until_failure == 0) return nullptr;
    return system_memory(size, alignment);
}
void test::replaced_delete(void* memory) noexcept { std::free(memory); }

std::size_t test::allocations() noexcept { return count; }

test::failing_allocation::failing_allocation(std::size_t number) noexcept { until_failure = number; }
test::failing_allocation::~failing_allocation() { until_failure = 0; }
bool test::failing_allocation::has_failed() noexcept { return until_failure == 0; }

TEST_CASE("allocations are counted", "[count_allocations]") {
    test::allocation_count const made;
    int* volatile one = new int{1};
    delete one;
    int* volatile many = new (std::nothrow) int[100];
    delete[] many;
    CHECK(made.so_far() == 2);
}

TEST_CASE("the allocation that is asked for fails, and no other", "[count_allocations]") {
    bool first, second, third, failed_early, failed;
    {
        test::failing_allocation const missing{2};
        int* volatile one = new (std::nothrow) int{1};
        failed_early = test::failing_allocation::has_failed();
        int* volatile two = new (std::nothrow) int{2};
        failed = test::failing_allocation::has_failed();
        int* volatile three = new (std::nothrow) int{3};
        first = one != nullptr, second = two != nullptr, third = three != nullptr;
        delete one;
        delete two;
        delete three;
    }
    CHECK((first && !second && third && !failed_early && failed));
}

#endif
