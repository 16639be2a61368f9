// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/accepted_socket.hpp>

#include "support/accepted_from.hpp"
#include "support/catch.hpp"

#include <asio/read.hpp>
#include <asio/write.hpp>

#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace gateway_accepted_socket_tests {

using backchannel::accepted_socket;

namespace {

struct fixture {
    asio::io_context io{1};
    asio::ip::tcp::socket peer{io};
    std::optional<accepted_socket> accepted{test::accepted_from(peer, io)};

    [[nodiscard]] std::error_code peer_reads() {
        char byte{};
        std::error_code error;
        (void)peer.read_some(asio::buffer(&byte, 1), error);
        return error;
    }
};

}

TEST_CASE("an accepted socket that nobody takes is closed", "[accepted_socket]") {
    fixture f;
    accepted_socket moved{std::move(*f.accepted)};
    f.accepted.reset();
    f.peer.non_blocking(true);
    CHECK((f.peer_reads() == asio::error::would_block));
    f.peer.non_blocking(false);
    { accepted_socket const last{std::move(moved)}; }
    CHECK((f.peer_reads() == asio::error::eof));
}

TEMPLATE_TEST_CASE("an accepted socket becomes one of Asio's, which waits for nothing", "[accepted_socket]",
                   asio::ip::tcp::socket, backchannel::loop_socket) {
    fixture f;
    {
        TestType socket = std::move(*f.accepted);
        f.accepted.reset();
        CHECK(socket.remote_endpoint() == f.peer.local_endpoint());
        char byte{};
        std::error_code error;
        (void)socket.read_some(asio::buffer(&byte, 1), error);
        CHECK((error == asio::error::would_block));
        std::string got;
        asio::async_read(socket, asio::dynamic_buffer(got), asio::transfer_exactly(2),
                         [&](std::error_code const& e, std::size_t) { error = e; });
        (void)asio::write(f.peer, asio::buffer("hi", 2));
        f.io.run();
        CHECK_FALSE(error);
        CHECK(got == "hi");
    }
    CHECK((f.peer_reads() == asio::error::eof));
}

}
