// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_CLIENT_CONNECTION_HPP
#define BACKCHANNEL_GATEWAY_CLIENT_CONNECTION_HPP

#include <backchannel/gateway/admission.hpp>
#include <backchannel/gateway/connection.hpp>
#include <backchannel/gateway/event.hpp>
#include <backchannel/gateway/http_session.hpp>
#include <backchannel/gateway/metrics.hpp>
#include <backchannel/gateway/websocket_session.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// One client of the gateway: HTTP/1.1 at first, a WebSocket from when one of its requests has asked for that.
///
/// The state of each of the two is there as long as it is needed: an idle WebSocket holds nothing of HTTP.
/// `Core` has the options, the hub, the routers and the handler; connections share it.
template <class Core, class Stream>
class client_connection final : public gateway_connection<Core, Stream>, public websocket_carrier<Core> {
    using base = gateway_connection<Core, Stream>;
    using http_type = http_session<Core, Stream>;
    using websocket_type = websocket_session<Core>;

public:
    client_connection(std::shared_ptr<Core> core, gateway_worker& worker, Stream stream, std::string peer_ip,
                      admission::permit permit)
        : base(std::move(core), worker, std::move(stream)), permit_(std::move(permit)),
          http_(std::make_unique<http_part>(*this, std::move(peer_ip))) {}

    [[nodiscard]] Core& core() const noexcept { return *this->owner(); }
    [[nodiscard]] std::string_view peer_ip() const noexcept {
        if (http_ != nullptr) return http_->peer_ip;
        return proxy_ip_ == nullptr ? websocket_->source_ip() : std::string_view{*proxy_ip_};
    }

    /// None: it is a WebSocket, and the turn of the loop in which it became one is over.
    [[nodiscard]] http_type* http() noexcept { return http_ == nullptr ? nullptr : &http_->session; }

    /// Tells the log, if the handler keeps one.
    void note(gateway_event const& event) { core().note(event); }

    /// A request's head was read.
    void request_seen() {
        if (std::exchange(request_seen_, true)) return;
        permit_.handshake_done();
        this->worker().counters().handshakes_pending.subtract(1);
    }

    /// The 101 has been queued. HTTP's part, which calls this, is there until the end of this turn.
    void open_websocket(std::unique_ptr<websocket_type> opened, connection_info const& info) {
        this->clear_deadline();
        websocket_ = std::move(opened);
        auto& counters = this->worker().counters();
        counters.websockets_opened.add(1);
        counters.websockets_open.add(1);
        websocket_->open(); // before anybody hears of it, and may send
        gateway_transport::handle const handle{&this->worker(), websocket_.get()};
        if (info.attributes.empty() && !info.expires_at)
            core().hub.attach(websocket_->tracked(), handle);
        else // the application has said more than the request
            core().hub.attach(websocket_->tracked(), handle, info);
        if (this->closed()) return; // a message that had waited for it could not be sent
        auto const first = websocket_->first_check();
        if (first && !websocket_->is_closing()) this->set_deadline(*first); // else it has one
        note({gateway_event::type::websocket_opened, 0, websocket_->source_ip(), websocket_id()});
        websocket_->opened();
    }

private:
    static constexpr int steps_per_turn = 64; // of pipelined requests: heads, bodies

    struct http_part {
        http_part(client_connection& c, std::string ip) : peer_ip{std::move(ip)}, session{c} {}

        std::string const peer_ip;
        http_type session;
    };

    // --------------------------------------------------------------------------------------------- the connection

    void on_accepted() override {
        auto& counters = this->worker().counters();
        counters.connections_open.add(1);
        counters.handshakes_pending.add(1);
        if (permit_.refusal().empty()) {
            counters.connections_accepted.add(1);
            return note({gateway_event::type::connection_accepted, 0, peer_ip()});
        }
        counters.connections_refused.add(1);
        if (!Stream::secure) return; // it is told so
        note({gateway_event::type::connection_refused, 0, peer_ip(), {}, {}, {}, permit_.refusal()});
        this->drop(); // a handshake costs more than the answer is worth
    }

    void on_established() override { http_->session.begin(permit_.refusal()); }

    void on_bytes(std::span<char>& bytes) override {
        for (int steps = 0; !bytes.empty() && !this->finishing() && !this->closed(); ++steps) {
            if (must_wait()) return this->pause();
            if (websocket_ != nullptr) return read_frames(bytes);
            if (steps == steps_per_turn) return this->others_first();
            if (!http_->session.read(bytes)) return;
        }
    }

    /// Nothing more is read before the request at hand is answered, and as long as the peer does not take its answers.
    [[nodiscard]] bool must_wait() const noexcept {
        if (websocket_ == nullptr && http_->session.is_answering()) return true;
        return this->queued() > http_type::high_water && (websocket_ == nullptr || echoed_ > http_type::high_water);
    }

    void on_sent() override {
        queue_shrank();
        if (websocket_ != nullptr)
            websocket_->on_sent();
        else
            http_->session.on_sent();
        if (!must_wait()) this->resume();
    }

