// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_CONNECTION_DEADLINES_HPP
#define BACKCHANNEL_GATEWAY_CONNECTION_DEADLINES_HPP

#include <backchannel/config.hpp>

#include <chrono>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The deadlines of a connection that do not depend on what its bytes mean; all connections of a gateway share them.
struct connection_deadlines {
    std::chrono::milliseconds handshake; ///< until bytes can be exchanged
    std::chrono::milliseconds write;     ///< for the peer to take some of what waits for it
    std::chrono::milliseconds linger;    ///< for the peer to end its side when ours has ended
};

}

#endif
