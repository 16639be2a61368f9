// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_DIALECT_FAILURE_HPP
#define BACKCHANNEL_DIALECT_FAILURE_HPP

#include <backchannel/config.hpp>

#include <cstdint>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What went wrong with a request, in no cloud's words yet; authorization apart.
enum class failure : std::uint8_t {
    gone,               ///< the connection was open and is closed
    never_open,         ///< no connection of that id is known to have been open
    malformed_id,       ///< the id is missing or outside the syntax
    bad_method,         ///< the operation does not exist
    bad_body,           ///< the body is not what the operation takes
    unsupported,        ///< the server cannot do that
    too_large,          ///< the body is longer than a message may be
    backpressure,       ///< the client's queue is full
    unavailable,        ///< certainly not sent; the caller may try again
    unknown,            ///< perhaps sent
    expired,            ///< certainly not sent: its time was over
    internal            ///< a policy failed before anything was queued
};

}

#endif
