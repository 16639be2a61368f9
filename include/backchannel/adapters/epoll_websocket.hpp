// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_EPOLL_WEBSOCKET_HPP
#define BACKCHANNEL_ADAPTERS_EPOLL_WEBSOCKET_HPP

#include <backchannel/adapters/epoll_loop.hpp>
#include <backchannel/message.hpp>
#include <backchannel/protocol/websocket_frame.hpp>
#include <backchannel/support/close_payload.hpp>
#include <backchannel/support/loop_transport.hpp>
#include <backchannel/support/outbox_pool.hpp>
#include <backchannel/support/outgoing_frames.hpp>

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// WebSockets for home-made loops on Linux (epoll), on the library's own frame parser.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::epoll {

class websocket;

/// What the WebSockets of a loop share: who has something to send at the end of the turn, and memory for it.
///
/// Used on the loop's thread only; outlives its WebSockets.
class websocket_loop {
public:
    explicit websocket_loop(workspace& shared, ::backchannel::websocket::frame_limits limits = {})
        : shared_{shared}, limits_{limits} {}
    websocket_loop(websocket_loop const&) = delete;
    websocket_loop& operator=(websocket_loop const&) = delete;

    [[nodiscard]] task_queue& home() const noexcept { return shared_.home(); }

    /// Sends what was queued since the last call, by one write for each connection. To be called before each
    /// `epoll_wait`.
    void flush();

private:
    friend class websocket;

    workspace& shared_;
    ::backchannel::websocket::frame_limits const limits_;
    outbox_pool outboxes_;
    websocket* touched_ = nullptr; // the first of those that have something to send
};

/// A WebSocket on a non-blocking socket. RFC 6455 5 to 7.
///
/// A member of the server's own connection, from the end of the handshake on. Watch the socket once for `wanted_events`
/// and call `turn` for each event, and the loop's `flush` before each wait. Nothing else may read or write the socket,
/// which stays the server's. While it is idle it has no buffer. It has no deadlines but the hub's. Used on the loop's
/// thread only.
class websocket {
public:
    /// Call `turn` with no events when the hub knows of it.
    websocket(int socket, websocket_loop& loop, opening begun = {})
        : loop_{loop}, parser_{loop.limits_}, socket_{socket}, ready_{begun.ready} {
        if (!begun.answer.empty()) waiting().append(begun.answer);
        if (begun.received.empty()) return;
        kept().bytes = std::move(begun.received);
        held_back_ = true;
    }
    websocket(websocket const&) = delete;
    websocket& operator=(websocket const&) = delete;
    ~websocket() { untouch(); }

    [[nodiscard]] task_queue& home() const noexcept { return loop_.home(); }

    /// Reads and writes what can be. False: it is over, and the server destroys the connection.
    ///
    /// `on_message(message)` is called for each message, and `on_close(code, reason, closed_by)` once, when the peer
    /// closes (1005: without a code) or has broken a rule; neither may destroy this. In the latter case the close frame
    /// that says so is on its way, and what the peer still sends is read until it closes: `hub.close` sees to it that
    /// this comes to an end.
    template <class OnMessage, class OnClose>
    [[nodiscard]] bool turn(std::uint32_t events, OnMessage&& on_message, OnClose&& on_close) {
        ready_.note(events);
        if ((events & EPOLLOUT) != 0 && std::exchange(blocked_, false)) write();
        workspace& shared = loop_.shared_;
        workspace::turn const mine{shared, this};
        while (!over_ && (held_back_ || ready_.readable())) {
            std::size_t size = partial_ == nullptr ? 0 : partial_->bytes.size();
            if (size != 0) std::memcpy(shared.buffer_.data(), partial_->bytes.data(), size);
            if (!std::exchange(held_back_, false)) {
                std::span<char> const room = shared.buffer_.subspan(size);
                ssize_t const n = recv(socket_, room.data(), room.size(), 0);
                if (n < 0 && errno == EINTR) continue;
                ready_.read(n, room.size());
                if (n <= 0) return n < 0 && errno == EAGAIN;
                size += static_cast<std::size_t>(n);
            }
            if (!failed_) take(shared.buffer_.first(size), on_message, on_close);
        }
        return !over_;
    }

    delivery send(message const& m) {
        if (close_sent_) return delivery::gone;
        return append_message(waiting(), m) ? delivery::accepted : delivery::backpressure;
    }
    void close(std::uint16_t code, std::string_view reason) {
        if (std::exchange(close_sent_, true)) return;
        append_frame(opcode::close, close_payload{code, reason}.view());
    }
    void ping(std::string_view payload) {
        if (close_sent_ || out_ != nullptr) return; // what waits shows as well whether the peer is there
        append_frame(opcode::ping, payload.substr(0, 125));
    }
    void terminate() noexcept { shutdown(socket_, SHUT_RDWR); } // the loop hears of it, and `turn` tells
    [[nodiscard]] std::size_t buffered() const noexcept { return out_ == nullptr ? 0 : out_->size(); }

private:
    friend class websocket_loop;
    using opcode = ::backchannel::websocket::opcode;
    using event_type = ::backchannel::websocket::frame_event::type;

