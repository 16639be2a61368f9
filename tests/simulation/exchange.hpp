// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SIMULATION_EXCHANGE_HPP
#define BACKCHANNEL_TESTS_SIMULATION_EXCHANGE_HPP

#include "simulation/network.hpp"

#include <deque>
#include <string>

namespace simulation {

/// One request on a connection as both ends know it; the checker compares them.
struct exchange {
    std::string method, id, body;
    bool wrong = false;     ///< it must not succeed: badly signed, too long, or no HTTP
    bool whole = true;      ///< false: the client stops in the middle of it
    int status = 0;         ///< what the router or the server answered; 0: not yet
    std::string request_id; ///< of that answer
};

/// A connection of the network with what is said on it.
struct dialogue : wire {
    using wire::wire;

    std::deque<exchange> exchanges; ///< in the order of the requests
    int number = -1;                ///< of the server's connection, once it is accepted
};

/// What the schedule can be blamed for: an answer that only a fault explains is right if that fault was made.
struct faults_made {
    bool wall_jumped = false;
    bool keys_failed = false;
};

}

#endif
