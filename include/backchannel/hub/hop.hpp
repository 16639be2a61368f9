// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_HOP_HPP
#define BACKCHANNEL_HUB_HOP_HPP

#include <backchannel/config.hpp>

#include <atomic>
#include <cstdint>
#include <new>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The callable inside a task: one pointer, copyable, runs once.
///
/// It keeps the hub's state alive. If every copy is destroyed without a run (the loop was stopped, or the connection
/// had gone before it could be reached), the state is told, so that nothing waits for ever.
///
/// `State` has retain(), release(), hop_arrived(Load) and hop_dropped(Load).
template <class State, class Load>
class hop {
public:
    /// Empty if there is no memory.
    hop(State& state, Load load) noexcept : block_{new (std::nothrow) block{state, load}} {
        if (block_ != nullptr) state.retain();
    }
    hop(hop const& other) noexcept : block_{other.block_} {
        if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
    }
    hop(hop&& other) noexcept : block_{std::exchange(other.block_, nullptr)} {}
    ~hop() {
        if (block_ == nullptr || block_->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
        State& state = block_->state;
        if (!block_->ran.load(std::memory_order_relaxed)) state.hop_dropped(block_->load);
        delete block_;
        state.release();
    }

    explicit operator bool() const noexcept { return block_ != nullptr; }

    void operator()() const noexcept {
        if (!block_->ran.exchange(true, std::memory_order_relaxed)) block_->state.hop_arrived(block_->load);
    }

private:
    struct block {
        State& state;
        Load load;
        std::atomic<std::uint32_t> references{1};
        std::atomic<bool> ran{false};

        block(State& s, Load l) noexcept : state{s}, load{l} {}
    };

    block* block_;
};

}

#endif
