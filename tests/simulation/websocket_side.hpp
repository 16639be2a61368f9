// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SIMULATION_WEBSOCKET_SIDE_HPP
#define BACKCHANNEL_TESTS_SIMULATION_WEBSOCKET_SIDE_HPP

#include "simulation/server.hpp"

#include <backchannel/protocol/websocket_frame.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace simulation {

/// A WebSocket on a connection of the server, which is tracked by the hub.
class websocket_side final : public web_socket {
public:
    /// nullptr: the hub has no room.
    [[nodiscard]] static std::unique_ptr<websocket_side> make(server_socket& s);

    explicit websocket_side(server_socket& s) : socket_{s} {}
    ~websocket_side();

    void open();
    void on_bytes(std::string& inbox);
    void on_written(std::uint64_t total); ///< bytes that the network has taken since the connection began
    void lost();                          ///< the session ends

    // what the transport calls, on the socket's loop unless it may be called from any
    delivery send(backchannel::message const& m) override;
    void close(std::uint16_t code, std::string_view reason) override;
    void ping(std::string_view payload) override;
    void drop() override { socket_.drop(); }
    void fail_soon() override { socket_.fail_soon(); }
    [[nodiscard]] std::size_t unsent() const override { return static_cast<std::size_t>(given_ - written_); }
    [[nodiscard]] std::size_t buffered() const override { return socket_.unsent(); }

private:
    void on_message(std::string_view text);
    void send_close(std::uint16_t code, std::string_view reason);
    void end_session(std::uint16_t code);
    void put(backchannel::websocket::opcode kind, std::string_view payload);

    server_socket& socket_;
    backchannel::session tracked_;
    backchannel::websocket::frame_parser parser_;
    std::deque<std::pair<std::uint64_t, std::size_t>> on_the_way_; // where a message's frame ends, and its bytes
    std::uint64_t given_ = 0, written_ = 0;                        // bytes of messages
    bool reserved_ = false, close_sent_ = false, ended_ = false;
};

}

#endif
