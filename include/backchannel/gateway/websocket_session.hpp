// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_WEBSOCKET_SESSION_HPP
#define BACKCHANNEL_GATEWAY_WEBSOCKET_SESSION_HPP

#include <backchannel/gateway/compression.hpp>
#include <backchannel/gateway/gateway_options.hpp>
#include <backchannel/gateway/handler.hpp>
#include <backchannel/gateway/liveness.hpp>
#include <backchannel/gateway/message_assembler.hpp>
#include <backchannel/gateway/message_line.hpp>
#include <backchannel/gateway/metrics.hpp>
#include <backchannel/gateway/transport.hpp>
#include <backchannel/protocol/websocket_frame.hpp>
#include <backchannel/session.hpp>
#include <backchannel/support/close_payload.hpp>
#include <backchannel/support/guarded.hpp>
#include <backchannel/support/outgoing_frames.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What a WebSocket session needs of the connection that carries it. `Core` has the options and the handler.
template <class Core>
class websocket_carrier {
public:
    [[nodiscard]] virtual Core& websocket_core() const noexcept = 0;
    virtual outbox& websocket_out() = 0; ///< where frames are put; throws std::bad_alloc
    [[nodiscard]] virtual std::size_t websocket_queued() const noexcept = 0; ///< bytes that wait there
    virtual gateway_counters& websocket_counters() = 0;
    virtual void websocket_send() = 0;          ///< send what is in the outbox, soon
    virtual std::uint64_t websocket_sent() = 0; ///< bytes that the socket has taken, in all
    /// See `gateway_connection`.
    virtual bool websocket_take_back(std::uint64_t begin, std::size_t size) = 0;
    virtual void websocket_wake_changed() = 0; ///< call `on_wake` at the time of `next_wake`
    virtual void websocket_closing() = 0; ///< the peer is to answer a close frame; if it does not, drop the connection
    virtual void websocket_finish() = 0;  ///< send what is in the outbox, then end the connection
    virtual void websocket_drop() = 0;    ///< end the connection now
    virtual void websocket_ended(std::uint16_t code, std::string_view reason) = 0; ///< it was open and is not any more

protected:
    ~websocket_carrier() = default;
};

/// One WebSocket after its handshake: frames in, messages to the handler, messages out. RFC 6455 5 to 7.
template <class Core>
class websocket_session final : public websocket_peer {
    using handler_type = typename Core::handler_type;

public:
    /// `codec` is the compression that was agreed on, if any.
    websocket_session(websocket_carrier<Core>& carrier, session tracked, std::unique_ptr<message_codec> codec = {})
        : carrier_{carrier}, tracked_{std::move(tracked)}, codec_{std::move(codec)}, parser_{limits_of(core().options,
                                                                                                       codec_ !=
                                                                                                           nullptr)} {}

    ~websocket_session() { lost(); }

    websocket_session(websocket_session const&) = delete;
    websocket_session& operator=(websocket_session const&) = delete;

    [[nodiscard]] session& tracked() noexcept { return tracked_; }
    [[nodiscard]] session const& tracked() const noexcept { return tracked_; }
    /// The client's address, which a proxy may have named.
    [[nodiscard]] std::string_view source_ip() const noexcept { return tracked_.source_ip(); }
    [[nodiscard]] gateway_client client() noexcept { return {*this, tracked_}; }

    /// The 101 answer is on its way and the id can be found: from now on messages may be sent.
    void open() noexcept { stage_ = stage::open; }

    /// The handler hears of it. Precondition: `open` was called.
    void opened() {
        if constexpr (has_on_client_open<handler_type>)
            call([&] {
                gateway_client c = client();
                core().handler.on_open(c);
            });
    }

    /// Takes what it can off the front. False: that was enough for one turn of the loop, and there may be more.
    [[nodiscard]] bool on_bytes(std::span<char>& bytes) {
        alive_.heard();
        bool touched = false;
        for (int frames = 0; stage_ != stage::ended; ++frames) {
            if (frames == frames_per_turn) return false;
            websocket::frame_event const event = parser_.next(bytes);
            switch (event.kind) {
            case websocket::frame_event::type::need_more:
                return true;
            case websocket::frame_event::type::data:
                if (!std::exchange(touched, true)) tracked_.touch(); // once for all that came together
                on_data(event);
                break;
            case websocket::frame_event::type::ping:
                if (control_frame_is_welcome()) on_ping(event.payload);
                break;
            case websocket::frame_event::type::pong:
                (void)control_frame_is_welcome();
                break;
            case websocket::frame_event::type::close:
                on_close(event.code, event.reason);
                break;
            case websocket::frame_event::type::error:
                fail(event.code, event.reason);
                break;
            }
        }
        bytes = {};
        return true;
    }

    /// A close frame was sent, or is on its way; or all is over.
    [[nodiscard]] bool is_closing() const noexcept { return stage_ >= stage::closing; }

    /// The connection is gone without a closing handshake.
    void lost() { report(1006, {}, closed_by::peer); }

