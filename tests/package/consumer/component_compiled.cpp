// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "consumer.hpp"

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#error "backchannel::compiled sets the macro for its users"
#endif

int main() {
    consumer_hub hub;
    int bytes = 0;
    auto const tracked = hub.open(&bytes);
    return hub.send(tracked.id(), backchannel::message{"hello", backchannel::message_kind::text}) ==
                       backchannel::delivery::accepted &&
                   bytes == 5
               ? 0
               : 1;
}
