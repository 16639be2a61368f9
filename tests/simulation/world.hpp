// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SIMULATION_WORLD_HPP
#define BACKCHANNEL_TESTS_SIMULATION_WORLD_HPP

#include "simulation/journal.hpp"
#include "simulation/random.hpp"

#include <backchannel/connection.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace simulation {

using microseconds = std::int64_t;

/// Loops, time and chance of one schedule.
///
/// A loop stands for a thread: a queue whose tasks run one at a time. Which loop is next is drawn by lot. Where another
/// thread could run in between (`preempt`: before a lock is taken, inside of a callback), tasks of other loops may run
/// on top of the one that is under way, as if its thread had been stopped there. Time passes only between tasks.
class world {
public:
    static constexpr int outside = -1; ///< the network and the peers: not a loop of the server

    struct settings {
        std::size_t loops = 2;
        int preempt = 0; ///< chance at each place where it may happen, in a thousand
        int stall = 0;   ///< chance that a loop is held up after a task
        microseconds longest_stall = 0;
    };

    world(std::uint64_t seed, std::size_t lines_kept)
        : random{seed}, log{lines_kept}, before_{std::exchange(current_world(), this)} {}
    world(world const&) = delete;
    world& operator=(world const&) = delete;
    ~world() { current_world() = before_; }

    random_source random;
    journal log;
    bool faults = true; ///< false: from now on nothing goes wrong

    void set_up(settings s) {
        settings_ = s;
        loops_.resize(s.loops);
    }

    /// The world whose schedule is running; what is default constructed by the library finds it here.
    [[nodiscard]] static world& instance() noexcept { return *current_world(); }

    // -------------------------------------------------------------------------------------------------------- time

    [[nodiscard]] microseconds now() const noexcept { return now_; }
    [[nodiscard]] backchannel::time_point steady() const noexcept {
        return backchannel::time_point{std::chrono::hours{1} + std::chrono::microseconds{now_}};
    }
    [[nodiscard]] backchannel::wall_time wall() const noexcept {
        return backchannel::wall_time{std::chrono::milliseconds{1'790'000'000'000 + now_ / 1000 + wall_offset_}};
    }
    void jump_wall(std::int64_t milliseconds) {
        wall_offset_ += milliseconds;
        note("wall clock jumps by ", milliseconds, " ms");
    }

    // ------------------------------------------------------------------------------------------------------- loops

    [[nodiscard]] int current() const noexcept { return current_; }
    [[nodiscard]] std::size_t loop_count() const noexcept { return loops_.size(); }
    [[nodiscard]] int any_loop() noexcept { return static_cast<int>(random.below(loops_.size())); }

    void post(int loop, std::function<void()> f) { at(loop).tasks.push_back(std::move(f)); }

    /// Runs `f` after a delay, on a loop or outside.
    void after(microseconds delay, int loop, std::function<void()> f) {
        events_.emplace(now_ + delay, event{loop, std::move(f)});
    }

    /// Runs `f` on this stack as if it were a task of the loop.
    template <class F>
    void as_loop(int loop, F&& f) {
        int const before = std::exchange(current_, loop);
        bool const was_busy = loop >= 0 && std::exchange(at(loop).busy, true);
        f();
        if (loop >= 0) at(loop).busy = was_busy;
        current_ = before;
    }

    /// Tasks of other loops may run now, as they do on other threads.
    void preempt() {
        if (settings_.preempt == 0 || locks_held != 0 || current_ == outside || !random.chance(settings_.preempt))
            return;
        for (std::size_t n = 1 + random.below(3); n != 0; --n)
            if (int const loop = runnable(); loop >= 0) run_one(loop);
    }

    /// Runs tasks and events up to that time, or until a rule is broken.
    void run_until(microseconds end) {
        while (!log.failed()) {
            bool const due = !events_.empty() && events_.begin()->first <= now_;
            int const loop = runnable();
            if (due && (loop < 0 || random.chance(400))) {
                run_event();
            } else if (loop >= 0) {
                run_one(loop);
                now_ += random.between(1, 20);
            } else {
                microseconds const next = next_change();
                if (next > end) break;
                pass_time(next);
            }
        }
        if (!log.failed() && now_ < end) pass_time(end);
    }

