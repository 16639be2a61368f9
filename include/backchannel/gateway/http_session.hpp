// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_HTTP_SESSION_HPP
#define BACKCHANNEL_GATEWAY_HTTP_SESSION_HPP

#include <backchannel/gateway/admission.hpp>
#include <backchannel/gateway/answers.hpp>
#include <backchannel/gateway/gateway_options.hpp>
#include <backchannel/gateway/http_exchange.hpp>
#include <backchannel/gateway/mounted_router.hpp>
#include <backchannel/gateway/request_rules.hpp>
#include <backchannel/gateway/websocket_upgrade.hpp>
#include <backchannel/protocol/http1_body.hpp>
#include <backchannel/protocol/http1_request.hpp>
#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/support/guarded.hpp>
#include <backchannel/support/owned_request.hpp>

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
class http_session final : public http_exchange<Core, Stream>, public websocket_carrier {
    using base = http_exchange<Core, Stream>;
    using base::core_;
    using base::keep_alive_;
    using base::label_;
    using base::note;
    using base::peer_ip_;
    using base::phase_;
    using typename base::handler_type;
    using typename base::phase;

public:
    http_session(std::shared_ptr<Core> core, gateway_worker& worker, Stream stream, std::string peer_ip,
                 admission::permit permit)
        : base(core, worker, std::move(stream), std::move(peer_ip)), permit_(std::move(permit)),
          parser_(core->options.head) {}

private:
    // what may wait to be sent before no more is read: a peer that does not read is not listened to either
    static constexpr std::size_t high_water = 64 * 1024;

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
        if (permit_.refusal().empty()) return this->set_deadline(head_deadline());
        this->respond_with(gateway_answers::unavailable(permit_.refusal()), gateway_event::type::connection_refused,
                           permit_.refusal());
    }

    void on_bytes(std::span<char>& bytes) override {
        while (!bytes.empty() && !this->finishing() && !this->closed()) {
            if (must_wait()) return this->pause();
            if (phase_ == phase::websocket) return read_frames(bytes);
            bool progress = false;
            if (!guarded([&] { progress = phase_ == phase::body ? read_body(bytes) : read_head(bytes); }))
                return fail();
            if (!progress) return;
        }
    }

    /// Nothing more is read before the request at hand is answered, and as long as the peer does not take its answers.
    [[nodiscard]] bool must_wait() noexcept {
        if (phase_ == phase::answering) return true;
        return this->out().size() > high_water && (phase_ != phase::websocket || echoed_ > high_water);
    }

    void on_sent() override {
        echoed_ = std::min(echoed_, this->out().size());
        if (phase_ == phase::websocket) websocket_->on_sent();
        if (phase_ == phase::idle && !this->finishing()) this->set_deadline(core_.options.keep_alive_timeout);
        if (!must_wait()) this->resume();
    }

    /// A WebSocket client is heard however much waits for it, unless its own messages are what fills its queue.
    void read_frames(std::span<char>& bytes) {
        std::size_t const before = this->out().size();
        websocket_->on_bytes(bytes);
        if (this->out().size() > before) echoed_ += this->out().size() - before;
    }

    /// Something of the server's own has thrown.
    void fail() {
        if (phase_ == phase::head || phase_ == phase::body || phase_ == phase::answering)
            return refuse_request(gateway_answers::internal_error(), "internal error");
        this->drop();
    }

    void on_end() override {
        if (websocket_ != nullptr || candidate_ != nullptr) {
            if (websocket_ != nullptr) websocket_->lost();
            candidate_.reset(); // whatever the application decides now
            if (!this->closed()) this->drop();
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
            return refuse_request(gateway_answers::problem(408, "RequestTimeoutException", "Request timeout"),
                                  "request timeout");
        case phase::answering:
            candidate_.reset();
            return this->give_up_waiting();
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
        else if (phase_ == phase::idle)
            this->finish();
        keep_alive_ = false;
    }

    [[nodiscard]] bool may_linger() const noexcept override { return phase_ == phase::websocket; }

    // -------------------------------------------------------------------------------------------------- requests

    [[nodiscard]] std::chrono::milliseconds head_deadline() const noexcept {
        return std::min(core_.options.header_timeout, core_.options.request_timeout);
    }

    bool read_head(std::span<char>& bytes) {
        if (phase_ == phase::idle) {
            phase_ = phase::head;
            this->begin_request({}, {}, 1, false);
            parser_.reset();
            began_ = std::chrono::steady_clock::now();
            this->set_deadline(head_deadline());
        }
        http1::request_head& head = this->worker().head();
        switch (parser_.parse({bytes.data(), bytes.size()}, head)) {
        case http1::request_parser::status::need_more:
            return false;
        case http1::request_parser::status::failed:
            reject(parser_.error());
            return false;
        case http1::request_parser::status::complete:
            break;
        }
        if (!std::exchange(first_request_, true)) {
            permit_.handshake_done();
            this->worker().counters().handshakes_pending.subtract(1);
        }
        std::span<char> const behind = bytes.subspan(head.size);
        this->begin_request(head.method, head.target_path, head.minor_version, head.keep_alive);
        std::string proxied;
        request_view request{head.method, head.target_path, head.headers};
        request.source_ip = client_of(head, proxied);
        label_.from(proxied);
        request.secure = Stream::secure;
        if (head.upgrade) {
            bytes = behind;
            upgrade(head, request);
            return true;
        }
        router_ = core_.router_for(request.target);
        std::uint64_t const length = head.content_length.value_or(0);
        if (!head.chunked && length <= behind.size() && length <= body_limit(request)) {
            request.body = {behind.data(), static_cast<std::size_t>(length)};
            answer(request);
            bytes = behind.subspan(static_cast<std::size_t>(length));
            return true;
        }
        bytes = behind;
        begin_body(request, head);
        return true;
    }

    [[nodiscard]] std::string_view client_of(http1::request_head const& head, std::string& storage) const {
        if (core_.options.trusted_proxies.empty()) return peer_ip_;
        return storage = client_address(peer_ip_, head.headers, core_.options.trusted_proxies);
    }

    void reject(http1::parse_error why) {
        this->worker().counters().requests_rejected[static_cast<std::size_t>(why)].add(1);
        refuse_request(gateway_answers::bad_request(why), http1::describe(why));
    }

    void refuse_request(response r, std::string_view why) {
        if (phase_ == phase::head && parser_.is_head()) this->begin_request("HEAD", {}, 1, false); // not read further
        this->refuse(std::move(r), why);
    }

    [[nodiscard]] std::size_t body_limit(request_view const& request) const noexcept {
        return router_ != nullptr ? router_->max_body(request.target) : core_.options.max_request_body;
    }

    void begin_body(request_view const& request, http1::request_head const& head) {
        phase_ = phase::body;
        this->set_deadline(core_.options.request_timeout, began_);
        if (router_ != nullptr)
            incoming_ = router_->begin(request);
        else
            kept_ = std::make_unique<owned_request>(request);
        body_.emplace(head, body_limit(request));
        auto const first = body_->next({});
        if (first.error != http1::parse_error::none) return body_failed(first.error);
        if (head.expect_continue && head.minor_version > 0) {
            this->out().append(http1::continue_response);
            this->send_soon();
        }
    }

    bool read_body(std::span<char>& bytes) {
        http1::body_reader::step const step = body_->next({bytes.data(), bytes.size()});
        bytes = bytes.subspan(step.consumed);
        if (incoming_)
            incoming_->append(step.data);
        else
            kept_->body.append(step.data);
        if (step.error != http1::parse_error::none) {
            body_failed(step.error);
            return false;
        }
        if (!step.done) return step.consumed != 0;
        body_.reset();
        if (incoming_) {
            finish_managed(std::move(incoming_));
        } else {
            auto const kept = std::exchange(kept_, nullptr);
            answer(kept->view());
        }
        return true;
    }

    void body_failed(http1::parse_error error) {
        keep_alive_ = false; // the rest of the body cannot be told from a request
        if (error != http1::parse_error::body_too_large || !incoming_) return reject(error);
        incoming_->refuse_as_too_large();
        finish_managed(std::move(incoming_));
    }

    void forget_request() override {
        body_.reset();
        incoming_.reset();
        kept_.reset();
    }

    void finish_managed(std::unique_ptr<arriving_request> request) {
        // the router must outlive the request, even if Auth answers when all else has gone
        (void)this->expect_answer(true, this->owner(), [&](auto done) {
            request->finish(std::move(done));
            return true;
        });
    }

    /// The answer of a request that is there as a whole.
    void answer(request_view const& request) {
        if (router_ != nullptr) {
            (void)this->expect_answer(true, this->owner(), [&](auto done) {
                router_->handle(request, std::move(done));
                return true;
            });
        } else if (core_.reserves(request.target)) {
            this->respond_with(gateway_answers::forbidden());
        } else if constexpr (has_async_on_request<handler_type>) {
            // the handler may keep the completion for ever, so that must not keep the gateway
            bool const taken = this->expect_answer(false, nullptr, [&](auto done) {
                return core_.handler.on_request(request, completion<response>{std::move(done)});
            });
            if (!taken) respond_not_found(request);
        } else if constexpr (has_on_request<handler_type>) {
            std::optional<response> made;
            if (!guarded([&] { made = core_.handler.on_request(request); })) made = gateway_answers::internal_error();
            if (made)
                this->respond_with(std::move(*made));
            else
                respond_not_found(request);
        } else {
            respond_not_found(request);
        }
    }

    void respond_not_found(request_view const& request) {
        if (core_.is_websocket_path(request.target))
            return this->respond_with(gateway_answers::bad_handshake(websocket::handshake_error::not_websocket));
        if (request.method == "OPTIONS" && request.target == "*") // "are you there", RFC 9110 9.3.7
            return this->respond_with(response{204});
        this->respond_with(gateway_answers::problem(404, "NotFoundException", "Not Found"));
    }

    // ------------------------------------------------------------------------------------------------- WebSocket

    void upgrade(http1::request_head const& head, request_view const& request) {
        auto made = websocket_upgrade<handler_type>::examine(core_, *this, head, request);
        if (!made.accepted) return refuse_websocket(std::move(made));
        candidate_ = std::make_unique<websocket_candidate<handler_type>>(std::move(*made.accepted));
        gateway_client client = candidate_->session->client();
        if constexpr (has_async_on_connect<handler_type>) {
            this->template ask<connect_answer>(
                [&](auto done) {
                    core_.handler.on_connect(client, request, completion<connect_answer>{std::move(done)});
                },
                [](base& self, connect_answer decision) {
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
        websocket_->open(); // before anybody hears of it, and may send
        core_.hub.attach(websocket_->tracked(), {&this->worker(), websocket_.get()}, made.accepted->info);
        if (auto const first = websocket_->first_check()) this->set_deadline(*first);
        auto& counters = this->worker().counters();
        counters.websockets_opened.add(1);
        counters.websockets_open.add(1);
        note({gateway_event::type::websocket_opened, 0, websocket_->source_ip(), websocket_id()});
        websocket_->opened();
    }

    void check_websocket() {
        if (websocket_->is_closing()) return this->drop();
        bool const arriving = this->still_arriving();
        if (auto const next = websocket_->check_alive(this->out().empty() && !arriving))
            return this->set_deadline(*next);
        this->worker().counters().peers_vanished.add(1);
        note({gateway_event::type::peer_vanished, 0, websocket_->source_ip(), websocket_id()});
        this->drop();
    }

    [[nodiscard]] std::string_view websocket_id() const noexcept {
        return websocket_ == nullptr ? std::string_view{} : websocket_->tracked().id();
    }

    outbox& websocket_out() override { return this->out(); }
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

    admission::permit permit_;
    http1::request_parser parser_;
    std::optional<http1::body_reader> body_;
    mounted_router* router_ = nullptr; // answers the request at hand; none: the application does
    std::unique_ptr<arriving_request> incoming_;
    std::unique_ptr<owned_request> kept_; // a request for the application whose body is arriving
    std::unique_ptr<websocket_candidate<handler_type>> candidate_; // while the application decides
    std::unique_ptr<websocket_session<handler_type>> websocket_;
    time_point began_{};     // the request at hand
    std::size_t echoed_ = 0; // bytes of the queue that came of the client's own messages, at most
    bool first_request_ = false, end_noted_ = false;
};

}

#endif
