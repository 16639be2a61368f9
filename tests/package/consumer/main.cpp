// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "consumer.hpp"

#include <cstdio>

int main() {
    consumer_hub hub;
    int bytes = 0;
    auto const tracked = hub.open(&bytes);
    bool const good = greet(hub, tracked.id()) && bytes == 5 && hub.find(tracked.id());
    std::puts(good ? "consumer: delivered" : "consumer: failed");
    return good ? 0 : 1;
}
