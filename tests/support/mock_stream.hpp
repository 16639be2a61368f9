// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_MOCK_STREAM_HPP
#define BACKCHANNEL_TESTS_SUPPORT_MOCK_STREAM_HPP

// A stream of the gateway without a socket behind it. The test is the peer, and decides what each call does.

#include <backchannel/gateway/stream.hpp>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace test {

/// What a mock stream and its peer share. Nothing happens by itself: handlers run when the test polls the loop.
class mock_wire {
public:
    explicit mock_wire(asio::io_context& io) : io_{io} {}

    // ---------------------------------------------------------------------------------------------- how it behaves

    /// One byte for each `read_some` and `write_some`: 0 blocks, n moves at most n bytes. At its end, all that can.
    std::string script{};
    /// Calls of `read_some` that a handshake takes.
    std::size_t handshake = 0;
    /// As over TLS: what `read_some` leaves is kept in the stream and makes the socket readable no more.
    bool records = false;
    /// A read that blocks for another time although bytes have come waits for the socket to be writable.
    bool renegotiates = false;
    /// Bytes that are still taken from the stream before the peer must read again.
    std::size_t window = ~std::size_t{0};

    // ------------------------------------------------------------------------------------------------ what the peer
    // does

    void send(std::string_view bytes) {
        on_wire_.append(bytes);
        wake(readers_);
    }
    /// Sends nothing more.
    void end() {
        peer_ended_ = true;
        wake(readers_);
    }
    /// Breaks the connection.
    void fail(std::error_code error) {
        failure_ = error;
        wake(readers_);
        wake(writers_);
    }
    /// Takes this many bytes more.
    void open_window(std::size_t bytes) {
        window += std::min(bytes, ~std::size_t{0} - window);
        wake(writers_);
    }

    // -------------------------------------------------------------------------------------------- what the stream did

    [[nodiscard]] std::string const& received() const noexcept { return received_; }
    [[nodiscard]] bool ended() const noexcept { return ended_; }
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    /// Bytes of the peer's that nobody has read yet.
    [[nodiscard]] std::size_t unread() const noexcept { return on_wire_.size() + kept_.size(); }

    /// A call that the stream's user must not make, if there was one.
    [[nodiscard]] std::string_view misuse() const noexcept { return misuse_; }

private:
    template <bool Secure>
    friend class basic_mock_stream;

    using handler = std::function<void(std::error_code const&)>;

    [[nodiscard]] std::size_t next_limit() noexcept {
        if (at_ == script.size()) return ~std::size_t{0};
        return static_cast<unsigned char>(script[at_++]);
    }

    void later(handler f, std::error_code error) {
        asio::post(io_, [f = std::move(f), error] { f(error); });
    }
    void wake(std::vector<handler>& waiting, std::error_code error = {}) {
        for (handler& f : std::exchange(waiting, {})) later(std::move(f), error);
    }

    std::size_t read(std::span<char> room, std::error_code& error) {
        error = closed_ ? asio::error::make_error_code(asio::error::bad_descriptor) : failure_;
        wants_write_ = false;
        if (error) return 0;
        std::size_t const limit = std::min(next_limit(), room.size());
        bool const in_handshake = handshake != 0 && --handshake != 0;
        kept_.append(std::exchange(on_wire_, {}));
        std::size_t const size = in_handshake ? 0 : std::min(limit, kept_.size());
        room[0] = '\0'; // room of its user's
        if (size == 0) {
            error = peer_ended_ && kept_.empty() ? asio::error::make_error_code(asio::error::eof)
                                                 : asio::error::make_error_code(asio::error::would_block);
            wants_write_ = renegotiates && !kept_.empty() && std::exchange(blocked_before_, true);
        }
        kept_.copy(room.data(), size);
        kept_.erase(0, size);
        if (!records || size == 0) on_wire_ = std::exchange(kept_, {}); // the socket has it still
        return size;
    }

