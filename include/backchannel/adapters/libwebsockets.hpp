// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_LIBWEBSOCKETS_HPP
#define BACKCHANNEL_ADAPTERS_LIBWEBSOCKETS_HPP

#include <backchannel/adapters/libwebsockets_http.hpp>
#include <backchannel/concepts.hpp>
#include <backchannel/support/loop_transport.hpp>
#include <backchannel/support/message_queue.hpp>

#include <libwebsockets.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// For servers on libwebsockets 4.1 or newer with one service thread (`count_threads` of 1, as is the default). All but
/// `task_queue::post` is for that thread, which calls the protocol's callback.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::libwebsockets {

/// Calls `hub.expire` once a second, on the service thread, as long as it exists. To be destroyed before the context.
template <class Hub>
class expiry {
public:
    expiry(lws_context* context, Hub& hub) noexcept : state_{{}, context, &hub} { wait(&state_); }
    expiry(expiry const&) = delete;
    expiry& operator=(expiry const&) = delete;
    ~expiry() { lws_sul_cancel(&state_.timer); }

private:
    struct state {
        lws_sorted_usec_list_t timer; // first
        lws_context* context;
        Hub* hub;
    };

    static void wait(state* s) noexcept {
        lws_sul_schedule(
            s->context, 0, &s->timer,
            [](lws_sorted_usec_list_t* timer) {
                auto* const due = reinterpret_cast<state*>(timer);
                due->hub->expire(std::chrono::steady_clock::now());
                wait(due);
            },
            LWS_US_PER_SEC);
    }

    state state_;
};

/// All that a WebSocket has to write: lws wants one message at a time, and only when it says that it is writeable.
///
/// Made at LWS_CALLBACK_ESTABLISHED, destroyed at LWS_CALLBACK_CLOSED. Nothing else may write to the connection.
class websocket {
public:
    websocket(lws* wsi, task_queue& home) noexcept : wsi_{wsi}, home_{home} {}

    [[nodiscard]] task_queue& home() const noexcept { return home_; }

    /// What to return from LWS_CALLBACK_SERVER_WRITEABLE.
    [[nodiscard]] int on_writeable() {
        if (ping_) {
            lws_callback_on_writable(wsi_);
            return write(*std::exchange(ping_, std::nullopt), LWS_WRITE_PING);
        }
        if (std::exchange(writing_, false)) queue_.pop();
        if (!queue_.empty()) {
            writing_ = true;
            lws_callback_on_writable(wsi_); // which comes when all of it is written
            shared_message const& m = queue_.front();
            return write(m.data(), m.kind() == message_kind::text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY);
        }
        auto last = queue_.take_close();
        if (!last) return 0;
        lws_close_reason(wsi_, static_cast<lws_close_status>(last->code),
                         reinterpret_cast<unsigned char*>(last->reason.data()), last->reason.size());
        return -1;
    }

    /// What to return from LWS_CALLBACK_RECEIVE; `on_message(message)` gets the message when its last piece has come.
    /// One of more than `limit` bytes ends the connection with 1009.
    template <class F>
    [[nodiscard]] int on_receive(void const* piece, std::size_t size, std::size_t limit, F&& on_message) {
        if (size > limit - received_.size()) {
            lws_close_reason(wsi_, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, nullptr, 0);
            return -1;
        }
        if (size != 0) received_.append(static_cast<char const*>(piece), size);
        if (lws_is_final_fragment(wsi_) == 0 || lws_remaining_packet_payload(wsi_) != 0) return 0;
        std::string const whole = std::exchange(received_, {});
        on_message(message{whole, lws_frame_is_binary(wsi_) != 0 ? message_kind::binary : message_kind::text});
        return 0;
    }

    delivery send(message const& m) {
        delivery const result = queue_.push(m);
        if (result == delivery::accepted) lws_callback_on_writable(wsi_);
        return result;
    }
    void close(std::uint16_t code, std::string_view reason) {
        queue_.push_close(code, reason.substr(0, 123));
        lws_callback_on_writable(wsi_);
    }
    void ping(std::string_view payload) {
        if (writing_ || ping_) return; // what is being written shows as well whether the peer is there
        ping_.emplace(payload.substr(0, 125));
        lws_callback_on_writable(wsi_);
    }
    void terminate() noexcept { lws_set_timeout(wsi_, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC); }
    [[nodiscard]] std::size_t buffered() const noexcept { return queue_.size(); }

private:
    [[nodiscard]] int write(std::string_view data, lws_write_protocol kind) {
        std::vector<unsigned char> bytes(LWS_PRE + data.size() + 1);
        if (!data.empty()) std::memcpy(bytes.data() + LWS_PRE, data.data(), data.size());
        return lws_write(wsi_, bytes.data() + LWS_PRE, data.size(), kind) < 0 ? -1 : 0;
    }

    lws* const wsi_;
    task_queue& home_;
    message_queue queue_;
    std::string received_;
    std::optional<std::string> ping_;
    bool writing_ = false; // lws has the first of the queue
};

/// Names a WebSocket for the hub.
[[nodiscard]] inline loop_transport<websocket>::handle handle_of(websocket& w) noexcept { return {&w, &w.home()}; }

/// The context's WebSockets as the hub sees them.
using transport = loop_transport<websocket>;

}

#endif
