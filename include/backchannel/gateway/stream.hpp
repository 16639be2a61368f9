// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_STREAM_HPP
#define BACKCHANNEL_GATEWAY_STREAM_HPP

#include <backchannel/config.hpp>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#if defined(__linux__)
#include <sys/ioctl.h>
#endif

namespace backchannel::inline BACKCHANNEL_ABI {

/// A stream that calls who waits for it.
template <class S>
concept waits_itself = requires(S& s, std::function<void(std::error_code const&)> f) {
    s.wait_readable(std::move(f));
    s.wait_writable(std::move(f));
};

/// One for whose socket the worker's `epoll_set` waits.
template <class S>
concept waits_in_set = !waits_itself<S> && requires(S const& s) {
    { s.native_handle() }
    noexcept->std::same_as<int>;
};

/// What a connection of the gateway reads from and writes to: `plain_stream` is TCP itself, `tls_stream` is TLS on it.
///
/// No call waits for the peer. `read_some` and `write_some` give `asio::error::would_block` when they cannot go on, and
/// are called again once the socket is ready. Used on one thread only.
///
/// - `secure`: whether others on the way can neither read nor change the bytes.
/// - `established()`: whether bytes can be exchanged; before that, `read_some` is called to go on with the handshake.
/// - `read_some(room, error) -> size`: `asio::error::eof` when the peer has ended its side.
/// - `has_more()`: whether `read_some` would give bytes although the socket itself is not readable.
/// - `read_wants_write()`: whether the `read_some` that gave `would_block` can go on when the socket is *writable*.
/// - `write_some(pieces, error) -> size`: the number of bytes taken off the front of all pieces together. After
///   `would_block` the next call's pieces begin with the same bytes; there may be more behind them.
/// - `write_blocked() -> bool`, if there is one: whether the next call's pieces must begin with the same bytes; without
///   it, they may be others as long as none of these was taken.
/// - `unacknowledged() -> size`, if there is one: bytes that the socket has taken and the peer's system has not, or 0.
/// - `end_sending(error)`: tells the peer that nothing more will come; `would_block` if that is to be tried again.
/// - `wait_readable(f)`, `wait_writable(f)`: call `f(std::error_code)` once, later; `close()` makes them do so at once.
/// - `native_handle()` in place of these two, where the system has epoll: the gateway waits for that socket. For a
///   stream that never has more, and of which no read wants to write.
template <class S>
concept gateway_stream = std::movable<S> &&
    requires(S& s, S const& c, std::span<char> room, std::span<std::string_view const> pieces, std::error_code& error) {
    requires std::same_as<decltype(S::secure), bool const>;
    { c.established() } -> std::same_as<bool>;
    { s.read_some(room, error) } -> std::same_as<std::size_t>;
    { c.has_more() } -> std::same_as<bool>;
    { c.read_wants_write() } -> std::same_as<bool>;
    { s.write_some(pieces, error) } -> std::same_as<std::size_t>;
    s.end_sending(error);
    requires waits_itself<S> || waits_in_set<S>;
    { s.close() }
    noexcept;
};

/// Bytes that the socket has taken and the peer's system has not acknowledged; 0 where that cannot be known.
[[nodiscard]] inline std::size_t
unacknowledged_bytes([[maybe_unused]] asio::ip::tcp::socket::native_handle_type socket) noexcept {
#if defined(__linux__)
    int size = 0; // SIOCOUTQ of tcp(7)
    return ::ioctl(socket, TIOCOUTQ, &size) != 0 || size < 0 ? 0 : static_cast<std::size_t>(size);
#else
    return 0;
#endif
}

/// Whether the call is to be made again, later.
[[nodiscard]] inline bool is_retry(std::error_code const& error) noexcept {
    return error == asio::error::would_block || error == asio::error::try_again || error == asio::error::interrupted;
}

/// A socket of one loop. It and each wait on it take less memory than those of `asio::ip::tcp::socket`, which may be of
/// anything that runs handlers; it can be moved into one of those.
using loop_socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

/// What streams on a TCP socket of Asio's do in the same way.
template <class Socket>
class basic_tcp_stream {
public:
    [[nodiscard]] std::size_t unacknowledged() { return unacknowledged_bytes(socket_.native_handle()); }

    template <class F>
    void wait_readable(F&& f) {
        socket_.async_wait(asio::socket_base::wait_read, std::forward<F>(f));
    }
    template <class F>
    void wait_writable(F&& f) {
        socket_.async_wait(asio::socket_base::wait_write, std::forward<F>(f));
    }

    void close() noexcept {
        std::error_code ignored;
        socket_.close(ignored);
    }

protected:
    explicit basic_tcp_stream(Socket socket) : socket_{std::move(socket)} {}

    Socket socket_;
};

/// The same on Asio's own kind of socket, which is what users of `gateway::listen` make their streams of.
class tcp_stream : public basic_tcp_stream<asio::ip::tcp::socket> {
protected:
    using basic_tcp_stream::basic_tcp_stream;
};

}

#endif
