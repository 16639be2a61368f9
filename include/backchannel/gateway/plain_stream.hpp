// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_PLAIN_STREAM_HPP
#define BACKCHANNEL_GATEWAY_PLAIN_STREAM_HPP

#include <backchannel/gateway/accepted_socket.hpp>
#include <backchannel/gateway/stream.hpp>

#include <asio/buffer.hpp>
#include <asio/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#if defined(ASIO_HAS_EPOLL)
#include <cerrno>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>
#endif

namespace backchannel::inline BACKCHANNEL_ABI {

#if defined(ASIO_HAS_EPOLL)

/// TCP as it is. Asio does not know the socket, which so takes less memory, and fewer calls of the system.
class plain_stream {
public:
    static constexpr bool secure = false;

    explicit plain_stream(accepted_socket socket) noexcept : socket_{socket.release()} {}
    plain_stream(plain_stream&& other) noexcept : socket_{std::exchange(other.socket_, -1)} {}
    plain_stream& operator=(plain_stream&& other) noexcept {
        std::swap(socket_, other.socket_);
        return *this;
    }
    ~plain_stream() { close(); }

    [[nodiscard]] bool established() const noexcept { return true; }
    [[nodiscard]] bool has_more() const noexcept { return false; }
    [[nodiscard]] bool read_wants_write() const noexcept { return false; }

    std::size_t read_some(std::span<char> room, std::error_code& error) noexcept {
        std::size_t const size = result(::recv(socket_, room.data(), room.size(), 0), error);
        if (size == 0 && !error && !room.empty()) error = asio::error::eof;
        return size;
    }

    std::size_t write_some(std::span<std::string_view const> pieces, std::error_code& error) noexcept {
        if (pieces.size() == 1) {
            std::string_view const only = pieces[0];
            return result(::send(socket_, only.data(), only.size(), MSG_NOSIGNAL), error);
        }
        std::array<iovec, max_pieces> parts;
        msghdr whole{};
        whole.msg_iov = parts.data();
        whole.msg_iovlen = std::min(parts.size(), pieces.size());
        for (std::size_t i = 0; i != whole.msg_iovlen; ++i)
            parts[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
        return result(::sendmsg(socket_, &whole, MSG_NOSIGNAL), error);
    }

    [[nodiscard]] std::size_t unacknowledged() const noexcept { return unacknowledged_bytes(socket_); }

    void end_sending(std::error_code& error) noexcept { (void)result(::shutdown(socket_, SHUT_WR), error); }

    [[nodiscard]] int native_handle() const noexcept { return socket_; }

    void close() noexcept {
        if (socket_ >= 0) ::close(std::exchange(socket_, -1));
    }

private:
    static constexpr std::size_t max_pieces = 16;

    /// What a call of the system has returned.
    [[nodiscard]] static std::size_t result(ssize_t returned, std::error_code& error) noexcept {
        error = {};
        if (returned >= 0) return static_cast<std::size_t>(returned);
        error = {errno, asio::error::get_system_category()};
        return 0;
    }

    int socket_; // -1: none
};

#else

/// TCP as it is.
class plain_stream : public basic_tcp_stream<loop_socket> {
public:
    static constexpr bool secure = false;

    /// Precondition: the socket is connected and non-blocking.
    explicit plain_stream(loop_socket socket) : basic_tcp_stream{std::move(socket)} {}

    [[nodiscard]] bool established() const noexcept { return true; }
    [[nodiscard]] bool has_more() const noexcept { return false; }
    [[nodiscard]] bool read_wants_write() const noexcept { return false; }

    std::size_t read_some(std::span<char> room, std::error_code& error) {
        return socket_.read_some(asio::buffer(room.data(), room.size()), error);
    }

    std::size_t write_some(std::span<std::string_view const> pieces, std::error_code& error) {
        if (pieces.size() == 1) return socket_.write_some(asio::buffer(pieces[0]), error);
        gather_list list;
        while (list.size != max_pieces && list.size != pieces.size()) {
            list.items[list.size] = {pieces[list.size].data(), pieces[list.size].size()};
            ++list.size;
        }
        return socket_.write_some(list, error);
    }

    void end_sending(std::error_code& error) { socket_.shutdown(asio::socket_base::shutdown_send, error); }

private:
    static constexpr std::size_t max_pieces = 16;

    struct gather_list {
        using value_type = asio::const_buffer;
        using const_iterator = asio::const_buffer const*;

        std::array<asio::const_buffer, max_pieces> items;
        std::size_t size = 0;

        [[nodiscard]] const_iterator begin() const noexcept { return items.data(); }
        [[nodiscard]] const_iterator end() const noexcept { return items.data() + size; }
    };
};

#endif

static_assert(gateway_stream<plain_stream>);

}

#endif
