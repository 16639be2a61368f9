// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_LIVENESS_HPP
#define BACKCHANNEL_GATEWAY_LIVENESS_HPP

#include <backchannel/config.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Finds out whether the peer of a WebSocket is still there: by a ping at times, and by whatever comes after it.
///
/// It reads no clock: `check` is called when the interval, and then each time that it gave, has passed.
class liveness {
public:
    enum class step : std::uint8_t {
        wait, ///< all is well
        ping, ///< send one
        gone  ///< drop the connection
    };
    struct advice {
        step what;
        std::chrono::milliseconds next; ///< until the next check
    };

    /// The same for all peers.
    struct times {
        std::chrono::milliseconds interval; ///< between two pings
        std::chrono::milliseconds patience; ///< between a ping and the check whether anything came
    };

    /// Bytes came from the peer.
    void heard() noexcept { heard_ = true; }

    /// `sent_all`: nothing waits to be sent or is still arriving, so that a ping which was asked for is there, if it
    /// ever will be.
    [[nodiscard]] advice check(times const& t, bool sent_all) noexcept {
        if (!asked_) {
            asked_ = true;
            heard_ = false;
            ping_left_ = sent_all;
            return {step::ping, t.patience};
        }
        if (heard_) {
            asked_ = false;
            return {step::wait, std::max(t.interval - t.patience, std::chrono::milliseconds{1})};
        }
        // a peer cannot answer a ping that waits behind other bytes; the deadline for writing watches over those
        if (std::exchange(ping_left_, sent_all)) return {step::gone, {}};
        return {step::wait, t.patience};
    }

private:
    bool asked_ = false;     // a ping was sent, and not answered when last checked
    bool heard_ = false;     // since then
    bool ping_left_ = false; // at the last check
};

}

#endif
