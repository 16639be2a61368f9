// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "consumer.hpp"

bool greet(consumer_hub& hub, std::string_view id) {
    return hub.send(id, backchannel::message{"hello", backchannel::message_kind::text}) ==
           backchannel::delivery::accepted;
}
