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

    /// Calls `hub.expire` each second, until the program is told to end.
    template <class Hub>
    void expire(Hub& hub) const {
        timespec const second{1, 0};
        while (sigtimedwait(&awaited_, nullptr, &second) < 0) hub.expire(std::chrono::steady_clock::now());
    }

private:
    sigset_t awaited_;
};

#endif