    static constexpr std::size_t most_for_pongs = 64 * 1024; // a peer that pings has to read the pongs

    /// What is not complete.
    struct partial {
        std::string bytes;   // of a frame
        std::string message; // of fragments
    };

    [[nodiscard]] partial& kept() {
        if (partial_ == nullptr) partial_ = std::make_unique<partial>();
        return *partial_;
    }

    template <class OnMessage, class OnClose>
    void take(std::span<char> bytes, OnMessage& on_message, OnClose& on_close) {
        while (!over_ && !failed_) {
            auto const event = parser_.next(bytes);
            switch (event.kind) {
            case event_type::need_more:
                return keep({bytes.data(), bytes.size()});
            case event_type::data:
                take_data(event, on_message);
                break;
            case event_type::ping:
                if (!close_sent_ && buffered() <= most_for_pongs) append_frame(opcode::pong, event.payload);
                break;
            case event_type::pong:
                break;
            case event_type::close:
                close(event.code == 1005 ? std::uint16_t{0} : event.code, {});
                on_close(event.code, event.reason, closed_by::peer);
                over_ = true;
                write();
                break;
            case event_type::error:
                close(event.code, event.reason);
                failed_ = true;
                on_close(event.code, event.reason, closed_by::server);
                write();
                break;
            }
        }
        partial_.reset();
    }

    template <class OnMessage>
    void take_data(::backchannel::websocket::frame_event const& event, OnMessage& on_message) {
        std::string_view text = event.payload;
        if (!event.first || !event.last) text = kept().message.append(text);
        if (!event.last) return;
        message_kind const kind = event.message == opcode::text ? message_kind::text : message_kind::binary;
        if (!close_sent_) on_message(message{text, kind});
        if (!event.first) std::string{}.swap(partial_->message);
    }

    void keep(std::string_view rest) {
        if (!rest.empty())
            kept().bytes.assign(rest);
        else if (partial_ != nullptr && !parser_.in_message())
            partial_.reset();
        else if (partial_ != nullptr)
            partial_->bytes.clear();
    }

    /// Where bytes are put that are to be sent at the end of the turn.
    [[nodiscard]] outbox& waiting() {
        if (out_ == nullptr) out_ = loop_.outboxes_.take();
        if (!touched_ && !blocked_) {
            next_ = std::exchange(loop_.touched_, this);
            if (next_ != nullptr) next_->before_ = this;
            touched_ = true;
        }
        return *out_;
    }
    void untouch() noexcept {
        if (!std::exchange(touched_, false)) return;
        (before_ != nullptr ? before_->next_ : loop_.touched_) = next_;
        if (next_ != nullptr) next_->before_ = before_;
        before_ = next_ = nullptr;
    }

    void append_frame(opcode kind, std::string_view payload) {
        ::backchannel::append_frame(waiting(), kind, payload);
    }

    void write() {
        untouch();
        while (out_ != nullptr) {
            std::array<std::string_view, 16> pieces;
            ssize_t const n = write_some({pieces.data(), out_->gather(pieces)});
            if (n < 0 && errno == EINTR) continue;
            if (n < 0 && errno == EAGAIN) {
                blocked_ = true;
                return;
            }
            if (n < 0) {
                close_sent_ = true;
                out_->clear();
                terminate();
            } else {
                out_->consume(static_cast<std::size_t>(n));
            }
            if (out_->empty()) loop_.outboxes_.give_back(std::exchange(out_, nullptr));
        }
        if (failed_) shutdown(socket_, SHUT_WR);
    }

    [[nodiscard]] ssize_t write_some(std::span<std::string_view const> pieces) const noexcept {
        if (pieces.size() == 1) return ::send(socket_, pieces[0].data(), pieces[0].size(), MSG_NOSIGNAL);
        std::array<iovec, 16> list;
        for (std::size_t i = 0; i != pieces.size(); ++i)
            list[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
        msghdr all{};
        all.msg_iov = list.data();
        all.msg_iovlen = pieces.size();
        return sendmsg(socket_, &all, MSG_NOSIGNAL);
    }

    websocket_loop& loop_;
    websocket* next_ = nullptr; // while it is touched
    websocket* before_ = nullptr;
    std::unique_ptr<outbox> out_; // while something waits
    std::unique_ptr<partial> partial_;
    ::backchannel::websocket::frame_parser parser_;
    int const socket_;
    readiness ready_;
    bool held_back_ = false; // what is kept was not looked at
    bool touched_ = false;
    bool blocked_ = false;    // the socket takes no more
    bool close_sent_ = false; // or what is sent would be lost
    bool failed_ = false;     // what still comes is not looked at
    bool over_ = false;
};

inline void websocket_loop::flush() {
    while (touched_ != nullptr) touched_->write();
}

/// Names a WebSocket for the hub.
[[nodiscard]] inline loop_transport<websocket>::handle handle_of(websocket& w) noexcept { return {&w, &w.home()}; }

/// The loop's WebSockets as the hub sees them.
using transport = loop_transport<websocket>;

}

#endif
