// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_WORKER_FIXTURE_HPP
#define BACKCHANNEL_TESTS_SUPPORT_WORKER_FIXTURE_HPP

#include <backchannel/gateway/worker.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace test {

/// A connection that counts what it is told, and does what the test says.
struct fake_client : backchannel::worker_client {
    explicit fake_client(backchannel::gateway_worker& w) : worker{w} {}

    void set_deadline(std::chrono::steady_clock::time_point when) {
        due = when;
        worker.deadline_changed(*this);
    }

    void on_ready(bool, bool) override {
        if (at_ready) at_ready();
    }
    std::chrono::steady_clock::time_point deadline() const noexcept override { return due; }
    void flush() override {
        ++flushed;
        if (at_flush) at_flush();
    }
    void on_deadline() override {
        called_at = std::chrono::steady_clock::now();
        ++deadlines;
        if (at_deadline) at_deadline();
    }
    bool may_linger() const noexcept override { return lingers; }
    void on_stop() override {
        ++stopped;
        stopped_at = std::chrono::steady_clock::now();
        if (at_stop) at_stop();
    }
    void drop() override {
        ++dropped;
        worker.remove(*this);
    }

    backchannel::gateway_worker& worker;
    std::chrono::steady_clock::time_point due{}, called_at{}, stopped_at{};
    bool lingers = false;
    int flushed = 0, deadlines = 0, stopped = 0, dropped = 0;
    std::function<void()> at_ready, at_flush, at_deadline, at_stop;
};

/// A worker on a loop that the test runs.
struct worker_loop {
    asio::io_context io;
    std::shared_ptr<backchannel::gateway_worker> worker = std::make_shared<backchannel::gateway_worker>(io);

    std::shared_ptr<fake_client> add() {
        auto c = std::make_shared<fake_client>(*worker);
        worker->add(c);
        return c;
    }
    ~worker_loop() { worker->abandon(); }
};

}

#endif
