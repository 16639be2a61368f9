// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_EXAMPLES_EVENT_LOOPS_MEASURED_HUB_HPP
#define BACKCHANNEL_EXAMPLES_EVENT_LOOPS_MEASURED_HUB_HPP

// What the examples of event loops share, and what a server has no use for: a hub of pretended connections, and a
// second thread that opens them while the loop sleeps, looks how late they are closed and whether the loop sleeps in
// between. How often a thread slept and how long it ran is asked of the kernel (Linux), so it is the same measure for
// every loop.

#include <backchannel/backchannel.hpp>

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

/// A WebSocket connection without a socket. The mutex is the transport's.
struct pretended_connection {
    backchannel::session tracked;
    backchannel::time_point last_active, closed_at;
    std::uint16_t close_code = 0;
    std::function<void()> then; // on the loop's thread, inside hub.expire()
};

struct pretended_transport {
    using handle = pretended_connection*;
    static constexpr bool bounds_itself = true;

    struct shared {
        std::mutex mutex;
        std::condition_variable closed;
    };
    shared* wire;

    backchannel::delivery send(handle const&, backchannel::message const&) { return backchannel::delivery::accepted; }
    void close(handle const& h, std::uint16_t code, std::string_view) {
        auto const now = std::chrono::steady_clock::now();
        h->tracked.closed(code);
        if (h->then) h->then();
        std::lock_guard const lock{wire->mutex};
        h->closed_at = now, h->close_code = code;
        wire->closed.notify_all();
    }
};

/// What the kernel knows of a thread: how often it went to sleep, for how long it ran, and what it does now.
struct thread_activity {
    long sleeps = 0, nanoseconds = 0;
    bool is_asleep = false;

    static thread_activity of(pid_t thread, clockid_t clock) {
        thread_activity seen;
        std::ifstream status{"/proc/self/task/" + std::to_string(thread) + "/status"};
        for (std::string key, value; status >> key && std::getline(status, value);) {
            if (key == "State:") seen.is_asleep = value.find('S') != std::string::npos;
            if (key == "voluntary_ctxt_switches:") seen.sleeps = std::stol(value);
        }
        timespec ran{};
        clock_gettime(clock, &ran);
        seen.nanoseconds = ran.tv_sec * 1'000'000'000 + ran.tv_nsec;
        return seen;
    }
};

/// To be made on the loop's thread.
class measured_hub {
public:
    using clock = std::chrono::steady_clock;
    using milliseconds = std::chrono::milliseconds;
    using hub_type = backchannel::connection_hub<pretended_transport>;

    measured_hub() { pthread_getcpuclockid(pthread_self(), &loop_clock_); }

    hub_type& hub() { return hub_; }

    /// `run_loop()` runs the loop on this thread until `stop()` is called on another. The result is main's.
    template <class Run, class Stop>
    int run(char const* name, Run run_loop, Stop stop) {
        std::thread client{[&] {
            observe(name);
            stop();
        }};
        run_loop();
        client.join();
        return EXIT_SUCCESS;
    }

private:
    static constexpr milliseconds idle_timeout{100}, idle_stretch{80};
    static constexpr milliseconds most_late{250}; // for machines that have much else to do; see what is printed

    void observe(char const* name) {
        until_loop_sleeps();
        auto const unused = without_work("an empty hub", clock::now() + idle_stretch);

        auto const before = activity();
        open(first_); // no timer is armed, and this is not the loop's thread
        open(touched_);
        later_.then = [&] { open(from_loop_); };
        until_loop_sleeps();
        // Neither activity nor a connection that is due later wakes the loop.
        auto const waiting = without_work("a hub that waits", first_.last_active + idle_timeout - milliseconds{5}, [&] {
            auto const now = clock::now();
            touched_.tracked.touch();
            bool const in_time = clock::now() + milliseconds{1} < touched_.last_active + idle_timeout;
            if (in_time) touched_.last_active = now; // or else this thread was late, and it may be closed by now
            std::this_thread::sleep_for(milliseconds{15});
            open(later_);
        });
        double worst = 0;
        for (auto* const c : {&first_, &touched_, &later_, &from_loop_}) worst = std::max(worst, lateness(*c));
        until_loop_sleeps();
        auto const sleeps = activity().sleeps - before.sleeps;
        if (sleeps > most_sleeps) fail("the loop woke " + std::to_string(sleeps) + " times for four connections");

        auto const empty = without_work("a hub that is empty again", clock::now() + idle_stretch);
        std::printf(
            "%s: 4 connections closed, at most %.2f ms late, for %ld wake-ups; none in %ld ms without connections "
            "and in %ld ms with some\n",
            name, worst, sleeps, long{(unused + empty).count()}, long{waiting.count()});
    }

