// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_MONGOOSE_HPP
#define BACKCHANNEL_ADAPTERS_MONGOOSE_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/http.hpp>
#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/protocol/http1_syntax.hpp>
#include <backchannel/support/borrowed_request.hpp>
#include <backchannel/support/close_payload.hpp>
#include <backchannel/support/ip_text.hpp>
#include <backchannel/support/loop_transport.hpp>
#include <backchannel/support/streamed_answer.hpp>
#include <backchannel/support/task_inbox.hpp>

#include <mongoose.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// For servers on Mongoose 7.22 or newer with its own sockets. All but `task_queue::post` is for the thread that calls
/// `mg_mgr_poll`.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::mongoose {

/// Tasks that other threads leave for the manager's thread. `run` is the answer to MG_EV_WAKEUP at the doorbell; call
/// `end` before `mg_mgr_free`.
class task_queue : public task_inbox {
public:
    /// Call it on the polling thread, after `mg_wakeup_init`; `doorbell` is a connection that stays, such as the
    /// listener.
    void open(mg_connection* doorbell) {
        wake_by([manager = doorbell->mgr, id = doorbell->id] {
            mg_wakeup(manager, id, "", 0); // one at a time, so there is room for it
        });
        enter();
    }
};

[[nodiscard]] inline std::string_view view_of(mg_str text) noexcept { return {text.buf, text.len}; }

[[nodiscard]] inline std::string source_ip(mg_connection const* c) {
    std::array<std::uint8_t, 16> bytes{};
    if (c->rem.is_ip6) {
        std::copy_n(c->rem.addr.ip, 16, bytes.begin());
    } else {
        bytes[10] = bytes[11] = 0xFF;
        std::copy_n(c->rem.addr.ip, 4, bytes.begin() + 12);
    }
    return ip_address{bytes}.to_string();
}

/// Call it for each MG_EV_POLL: of a client that sends requests or pings and doesn't read the answers, no more is read
/// when `limit` bytes wait.
inline void hold_back(mg_connection* c, std::size_t limit = 1024 * 1024) noexcept { c->is_full = c->send.len > limit; }

/// A WebSocket, made at MG_EV_WS_OPEN and destroyed at MG_EV_CLOSE.
class websocket {
public:
    websocket(mg_connection* c, task_queue& home) noexcept : connection_{c}, home_{home} {}

    [[nodiscard]] task_queue& home() const noexcept { return home_; }

    /// The code, if what came with MG_EV_WS_CTL is a close frame; 1005 if it has none.
    [[nodiscard]] std::optional<std::uint16_t> on_control(mg_ws_message const& m) noexcept {
        if ((m.flags & 15) != WEBSOCKET_OP_CLOSE) return std::nullopt;
        if (closing_) connection_->is_closing = 1; // Mongoose would send another one
        if (m.data.len < 2) return 1005;
        auto const* const bytes = reinterpret_cast<unsigned char const*>(m.data.buf);
        return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
    }

    delivery send(message const& m) {
        if (closing_ || connection_->is_closing || connection_->is_draining) return delivery::gone;
        std::size_t const before = connection_->send.len;
        std::string_view const data = m.data();
        mg_ws_send(connection_, data.data(), data.size(),
                   m.kind() == message_kind::text ? WEBSOCKET_OP_TEXT : WEBSOCKET_OP_BINARY);
        if (connection_->send.len - before >= data.size() + 2) return delivery::accepted;
        if (connection_->send.len == before) return delivery::backpressure; // there is no memory
        connection_->is_closing = 1;                                        // for half of it only
        return delivery::gone;
    }
    /// Mongoose ends the connection when the client's close frame is there.
    void close(std::uint16_t code, std::string_view reason) {
        if (std::exchange(closing_, true)) return;
        close_payload const payload{code, reason};
        mg_ws_send(connection_, payload.view().data(), payload.view().size(), WEBSOCKET_OP_CLOSE);
    }
    void ping(std::string_view payload) {
        if (connection_->send.len != 0) return; // what is being written shows as well whether the peer is there
        mg_ws_send(connection_, payload.data(), std::min<std::size_t>(payload.size(), 125), WEBSOCKET_OP_PING);
    }
    void terminate() noexcept { connection_->is_closing = 1; }
    [[nodiscard]] std::size_t buffered() const noexcept { return connection_->send.len; }

private:
    mg_connection* const connection_;
    task_queue& home_;
    bool closing_ = false; // a close frame was sent
};

/// Names a WebSocket for the hub.
[[nodiscard]] inline loop_transport<websocket>::handle handle_of(websocket& w) noexcept { return {&w, &w.home()}; }

/// The manager's WebSockets as the hub sees them.
using transport = loop_transport<websocket>;

/// A request of Mongoose's as the router reads it, without the body: target and headers as they were received.
class request : public borrowed_request {
public:
    request(mg_http_message const& m, std::string_view source_ip, bool secure) {
        view_.method = view_of(m.method);
        view_.target = target_of(m);
        view_.source_ip = source_ip;
        view_.secure = secure;
        view_.streams = view_.method != "HEAD";
        for (mg_http_header const& field : m.headers)
            if (field.name.len != 0) add(view_of(field.name), view_of(field.value));
    }

