// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_MANUAL_CLOCK_HPP
#define BACKCHANNEL_TESTS_SUPPORT_MANUAL_CLOCK_HPP

#include <backchannel/connection.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

namespace test {

/// A clock that stands still until it is told to move. Copies share their time.
class manual_clock {
public:
    [[nodiscard]] backchannel::time_point steady() const noexcept {
        return backchannel::time_point{std::chrono::hours{1} + std::chrono::microseconds{micros_->load()}};
    }
    [[nodiscard]] backchannel::wall_time wall() const noexcept {
        return backchannel::wall_time{
            std::chrono::milliseconds{1'790'000'000'000 + (micros_->load() + set_by_->load()) / 1000}};
    }

    void advance(std::chrono::microseconds by) const { micros_->fetch_add(by.count()); }
    /// Somebody sets the wall clock.
    void set_wall(std::chrono::microseconds by) const { set_by_->fetch_add(by.count()); }

private:
    std::shared_ptr<std::atomic<std::int64_t>> micros_ = std::make_shared<std::atomic<std::int64_t>>(0);
    std::shared_ptr<std::atomic<std::int64_t>> set_by_ = std::make_shared<std::atomic<std::int64_t>>(0);
};

}

#endif
