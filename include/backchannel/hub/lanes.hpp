// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_LANES_HPP
#define BACKCHANNEL_HUB_LANES_HPP

#include <backchannel/hub/atomic_cell.hpp>

#include <array>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The connections of one event loop whose mailboxes wait, so that one task serves them all.
template <class Traits>
class lane {
public:
    /// Appends an item that is in no lane. True if a task has to be dispatched. `next(item)` is the item's link.
    template <class Next>
    [[nodiscard]] bool push(void* item, Next next) noexcept {
        std::lock_guard const lock{mutex_};
        next(item) = nullptr;
        (head_ == nullptr ? head_ : next(tail_)) = item;
        tail_ = item;
        return !std::exchange(scheduled_, true);
    }

    /// The first item, or nullptr; then the next push asks for a task again.
    template <class Next>
    [[nodiscard]] void* pop(Next next) noexcept {
        std::lock_guard const lock{mutex_};
        void* const first = head_;
        if (first != nullptr) head_ = next(first);
        else scheduled_ = false;
        return first;
    }

    /// The first item, left where it is. With nullptr the next push asks for a task again.
    [[nodiscard]] void* front() noexcept {
        std::lock_guard const lock{mutex_};
        if (head_ == nullptr) scheduled_ = false;
        return head_;
    }

private:
    typename Traits::mutex mutex_{};
    void* head_ = nullptr;
    void* tail_ = nullptr;
    bool scheduled_ = false;
};

/// The lanes of a hub, by the Transport's `thread_key`. Looking one up takes no lock.
template <class Traits, class Key>
class lane_set {
public:
    static constexpr std::size_t max_lanes = 64; ///< loops beyond that get one task for each connection

    lane_set() noexcept = default;
    lane_set(lane_set const&) = delete;
    lane_set& operator=(lane_set const&) = delete;
    ~lane_set() {
        for (auto& e : entries_) delete e.load(std::memory_order_relaxed);
    }

    /// The lane of that key, made if it is new; nullptr if there are too many or no memory.
    [[nodiscard]] lane<Traits>* find(Key const& key) noexcept {
        for (auto& place : entries_) {
            entry* e = place.load(std::memory_order_acquire);
            if (e == nullptr) {
                auto* const made = new (std::nothrow) entry{key, {}};
                if (made == nullptr) return nullptr;
                if (place.compare_exchange_strong(e, made, std::memory_order_acq_rel, std::memory_order_acquire))
                    return &made->waiting;
                delete made;
            }
            if (e->key == key) return &e->waiting;
        }
        return nullptr;
    }

private:
    struct entry {
        Key key;
        lane<Traits> waiting;
    };
    std::array<cell<Traits, entry*>, max_lanes> entries_{};
};

}

#endif
