// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_ALARM_FIXTURE_HPP
#define BACKCHANNEL_TESTS_SUPPORT_ALARM_FIXTURE_HPP

#include <backchannel/connection.hpp>
#include <backchannel/gateway/hub_alarm.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <set>

namespace test {

/// Deadlines as a hub has them.
struct deadlines {
    std::set<backchannel::time_point> waiting;
    int expired = 0, asked = 0;

    [[nodiscard]] std::optional<backchannel::time_point> next_deadline() const {
        return waiting.empty() ? std::nullopt : std::optional{*waiting.begin()};
    }
    void expire(backchannel::time_point now) {
        ++asked;
        while (!waiting.empty() && *waiting.begin() <= now) {
            waiting.erase(waiting.begin());
            ++expired;
        }
    }
    backchannel::time_point in(std::chrono::milliseconds wait) {
        return *waiting.insert(std::chrono::steady_clock::now() + wait).first;
    }
};

struct alarm_fixture {
    asio::io_context io;
    std::shared_ptr<deadlines> hub = std::make_shared<deadlines>();
    std::shared_ptr<backchannel::loop_door> door = std::make_shared<backchannel::loop_door>(io);
    std::shared_ptr<backchannel::hub_alarm<deadlines>> alarm =
        std::make_shared<backchannel::hub_alarm<deadlines>>(io, door, hub);
};

}

#endif
