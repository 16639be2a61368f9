// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_COUNT_ALLOCATIONS_HPP
#define BACKCHANNEL_TESTS_SUPPORT_COUNT_ALLOCATIONS_HPP

#include <cstddef>

// Clang's thread sanitizer brings operators of its own, which cannot be replaced: there is nothing to be counted there.
#define BACKCHANNEL_TESTS_COUNT_ALLOCATIONS 1
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#undef BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
#define BACKCHANNEL_TESTS_COUNT_ALLOCATIONS 0
#endif
#endif

namespace test {

/// How often this thread has called a global operator new so far. The program's operators are in count_allocations.cpp.
[[nodiscard]] std::size_t allocations() noexcept;

/// How often it has since this object was made.
class allocation_count {
public:
    [[nodiscard]] std::size_t so_far() const noexcept { return allocations() - before_; }

private:
    std::size_t before_ = allocations();
};

/// While it is there, one allocation of this thread fails: the first for 1.
class failing_allocation {
public:
    explicit failing_allocation(std::size_t number) noexcept;
    failing_allocation(failing_allocation const&) = delete;
    failing_allocation& operator=(failing_allocation const&) = delete;
    ~failing_allocation();

    /// Whether it has come to that.
    [[nodiscard]] static bool has_failed() noexcept;
};

}

#endif