    void open(pretended_connection& c) {
        c.tracked = hub_.reserve();
        c.last_active = clock::now();
        hub_.attach(c.tracked, &c);
    }

    /// Milliseconds from the time it was due to its close.
    double lateness(pretended_connection const& c) {
        std::unique_lock lock{wire_.mutex};
        // the connection that is opened last is due one more timeout later
        auto const limit = clock::now() + 3 * idle_timeout + most_late;
        if (!wire_.closed.wait_until(lock, limit, [&] { return c.close_code != 0; }))
            fail("a connection was not closed");
        std::chrono::duration<double, std::milli> const late = c.closed_at - (c.last_active + idle_timeout);
        if (c.close_code != 1001) fail("closed with " + std::to_string(c.close_code));
        if (late <= milliseconds{-1}) fail("closed early: by " + std::to_string(-late.count()) + " ms");
        if (late > most_late) fail("closed late: by " + std::to_string(late.count()) + " ms");
        return late.count();
    }

    /// Fails if the loop's thread runs at all before `end`, whatever is done meanwhile. Returns for how long it was
    /// seen.
    milliseconds without_work(char const* what, backchannel::time_point end, std::function<void()> meanwhile = {}) {
        auto const begin = clock::now();
        auto const at_first = activity();
        auto until = begin;
        if (meanwhile) meanwhile();
        while (clock::now() < end) {
            std::this_thread::sleep_for(milliseconds{5});
            auto const now = activity();
            if (clock::now() >= end) break; // this thread was late, so what the loop did may have been due
            until = clock::now();
            if (now.sleeps != at_first.sleeps || now.nanoseconds != at_first.nanoseconds)
                fail(std::string{what} + " kept the loop busy: " + std::to_string(now.sleeps - at_first.sleeps) +
                     " wake-ups, " + std::to_string(now.nanoseconds - at_first.nanoseconds) + " ns");
        }
        return std::chrono::duration_cast<milliseconds>(until - begin);
    }

    /// Until the thread was seen sleeping four times in a row without having run.
    void until_loop_sleeps() {
        auto const limit = clock::now() + std::chrono::seconds{5};
        auto last = activity();
        for (int seen = 0; seen != 4;) {
            if (clock::now() > limit) fail("the loop never sleeps");
            std::this_thread::sleep_for(milliseconds{2});
            auto const now = activity();
            seen = now.is_asleep && now.nanoseconds == last.nanoseconds ? seen + 1 : 0;
            last = now;
        }
    }

    thread_activity activity() const { return thread_activity::of(loop_thread_, loop_clock_); }

    /// A loop that has failed may not be listening any more, so it is not asked to stop.
    [[noreturn]] static void fail(std::string const& why) {
        std::fprintf(stderr, "FAILED: %s\n", why.c_str());
        std::_Exit(EXIT_FAILURE);
    }

    // One for the first connection's wake-up, four for the deadlines, one for the idle deadline that had moved, one for
    // the connection that opens on the loop's thread; twice that, as a loop may be early, and some for a busy machine.
    static constexpr long most_sleeps = 20;

    pretended_transport::shared wire_;
    hub_type hub_{pretended_transport{&wire_}, {.idle_timeout = idle_timeout}};
    pretended_connection first_, touched_, later_, from_loop_;
    pid_t const loop_thread_ = gettid();
    clockid_t loop_clock_{};
};

#endif
