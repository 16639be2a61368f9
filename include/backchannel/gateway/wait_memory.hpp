// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_WAIT_MEMORY_HPP
#define BACKCHANNEL_GATEWAY_WAIT_MEMORY_HPP

#include <backchannel/config.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <new>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Memory for one asynchronous wait at a time, so that it can begin when there is no other.
class wait_memory {
public:
    template <class T>
    struct allocator {
        using value_type = T;

        explicit allocator(wait_memory& m) noexcept : memory{&m} {}
        template <class U>
        allocator(allocator<U> const& other) noexcept : memory{other.memory} {}

        [[nodiscard]] T* allocate(std::size_t count) {
            return static_cast<T*>(memory->allocate(count * sizeof(T), alignof(T)));
        }
        void deallocate(T* there, std::size_t) noexcept { memory->deallocate(there, alignof(T)); }

        template <class U>
        [[nodiscard]] bool operator==(allocator<U> const& other) const noexcept {
            return memory == other.memory;
        }

        wait_memory* memory;
    };

private:
    [[nodiscard]] void* allocate(std::size_t size, std::size_t alignment) {
        if (used_ || size > bytes_.size() || alignment > alignof(std::max_align_t))
            return ::operator new (size, std::align_val_t{alignment});
        used_ = true;
        return bytes_.data();
    }
    void deallocate(void* there, std::size_t alignment) noexcept {
        if (there == bytes_.data())
            used_ = false;
        else
            ::operator delete (there, std::align_val_t{alignment});
    }

    alignas(std::max_align_t) std::array<std::byte, 512> bytes_;
    bool used_ = false;
};

/// A handler that keeps an object, takes its memory from a member of it, and calls another.
template <class T, wait_memory T::*Memory, auto Member>
struct wait_handler {
    using allocator_type = wait_memory::allocator<void>;

    std::shared_ptr<T> const self; // not moved: where a wait fails, Asio asks behind that for the memory

    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type{(*self).*Memory}; }

    template <class... Args>
    void operator()(Args const&... args) const {
        ((*self).*Member)(args...);
    }
};

}

#endif
