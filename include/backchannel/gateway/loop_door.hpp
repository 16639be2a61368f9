// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_LOOP_DOOR_HPP
#define BACKCHANNEL_GATEWAY_LOOP_DOOR_HPP

#include <backchannel/config.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <atomic>
#include <cstdint>
#include <thread>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The way into a loop for whoever may outlive it: an answer that comes late, on a thread of its own. Any thread.
class loop_door {
public:
    explicit loop_door(asio::io_context& loop) noexcept : loop_{&loop} {}

    loop_door(loop_door const&) = delete;
    loop_door& operator=(loop_door const&) = delete;

    /// Whether this is the loop's thread, which runs it just now. Not once the door is shut.
    [[nodiscard]] bool is_here() noexcept {
        visit const inside{*this};
        return inside.loop != nullptr && inside.loop->get_executor().running_in_this_thread();
    }

    /// Calls `f` on the loop, soon; destroys it here if the door is shut. Throws std::bad_alloc.
    template <class F>
    void post(F f) {
        visit const inside{*this};
        if (inside.loop != nullptr) asio::post(*inside.loop, std::move(f));
    }

    /// When this returns, nobody is in the door, and nobody will come: the loop may end. Precondition: not called by
    /// what `post` destroys for want of memory.
    void shut() noexcept {
        loop_ = nullptr;
        while (inside_ != 0) std::this_thread::yield();
    }

private:
    /// Whoever says that he is inside before he looks is waited for, or finds the door shut.
    struct visit {
        explicit visit(loop_door& d) noexcept : door{d} {
            ++door.inside_;
            loop = door.loop_;
        }
        ~visit() { --door.inside_; }
        visit(visit const&) = delete;
        visit& operator=(visit const&) = delete;

        loop_door& door;
        asio::io_context* loop;
    };

    std::atomic<asio::io_context*> loop_; // none: shut
    std::atomic<std::uint32_t> inside_{0};
};

}

#endif
