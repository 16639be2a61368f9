// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_METRICS_HPP
#define BACKCHANNEL_HUB_METRICS_HPP

#include <backchannel/config.hpp>

#include <cstdint>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What a hub has done since it was made, see `connection_hub::metrics`.
struct hub_metrics {
    std::uint64_t open = 0;   ///< connections that are open now
    std::uint64_t opened = 0; ///< connections that have been opened
    std::uint64_t closed = 0; ///< ids that have been retired

    // sends by their result; one that was left for another thread counts when that thread has answered
    std::uint64_t accepted = 0, backpressure = 0, gone = 0, unavailable = 0;
    std::uint64_t expired = 0;        ///< their time was over before the Transport was asked
    std::uint64_t accepted_bytes = 0; ///< of messages, without frame headers
};

}

#endif
