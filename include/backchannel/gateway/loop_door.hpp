// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_LOOP_DOOR_HPP
#define BACKCHANNEL_GATEWAY_LOOP_DOOR_HPP

#include <backchannel/config.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <mutex>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The way into a loop for whoever may outlive it: an answer that comes late, on a thread of its own. Any thread.
class loop_door {
public:
    explicit loop_door(asio::io_context& loop) noexcept : loop_{&loop} {}

    /// Whether this is the loop's thread, which runs it just now. Not once the door is shut.
    [[nodiscard]] bool is_here() const {
        std::lock_guard const lock{mutex_};
        return loop_ != nullptr && loop_->get_executor().running_in_this_thread();
    }

    /// Calls `f` on the loop, soon; destroys it here if the door is shut. Throws std::bad_alloc.
    template <class F>
    void post(F f) {
        std::lock_guard const lock{mutex_};
        if (loop_ != nullptr) asio::post(*loop_, std::move(f));
    }

    /// When this returns, nobody is in the door, and nobody will come. The loop may end then.
    void shut() noexcept {
        std::lock_guard const lock{mutex_};
        loop_ = nullptr;
    }

private:
    mutable std::mutex mutex_;
    asio::io_context* loop_; // none: shut
};

}

#endif
