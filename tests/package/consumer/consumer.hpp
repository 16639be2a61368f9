// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef CONSUMER_HPP
#define CONSUMER_HPP

// The smallest server: a connection is the number of bytes that it was sent.
#include <backchannel/backchannel.hpp>

struct counting_transport {
    using handle = int*;
    static constexpr bool unbounded = true;
    backchannel::delivery send(handle const& h, backchannel::message const& m) {
        *h += static_cast<int>(m.data().size());
        return backchannel::delivery::accepted;
    }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

using consumer_hub = backchannel::connection_hub<counting_transport>;

bool greet(consumer_hub& hub, std::string_view id);

#endif