    std::size_t write(std::span<std::string_view const> pieces, std::error_code& error, bool must_repeat) {
        std::string bytes;
        for (std::string_view const piece : pieces) bytes.append(piece);
        if (bytes.empty()) misuse_ = "nothing is written";
        if (ended_) misuse_ = "something is written behind the end";
        if (must_repeat && !bytes.starts_with(refused_)) misuse_ = "other bytes are written than those that were refused";
        error = closed_ ? asio::error::make_error_code(asio::error::bad_descriptor) : failure_;
        if (error) return 0;
        std::size_t const size = std::min({next_limit(), bytes.size(), window});
        received_.append(bytes, 0, size);
        window -= size;
        refused_.clear();
        if (size == 0) {
            refused_ = std::move(bytes);
            error = asio::error::would_block;
        }
        return size;
    }

    void wait_to_read(handler f) {
        if (closed_) return later(std::move(f), asio::error::operation_aborted);
        if (on_wire_.empty() && !peer_ended_ && !failure_)
            readers_.push_back(std::move(f));
        else
            later(std::move(f), {});
    }
    void wait_to_write(handler f) {
        if (closed_) return later(std::move(f), asio::error::operation_aborted);
        if (window == 0 && !failure_)
            writers_.push_back(std::move(f));
        else
            later(std::move(f), {});
    }

    void close() {
        closed_ = true;
        wake(readers_, asio::error::operation_aborted);
        wake(writers_, asio::error::operation_aborted);
    }

    asio::io_context& io_;
    std::string on_wire_, kept_; // what the peer has sent: in the socket, in the stream
    std::string received_, refused_;
    std::string_view misuse_;
    std::vector<handler> readers_, writers_;
    std::error_code failure_;
    std::size_t at_ = 0;
    bool wants_write_ = false, blocked_before_ = false;
    bool peer_ended_ = false, ended_ = false, closed_ = false;
};

/// The stream, for `gateway_connection` and what derives from it.
template <bool Secure>
class basic_mock_stream {
public:
    static constexpr bool secure = Secure;

    explicit basic_mock_stream(std::shared_ptr<mock_wire> wire) : wire_{std::move(wire)} {}

    [[nodiscard]] bool established() const noexcept { return wire_->handshake == 0; }
    [[nodiscard]] bool has_more() const noexcept { return !wire_->kept_.empty(); }
    [[nodiscard]] bool read_wants_write() const noexcept { return wire_->wants_write_; }

    std::size_t read_some(std::span<char> room, std::error_code& error) { return wire_->read(room, error); }
    std::size_t write_some(std::span<std::string_view const> pieces, std::error_code& error) {
        return wire_->write(pieces, error, Secure);
    }
    [[nodiscard]] bool write_blocked() const noexcept { return Secure && !wire_->refused_.empty(); }
    void end_sending(std::error_code& error) {
        error = {};
        if (wire_->next_limit() == 0)
            error = asio::error::would_block;
        else
            wire_->ended_ = true;
    }

    template <class F>
    void wait_readable(F&& f) {
        wire_->wait_to_read(shared(std::forward<F>(f)));
    }
    template <class F>
    void wait_writable(F&& f) {
        wire_->wait_to_write(shared(std::forward<F>(f)));
    }
    void close() noexcept { wire_->close(); }

private:
    // so that it can be copied, and waits no longer when it has been called
    template <class F>
    [[nodiscard]] static mock_wire::handler shared(F&& f) {
        auto kept = std::make_shared<std::decay_t<F>>(std::forward<F>(f));
        return [kept](std::error_code const& error) { (*kept)(error); };
    }

    std::shared_ptr<mock_wire> wire_;
};

using mock_stream = basic_mock_stream<false>;
using secure_mock_stream = basic_mock_stream<true>;

static_assert(backchannel::gateway_stream<mock_stream> && backchannel::gateway_stream<secure_mock_stream>);

/// Runs all that is ready, and what that makes ready.
inline void run_ready(asio::io_context& io) {
    io.restart();
    while (io.poll() != 0) io.restart();
}

}

#endif
