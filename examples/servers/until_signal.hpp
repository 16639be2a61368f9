// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef EXAMPLES_SERVERS_UNTIL_SIGNAL_HPP
#define EXAMPLES_SERVERS_UNTIL_SIGNAL_HPP

#include <chrono>
#include <csignal>
#include <ctime>

/// For servers with threads of their own; to be made before the first of them starts, so that they leave SIGINT and
/// SIGTERM to main.
class until_signal {
public:
    until_signal() {
        sigemptyset(&awaited_);
        sigaddset(&awaited_, SIGINT);
        sigaddset(&awaited_, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &awaited_, nullptr);
        std::signal(SIGPIPE, SIG_IGN);
    }

    /// Waits until the program is told to end.
    void wait() const {
        while (sigwaitinfo(&awaited_, nullptr) < 0) continue;
    }

    /// The same, and meanwhile calls `hub.expire` each second.
    template <class Hub>
    void expire(Hub& hub) const {
        timespec const second{1, 0};
        while (sigtimedwait(&awaited_, nullptr, &second) < 0) hub.expire(std::chrono::steady_clock::now());
    }

    /// Says goodbye to all clients within a second, and waits as long again for those that have not answered. The
    /// server serves on meanwhile. A signal ends it at once.
    template <class Hub>
    void drain(Hub& hub) const {
        timespec const pause{0, 20'000'000};
        hub.drain(std::chrono::seconds{1});
        for (auto const begun = std::chrono::steady_clock::now(); !hub.drained();) {
            if (sigtimedwait(&awaited_, nullptr, &pause) >= 0) return;
            auto const now = std::chrono::steady_clock::now();
            if (now - begun > std::chrono::seconds{2}) return;
            hub.expire(now);
        }
    }

private:
    sigset_t awaited_;
};

#endif
