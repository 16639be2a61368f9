// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_HTTP_SESSION_HPP
#define BACKCHANNEL_GATEWAY_HTTP_SESSION_HPP

#include <backchannel/gateway/answers.hpp>
#include <backchannel/gateway/http_reader.hpp>
#include <backchannel/gateway/websocket_upgrade.hpp>
#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/support/guarded.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// One connection of the gateway: HTTP/1.1 requests in order, until one of them upgrades it to a WebSocket.
template <class Core, class Stream>
class http_session final : public http_reader<Core, Stream>, public websocket_carrier {
    using base = http_reader<Core, Stream>;
    using base::core_;
    using base::first_request_;
    using base::high_water;
    using base::keep_alive_;
    using base::note;
    using base::peer_ip_;
    using base::permit_;
    using base::phase_;
    using typename base::handler_type;
    using typename base::phase;

public:
    using base::base;

private:
    // --------------------------------------------------------------------------------------------- the connection

    void on_accepted() override {
        auto& counters = this->worker().counters();
        counters.connections_open.add(1);
        counters.handshakes_pending.add(1);
        if (permit_.refusal().empty()) {
            counters.connections_accepted.add(1);
            return note({gateway_event::type::connection_accepted, 0, peer_ip_});
        }
        counters.connections_refused.add(1);
        if (!Stream::secure) return; // it is told so
        note({gateway_event::type::connection_refused, 0, peer_ip_, {}, {}, {}, permit_.refusal()});
        this->drop(); // a handshake costs more than the answer is worth
    }

    void on_established() override {
        if (permit_.refusal().empty()) return this->set_deadline(this->head_deadline());
        this->respond_with(gateway_answers::unavailable(permit_.refusal()), gateway_event::type::connection_refused,
                           permit_.refusal());
    }

    void on_bytes(std::span<char>& bytes) override {
        while (!bytes.empty() && !this->finishing() && !this->closed()) {
            if (must_wait()) return this->pause();
            if (phase_ == phase::websocket) return read_frames(bytes);
            bool progress = false;
            if (!guarded([&] { progress = phase_ == phase::body ? this->read_body(bytes) : this->read_head(bytes); }))
                return fail();
            if (!progress) return;
        }
    }

    /// Nothing more is read before the request at hand is answered, and as long as the peer does not take its answers.
    [[nodiscard]] bool must_wait() noexcept {
        if (phase_ == phase::answering || phase_ == phase::streaming) return true;
        return this->queued() > high_water && (phase_ != phase::websocket || echoed_ > high_water);
    }

    void on_sent() override {
        echoed_ = std::min(echoed_, this->queued());
        if (phase_ == phase::websocket) websocket_->on_sent();
        if (phase_ == phase::streaming && this->queued() < high_water) this->continue_stream();
        if (phase_ == phase::idle && !this->finishing()) this->set_deadline(core_.options.keep_alive_timeout);
        if (!must_wait()) this->resume();
    }

    /// A WebSocket client is heard however much waits for it, unless its own messages are what fills its queue.
    void read_frames(std::span<char>& bytes) {
        std::size_t const before = this->queued();
        websocket_->on_bytes(bytes);
        if (this->queued() > before) echoed_ += this->queued() - before;
    }

    /// Something of the server's own has thrown.
    void fail() {
        if (phase_ == phase::head || phase_ == phase::body || phase_ == phase::answering)
            return this->refuse_request(gateway_answers::internal_error(), "internal error");
        this->drop();
    }

    void on_end() override {
        if (websocket_ != nullptr || candidate_ != nullptr) {
            if (websocket_ != nullptr) websocket_->lost();
            candidate_.reset(); // whatever the application decides now
            if (!this->closed()) this->drop();
        } else if (!this->closed() && phase_ == phase::streaming) {
            this->drop();
        } else if (!this->closed() && phase_ != phase::answering) {
            this->finish(); // what was answered is still sent
        }
        keep_alive_ = false;
        if (!this->closed() || std::exchange(end_noted_, true)) return;
        auto& counters = this->worker().counters();
        counters.connections_open.subtract(1);
        if (!first_request_) counters.handshakes_pending.subtract(1);
        note({gateway_event::type::connection_closed, 0, peer_ip_});
        permit_ = {};
    }

    void on_time_up() override {
        switch (phase_) {
        case phase::websocket:
            return check_websocket();
        case phase::head:
        case phase::body:
            this->worker().counters().request_timeouts.add(1);
            return this->refuse_request(gateway_answers::problem(408, "RequestTimeoutException", "Request timeout"),
                                        "request timeout");
        case phase::answering:
            if (std::exchange(candidate_, nullptr) != nullptr) this->worker().counters().websockets_refused.add(1);
            return this->give_up_waiting();
        case phase::streaming:
            return this->keep_stream_alive();
        case phase::idle:
            return this->finish();
        }
    }

