// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_WSLAY_HPP
#define BACKCHANNEL_ADAPTERS_WSLAY_HPP

#include <backchannel/adapters/epoll.hpp>
#include <backchannel/support/loop_transport.hpp>
#include <backchannel/support/message_queue.hpp>

#include <sys/socket.h>
#include <wslay/wslay.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <utility>

/// For the event API of wslay 1.0 or newer on a home-made loop (epoll): a WebSocket on a socket of the loop's.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::wslay {

using epoll::task_queue;

/// A WebSocket on a non-blocking socket: wslay's context, and all that it has to write.
///
/// A member of the server's own connection. Watch the socket once for `EPOLLIN | EPOLLOUT | EPOLLET` and call `turn`
/// for each event. Nothing else may queue messages at the context or read or write the socket, which stays the
/// server's. Used on the loop's thread only.
class websocket {
public:
    /// Called for each message, close and pong frames included; wslay answers pings itself. It must not destroy this.
    using receiver = std::function<void(wslay_event_on_msg_recv_arg const&)>;

    /// `already_read`: what came behind the handshake. Throws std::bad_alloc.
    websocket(int socket, task_queue& home, receiver on_message, std::string already_read = {})
        : socket_{socket}, home_{home}, on_message_{std::move(on_message)}, already_read_{std::move(already_read)} {
        wslay_event_callbacks const calls{&read,
                                          &write,
                                          nullptr,
                                          nullptr,
                                          nullptr,
                                          nullptr,
                                          [](wslay_event_context_ptr, wslay_event_on_msg_recv_arg const* m,
                                             void* self) { of(self).on_message_(*m); }};
        if (wslay_event_context_server_init(&context_, &calls, this) != 0) throw std::bad_alloc{};
    }
    websocket(websocket const&) = delete;
    websocket& operator=(websocket const&) = delete;
    ~websocket() { wslay_event_context_free(context_); }

    /// For its settings, such as `wslay_event_config_set_max_recv_msg_length`.
    [[nodiscard]] wslay_event_context_ptr context() const noexcept { return context_; }
    [[nodiscard]] task_queue& home() const noexcept { return home_; }

    /// Reads and writes what can be. False: it is over, and the server destroys the connection.
    [[nodiscard]] bool turn() {
        do {
            flush();
            paused_ = false;
            if (wslay_event_recv(context_) != 0) return false;
            flush();
        } while (paused_ && !wslay_event_want_write(context_));
        // Who has sent a close frame and doesn't read the answer to it is not waited for.
        return !failed_ && wslay_event_get_read_enabled(context_) != 0;
    }

    delivery send(message const& m) {
        if (failed_ || !wslay_event_get_write_enabled(context_) || wslay_event_get_close_received(context_))
            return delivery::gone;
        delivery const result = queue_.push(m);
        if (result == delivery::accepted) flush();
        return failed_ ? delivery::gone : result;
    }
    void close(std::uint16_t code, std::string_view reason) {
        queue_.push_close(code, reason);
        flush();
    }
    void ping(std::string_view payload) {
        if (wslay_event_want_write(context_)) return; // what is being written shows as well whether the peer is there
        queue(WSLAY_PING, payload.substr(0, 125));
        flush();
    }
    void terminate() noexcept { shutdown(socket_, SHUT_RDWR); } // the loop hears of it, and `turn` tells
    [[nodiscard]] std::size_t buffered() const noexcept { return queue_.size(); }

private:
    static constexpr std::size_t most_pongs = 64;

    [[nodiscard]] static websocket& of(void* self) noexcept { return *static_cast<websocket*>(self); }

    /// wslay sends control frames first, so it gets one message at a time: a close overtakes nothing, and only pongs
    /// come between. What it has is written when it wants to write no more.
    void flush() {
        while (!failed_) {
            blocked_ = false;
            do {
                if (wslay_event_send(context_) != 0) return fail();
            } while (!blocked_ && wslay_event_want_write(context_)); // it also returns after a short write
            if (blocked_) return;
            if (std::exchange(writing_, false)) queue_.pop();
            if (!queue_.empty()) {
                shared_message const& m = queue_.front();
                writing_ = true;
                if (!queue(m.kind() == message_kind::text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME, m.data()))
                    return fail();
            } else if (auto const last = queue_.take_close()) {
                wslay_event_queue_close(context_, last->code, bytes_of(last->reason), last->reason.size());
            } else {
                return;
            }
        }
    }

    bool queue(std::uint8_t opcode, std::string_view data) noexcept {
        wslay_event_msg const m{opcode, bytes_of(data), data.size()};
        return wslay_event_queue_msg(context_, &m) == 0;
    }
    [[nodiscard]] static std::uint8_t const* bytes_of(std::string_view data) noexcept {
        return reinterpret_cast<std::uint8_t const*>(data.data());
    }

    void fail() noexcept {
        failed_ = true;
        writing_ = false;
        queue_.clear();
        terminate();
    }

    static ssize_t read(wslay_event_context_ptr context, std::uint8_t* to, std::size_t size, int, void* self) {
        websocket& w = of(self);
        if (!w.already_read_.empty()) {
            size = std::min(size, w.already_read_.size());
            std::memcpy(to, w.already_read_.data(), size);
            w.already_read_.erase(0, size);
            return static_cast<ssize_t>(size);
        }
        w.paused_ = wslay_event_get_queued_msg_count(context) > most_pongs; // who pings has to read the pongs
        ssize_t const n = w.paused_ ? -1 : recv(w.socket_, to, size, 0);
        if (n > 0) return n;
        bool const later = w.paused_ || (n < 0 && (errno == EAGAIN || errno == EINTR));
        wslay_event_set_error(context, later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }

    static ssize_t write(wslay_event_context_ptr context, std::uint8_t const* from, std::size_t size, int flags,
                         void* self) {
        ssize_t const n =
            ::send(of(self).socket_, from, size, MSG_NOSIGNAL | ((flags & WSLAY_MSG_MORE) != 0 ? MSG_MORE : 0));
        if (n >= 0) return n;
        of(self).blocked_ = errno == EAGAIN;
        wslay_event_set_error(context,
                              errno == EAGAIN || errno == EINTR ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }

    int const socket_;
    task_queue& home_;
    receiver on_message_;
    std::string already_read_;
    wslay_event_context_ptr context_ = nullptr;
    message_queue queue_;
    bool writing_ = false; // wslay has the first of the queue
    bool blocked_ = false; // the socket takes no more
    bool paused_ = false;  // not read to the end, as pongs wait
    bool failed_ = false;
};

/// Names a WebSocket for the hub.
[[nodiscard]] inline loop_transport<websocket>::handle handle_of(websocket& w) noexcept { return {&w, &w.home()}; }

/// The loop's WebSockets as the hub sees them.
using transport = loop_transport<websocket>;

}

#endif