    /// Whether the peer is to be looked after, and when for the first time.
    [[nodiscard]] std::optional<std::chrono::milliseconds> first_check() const noexcept {
        if (core().options.ping_interval.count() <= 0) return std::nullopt;
        return core().options.ping_interval;
    }

    /// That time has come: when to call this next; nothing: the peer has gone. `sent_all`: see `liveness`.
    [[nodiscard]] std::optional<std::chrono::milliseconds> check_alive(bool sent_all) {
        liveness::advice const advice =
            alive_.check({core().options.ping_interval, core().options.pong_timeout}, sent_all);
        if (advice.what == liveness::step::gone) return std::nullopt;
        if (advice.what == liveness::step::ping) ping({});
        return advice.next;
    }

    /// Some of what was queued has been taken by the socket.
    void on_sent() {
        if (line_ == nullptr) return;
        message_line::news_list news;
        line_->taken(carrier_.websocket_sent(), news);
        advance();
        tell(news);
    }

    /// The time for a message that waits is over.
    void on_wake() {
        if (line_ == nullptr) return;
        message_line::news_list news;
        line_->expire(std::chrono::steady_clock::now(), news,
                      [&](std::uint64_t begin, std::size_t size) { return carrier_.websocket_take_back(begin, size); });
        advance();
        tell(news);
    }

    /// When to call `on_wake`; the largest: never.
    [[nodiscard]] time_point next_wake() const noexcept {
        return line_ == nullptr ? time_point::max() : line_->next_expiry();
    }

    /// Bytes of messages that wait for their turn.
    [[nodiscard]] std::size_t held_back() const noexcept { return line_ == nullptr ? 0 : line_->size(); }

    // ----------------------------------------------------------------------------------------------- websocket_peer

    delivery send(message const& m) override {
        if (!is_open()) return delivery::gone;
        if (!has_room_for(m)) return delivery::backpressure;
        if (line_ == nullptr || line_->empty()) return put(m);
        shared_message shared = m.share();
        if (!shared) return delivery::backpressure;
        line_->push({std::move(shared)});
        carrier_.websocket_send(); // which counts what waits
        return delivery::accepted;
    }

    delivery send_until(message const& m, time_point not_after, completion<delivery>& written) override {
        if (!is_open()) return delivery::gone;
        shared_message shared = m.share();
        if (!shared || !has_room_for(m)) return delivery::backpressure;
        if (line_ == nullptr) line_ = std::make_unique<message_line>();
        line_->push({std::move(shared), not_after, std::move(written)});
        advance();
        return delivery::accepted;
    }

    void close(std::uint16_t code, std::string_view reason) override {
        if (!is_open()) return;
        if (line_ != nullptr && !line_->empty())
            close_behind_line(code, reason);
        else
            send_close(code, reason);
        tracked_.closed(code, reason, closed_by::server); // nothing can be sent any more, so nobody shall find it
        carrier_.websocket_closing();
    }

    void ping(std::string_view payload) override {
        if (is_open() && payload.size() <= 125) {
            append_frame(websocket::opcode::ping, payload);
            carrier_.websocket_counters().pings_sent.add(1);
            carrier_.websocket_send();
        }
    }

    void terminate() override { carrier_.websocket_drop(); }

private:
    static constexpr int frames_per_turn = 128;

    /// In this order, though not each through all of them.
    enum class stage : std::uint8_t {
        made,       ///< the handshake is not over
        open,       ///< messages may be sent
        closing,    ///< the close frame is behind messages that wait for their turn
        close_sent, ///< it is in the outbox, or has left
        ended       ///< by a closing handshake or without one
    };

    [[nodiscard]] static websocket::frame_limits limits_of(gateway_options const& options, bool compressed) noexcept {
        websocket::frame_limits limits = options.frames;
        limits.compression = compressed;
        return limits;
    }

    [[nodiscard]] Core& core() const noexcept { return carrier_.websocket_core(); }

    [[nodiscard]] bool is_open() const noexcept { return stage_ == stage::open; }

    [[nodiscard]] bool has_room_for(message const& m) const noexcept {
        std::size_t const limit = core().options.hub.queue_limit;
        std::size_t const size = m.data().size() + websocket::frame_header_size(m.data().size());
        std::size_t const held = line_ == nullptr ? 0 : line_->cost();
        return size <= limit && carrier_.websocket_queued() + held <= limit - size;
    }

    /// Puts a message into the outbox.
    delivery put(message const& m, bool may_compress = true) {
        auto const kind = m.kind() == message_kind::text ? websocket::opcode::text : websocket::opcode::binary;
        if (codec_ != nullptr && may_compress) {
            bool const whole = guarded([&] {
                std::string packed;
                bool const smaller = codec_->deflate(m.data(), packed);
                append_frame(kind, smaller ? std::string_view{packed} : m.data(), smaller);
            });
            if (!whole) { // what the codec remembers is not what the peer does
                carrier_.websocket_drop();
                return delivery::gone;
            }
        } else if (!append_message(carrier_.websocket_out(), m)) {
            return delivery::backpressure;
        }
        carrier_.websocket_counters().messages_sent.add(1);
        carrier_.websocket_send();
        return delivery::accepted;
    }

