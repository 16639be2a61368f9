// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_MANUAL_LOOP_HPP
#define BACKCHANNEL_TESTS_SUPPORT_MANUAL_LOOP_HPP

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace test {

/// A queue of tasks that runs when it is told to, on the caller's thread, or on a thread of its own after `start`.
class manual_loop {
public:
    manual_loop() = default;
    manual_loop(manual_loop const&) = delete;
    manual_loop& operator=(manual_loop const&) = delete;
    ~manual_loop() { stop(); }

    void post(std::function<void()> f) {
        {
            std::lock_guard const lock{mutex_};
            tasks_.push_back(std::move(f));
        }
        posted_.fetch_add(1);
        wake_.notify_one();
    }

    /// Calls `f` as if on the loop's thread.
    template <class F>
    decltype(auto) as_owner(F&& f) {
        struct restore {
            manual_loop const* before;
            ~restore() { current() = before; }
        } const on_exit{std::exchange(current(), this)};
        return std::forward<F>(f)();
    }

    /// Runs the oldest task, as the loop's thread. False if there is none.
    bool run_one() {
        std::function<void()> f;
        {
            std::lock_guard const lock{mutex_};
            if (tasks_.empty()) return false;
            f = std::move(tasks_.front());
            tasks_.pop_front();
        }
        as_owner(f);
        return true;
    }

    std::size_t run() {
        std::size_t count = 0;
        while (run_one()) ++count;
        return count;
    }

    /// Destroys what waits, unrun.
    std::size_t drop() {
        std::deque<std::function<void()>> dropped;
        {
            std::lock_guard const lock{mutex_};
            dropped.swap(tasks_);
        }
        return dropped.size();
    }

    [[nodiscard]] bool is_current() const noexcept { return current() == this; }
    [[nodiscard]] std::size_t pending() const {
        std::lock_guard const lock{mutex_};
        return tasks_.size();
    }
    /// How many tasks were ever posted.
    [[nodiscard]] std::size_t posted() const noexcept { return posted_.load(); }

    void start() {
        thread_ = std::thread{[this] {
            for (;;) {
                {
                    std::unique_lock lock{mutex_};
                    wake_.wait(lock, [&] { return !tasks_.empty() || stopping_; });
                    if (tasks_.empty()) return;
                }
                run_one();
            }
        }};
    }

    /// Runs what waits, then ends the thread.
    void stop() {
        if (!thread_.joinable()) return;
        {
            std::lock_guard const lock{mutex_};
            stopping_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }

private:
    static manual_loop const*& current() noexcept {
        static thread_local manual_loop const* loop = nullptr;
        return loop;
    }

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> tasks_;
    std::atomic<std::size_t> posted_{0};
    bool stopping_ = false;
    std::thread thread_;
};

}

#endif
