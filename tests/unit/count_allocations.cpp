// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "support/count_allocations.hpp"

#include "support/catch.hpp"

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS

#include "support/replace_operators.hpp"

// One program can replace the global operators once; every test that counts allocations shares these.

namespace {
thread_local std::size_t count = 0, released = 0;
thread_local std::size_t until_failure = 0, failure_period = 0; // 0: none fails
thread_local bool has_failed = false;
}

void* test::replaced_new(std::size_t size, std::size_t alignment) noexcept {
    if (until_failure != 0 && --until_failure == 0) {
        until_failure = failure_period;
        has_failed = true;
        return nullptr;
    }
    ++count;
    return system_memory(size, alignment);
}
void test::replaced_delete(void* memory) noexcept {
    ++released;
    std::free(memory);
}

std::size_t test::allocations() noexcept { return count; }
std::size_t test::releases() noexcept { return released; }

test::allocation_failure::allocation_failure(std::size_t n, std::size_t period) noexcept {
    until_failure = n;
    failure_period = period;
    has_failed = false;
}
test::allocation_failure::~allocation_failure() { until_failure = failure_period = 0; }
bool test::allocation_failure::happened() const noexcept { return has_failed; }

TEST_CASE("allocations are counted", "[count_allocations]") {
    test::allocation_count const made;
    int* volatile one = new int{1};
    delete one;
    int* volatile many = new (std::nothrow) int[100];
    auto const before = made.kept();
    delete[] many;
    auto const after = made.kept();
    CHECK(made.so_far() == 2);
    CHECK(before == 1);
    CHECK(after == 0);
}

TEST_CASE("the allocation that is to fail does, and no other", "[count_allocations]") {
    int* volatile first = nullptr;
    int* volatile second = nullptr;
    int* volatile third = nullptr;
    bool early = true, late = false;
    {
        test::allocation_failure const failure{2};
        first = new (std::nothrow) int{1};
        early = failure.happened();
        second = new (std::nothrow) int{2};
        late = failure.happened();
        third = new (std::nothrow) int{3};
    }
    CHECK(first != nullptr);
    CHECK_FALSE(early);
    CHECK(second == nullptr);
    CHECK(late);
    CHECK(third != nullptr);
    delete first;
    delete third;
    bool failed[4] = {};
    {
        test::allocation_failure const failure{1, 2};
        for (bool& each : failed) {
            int* volatile one = new (std::nothrow) int{1};
            each = one == nullptr;
            delete one;
        }
    }
    CHECK((failed[0] && !failed[1] && failed[2] && !failed[3]));
}

#endif
