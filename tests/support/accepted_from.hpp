// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_ACCEPTED_FROM_HPP
#define BACKCHANNEL_TESTS_SUPPORT_ACCEPTED_FROM_HPP

#include <backchannel/gateway/listener.hpp>

#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace test {

/// Connects `peer`, and gives the other end as a gateway on that loop has it.
[[nodiscard]] inline backchannel::accepted_socket accepted_from(asio::ip::tcp::socket& peer, asio::io_context& io) {
    auto const listener = std::make_shared<backchannel::tcp_listener>(io);
    std::error_code error;
    peer.connect(listener->open({asio::ip::address_v4::loopback(), 0}, false, error));
    std::optional<backchannel::accepted_socket> accepted;
    listener->accept(
        [&](backchannel::accepted_socket socket, auto const&) {
            accepted.emplace(std::move(socket));
            listener->close();
        },
        [](std::error_code const& why) { throw std::system_error{why}; });
    io.run();
    io.restart();
    return std::move(accepted.value());
}

}

#endif
