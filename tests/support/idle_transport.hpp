// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_IDLE_TRANSPORT_HPP
#define BACKCHANNEL_TESTS_SUPPORT_IDLE_TRANSPORT_HPP

#include <backchannel/connection.hpp>
#include <backchannel/message.hpp>

#include <cstdint>
#include <string_view>

namespace test {

/// Accepts every message and allocates nothing; knows which connection was the last to get one.
struct idle_transport {
    using handle = std::uint32_t;
    static constexpr bool bounds_itself = true;
    std::uint32_t last = 0;
    backchannel::delivery send(handle const& h, backchannel::message const&) {
        last = h;
        return backchannel::delivery::accepted;
    }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

}

#endif
