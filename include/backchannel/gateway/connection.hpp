// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_CONNECTION_HPP
#define BACKCHANNEL_GATEWAY_CONNECTION_HPP

#include <backchannel/gateway/worker.hpp>
#include <backchannel/support/outbox.hpp>

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The socket side of a connection: receives, sends, lingers and closes. What the bytes mean is the derived class's.
///
/// `Stream` is an Asio stream, such as asio::ip::tcp::socket. Everything that is queued during one turn of the loop
/// leaves in one gather write. Bytes are received into the worker's buffer; only what could not be used yet is kept.
template <class Stream>
class gateway_connection : public worker_client {
public:
    /// `owner` keeps the worker and its loop; it is let go last.
    gateway_connection(std::shared_ptr<void const> owner, gateway_worker& worker, Stream stream)
        : owner_{std::move(owner)}, worker_{worker}, stream_{std::move(stream)} {}

    void start() {
        worker_.add(shared_from_this());
        this->protect([this] {
            on_start();
            receive();
        });
    }

protected:
    // ------------------------------------------------------------------------------------- for the derived class

    virtual void on_start() = 0;

    /// Takes what it can off the front; the rest is shown again with more behind it.
    virtual void on_bytes(std::span<char>& bytes) = 0;

    /// The peer will send nothing more, or the connection has failed: `closed()` tells which.
    virtual void on_end() = 0;

    [[nodiscard]] std::shared_ptr<void const> const& owner() const noexcept { return owner_; }
    [[nodiscard]] gateway_worker& worker() noexcept { return worker_; }
    [[nodiscard]] Stream& stream() noexcept { return stream_; }
    [[nodiscard]] outbox& out() noexcept { return out_; }

    /// Sends what is in `out()` at the end of this turn.
    void send_soon() { worker_.flush_later(*this); }

    /// No bytes are asked for or shown until `resume`.
    void pause() noexcept { paused_ = true; }
    void resume() {
        if (!std::exchange(paused_, false)) return;
        show_held();
        receive();
    }

    /// `resume` at the end of this turn: no handler runs inside another one's call.
    void resume_soon() {
        resume_pending_ = true;
        worker_.flush_later(*this);
    }

    /// Sends what waits, then ends the connection without cutting the peer off from the last bytes.
    ///
    /// A close with unread bytes in the socket resets the connection and may destroy what was sent, so the peer's end
    /// is waited for: at most `linger` from now, unless the derived class moves the deadline when bytes are sent.
    void finish(std::chrono::milliseconds linger) {
        if (finishing_ || closed_) return;
        finishing_ = true;
        paused_ = false;
        held_ = {};
        worker_.set_deadline(*this, linger);
        if (out_.empty() && !writing_)
            shut_down();
        else
            send_soon();
        receive();
    }

    [[nodiscard]] bool finishing() const noexcept { return finishing_; }
    [[nodiscard]] bool closed() const noexcept { return closed_; }

    /// Ends the connection now.
    void drop() override {
        if (std::exchange(closed_, true)) return;
        auto const self = shared_from_this(); // the worker lets go of it
        std::error_code ignored;
        stream_.close(ignored);
        worker_.remove(*this);
        if (!writing_) out_.clear(); // else the system may still look at it
        held_ = {};
        on_end();
    }

    void flush() override {
        if (closed_) return;
        if (std::exchange(resume_pending_, false)) resume();
        if (writing_ || out_.empty() || closed_) return;
        std::array<std::string_view, max_pieces> pieces;
        gathered_buffers buffers;
        buffers.size = out_.gather(pieces);
        for (std::size_t i = 0; i != buffers.size; ++i)
            buffers.items[i] = asio::const_buffer{pieces[i].data(), pieces[i].size()};
        stream_.async_write_some(buffers, [self = self_as_connection()](std::error_code const& error, std::size_t n) {
            self->protect([&] { self->on_written(error, n); });
        });
        writing_ = true;
    }

private:
    static constexpr std::size_t max_pieces = 16;

    // Holds its items, as the operation keeps a copy of the sequence until the socket takes the bytes.
    struct gathered_buffers {
        using value_type = asio::const_buffer;
        using const_iterator = asio::const_buffer const*;

        std::array<asio::const_buffer, max_pieces> items;
        std::size_t size = 0;

        [[nodiscard]] const_iterator begin() const noexcept { return items.data(); }
        [[nodiscard]] const_iterator end() const noexcept { return items.data() + size; }
    };

    [[nodiscard]] std::shared_ptr<gateway_connection> self_as_connection() {
        return std::static_pointer_cast<gateway_connection>(shared_from_this());
    }

    void on_written(std::error_code const& error, std::size_t written) {
        writing_ = false;
        if (closed_) return;
        if (error) return drop();
        out_.consume(written);
        on_sent();
        if (!out_.empty())
            flush();
        else if (finishing_ && !closed_)
            shut_down();
    }

    /// Some of what was queued has been taken by the socket.
    virtual void on_sent() {}

    void shut_down() {
        std::error_code ignored;
        stream_.lowest_layer().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        if (ended_) drop();
    }

    void receive() {
        if (receiving_ || paused_ || closed_ || ended_) return;
        receiving_ = true;
        stream_.async_wait(asio::ip::tcp::socket::wait_read,
                           [self = self_as_connection()](std::error_code const& error) {
                               self->protect([&] { self->on_readable(error); });
                           });
    }

    void on_readable(std::error_code error) {
        receiving_ = false;
        if (closed_) return;
        std::span<char> const buffer = worker_.receive_buffer();
        std::size_t size = 0;
        if (!error) size = stream_.read_some(asio::buffer(buffer.data(), buffer.size()), error);
        if (error == asio::error::would_block || error == asio::error::try_again || error == asio::error::interrupted)
            return receive();
        if (error == asio::error::eof) {
            ended_ = true;
            if (finishing_ && out_.empty() && !writing_) return drop();
            if (!finishing_) on_end();
            return;
        }
        if (error) return drop();
        if (finishing_) return receive(); // dropped unread
        show(buffer.first(size));
        receive();
    }

    void show(std::span<char> fresh) {
        if (held_.empty()) {
            on_bytes(fresh);
            if (!closed_ && !finishing_) held_.assign(fresh.data(), fresh.size());
        } else {
            held_.append(fresh.data(), fresh.size());
            show_held();
        }
    }

    void show_held() {
        if (held_.empty() || closed_) return;
        std::string bytes = std::move(held_); // the connection may be dropped while they are looked at
        held_ = {};
        std::span<char> rest{bytes};
        on_bytes(rest);
        if (rest.empty() || closed_ || finishing_) return;
        bytes.erase(0, bytes.size() - rest.size());
        held_ = std::move(bytes);
    }

    std::shared_ptr<void const> const owner_;
    gateway_worker& worker_;
    Stream stream_;
    outbox out_;
    std::string held_;
    bool receiving_ = false, writing_ = false, paused_ = false, resume_pending_ = false;
    bool finishing_ = false; // what was queued is sent, what comes is dropped
    bool ended_ = false;     // the peer has ended its side
    bool closed_ = false;
};

}

#endif
