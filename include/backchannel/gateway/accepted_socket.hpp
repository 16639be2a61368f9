// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_ACCEPTED_SOCKET_HPP
#define BACKCHANNEL_GATEWAY_ACCEPTED_SOCKET_HPP

#include <backchannel/gateway/stream.hpp>

#include <asio/basic_stream_socket.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#if defined(__linux__)
#include <unistd.h>
#endif

#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

#if defined(__linux__)

/// A connection that was accepted: non-blocking, and not yet known to whatever will wait for it. It is closed when this
/// goes.
class accepted_socket {
public:
    /// `loop`: where Asio is to wait for it, if it becomes a socket of Asio's.
    accepted_socket(asio::io_context& loop, asio::ip::tcp const& protocol, int socket) noexcept
        : loop_{&loop}, protocol_{protocol}, socket_{socket} {}
    accepted_socket(accepted_socket&& other) noexcept
        : loop_{other.loop_}, protocol_{other.protocol_}, socket_{other.release()} {}
    accepted_socket& operator=(accepted_socket&&) = delete;
    ~accepted_socket() {
        if (socket_ >= 0) ::close(socket_);
    }

    /// The caller closes it.
    [[nodiscard]] int release() noexcept { return std::exchange(socket_, -1); }

    /// Throws std::system_error or std::bad_alloc.
    template <class Executor>
    [[nodiscard]] operator asio::basic_stream_socket<asio::ip::tcp, Executor>() && {
        asio::basic_stream_socket<asio::ip::tcp, Executor> made{*loop_};
        made.assign(protocol_, socket_);
        (void)release();
        made.non_blocking(true); // else Asio waits in calls of its own: it does not ask the system
        return made;
    }

private:
    asio::io_context* loop_;
    asio::ip::tcp protocol_;
    int socket_;
};

#else

using accepted_socket = loop_socket;

#endif

}

#endif
