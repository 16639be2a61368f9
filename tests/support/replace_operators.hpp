// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_REPLACE_OPERATORS_HPP
#define BACKCHANNEL_TESTS_SUPPORT_REPLACE_OPERATORS_HPP

// For one source file of a program: every global operator new and delete calls the two functions that it defines.

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace test {

/// nullptr: there is no memory.
[[nodiscard]] void* replaced_new(std::size_t size, std::size_t alignment) noexcept;
/// Never nullptr.
void replaced_delete(void* memory) noexcept;

/// What the system gives; std::free takes it back.
[[nodiscard]] inline void* system_memory(std::size_t size, std::size_t alignment) noexcept {
    size = std::max(size, std::size_t{1});
    if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return std::malloc(size);
    void* memory = nullptr;
    return ::posix_memalign(&memory, std::max(alignment, sizeof(void*)), size) == 0 ? memory : nullptr;
}

namespace detail_operators {

inline constexpr std::align_val_t usual{__STDCPP_DEFAULT_NEW_ALIGNMENT__};

inline void* allocate(std::size_t size, std::align_val_t a = usual) noexcept {
    return replaced_new(size, static_cast<std::size_t>(a));
}
inline void* allocate_or_throw(std::size_t size, std::align_val_t a = usual) {
    void* const memory = allocate(size, a);
    if (memory == nullptr) throw std::bad_alloc{};
    return memory;
}
inline void release(void* memory) noexcept {
    if (memory != nullptr) replaced_delete(memory);
}

}

}

void* operator new(std::size_t n) { return test::detail_operators::allocate_or_throw(n); }
void* operator new[](std::size_t n) { return test::detail_operators::allocate_or_throw(n); }
void* operator new(std::size_t n, std::align_val_t a) { return test::detail_operators::allocate_or_throw(n, a); }
void* operator new[](std::size_t n, std::align_val_t a) { return test::detail_operators::allocate_or_throw(n, a); }
void* operator new(std::size_t n, std::nothrow_t const&) noexcept { return test::detail_operators::allocate(n); }
void* operator new[](std::size_t n, std::nothrow_t const&) noexcept { return test::detail_operators::allocate(n); }
void* operator new(std::size_t n, std::align_val_t a, std::nothrow_t const&) noexcept {
    return test::detail_operators::allocate(n, a);
}
void* operator new[](std::size_t n, std::align_val_t a, std::nothrow_t const&) noexcept {
    return test::detail_operators::allocate(n, a);
}
void operator delete(void* p) noexcept { test::detail_operators::release(p); }
void operator delete[](void* p) noexcept { test::detail_operators::release(p); }
void operator delete(void* p, std::size_t) noexcept { test::detail_operators::release(p); }
void operator delete[](void* p, std::size_t) noexcept { test::detail_operators::release(p); }
void operator delete(void* p, std::nothrow_t const&) noexcept { test::detail_operators::release(p); }
void operator delete[](void* p, std::nothrow_t const&) noexcept { test::detail_operators::release(p); }
void operator delete(void* p, std::align_val_t) noexcept { test::detail_operators::release(p); }
void operator delete[](void* p, std::align_val_t) noexcept { test::detail_operators::release(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { test::detail_operators::release(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { test::detail_operators::release(p); }
void operator delete(void* p, std::align_val_t, std::nothrow_t const&) noexcept { test::detail_operators::release(p); }
void operator delete[](void* p, std::align_val_t, std::nothrow_t const&) noexcept {
    test::detail_operators::release(p);
}

#endif