    void on_wake() override {
        if (websocket_ != nullptr) websocket_->on_wake();
    }

    [[nodiscard]] std::size_t held_back() const noexcept override {
        return websocket_ == nullptr ? 0 : websocket_->held_back();
    }

    void on_stalled() override {
        this->worker().counters().peers_stalled.add(1);
        note({gateway_event::type::peer_stalled, 0, peer_ip_, websocket_id()});
    }

    void on_no_handshake(std::error_code const& error) override {
        this->worker().counters().handshake_errors.add(1);
        note({gateway_event::type::handshake_failed, 0, peer_ip_, {}, {}, {}, error.message()});
    }

    void on_stop() override {
        if (phase_ == phase::websocket)
            websocket_->close(1001, "Going away");
        else if (phase_ == phase::idle || phase_ == phase::streaming)
            this->finish();
        keep_alive_ = false;
    }

    [[nodiscard]] bool may_linger() const noexcept override { return phase_ == phase::websocket; }

    // ------------------------------------------------------------------------------------------------- WebSocket

    void upgrade(http1::request_head const& head, request_view const& request) override {
        auto made = websocket_upgrade<handler_type>::examine(core_, *this, head, request);
        if (!made.accepted) return refuse_websocket(std::move(made));
        candidate_ = std::make_unique<websocket_candidate<handler_type>>(std::move(*made.accepted));
        gateway_client client = candidate_->session->client();
        if constexpr (has_async_on_connect<handler_type>) {
            this->template ask<connect_answer>(
                [&](auto done) {
                    core_.handler.on_connect(client, request, completion<connect_answer>{std::move(done)});
                },
                [](http_exchange<Core, Stream>& self, connect_answer decision) {
                    static_cast<http_session&>(self).decide(std::move(decision));
                });
        } else {
            connect_answer decision;
            if constexpr (has_on_connect<handler_type>)
                if (!guarded([&] { decision = core_.handler.on_connect(client, request); }))
                    decision = lost<connect_answer>::value();
            decide(std::move(decision));
        }
    }

    void refuse_websocket(websocket_upgrade<handler_type> made) {
        this->worker().counters().websockets_refused.add(1);
        keep_alive_ = keep_alive_ && made.readable;
        this->respond_with(std::move(made.answer), gateway_event::type::websocket_refused);
    }

    void decide(connect_answer decision) {
        auto made = websocket_upgrade<handler_type>::conclude(core_, std::move(*std::exchange(candidate_, nullptr)),
                                                              std::move(decision));
        if (!made.accepted) return refuse_websocket(std::move(made));
        response const whole = core_.stamped(std::move(made.answer));
        (void)this->out().append_by([&](std::string& text) {
            return http1::append_response_head(text, whole.status, whole.headers, std::nullopt, true, 1);
        });
        this->send_soon();
        this->count_answer(whole.status);
        phase_ = phase::websocket;
        this->clear_deadline();
        websocket_ = std::move(made.accepted->session);
        auto& counters = this->worker().counters();
        counters.websockets_opened.add(1);
        counters.websockets_open.add(1);
        websocket_->open(); // before anybody hears of it, and may send
        core_.hub.attach(websocket_->tracked(), {&this->worker(), websocket_.get()}, made.accepted->info);
        if (this->closed()) return; // a message that had waited for it could not be sent
        if (auto const first = websocket_->first_check()) this->set_deadline(*first);
        note({gateway_event::type::websocket_opened, 0, websocket_->source_ip(), websocket_id()});
        websocket_->opened();
    }

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

    outbox& websocket_out() override { return this->out(); }
    std::size_t websocket_queued() const noexcept override { return this->queued(); }
    gateway_counters& websocket_counters() override { return this->worker().counters(); }
    void websocket_send() override { this->send_soon(); }
    std::uint64_t websocket_sent() override { return this->sent(); }
    bool websocket_take_back(std::uint64_t begin, std::size_t n) override { return this->take_back(begin, n); }
    void websocket_wake_at(time_point when) override { this->wake_at(when); }
    void websocket_closing() override {
        if (core_.options.hub.closing_timeout.count() > 0)
            this->set_deadline(core_.options.hub.closing_timeout);
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

    std::unique_ptr<websocket_candidate<handler_type>> candidate_; // while the application decides
    std::unique_ptr<websocket_session<handler_type>> websocket_;
    std::size_t echoed_ = 0; // bytes of the queue that came of the client's own messages, at most
    bool end_noted_ = false;
};

}

#endif
