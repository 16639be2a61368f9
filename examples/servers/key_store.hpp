// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef EXAMPLES_SERVERS_KEY_STORE_HPP
#define EXAMPLES_SERVERS_KEY_STORE_HPP

#include <backchannel/backchannel.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

/// Stands for a database of access keys: it answers on a thread of its own, after the milliseconds that the environment
/// variable KEY_LOOKUP_MS says, and nobody waits for it. Any number of lookups may be under way.
class key_store {
public:
    using answer = backchannel::completion<std::optional<backchannel::access_key>>;

    void async_find(std::string_view id, answer done) {
        std::lock_guard const lock{state_->mutex};
        state_->waiting.push_back({std::chrono::steady_clock::now() + state_->delay, std::string{id}, std::move(done)});
        state_->woken.notify_one();
    }

private:
    struct lookup {
        std::chrono::steady_clock::time_point due;
        std::string id;
        answer done;
    };

    struct state {
        std::chrono::milliseconds const delay{std::getenv("KEY_LOOKUP_MS") ? std::atoi(std::getenv("KEY_LOOKUP_MS"))
                                                                           : 0};
        std::mutex mutex;
        std::condition_variable_any woken;
        std::deque<lookup> waiting;
        std::jthread thread{[this](std::stop_token const& stop) { run(stop); }};

        void run(std::stop_token const& stop) {
            std::unique_lock lock{mutex};
            while (woken.wait(lock, stop, [this] { return !waiting.empty(); })) {
                lookup next = std::move(waiting.front());
                waiting.pop_front();
                woken.wait_until(lock, stop, next.due, [] { return false; });
                lock.unlock();
                next.done(
                    next.id == "AKIDEXAMPLE"
                        ? std::optional<backchannel::access_key>{{next.id, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}}
                        : std::nullopt);
                lock.lock();
            }
        }
    };

    std::shared_ptr<state> state_ = std::make_shared<state>(); // auth policies are movable, threads and mutexes are not
};

#endif
