// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_HUB_ALARM_HPP
#define BACKCHANNEL_GATEWAY_HUB_ALARM_HPP

#include <backchannel/gateway/loop_door.hpp>
#include <backchannel/gateway/wait_memory.hpp>
#include <backchannel/support/guarded.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Tells a hub on a loop when its deadlines have come. It has the memory for that from the start: a deadline is what
/// ends a client whose token has expired, and must not be lost when there is no more.
///
/// Used on the loop's thread, but for `look_again`.
template <class Hub>
class hub_alarm : public std::enable_shared_from_this<hub_alarm<Hub>> {
public:
    /// `door` is the loop's. Precondition: the loop does not end before `stop` is called and the door is shut.
    hub_alarm(asio::io_context& loop, std::shared_ptr<loop_door> door, std::weak_ptr<Hub> hub)
        : door_{std::move(door)}, timer_{loop}, hub_{std::move(hub)} {}

    /// The hub's next deadline may be an earlier one now. Any thread, and any time: what is left of the hub may call.
    void look_again() {
        using on_turn = wait_handler<hub_alarm, &hub_alarm::turn_memory_, &hub_alarm::look>;
        if (!coming_.exchange(true)) door_->post(on_turn{this->shared_from_this()});
    }

    /// No more of it. Also where the loop does not run any more.
    void stop() noexcept { timer_.reset(); }

private:
    /// One wait at a time, as there is memory for one: what was waited for is given up first, which rings, too.
    void look() {
        coming_.exchange(false); // first: whoever comes now is seen, or comes back
        if (!waits_)
            wait();
        else if (timer_)
            timer_->cancel();
    }

    void ring(std::error_code const&) {
        waits_ = false;
        auto const hub = hub_.lock();
        if (!timer_ || hub == nullptr) return;
        hub->expire(std::chrono::steady_clock::now());
        wait();
    }

    void wait() {
        using on_time = wait_handler<hub_alarm, &hub_alarm::wait_memory_, &hub_alarm::ring>;
        auto const hub = hub_.lock();
        auto const next = hub == nullptr ? std::nullopt : hub->next_deadline();
        if (!timer_ || !next) return;
        waits_ = guarded([&] {
            timer_->expires_at(*next);
            timer_->async_wait(on_time{this->shared_from_this()});
        });
        if (!waits_) look_again(); // the loop's list of timers could not grow
    }

    std::shared_ptr<loop_door> const door_;
    std::optional<asio::steady_timer> timer_;
    std::weak_ptr<Hub> const hub_;
    std::atomic<bool> coming_{false}; // `look` is on its way
    bool waits_ = false;
    wait_memory turn_memory_, wait_memory_;
};

}

#endif
