// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// Linked into a program, this counts its allocations, those of its libraries included: SIGUSR2 prints their number and
// the bytes that are in use to stderr. It needs glibc, whose own functions have a second name.

#include "allocation_counter.hpp"

#include <malloc.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

namespace {

constinit std::atomic<std::uint64_t> allocated{0};
constinit std::atomic<std::int64_t> in_use{0};

void* took(void* memory) noexcept {
    if (memory == nullptr) return memory;
    allocated.fetch_add(1, std::memory_order_relaxed);
    in_use.fetch_add(static_cast<std::int64_t>(::malloc_usable_size(memory)), std::memory_order_relaxed);
    return memory;
}

void gives(void* memory) noexcept {
    if (memory != nullptr)
        in_use.fetch_sub(static_cast<std::int64_t>(::malloc_usable_size(memory)), std::memory_order_relaxed);
}

// Only what a signal handler may do.
void write_text(char const* text, std::size_t size) { (void)!::write(STDERR_FILENO, text, size); }

template <class Number>
void write_number(Number number) {
    std::array<char, 24> text{};
    auto const end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    write_text(text.data(), static_cast<std::size_t>(end - text.data()));
}

void print(int) {
    int const kept = errno;
    write_text("allocations ", 12);
    write_number(bench::allocations());
    write_text(" bytes ", 7);
    write_number(bench::bytes_in_use());
    write_text("\n", 1);
    errno = kept;
}

[[maybe_unused]] bool const installed = [] {
    struct ::sigaction action {};
    action.sa_handler = print;
    action.sa_flags = SA_RESTART;
    return ::sigaction(SIGUSR2, &action, nullptr) == 0;
}();

}

std::uint64_t bench::allocations() noexcept { return allocated.load(std::memory_order_relaxed); }
std::int64_t bench::bytes_in_use() noexcept { return in_use.load(std::memory_order_relaxed); }

extern "C" {

void* malloc(std::size_t size) noexcept { return took(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) noexcept { return took(__libc_calloc(count, size)); }
void* memalign(std::size_t alignment, std::size_t size) noexcept { return took(__libc_memalign(alignment, size)); }
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept { return took(__libc_memalign(alignment, size)); }
int posix_memalign(void** result, std::size_t alignment, std::size_t size) noexcept {
    *result = took(__libc_memalign(alignment, size));
    return *result == nullptr ? ENOMEM : 0;
}
void* realloc(void* memory, std::size_t size) noexcept {
    gives(memory);
    return took(__libc_realloc(memory, size));
}
void free(void* memory) noexcept {
    gives(memory);
    __libc_free(memory);
}
}
