// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_WEBSOCKET_SESSION_HPP
#define BACKCHANNEL_GATEWAY_WEBSOCKET_SESSION_HPP

#include <backchannel/gateway/handler.hpp>
#include <backchannel/gateway/transport.hpp>
#include <backchannel/protocol/websocket_frame.hpp>
#include <backchannel/session.hpp>
#include <backchannel/support/close_payload.hpp>
#include <backchannel/support/guarded.hpp>
#include <backchannel/support/outbox.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What a WebSocket session needs of the connection that carries it.
class websocket_carrier {
public:
    virtual outbox& websocket_out() = 0;
    virtual void websocket_send() = 0;    ///< send what is in the outbox, soon
    virtual void websocket_closing() = 0; ///< the peer is to answer a close frame; if it does not, drop the connection
    virtual void websocket_finish() = 0;  ///< send what is in the outbox, then end the connection
    virtual void websocket_drop() = 0;    ///< end the connection now

protected:
    ~websocket_carrier() = default;
};

/// One WebSocket after its handshake: frames in, messages to the handler, messages out. RFC 6455 5 to 7.
template <class Handler>
class websocket_session final : public websocket_peer {
public:
    websocket_session(websocket_carrier& carrier, Handler& handler, session tracked, std::string source_ip,
                      websocket::frame_limits const& limits, std::size_t queue_limit)
        : carrier_{carrier}, handler_{handler}, tracked_{std::move(tracked)},
          source_ip_{std::move(source_ip)}, parser_{limits}, queue_limit_{queue_limit} {}

    ~websocket_session() { lost(); }

    websocket_session(websocket_session const&) = delete;
    websocket_session& operator=(websocket_session const&) = delete;

    [[nodiscard]] session& tracked() noexcept { return tracked_; }
    [[nodiscard]] gateway_client client() noexcept { return {*this, tracked_.id(), source_ip_}; }

    /// The 101 answer is on its way and the id can be found.
    void opened() {
        open_ = true;
        if constexpr (has_on_client_open<Handler>)
            call([&] {
                gateway_client c = client();
                handler_.on_open(c);
            });
    }

    void on_bytes(std::span<char>& bytes) {
        while (!ended_) {
            websocket::frame_event const event = parser_.next(bytes);
            switch (event.kind) {
            case websocket::frame_event::type::need_more:
                return;
            case websocket::frame_event::type::data:
                on_data(event);
                break;
            case websocket::frame_event::type::ping:
                on_ping(event.payload);
                break;
            case websocket::frame_event::type::pong:
                break;
            case websocket::frame_event::type::close:
                on_close(event.code, event.reason);
                break;
            case websocket::frame_event::type::error:
                send_close(event.code, event.reason);
                end(event.code, event.reason);
                break;
            }
        }
        bytes = {};
    }

    /// The connection is gone without a closing handshake.
    void lost() { report(1006, {}); }

    // ----------------------------------------------------------------------------------------------- websocket_peer

    delivery send(message const& m) override {
        if (!open_ || close_sent_ || ended_) return delivery::gone;
        outbox& out = carrier_.websocket_out();
        std::size_t const size = m.data().size() + websocket::frame_header_size(m.data().size());
        if (size > queue_limit_ || out.size() > queue_limit_ - size) return delivery::backpressure;
        if (size > copy_limit) {
            shared_message shared = m.share();
            if (!shared) return delivery::backpressure;
            out.append(std::move(shared));
        } else {
            append_frame(m.kind() == message_kind::text ? websocket::opcode::text : websocket::opcode::binary,
                         m.data());
        }
        carrier_.websocket_send();
        return delivery::accepted;
    }

    void close(std::uint16_t code, std::string_view reason) override {
        if (!open_ || close_sent_ || ended_) return;
        send_close(code, reason);
        tracked_.closed(code); // nothing can be sent any more, so nobody shall find it
        carrier_.websocket_closing();
    }

    void ping(std::string_view payload) override {
        if (open_ && !close_sent_ && !ended_ && payload.size() <= 125) {
            append_frame(websocket::opcode::ping, payload);
            carrier_.websocket_send();
        }
    }

    void terminate() override { carrier_.websocket_drop(); }

private:
    // frames up to this size are gathered into one piece; a copy costs less than a piece of its own
    static constexpr std::size_t copy_limit = 16 * 1024;

    /// Runs a handler's member; one that throws ends this connection.
    template <class F>
    void call(F&& f) {
        if (guarded(f)) return;
        send_close(1011, "Internal error");
        end(1011, "Internal error");
    }

    void on_data(websocket::frame_event const& event) {
        tracked_.touch();
        message_kind const kind = event.message == websocket::opcode::text ? message_kind::text : message_kind::binary;
        if (event.first && event.last) return deliver(event.payload, kind); // in place
        assembled_.append(event.payload);
        if (!event.last) return;
        std::string const whole = std::exchange(assembled_, {});
        deliver(whole, kind);
    }

    void deliver(std::string_view data, message_kind kind) {
        if (close_sent_) return;
        if constexpr (has_on_message<Handler>)
            call([&] {
                gateway_client c = client();
                handler_.on_message(c, message{data, kind});
            });
        else
            (void)data, (void)kind;
    }

    void on_ping(std::string_view payload) {
        // a peer that pings faster than it reads gets no more pongs than its queue holds. RFC 6455 5.5.3
        if (close_sent_ || carrier_.websocket_out().size() > queue_limit_) return;
        append_frame(websocket::opcode::pong, payload);
        carrier_.websocket_send();
    }

    void on_close(std::uint16_t code, std::string_view reason) {
        send_close(code == 1005 ? std::uint16_t{0} : code, {});
        end(code, reason);
    }

    /// 0: without a code.
    void send_close(std::uint16_t code, std::string_view reason) {
        if (std::exchange(close_sent_, true)) return;
        close_payload const payload{code, reason};
        append_frame(websocket::opcode::close, payload.view());
        carrier_.websocket_send();
    }

    void end(std::uint16_t code, std::string_view reason) {
        if (std::exchange(ended_, true)) return;
        report(code, reason);
        carrier_.websocket_finish();
    }

    void report(std::uint16_t code, std::string_view reason) {
        if (std::exchange(reported_, true)) return;
        ended_ = true;
        tracked_.closed(code);
        if constexpr (has_on_disconnect<Handler>)
            if (open_) (void)guarded([&] { handler_.on_disconnect(tracked_.id(), code, reason); });
        (void)reason;
    }

    void append_frame(websocket::opcode kind, std::string_view payload) {
        outbox& out = carrier_.websocket_out();
        auto const header = websocket::make_frame_header(kind, payload.size());
        out.tail().append(header.view()).append(payload);
        out.appended(header.size + payload.size());
    }

    websocket_carrier& carrier_;
    Handler& handler_;
    session tracked_;
    std::string source_ip_;
    websocket::frame_parser parser_;
    std::size_t queue_limit_;
    std::string assembled_; // a message that came in pieces
    bool open_ = false, close_sent_ = false, ended_ = false, reported_ = false;
};

}

#endif
