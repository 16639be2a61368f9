// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_BEAST_STREAM_HPP
#define BACKCHANNEL_ADAPTERS_BEAST_STREAM_HPP

#include <backchannel/http.hpp>
#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/support/streamed_answer.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/stream_traits.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

// Answers that stream, for adapters/beast.hpp.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::beast {

namespace net = boost::asio;

/// An answer that goes on until the connection ends, which ends with it. It keeps `stream`, reads from it and writes to
/// it.
template <class Stream>
class endless_answer final : public streamed_answer {
    using base = streamed_answer;
    using error_code = boost::beast::error_code;

public:
    endless_answer(std::shared_ptr<Stream> stream, std::shared_ptr<body_stream> body)
        : base{std::move(body), [executor = stream->get_executor()](task t) { net::post(executor, std::move(t)); }},
          stream_{std::move(stream)}, timer_{stream_->get_executor()} {
        auto& lowest = boost::beast::get_lowest_layer(*stream_);
        if constexpr (requires { lowest.expires_never(); }) lowest.expires_never();
    }

    /// The status line and the header.
    void begin(response const& r, unsigned version) {
        if (!http1::append_response_head(text_, r.status, r.headers, std::nullopt, false, version >= 11))
            return close();
        net::async_write(*stream_, net::buffer(text_), [self = keep()](error_code error, std::size_t) {
            if (error) return self->close();
            self->start();
        });
        read();
        wait();
    }

private:
    [[nodiscard]] std::shared_ptr<endless_answer> keep() {
        return std::static_pointer_cast<endless_answer>(this->shared_from_this());
    }

    bool write(std::string text) override {
        text_ = std::move(text);
        net::async_write(*stream_, net::buffer(text_), [self = keep()](error_code error, std::size_t) {
            if (error) return self->close();
            self->written();
        });
        return false;
    }

    /// Behind the end, what the client still sends is read, lest it miss something.
    void end(bool whole) override {
        if (!whole) return close();
        auto& lowest = boost::beast::get_lowest_layer(*stream_);
        error_code ignored;
        if constexpr (requires { lowest.socket(); })
            lowest.socket().shutdown(net::ip::tcp::socket::shutdown_send, ignored);
        else
            lowest.shutdown(net::ip::tcp::socket::shutdown_send, ignored);
        ending_ = true;
        wait(); // so long for the client's end
    }

    /// Nobody is to be served between here and the client's end: what it sends tells only that it is there.
    void read() {
        stream_->async_read_some(net::buffer(unread_), [self = keep()](error_code error, std::size_t) {
            if (error) return self->close();
            self->read();
        });
    }

    void wait() {
        timer_.expires_after(period);
        timer_.async_wait([self = keep()](error_code error) {
            if (error) return;
            if (self->ending_) return self->close();
            self->tick(std::chrono::steady_clock::now());
            if (!self->over()) self->wait();
        });
    }

    void close() {
        timer_.cancel();
        boost::beast::get_lowest_layer(*stream_).close();
    }

    std::shared_ptr<Stream> const stream_;
    net::steady_timer timer_;
    std::string text_;
    std::array<char, 512> unread_;
    bool ending_ = false;
};

}

#endif