    /// Lets those of the line go whose turn has come. One with a limit is not compressed: a peer that has to know all
    /// compressed messages could not do without it.
    void advance() {
        while (auto next = line_->take(carrier_.websocket_queued() == 0)) {
            if (next->is_close) {
                stage_ = stage::close_sent;
                append_frame(websocket::opcode::close, next->payload.data());
                continue;
            }
            std::uint64_t const begin = carrier_.websocket_sent();
            if (put(message{next->payload}, !next->limited()) != delivery::accepted) return; // the connection has ended
            if (next->limited()) line_->leave(std::move(*next), begin, begin + carrier_.websocket_queued());
        }
        carrier_.websocket_send();
        if (line_->idle()) line_.reset();
        carrier_.websocket_wake_changed();
    }

    static void tell(message_line::news_list& news) {
        for (auto& one : news) one.told(one.result);
    }

    void close_behind_line(std::uint16_t code, std::string_view reason) {
        close_payload const payload{code, reason};
        message_line::entry last;
        last.payload = shared_message::copy_of(payload.view(), message_kind::binary);
        last.is_close = true;
        if (!last.payload) return send_close(code, reason);
        line_->push(std::move(last));
        stage_ = stage::closing;
    }

    /// Runs a handler's member; one that throws ends this connection.
    template <class F>
    void call(F&& f) {
        if (!guarded(f)) fail(1011, "Internal error");
    }

    void on_data(websocket::frame_event const& event) {
        message_assembler::piece const piece = assembler_.add(event, codec_.get(), core().options.frames.message);
        if (piece.error != 0) return fail(piece.error, piece.text);
        if (!piece.whole || is_closing()) return;
        carrier_.websocket_counters().messages_received.add(1);
        message_kind const kind = event.message == websocket::opcode::text ? message_kind::text : message_kind::binary;
        if constexpr (has_on_message<handler_type>)
            call([&] {
                gateway_client c = client();
                core().handler.on_message(c, message{piece.text, kind});
            });
        else
            (void)kind;
        assembler_.clear();
    }

    /// False, and the connection fails, if the client sends more of them than it may.
    bool control_frame_is_welcome() {
        if (core().options.control_frame_rate == 0) return true;
        auto const now = std::chrono::steady_clock::now();
        if (now - control_since_ >= std::chrono::seconds{1}) {
            control_since_ = now;
            control_frames_ = 0;
        }
        if (control_frames_++ < core().options.control_frame_rate) return true;
        fail(1008, "Too many control frames");
        return false;
    }

    void on_ping(std::string_view payload) {
        // a peer that pings faster than it reads gets no more pongs than its queue holds. RFC 6455 5.5.3
        if (stage_ >= stage::close_sent || carrier_.websocket_queued() > core().options.hub.queue_limit) return;
        append_frame(websocket::opcode::pong, payload);
        carrier_.websocket_send();
    }

    void on_close(std::uint16_t code, std::string_view reason) {
        send_close(code == 1005 ? std::uint16_t{0} : code, {});
        end(code, reason, closed_by::peer);
    }

    /// The peer, or the handler, has broken a rule.
    void fail(std::uint16_t code, std::string_view reason) {
        send_close(code, reason);
        end(code, reason, closed_by::server);
    }

    /// 0: without a code.
    void send_close(std::uint16_t code, std::string_view reason) {
        if (stage_ >= stage::close_sent) return;
        stage_ = stage::close_sent;
        close_payload const payload{code, reason};
        append_frame(websocket::opcode::close, payload.view());
        carrier_.websocket_send();
    }

    void end(std::uint16_t code, std::string_view reason, closed_by by) {
        if (stage_ == stage::ended) return;
        report(code, reason, by);
        carrier_.websocket_finish();
    }

    void report(std::uint16_t code, std::string_view reason, closed_by by) {
        stage const before = std::exchange(stage_, stage::ended);
        if (before == stage::ended) return;
        tracked_.closed(code, reason, by);
        if (auto const line = std::move(line_)) {
            carrier_.websocket_wake_changed();
            line->abandon();
        }
        if (before == stage::made) return;
        carrier_.websocket_ended(code, reason);
        if constexpr (has_on_disconnect<handler_type>)
            (void)guarded([&] { core().handler.on_disconnect(tracked_.id(), code, reason); });
    }

    void append_frame(websocket::opcode kind, std::string_view payload, bool compressed = false) {
        backchannel::append_frame(carrier_.websocket_out(), kind, payload, compressed);
    }

    websocket_carrier<Core>& carrier_;
    session tracked_;
    std::unique_ptr<message_codec> codec_;
    websocket::frame_parser parser_;
    message_assembler assembler_;
    std::unique_ptr<message_line> line_; // while some message waits for its turn
    std::chrono::steady_clock::time_point control_since_{};
    std::uint32_t control_frames_ = 0; // since then
    liveness alive_;
    stage stage_ = stage::made;
};

}

#endif
