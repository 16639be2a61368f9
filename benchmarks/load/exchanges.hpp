// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_BENCHMARKS_LOAD_EXCHANGES_HPP
#define BACKCHANNEL_BENCHMARKS_LOAD_EXCHANGES_HPP

#include "body.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

/// What must not happen, counted.
struct faults {
    std::uint64_t refused = 0;      ///< answers other than 2xx
    std::uint64_t unanswered = 0;   ///< requests
    std::uint64_t lost = 0;         ///< messages of requests that were answered with success
    std::uint64_t stray = 0;        ///< messages for somebody else, answers to nothing
    std::uint64_t doubled = 0;      ///< messages
    std::uint64_t altered = 0;      ///< messages
    std::uint64_t disconnected = 0; ///< WebSockets, without having been asked to

    [[nodiscard]] std::uint64_t all() const {
        return refused + unanswered + lost + stray + doubled + altered + disconnected;
    }
};

/// The requests in flight, each in a slot of its own, and what is still to come of each.
///
/// An exchange is complete when its answer has come and all its effects have: the message at its receiver (at each of
/// them, of a broadcast), or the end of the WebSocket that was to be closed.
class exchanges {
public:
    static constexpr std::uint32_t everybody = 0xFFFFFFFF;

    exchanges(std::size_t slots, std::size_t receivers, bool broadcast) : slots_(slots), receivers_{receivers} {
        for (auto& s : slots_)
            if (broadcast) s.had.assign(receivers, 0);
    }

    [[nodiscard]] std::size_t size() const { return slots_.size(); }
    [[nodiscard]] std::size_t active() const { return active_; }
    [[nodiscard]] std::int64_t began(std::uint32_t slot) const { return slots_[slot].began_ns; }
    [[nodiscard]] std::uint32_t target(std::uint32_t slot) const { return slots_[slot].target; }

    /// A request takes the slot: whom it is for, and how many effects it has on each of them.
    [[nodiscard]] label begin(std::uint32_t slot, std::uint32_t target, std::size_t effects, std::int64_t now_ns) {
        one& s = slots_[slot];
        ++active_;
        ++s.number;
        s.active = true;
        s.answered = false;
        s.target = target;
        s.missing = target == everybody ? effects * receivers_ : effects;
        s.began_ns = now_ns;
        return {slot, s.number};
    }

    /// The answer of success has come. True: the exchange is complete.
    [[nodiscard]] bool answered(std::uint32_t slot) {
        slots_[slot].answered = true;
        return complete(slot);
    }

    /// The exchange won't be complete.
    void abandon(std::uint32_t slot) {
        slots_[slot].active = false;
        --active_;
    }

    /// A message has arrived there. True: its exchange is complete.
    [[nodiscard]] bool delivered(std::uint32_t receiver, label of, faults& wrong) {
        if (of.slot >= slots_.size() || of.number > slots_[of.slot].number) {
            ++wrong.altered; // nobody has sent that
            return false;
        }
        one& s = slots_[of.slot];
        if (s.target != everybody && s.target != receiver && of.number == s.number) {
            ++wrong.stray;
            return false;
        }
        bool const again = !s.active || of.number != s.number || s.missing == 0 ||
                           (s.target == everybody && s.had[receiver] == of.number);
        if (again) {
            ++wrong.doubled;
            return false;
        }
        if (s.target == everybody) s.had[receiver] = of.number;
        --s.missing;
        return complete(of.slot);
    }

    /// The WebSocket has ended, for which the slot has asked. True: the exchange is complete.
    [[nodiscard]] bool ended(std::uint32_t slot) {
        slots_[slot].missing = 0;
        return complete(slot);
    }

    /// The slot whose request is for that receiver alone; `size()`: none.
    [[nodiscard]] std::uint32_t slot_of(std::uint32_t receiver) const {
        std::uint32_t slot = 0;
        while (slot != slots_.size() && !(slots_[slot].active && slots_[slot].target == receiver)) ++slot;
        return slot;
    }

    /// What is in flight will not be awaited any longer.
    void give_up(faults& wrong) const {
        for (one const& s : slots_) {
            if (!s.active) continue;
            if (!s.answered)
                ++wrong.unanswered;
            else
                wrong.lost += s.missing;
        }
    }

private:
    struct one {
        bool active = false, answered = false;
        std::uint32_t target = 0, number = 0;
        std::size_t missing = 0;
        std::int64_t began_ns = 0;
        std::vector<std::uint32_t> had; // of a broadcast: the number of the last one at each receiver
    };

    [[nodiscard]] bool complete(std::uint32_t slot) {
        one& s = slots_[slot];
        if (!s.active || !s.answered || s.missing != 0) return false;
        s.active = false;
        --active_;
        return true;
    }

    std::vector<one> slots_;
    std::size_t receivers_, active_ = 0;
};

}

#endif
