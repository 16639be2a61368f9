// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_TASK_INBOX_HPP
#define BACKCHANNEL_SUPPORT_TASK_INBOX_HPP

#include <backchannel/connection.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Tasks that other threads leave for an event loop that has no such queue of its own.
///
/// `post`, `dispatch`, `is_here` and what `bring_home` gives are for any thread, the rest for the loop's. Must outlive
/// the hub's and the router's use of the loop's connections.
class task_inbox {
public:
    /// How the loop is woken for a task; to be told before there is one. Called by any thread, but never by two at
    /// once, and never again once `end` has returned.
    void wake_by(task wake) { wake_ = std::move(wake); }

    /// This thread is the loop's from now on.
    void enter() noexcept { owner_.store(std::this_thread::get_id(), std::memory_order_relaxed); }
    [[nodiscard]] bool is_here() const noexcept {
        return owner_.load(std::memory_order_relaxed) == std::this_thread::get_id();
    }

    /// Has the loop run the task; one that comes after `end` is destroyed unrun.
    void post(task t) {
        std::lock_guard const lock{mutex_};
        if (ended_) return;
        tasks_.push_back(std::move(t));
        if (tasks_.size() == 1) wake_();
    }

    /// Runs `f` on the loop's thread: now, if this is it.
    template <class F>
    void dispatch(F&& f) {
        if (is_here())
            f();
        else
            post(std::forward<F>(f));
    }

    /// A function for any thread: gives its argument to the object, as `give(object, argument)` on the loop's thread,
    /// unless the object has gone by then.
    template <class T, class F>
    [[nodiscard]] auto bring_home(std::shared_ptr<T*> const& self, F give) {
        return [this, weak = std::weak_ptr<T*>{self}, give](auto value) {
            this->dispatch([weak, give, value = std::move(value)] {
                if (auto const there = weak.lock()) std::invoke(give, **there, value);
            });
        };
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
    task wake_;
    std::mutex mutex_;
    std::vector<task> tasks_;
    bool ended_ = false;
};

}

#endif
