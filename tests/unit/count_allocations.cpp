// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "support/count_allocations.hpp"

#include "support/catch.hpp"

#include <cstdlib>
#include <new>

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS

// One program can replace the global operators once; every test that counts allocations shares these.

namespace {

thread_local std::size_t count = 0;

void* counted(std::size_t size) noexcept {
    ++count;
    return std::malloc(size == 0 ? 1 : size);
}

void* counted(std::size_t size, std::align_val_t alignment) noexcept {
    ++count;
    auto const step = static_cast<std::size_t>(alignment);
    return std::aligned_alloc(step, (size + step - 1) / step * step);
}

void* checked(void* memory) {
    if (memory == nullptr) throw std::bad_alloc{};
    return memory;
}

}

std::size_t test::allocations() noexcept { return count; }

void* operator new(std::size_t size) { return checked(counted(size)); }
void* operator new[](std::size_t size) { return checked(counted(size)); }
void* operator new(std::size_t size, std::nothrow_t const&) noexcept { return counted(size); }
void* operator new[](std::size_t size, std::nothrow_t const&) noexcept { return counted(size); }
void* operator new(std::size_t size, std::align_val_t a) { return checked(counted(size, a)); }
void* operator new[](std::size_t size, std::align_val_t a) { return checked(counted(size, a)); }
void* operator new(std::size_t size, std::align_val_t a, std::nothrow_t const&) noexcept { return counted(size, a); }
void* operator new[](std::size_t size, std::align_val_t a, std::nothrow_t const&) noexcept { return counted(size, a); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::nothrow_t const&) noexcept { std::free(memory); }
void operator delete[](void* memory, std::nothrow_t const&) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t, std::nothrow_t const&) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t, std::nothrow_t const&) noexcept { std::free(memory); }

TEST_CASE("allocations are counted", "[count_allocations]") {
    test::allocation_count const made;
    int* volatile one = new int{1};
    delete one;
    int* volatile many = new (std::nothrow) int[100];
    delete[] many;
    CHECK(made.so_far() == 2);
}

#endif
