// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_HTTP_SESSION_HPP
#define BACKCHANNEL_GATEWAY_HTTP_SESSION_HPP

#include <backchannel/gateway/answers.hpp>
#include <backchannel/gateway/http_reader.hpp>
#include <backchannel/gateway/websocket_upgrade.hpp>
#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/support/guarded.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What a connection has of HTTP/1.1: requests in order, until one of them upgrades it to a WebSocket.
template <class Core, class Stream>
class http_session final : public http_reader<Core, Stream> {
    using base = http_reader<Core, Stream>;
    using base::connection_;
    using base::core_;
    using base::keep_alive_;
    using base::phase_;
    using typename base::handler_type;
    using typename base::phase;

public:
    using base::base;
    using base::high_water;

    /// Bytes can be exchanged. `refusal`: why no request is read; empty: it is let in.
    void begin(std::string_view refusal) {
        if (refusal.empty()) return this->set_deadline(this->head_deadline());
        this->respond_with(gateway_answers::unavailable(refusal), gateway_event::type::connection_refused, refusal);
    }

    /// Takes what it can of a request off the front. False: that is all for now.
    bool read(std::span<char>& bytes) {
        bool progress = false;
        if (guarded([&] { progress = phase_ == phase::body ? this->read_body(bytes) : this->read_head(bytes); }))
            return progress;
        fail();
        return false;
    }

    /// A request is being answered.
    [[nodiscard]] bool is_answering() const noexcept {
        return phase_ == phase::answering || phase_ == phase::streaming;
    }

    void on_sent() {
        if (phase_ == phase::streaming && this->queued() < high_water) this->continue_stream();
        if (phase_ == phase::idle && !this->finishing()) this->set_deadline(core_.options.keep_alive_timeout);
    }

    void on_end() {
        if (candidate_ != nullptr) {
            candidate_.reset(); // whatever the application decides now
            if (!this->closed()) connection_.drop();
        } else if (!this->closed() && phase_ == phase::streaming) {
            connection_.drop();
        } else if (!this->closed() && phase_ != phase::answering) {
            this->finish(); // what was answered is still sent
        }
        keep_alive_ = false;
        if (this->closed()) this->forget_request(); // on this thread, whoever keeps the connection
    }

    void on_time_up() {
        switch (phase_) {
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
        case phase::upgraded:
            return;
        }
    }

    void on_stop() {
        if (phase_ == phase::idle || phase_ == phase::streaming) this->finish();
        keep_alive_ = false;
    }

private:
    using upgrade_type = websocket_upgrade<Core>;

    /// Something of the server's own has thrown.
    void fail() {
        if (phase_ == phase::head || phase_ == phase::body || phase_ == phase::answering)
            return this->refuse_request(gateway_answers::internal_error(), "internal error");
        connection_.drop();
    }

    void upgrade(http1::request_head const& head, request_view const& request) override {
        auto made = upgrade_type::examine(core_, connection_, head, request);
        if (!made.accepted) return refuse_websocket(std::move(made));
        candidate_ = std::make_unique<websocket_candidate<Core>>(std::move(*made.accepted));
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

    void refuse_websocket(upgrade_type made) {
        this->worker().counters().websockets_refused.add(1);
        keep_alive_ = keep_alive_ && made.readable;
        this->respond_with(std::move(made.answer), gateway_event::type::websocket_refused);
    }

    void decide(connect_answer decision) {
        if (candidate_ == nullptr) return; // whoever decided has ended the connection
        auto made = upgrade_type::conclude(core_, std::move(*std::exchange(candidate_, nullptr)), std::move(decision));
        if (!made.accepted) return refuse_websocket(std::move(made));
        response const whole = core_.stamped(std::move(made.answer));
        (void)this->out().append_by([&](std::string& text) {
            return http1::append_response_head(text, whole.status, whole.headers, std::nullopt, true, 1);
        });
        this->send_soon();
        this->count_answer(whole.status);
        phase_ = phase::upgraded;
        connection_.open_websocket(std::move(made.accepted->session), made.accepted->info);
    }

    std::unique_ptr<websocket_candidate<Core>> candidate_; // while the application decides
};

}

#endif
