// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// A stream of one's own, and what makes it for the connections of a port.
#include <backchannel/auth/allow_all.hpp>
#include <backchannel/gateway/gateway.hpp>

struct minimal_stream : backchannel::tcp_stream {
    static constexpr bool secure = false;
    explicit minimal_stream(asio::ip::tcp::socket s) : tcp_stream{std::move(s)} {}

    bool established() const { return true; }
    bool has_more() const { return false; }
    bool read_wants_write() const { return false; }
    std::size_t read_some(std::span<char> room, std::error_code& error) {
        return socket_.read_some(asio::buffer(room.data(), room.size()), error);
    }
    std::size_t write_some(std::span<std::string_view const> pieces, std::error_code& error) {
        return socket_.write_some(asio::buffer(pieces.front().data(), pieces.front().size()), error);
    }
    void end_sending(std::error_code& error) { socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error); }
};

struct minimal_streams {
    minimal_stream make_stream(asio::ip::tcp::socket s) const { return minimal_stream{std::move(s)}; }
};

static_assert(backchannel::gateway_stream<minimal_stream>);

[[maybe_unused]] static void use(backchannel::gateway<backchannel::allow_all>& server, std::error_code& error) {
    server.listen({asio::ip::address_v4::loopback(), 0}, std::make_shared<minimal_streams>(), error);
}
