// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_TASK_INBOX_HPP
#define BACKCHANNEL_SUPPORT_TASK_INBOX_HPP

#include <backchannel/connection.hpp>

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Tasks that other threads leave for an event loop that has no such queue of its own.
///
/// `post` and `is_here` from any thread, the rest on the loop's.
class task_inbox {
public:
    /// This thread is the loop's from now on.
    void enter() noexcept { owner_.store(std::this_thread::get_id(), std::memory_order_relaxed); }
    [[nodiscard]] bool is_here() const noexcept {
        return owner_.load(std::memory_order_relaxed) == std::this_thread::get_id();
    }

    /// Leaves a task, and calls `wake()` if the loop has to be woken for it; never again once `end` has returned. A
    /// task that comes after `end` is destroyed unrun.
    template <class F>
    void post(task t, F&& wake) {
        std::lock_guard const lock{mutex_};
        if (ended_) return;
        tasks_.push_back(std::move(t));
        if (tasks_.size() == 1) std::forward<F>(wake)();
    }

    /// Runs what was left until now. What the wake-up has set is to be reset before.
    void run() {
        for (task const& t : take(false)) t();
    }

    /// The loop has ended: what waits, and what still comes, is destroyed unrun.
    void end() { take(true); }

private:
    std::vector<task> take(bool last) {
        std::lock_guard const lock{mutex_};
        ended_ = ended_ || last;
        return std::exchange(tasks_, {});
    }

    std::atomic<std::thread::id> owner_{};
    std::mutex mutex_;
    std::vector<task> tasks_;
    bool ended_ = false;
};

}

#endif
