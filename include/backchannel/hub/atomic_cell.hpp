// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_ATOMIC_CELL_HPP
#define BACKCHANNEL_HUB_ATOMIC_CELL_HPP

#include <backchannel/config.hpp>

#include <atomic>
#include <type_traits>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A plain value with the interface of std::atomic, for hubs that stay on one thread.
template <class T>
class plain_cell {
public:
    plain_cell() noexcept = default;
    explicit plain_cell(T value) noexcept : value_{value} {}
    plain_cell(plain_cell const&) = delete;
    plain_cell& operator=(plain_cell const&) = delete;

    [[nodiscard]] T load(std::memory_order = {}) const noexcept { return value_; }
    void store(T value, std::memory_order = {}) noexcept { value_ = value; }
    T exchange(T value, std::memory_order = {}) noexcept { return std::exchange(value_, value); }
    T fetch_add(T value, std::memory_order = {}) noexcept { return std::exchange(value_, value_ + value); }
    T fetch_sub(T value, std::memory_order = {}) noexcept { return std::exchange(value_, value_ - value); }
    T fetch_or(T bits, std::memory_order = {}) noexcept { return std::exchange(value_, value_ | bits); }
    T fetch_and(T bits, std::memory_order = {}) noexcept { return std::exchange(value_, value_ & bits); }
    bool compare_exchange_strong(T& expected, T desired, std::memory_order = {}, std::memory_order = {}) noexcept {
        if (value_ != expected) {
            expected = value_;
            return false;
        }
        value_ = desired;
        return true;
    }

private:
    T value_{};
};

/// A mutex that does nothing, for hubs that stay on one thread.
struct null_mutex {
    void lock() noexcept {}
    void unlock() noexcept {}
};

/// std::atomic, or the plain cell where the traits say that one thread is all.
template <class Traits, class T>
using cell = std::conditional_t<Traits::single_threaded, plain_cell<T>, std::atomic<T>>;

}

#endif