    /// To be called before anything more is queued.
    void queue_shrank() noexcept { echoed_ = std::min(echoed_, this->queued()); }

    /// A WebSocket client is heard however much waits for it, unless its own messages are what fills its queue.
    void read_frames(std::span<char>& bytes) {
        std::size_t const before = this->queued();
        bool const all = websocket_->on_bytes(bytes);
        if (this->queued() > before) echoed_ += this->queued() - before;
        if (!all && !this->finishing() && !this->closed()) this->others_first();
    }

    void flush() override {
        if (websocket_ != nullptr && http_ != nullptr) {
            if (http_->peer_ip != websocket_->source_ip())
                proxy_ip_ = std::make_unique<std::string const>(http_->peer_ip);
            http_.reset(); // none of its members is running
        }
        base::flush();
    }

    void on_end() override {
        if (websocket_ != nullptr) {
            websocket_->lost();
            if (!this->closed()) this->drop();
        } else {
            http_->session.on_end();
        }
        if (!this->closed() || std::exchange(end_noted_, true)) return;
        auto& counters = this->worker().counters();
        counters.connections_open.subtract(1);
        if (!request_seen_) counters.handshakes_pending.subtract(1);
        note({gateway_event::type::connection_closed, 0, peer_ip()});
        permit_ = {};
    }

    void on_time_up() override { websocket_ != nullptr ? check_websocket() : http_->session.on_time_up(); }

    void on_wake() override {
        if (websocket_ == nullptr) return;
        websocket_->on_wake();
        if (!must_wait()) this->resume();
    }

    [[nodiscard]] time_point wake() const noexcept override {
        return websocket_ == nullptr ? time_point::max() : websocket_->next_wake();
    }

    [[nodiscard]] std::size_t held_back() const noexcept override {
        return websocket_ == nullptr ? 0 : websocket_->held_back();
    }

    void on_stalled() override {
        this->worker().counters().peers_stalled.add(1);
        note({gateway_event::type::peer_stalled, 0, peer_ip(), websocket_id()});
    }

    void on_no_handshake(std::error_code const& error) override {
        this->worker().counters().handshake_errors.add(1);
        note({gateway_event::type::handshake_failed, 0, peer_ip(), {}, {}, {}, error.message()});
    }

    void on_stop() override {
        websocket_ != nullptr ? websocket_->close(1001, "Going away") : http_->session.on_stop();
    }

    [[nodiscard]] bool may_linger() const noexcept override { return websocket_ != nullptr; }

    // ------------------------------------------------------------------------------------------------- WebSocket

    void check_websocket() {
        if (websocket_->is_closing()) return this->drop();
        bool const arriving = this->still_arriving();
        if (auto const next = websocket_->check_alive(this->queued() == 0 && !arriving))
            return this->set_deadline(*next);
        this->worker().counters().peers_vanished.add(1);
        note({gateway_event::type::peer_vanished, 0, websocket_->source_ip(), websocket_id()});
        this->drop();
    }

    [[nodiscard]] std::string_view websocket_id() const noexcept {
        return websocket_ == nullptr ? std::string_view{} : websocket_->tracked().id();
    }

    Core& websocket_core() const noexcept override { return core(); }
    outbox& websocket_out() override { return this->out(); }
    std::size_t websocket_queued() const noexcept override { return this->queued(); }
    gateway_counters& websocket_counters() override { return this->worker().counters(); }
    void websocket_send() override { this->send_soon(); }
    std::uint64_t websocket_sent() override { return this->sent(); }
    bool websocket_take_back(std::uint64_t begin, std::size_t n) override {
        bool const taken = this->take_back(begin, n);
        queue_shrank();
        return taken;
    }
    void websocket_wake_changed() override { this->arm(); }
    void websocket_closing() override {
        auto const timeout = core().options.hub.closing_timeout;
        if (timeout.count() > 0)
            this->set_deadline(timeout);
        else
            this->clear_deadline();
    }
    void websocket_finish() override { this->finish(); }
    void websocket_drop() override { this->drop(); }
    void websocket_ended(std::uint16_t code, std::string_view reason) override {
        auto& counters = this->worker().counters();
        counters.websockets_open.subtract(1);
        counters.websockets_closed[close_code_index(code)].add(1);
        note({gateway_event::type::websocket_closed, code, websocket_->source_ip(), websocket_id(), {}, {}, reason});
    }

    [[no_unique_address]] admission::permit permit_; // so that the next two take the room behind it
    bool request_seen_ = false;
    bool end_noted_ = false;
    std::size_t echoed_ = 0;          // bytes of the queue that came of the client's own messages, at most
    std::unique_ptr<http_part> http_; // until it is a WebSocket, and a little longer
    std::unique_ptr<std::string const> proxy_ip_; // the peer's, if the client of the WebSocket is another
    std::unique_ptr<websocket_type> websocket_;
};

}

#endif
