// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef EXAMPLES_SERVERS_LINGER_HPP
#define EXAMPLES_SERVERS_LINGER_HPP

#include <boost/asio.hpp>
#include <boost/beast.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

template <class Owner>
void drop_input(std::shared_ptr<Owner> owner, boost::beast::tcp_stream& stream, boost::beast::flat_buffer& buffer) {
    auto const bytes = buffer.prepare(65536);
    stream.async_read_some(bytes, [&, owner = std::move(owner)](boost::beast::error_code error, std::size_t) mutable {
        if (!error) drop_input(std::move(owner), stream, buffer);
    });
}

/// Behind the last answer on a stream that `owner` has: ends the sending side, then reads and drops what still comes,
/// for 5 s at most. To close a socket with input unread resets the connection, and the answer may be lost with it.
template <class Owner>
void close_slowly(std::shared_ptr<Owner> owner, boost::beast::tcp_stream& stream, boost::beast::flat_buffer& buffer) {
    boost::beast::error_code ignored;
    stream.socket().shutdown(boost::asio::socket_base::shutdown_send, ignored);
    stream.expires_after(std::chrono::seconds{5});
    drop_input(std::move(owner), stream, buffer);
}

#endif
