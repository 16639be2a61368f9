// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_TEST_HUB_HPP
#define BACKCHANNEL_TESTS_SUPPORT_TEST_HUB_HPP

#include "support/manual_clock.hpp"
#include "support/recording_transport.hpp"

#include <backchannel/connection_hub.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

using lines = std::vector<std::string>;

[[nodiscard]] inline backchannel::message text(std::string_view data) {
    return {data, backchannel::message_kind::text};
}

/// The reaction to an event that a hook reports.
struct hook_log {
    std::mutex mutex;
    lines seen;
    std::function<void(std::string_view id)> on_open;
    std::function<void(std::string_view id, std::uint16_t code)> on_closed;

    void add(std::string line) {
        std::lock_guard const lock{mutex};
        seen.push_back(std::move(line));
    }
    [[nodiscard]] lines take() {
        std::lock_guard const lock{mutex};
        return std::exchange(seen, {});
    }
};

/// Hooks that write down what they are told: "open", "closed 1000", "delivery 0 5".
struct recording_hooks {
    std::shared_ptr<hook_log> log = std::make_shared<hook_log>();

    void on_open(std::string_view id, backchannel::connection_state const&) noexcept {
        log->add("open");
        if (log->on_open) log->on_open(id);
    }
    void on_closed(std::string_view id, std::uint16_t code) noexcept {
        log->add("closed " + std::to_string(code));
        if (log->on_closed) log->on_closed(id, code);
    }
    void on_delivery(std::string_view, backchannel::delivery d, std::size_t bytes) noexcept {
        log->add("delivery " + std::to_string(static_cast<int>(d)) + " " + std::to_string(bytes));
    }
};

struct recording_traits : backchannel::default_hub_traits {
    using clock = manual_clock;
    using hooks = recording_hooks;
};

/// A hub whose clock, hooks and Transport the test can see.
template <class Transport, class Traits = recording_traits>
struct test_hub {
    manual_clock clock;
    recording_hooks hooks;
    Transport transport;
    std::optional<backchannel::connection_hub<Transport, Traits>> hub;

    explicit test_hub(backchannel::hub_options options = {}) {
        hub.emplace(transport, options, backchannel::hub_policies<Traits>{clock, {}, hooks});
    }

    [[nodiscard]] transport_log& wire() { return *transport.log; }
    [[nodiscard]] lines sent() { return transport.log->take(); }
    [[nodiscard]] backchannel::session open(int h, backchannel::connection_info info = {}) {
        return wire().loop_of(h).as_owner([&] { return hub->open(h, std::move(info)); });
    }
    template <class F>
    decltype(auto) on_loop(int h, F&& f) {
        return wire().loop_of(h).as_owner(std::forward<F>(f));
    }
    std::size_t run() { return wire().loops[0].run() + wire().loops[1].run(); }
    std::size_t expire() { return hub->expire(clock.steady()); }
};

}

#endif
