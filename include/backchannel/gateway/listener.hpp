// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_LISTENER_HPP
#define BACKCHANNEL_GATEWAY_LISTENER_HPP

#include <backchannel/gateway/accepted_socket.hpp>
#include <backchannel/gateway/wait_memory.hpp>
#include <backchannel/support/guarded.hpp>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/steady_timer.hpp>

#if defined(__linux__)
#include <cerrno>
#include <sys/socket.h>
#endif

#include <chrono>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Accepts TCP connections on one loop, until it is closed.
class tcp_listener : public std::enable_shared_from_this<tcp_listener> {
public:
    explicit tcp_listener(asio::io_context& io) : loop_{io}, acceptor_{io}, pause_{io} {}

    /// Binds and listens. With `shared`, other sockets of this process may bind the same port.
    asio::ip::tcp::endpoint open(asio::ip::tcp::endpoint const& where, bool shared, std::error_code& error) {
        auto const step = [&](auto&& act) {
            if (!error) act();
        };
        error = {};
        step([&] { acceptor_.open(where.protocol(), error); });
        step([&] { acceptor_.set_option(asio::socket_base::reuse_address{true}, error); });
        step([&] {
            if (where.address().is_v6()) acceptor_.set_option(asio::ip::v6_only{true}, error);
        });
#if defined(SO_REUSEPORT)
        using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
        step([&] {
            if (shared) acceptor_.set_option(reuse_port{true}, error);
        });
#endif
#if defined(__linux__)
        step([&] { configure(acceptor_); });
#endif
        step([&] { acceptor_.bind(where, error); });
        step([&] { acceptor_.non_blocking(true, error); });
        step([&] { acceptor_.set_option(asio::socket_base::enable_connection_aborted{true}, error); }); // or it waits
        step([&] { acceptor_.listen(asio::socket_base::max_listen_connections, error); });
        asio::ip::tcp::endpoint bound = where;
        step([&] { bound = acceptor_.local_endpoint(error); });
        return bound;
    }

    /// `on_socket` is given each connection, and its peer's address.
    /// `on_error` is told why accepting pauses for a moment, or why a connection was lost.
    void accept(std::function<void(accepted_socket, asio::ip::tcp::endpoint const&)> on_socket,
                std::function<void(std::error_code const&)> on_error) {
        on_socket_ = std::move(on_socket);
        on_error_ = std::move(on_error);
        accept_next();
    }

    void close() {
        std::error_code ignored;
        acceptor_.close(ignored);
        pause_.cancel();
    }

private:
    /// On Linux a connection has these from its listener, elsewhere it needs them itself.
    template <class Socket>
    static void configure(Socket& socket) {
        std::error_code ignored;
        socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
#if defined(TCP_NOTSENT_LOWAT)
        // What a peer does not read shall wait here, where it is counted, and not in the system's buffers.
        using unsent_limit = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_NOTSENT_LOWAT>;
        socket.set_option(unsent_limit{128 * 1024}, ignored);
#endif
    }

    /// The connection that waits, if there is no error. It is closed in programs that this one starts.
    [[nodiscard]] accepted_socket take(asio::ip::tcp::endpoint& peer, std::error_code& error) {
#if defined(__linux__)
        auto size = static_cast<socklen_t>(peer.capacity());
        int const made = ::accept4(acceptor_.native_handle(), peer.data(), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (made < 0)
            error = {errno, asio::error::get_system_category()};
        else
            peer.resize(size);
        return {loop_, peer.protocol(), made};
#else
        loop_socket socket{loop_};
        acceptor_.accept(socket, peer, error);
        if (!error) configure(socket);
        if (!error) socket.non_blocking(true, error);
        return socket;
#endif
    }

    // Waits first and accepts in a call of its own, so that no failure to accept can leave the loop as an exception.
    void accept_next() {
        using on_ready = wait_handler<tcp_listener, &tcp_listener::memory_, &tcp_listener::accept_one>;
        acceptor_.async_wait(asio::socket_base::wait_read, on_ready{shared_from_this()});
    }

    void accept_one(std::error_code error) {
        if (!acceptor_.is_open()) return;
        bool const good = !error && guarded([&] {
            asio::ip::tcp::endpoint peer;
            accepted_socket socket = take(peer, error);
            if (is_retry(error) || error == asio::error::connection_aborted)
                error = {}; // another loop was quicker, or the peer has gone
            else if (!error && !guarded([&] { on_socket_(std::move(socket), peer); })) // it is lost, no other
                (void)guarded([&] { on_error_(make_error_code(std::errc::not_enough_memory)); });
        });
        if (good && !error) {
            if (acceptor_.is_open()) accept_next();
            return;
        }
        (void)guarded([&] { on_error_(error ? error : make_error_code(std::errc::not_enough_memory)); });
        wait_a_little();
    }

    /// Out of files or memory: what is open may go on, and there is no use in asking again at once.
    void wait_a_little() {
        bool const waits = guarded([this] {
            pause_.expires_after(std::chrono::milliseconds{100});
            pause_.async_wait([self = shared_from_this()](std::error_code const& cancelled) {
                if (!cancelled && self->acceptor_.is_open()) self->accept_next();
            });
        });
        if (!waits) accept_next(); // not even memory for a timer
    }

    asio::io_context& loop_;
    asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type> acceptor_;
    asio::steady_timer pause_;
    wait_memory memory_;
    std::function<void(accepted_socket, asio::ip::tcp::endpoint const&)> on_socket_;
    std::function<void(std::error_code const&)> on_error_;
};

}

#endif
