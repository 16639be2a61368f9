// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_WITNESS_HPP
#define BACKCHANNEL_TESTS_SUPPORT_WITNESS_HPP

#include <atomic>
#include <functional>
#include <mutex>
#include <utility>

namespace test {

/// A trait `mutex` that knows how many locks of the library its thread holds.
struct watched_mutex {
    static inline thread_local int held = 0;
    std::mutex mutex;
    void lock() {
        mutex.lock();
        ++held;
    }
    void unlock() {
        --held;
        mutex.unlock();
    }
};

/// What stands in for a user's code: it notes whether it is called under a lock, and calls the library again.
struct witness {
    std::atomic<int> calls{0}, under_lock{0}, entered{0};
    std::function<void()> again; ///< set and reset while one thread is at work
    bool deep = false;           ///< clock, id codec and dialect call the library again too

    void look() {
        calls.fetch_add(1);
        if (watched_mutex::held != 0) under_lock.fetch_add(1);
    }
    void enter() {
        static thread_local bool inside = false;
        look();
        // under a lock it would wait for ever; what it asks of a loop makes that loop call it once more
        if (inside || !again || watched_mutex::held != 0 || entered.fetch_add(1) >= 500) return;
        inside = true;
        again();
        inside = false;
    }
    /// For what is called nearly everywhere.
    void glance() {
        if (deep)
            enter();
        else
            look();
    }
    /// It was called, called the library again, and never found a lock held.
    [[nodiscard]] bool saw_no_lock() const { return entered != 0 && under_lock == 0; }
};

}

#endif