    /// Destroys what waits on the loops, unrun.
    void drop_tasks() {
        for (auto& l : loops_) {
            std::deque<std::function<void()>> dropped;
            dropped.swap(l.tasks);
        }
    }
    void drop_events() { events_.clear(); }
    [[nodiscard]] bool idle() const noexcept {
        for (auto const& l : loops_)
            if (!l.tasks.empty()) return false;
        return true;
    }

    /// Called each time before the clock moves by more than a moment.
    std::function<void()> on_time_passes;

    int locks_held = 0;

    // ----------------------------------------------------------------------------------------------------- journal

    template <class... Part>
    void note(Part const&... parts) {
        log.note(now_, current_, parts...);
    }
    void violation(std::string_view rule, std::string_view detail) {
        note("BROKEN: ", rule, ": ", detail);
        log.violation(rule, detail);
    }

private:
    struct loop_state {
        std::deque<std::function<void()>> tasks;
        microseconds held_up_until = 0;
        bool busy = false; // a task of it is on the stack
    };
    struct event {
        int loop;
        std::function<void()> f;
    };

    static world*& current_world() noexcept {
        static world* w = nullptr;
        return w;
    }

    [[nodiscard]] loop_state& at(int loop) noexcept { return loops_[static_cast<std::size_t>(loop)]; }

    /// One of the loops that could run a task now, or -1.
    [[nodiscard]] int runnable() noexcept {
        int found = -1;
        std::size_t candidates = 0;
        for (std::size_t i = 0; i != loops_.size(); ++i) {
            loop_state const& l = loops_[i];
            if (l.tasks.empty() || l.busy || l.held_up_until > now_) continue;
            if (random.below(++candidates) == 0) found = static_cast<int>(i);
        }
        return found;
    }

    void run_one(int loop) {
        auto f = std::move(at(loop).tasks.front());
        at(loop).tasks.pop_front();
        as_loop(loop, [&] {
            f();
            f = nullptr; // what the task holds ends on its loop
        });
        if (faults && settings_.stall != 0 && random.chance(settings_.stall))
            at(loop).held_up_until = now_ + random.between(1, settings_.longest_stall);
    }

    void run_event() {
        auto node = events_.extract(events_.begin());
        event& e = node.mapped();
        if (e.loop == outside)
            e.f();
        else
            post(e.loop, std::move(e.f));
    }

    [[nodiscard]] microseconds next_change() const noexcept {
        microseconds next = INT64_MAX;
        if (!events_.empty()) next = events_.begin()->first;
        for (auto const& l : loops_)
            if (!l.tasks.empty() && l.held_up_until < next) next = l.held_up_until;
        return next;
    }

    void pass_time(microseconds to) {
        if (on_time_passes) on_time_passes();
        if (to > now_) now_ = to;
    }

    world* before_;
    settings settings_;
    std::vector<loop_state> loops_;
    std::multimap<microseconds, event> events_; // those of one time in the order in which they were made
    microseconds now_ = 0;
    std::int64_t wall_offset_ = 0;
    int current_ = outside;
};

/// The library's clock in this world.
struct virtual_clock {
    [[nodiscard]] backchannel::time_point steady() const noexcept { return world::instance().steady(); }
    [[nodiscard]] backchannel::wall_time wall() const noexcept { return world::instance().wall(); }
};

/// The library's mutex in this world: a place where another thread may come first.
class virtual_mutex {
public:
    void lock() {
        world& w = world::instance();
        w.preempt();
        if (std::exchange(locked_, true)) w.violation("a lock is taken twice", "by one thread");
        ++w.locks_held;
    }
    void unlock() noexcept {
        locked_ = false;
        --world::instance().locks_held;
    }

private:
    bool locked_ = false;
};

}

#endif
