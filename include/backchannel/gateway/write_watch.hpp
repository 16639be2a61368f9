// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_WRITE_WATCH_HPP
#define BACKCHANNEL_GATEWAY_WRITE_WATCH_HPP

#include <backchannel/gateway/connection_deadlines.hpp>

#include <chrono>
#include <cstdint>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Watches over bytes that a socket does not take: whether the peer still takes something of what it has.
///
/// A socket may take nothing for long while its peer slowly takes what the socket holds. So what counts is what has
/// arrived: nothing of it is known when the wait begins, it is looked at after an eighth of the limit, and from then on
/// something more must have arrived at each look. A peer that takes nothing is found when the limit has passed.
class write_watch {
public:
    /// When to look next; the largest: never.
    [[nodiscard]] time_point due() const noexcept { return due_; }

    /// Bytes wait, and none did before, or some have just been taken.
    void begin(std::chrono::milliseconds limit, time_point now) noexcept {
        due_ = deadline_after(limit / 8, now);
        arrived_ = unknown;
    }

    /// It is due. `arrived`: bytes that have reached the peer's system so far. False: it takes nothing.
    [[nodiscard]] bool look(std::chrono::milliseconds limit, std::uint64_t arrived, time_point now) noexcept {
        bool const first = arrived_ == unknown;
        if (!first && arrived <= arrived_) return false; // less: what TLS adds has been sent
        due_ = deadline_after(first ? limit - limit / 8 : limit, now);
        arrived_ = arrived;
        return true;
    }

private:
    static constexpr std::uint64_t unknown = ~std::uint64_t{0};

    time_point due_ = time_point::max();
    std::uint64_t arrived_ = unknown; // when it was looked at last
};

}

#endif
