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
/// How often it has given memory back.
[[nodiscard]] std::size_t releases() noexcept;

/// How often it has since this object was made.
class allocation_count {
public:
    [[nodiscard]] std::size_t so_far() const noexcept { return allocations() - before_; }
    /// How many of them are still there, if this thread alone gives them back.
    [[nodiscard]] std::size_t kept() const noexcept { return so_far() - (releases() - released_); }

private:
    std::size_t before_ = allocations(), released_ = releases();
};

/// While this exists, this thread's n-th allocation (from 1) fails, and with a period each that many later; there is
/// one such object at a time.
class allocation_failure {
public:
    explicit allocation_failure(std::size_t n, std::size_t period = 0) noexcept;
    ~allocation_failure();
    allocation_failure(allocation_failure const&) = delete;
    allocation_failure& operator=(allocation_failure const&) = delete;
    /// Whether one has failed.
    [[nodiscard]] bool happened() const noexcept;
};

}

#endif