    [[nodiscard]] bool keep_alive(mg_http_message const& m) const noexcept {
        bool keep = view_of(m.proto) == "HTTP/1.1";
        auto const* const field = find_header(view_.headers, "Connection");
        std::string_view list = field == nullptr ? std::string_view{} : field->value;
        for (std::string_view element; http1::next_list_element(list, element);)
            if (equal_ignoring_case(element, "close")) keep = false;
        return keep;
    }

private:
    [[nodiscard]] static std::string_view target_of(mg_http_message const& m) noexcept {
        if (m.query.len == 0) return view_of(m.uri);
        return {m.uri.buf, static_cast<std::size_t>(m.query.buf + m.query.len - m.uri.buf)};
    }
};

/// The router's side of a connection, made at MG_EV_ACCEPT and destroyed at MG_EV_CLOSE.
class http_client {
public:
    http_client(mg_connection* c, task_queue& home)
        : connection_{c}, home_{home}, source_ip_{mongoose::source_ip(c)}, self_{std::make_shared<http_client*>(this)} {
    }
    http_client(http_client const&) = delete;
    http_client& operator=(http_client const&) = delete;

    [[nodiscard]] std::string const& source_ip() const noexcept { return source_ip_; }

    /// Call it first for each event. True: it was about a request of the router's, which is answered now or later.
    template <class Router>
    [[nodiscard]] bool on_event(Router& router, int event, void* data) {
        if (feed_ != nullptr) return feed_->on_event(event);
        if (event == MG_EV_READ && unread_ != 0) {
            skip();
            return true;
        }
        if (event != MG_EV_HTTP_HDRS && event != MG_EV_HTTP_MSG) return false;
        auto const& m = *static_cast<mg_http_message const*>(data);
        request const r{m, source_ip_, connection_->is_tls != 0};
        if (!router.owns(r.view().target)) return false;
        bool const too_long = m.body.len > router.max_body(r.view().target);
        if (event == MG_EV_HTTP_HDRS && !too_long) return false; // Mongoose waits for the body
        if (connection_->is_closing) return true;                // what is left of a request whose client has gone
        keep_alive_ = r.keep_alive(m);
        to_head_ = view_of(m.method) == "HEAD";
        if (event == MG_EV_HTTP_HDRS) { // only now, as Mongoose would keep all of the body
            keep_alive_ = false;
            auto const before =
                static_cast<std::size_t>(m.message.buf - reinterpret_cast<char*>(connection_->recv.buf));
            unread_ = m.message.len - std::min(m.message.len, connection_->recv.len - before);
            connection_->recv.len = 0; // which takes Mongoose's own reader off
        }
        auto incoming = router.begin(r.view());
        if (too_long)
            incoming.refuse_as_too_large();
        else
            (void)incoming.append(view_of(m.body));
        incoming.finish(home_.bring_home(self_, &http_client::answer));
        return true;
    }

private:
    /// The body of an answer that goes on until the connection ends.
    class feed final : public streamed_answer {
    public:
        feed(mg_connection* c, task_queue& home, std::shared_ptr<body_stream> body)
            : streamed_answer{std::move(body), [&home](task t) { home.post(std::move(t)); }}, connection_{c} {}

        [[nodiscard]] bool on_event(int event) {
            if (event == MG_EV_READ) connection_->recv.len = 0; // nothing more is answered
            if ((event == MG_EV_WRITE || event == MG_EV_POLL) && connection_->send.len == 0) written();
            if (event == MG_EV_POLL) tick(std::chrono::steady_clock::now());
            return event != MG_EV_CLOSE;
        }

    private:
        bool write(std::string text) override {
            if (!mg_send(connection_, text.data(), text.size())) connection_->is_closing = 1;
            return false;
        }
        void end(bool whole) override {
            if (whole)
                connection_->is_draining = 1;
            else
                connection_->is_closing = 1;
        }

        mg_connection* const connection_;
    };

    /// The body ends with the connection. RFC 9112 6.3.
    void begin_stream(response const& r) {
        std::string out;
        if (!http1::append_response_head(out, r.status, r.headers, std::nullopt, false)) return;
        if (!mg_send(connection_, out.data(), out.size())) connection_->is_closing = 1;
        feed_ = std::make_shared<feed>(connection_, home_, r.stream);
        feed_->start();
    }

    void answer(response const& r) {
        if (r.stream != nullptr) return begin_stream(r);
        std::string out;
        if (!http1::append_response_head(out, r.status, r.headers, r.body.size(), keep_alive_)) return;
        if (!to_head_ && r.status != 204) out += r.body;
        if (!mg_send(connection_, out.data(), out.size())) connection_->is_closing = 1;
        connection_->is_resp = 0; // Mongoose may go on to the next request
        if (!keep_alive_ && unread_ == 0) connection_->is_draining = 1;
    }

    // The answer would be lost if the connection were closed before what the client still sends is read.
    void skip() noexcept {
        unread_ -= std::min(unread_, connection_->recv.len);
        connection_->recv.len = 0;
        if (unread_ == 0) connection_->is_draining = 1;
    }

    mg_connection* const connection_;
    task_queue& home_;
    std::string const source_ip_;
    std::shared_ptr<http_client*> self_; // for answers that come when this has gone
    std::shared_ptr<feed> feed_;
    std::size_t unread_ = 0; // of a body that is too long
    bool keep_alive_ = false;
    bool to_head_ = false;
};

}

#endif
