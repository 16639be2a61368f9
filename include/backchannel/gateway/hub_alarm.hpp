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
        if (!coming_.exchange(true)) door_->post(posted{this->shared_from_this()});
    }

    /// No more of it. Also where the loop does not run any more.
    void stop() noexcept { timer_.reset(); }

private:
    struct posted {
        using allocator_type = wait_memory::allocator<void>;

        std::shared_ptr<hub_alarm> const self;

        [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type{self->posted_memory_}; }
        void operator()() const {
            self->coming_.exchange(false); // before it looks: whoever comes now is seen, or comes back
            self->look();
        }
    };

    struct waiting {
        using allocator_type = wait_memory::allocator<void>;

        std::shared_ptr<hub_alarm> const self; // not moved: where a wait fails, Asio asks behind that for the memory

        [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type{self->waiting_memory_}; }
        void operator()(std::error_code const&) const {
            self->waits_ = false;
            self->ring();
        }
    };

    /// One wait at a time, as there is memory for one: what was waited for is given up first, which rings, too.
    void look() {
        if (!timer_) return;
        if (waits_)
            timer_->cancel();
        else
            wait();
    }

    void ring() {
        auto const hub = hub_.lock();
        if (!timer_ || hub == nullptr) return;
        hub->expire(std::chrono::steady_clock::now());
        wait();
    }

    void wait() {
        auto const hub = hub_.lock();
        auto const next = hub == nullptr ? std::nullopt : hub->next_deadline();
        if (!timer_ || !next) return;
        waits_ = guarded([&] {
            timer_->expires_at(*next);
            timer_->async_wait(waiting{this->shared_from_this()});
        });
        if (!waits_) look_again(); // the loop's list of timers could not grow
    }

    std::shared_ptr<loop_door> const door_;
    std::optional<asio::steady_timer> timer_;
    std::weak_ptr<Hub> const hub_;
    std::atomic<bool> coming_{false}; // `look` is on its way
    bool waits_ = false;
    wait_memory posted_memory_, waiting_memory_;
};

}

#endif
