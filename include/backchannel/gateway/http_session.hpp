// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_HTTP_SESSION_HPP
#define BACKCHANNEL_GATEWAY_HTTP_SESSION_HPP

#include <backchannel/gateway/answers.hpp>
#include <backchannel/gateway/connection.hpp>
#include <backchannel/gateway/gateway_options.hpp>
#include <backchannel/gateway/request_rules.hpp>
#include <backchannel/gateway/websocket_session.hpp>
#include <backchannel/protocol/connection_target.hpp>
#include <backchannel/protocol/http1_body.hpp>
#include <backchannel/protocol/http1_request.hpp>
#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/protocol/websocket_handshake.hpp>
#include <backchannel/support/guarded.hpp>
#include <backchannel/support/owned_request.hpp>

#include <asio/post.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// One connection of the gateway: HTTP/1.1 requests in order, until one of them upgrades it to a WebSocket.
///
/// `Core` has the options, the hub, the router and the handler; connections share it.
template <class Core, class Stream>
class http_session final : public gateway_connection<Stream>, public websocket_carrier {
    using base = gateway_connection<Stream>;
    using handler_type = typename Core::handler_type;

public:
    http_session(std::shared_ptr<Core> core, gateway_worker& worker, Stream stream, std::string peer_ip)
        : base(core, worker, std::move(stream)), core_(*core), peer_ip_(std::move(peer_ip)),
          parser_(core->options.head) {}

private:
    // what may wait to be sent before no more is read: a peer that does not read is not listened to either
    static constexpr std::size_t high_water = 64 * 1024;

    enum class phase : std::uint8_t {
        idle,      ///< between requests
        head,      ///< a head has begun
        body,      ///< its body is arriving
        answering, ///< the answer is being worked on, maybe elsewhere
        websocket
    };

    // --------------------------------------------------------------------------------------------- the connection

    void on_start() override { this->worker().set_deadline(*this, core_.options.request_timeout); }

    void on_bytes(std::span<char>& bytes) override {
        while (!bytes.empty() && !this->finishing() && !this->closed()) {
            if (must_wait()) return this->pause();
            if (phase_ == phase::websocket) return websocket_->on_bytes(bytes);
            bool progress = false;
            if (!guarded([&] { progress = phase_ == phase::body ? read_body(bytes) : read_head(bytes); }))
                return fail();
            if (!progress) return;
        }
    }

    /// Nothing more is read before the request at hand is answered, and as long as the peer does not take its answers.
    [[nodiscard]] bool must_wait() noexcept { return phase_ == phase::answering || this->out().size() > high_water; }

    void on_sent() override {
        // a peer that takes what is sent, however slowly, is there
        if (this->finishing())
            this->worker().set_deadline(*this, core_.options.linger_timeout);
        else if (phase_ == phase::idle)
            this->worker().set_deadline(*this, core_.options.keep_alive_timeout);
        if (!must_wait()) this->resume();
    }

    /// Something of the server's own has thrown.
    void fail() {
        if (phase_ == phase::head || phase_ == phase::body || phase_ == phase::answering)
            return refuse(gateway_answers::internal_error());
        this->drop();
    }

    void on_end() override {
        if (websocket_ != nullptr) {
            websocket_->lost();
            if (!this->closed()) this->drop();
        } else if (!this->closed() && phase_ != phase::answering) {
            this->finish(core_.options.linger_timeout); // what was answered is still sent
        }
        keep_alive_ = false;
    }

    void on_deadline() override {
        if (this->finishing() || phase_ == phase::websocket) return this->drop();
        if (phase_ == phase::head || phase_ == phase::body)
            return refuse(gateway_answers::problem(408, "RequestTimeoutException", "Request timeout"));
        this->finish(core_.options.linger_timeout);
    }

    void on_stop() override {
        if (phase_ == phase::websocket)
            websocket_->close(1001, "Going away");
        else if (phase_ != phase::answering)
            this->finish(core_.options.linger_timeout);
        keep_alive_ = false;
    }

    // -------------------------------------------------------------------------------------------------- requests

    bool read_head(std::span<char>& bytes) {
        if (phase_ == phase::idle) {
            phase_ = phase::head;
            minor_version_ = 1;
            is_head_ = false;
            this->worker().set_deadline(*this, core_.options.request_timeout);
        }
        http1::request_head& head = this->worker().head();
        switch (parser_.parse({bytes.data(), bytes.size()}, head)) {
        case http1::request_parser::status::need_more:
            return false;
        case http1::request_parser::status::failed:
            refuse(gateway_answers::bad_request(parser_.error()));
            return false;
        case http1::request_parser::status::complete:
            break;
        }
        std::span<char> const behind = bytes.subspan(head.size);
        keep_alive_ = head.keep_alive && !core_.stopping;
        minor_version_ = static_cast<std::uint8_t>(head.minor_version > 0);
        is_head_ = head.method == "HEAD";
        if (head.upgrade) {
            bytes = behind;
            upgrade(head);
            return true;
        }
        request_view request{head.method, head.target_path, head.headers};
        std::string const client = client_address(peer_ip_, head.headers, core_.options.trusted_proxies);
        request.source_ip = client;
        request.secure = core_.secure;
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

    [[nodiscard]] std::size_t body_limit(request_view const& request) const noexcept {
        std::size_t const managed = core_.router.max_body(request.target); // 0: not the router's
        return managed != 0 ? managed : core_.options.max_request_body;
    }

    void begin_body(request_view const& request, http1::request_head const& head) {
        phase_ = phase::body;
        incoming_ = core_.router.begin(request);
        if (!incoming_) kept_ = std::make_unique<owned_request>(request);
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
            (void)incoming_.append(step.data);
        else
            kept_->body.append(step.data);
        if (step.error != http1::parse_error::none) {
            body_failed(step.error);
            return false;
        }
        if (!step.done) return step.consumed != 0;
        body_.reset();
        if (incoming_) {
            finish_managed(std::exchange(incoming_, {}));
        } else {
            auto const kept = std::exchange(kept_, nullptr);
            answer(kept->view());
        }
        return true;
    }

    void body_failed(http1::parse_error error) {
        keep_alive_ = false; // the rest of the body cannot be told from a request
        if (error == http1::parse_error::body_too_large && incoming_) {
            incoming_.refuse_as_too_large();
            return finish_managed(std::exchange(incoming_, {}));
        }
        refuse(gateway_answers::bad_request(error));
    }

    void finish_managed(typename Core::router_type::incoming request) {
        // the router must outlive the request, even if Auth answers when all else has gone
        (void)expect_answer(this->owner(), [&](auto done) {
            request.finish(std::move(done));
            return true;
        });
    }

    /// The answer of a request that is there as a whole.
    void answer(request_view const& request) {
        if (core_.router.owns(request.target)) {
            (void)expect_answer(this->owner(),
                                [&](auto done) { return core_.router.async_handle(request, std::move(done)); });
        } else if (protocol::connection_target::parse_any_stage(request.target, target_form::raw).what() !=
                   protocol::connection_target::kind::foreign) {
            respond_with(gateway_answers::forbidden());
        } else if constexpr (has_async_on_request<handler_type>) {
            // the handler may keep the completion for ever, so that must not keep the gateway
            bool const taken = expect_answer(nullptr, [&](auto done) {
                return core_.handler.on_request(request, completion<response>{std::move(done)});
            });
            if (!taken) respond_not_found(request);
        } else if constexpr (has_on_request<handler_type>) {
            std::optional<response> made;
            if (!guarded([&] { made = core_.handler.on_request(request); })) made = gateway_answers::internal_error();
            if (made)
                respond_with(std::move(*made));
            else
                respond_not_found(request);
        } else {
            respond_not_found(request);
        }
    }

    /// Runs `ask(done)`; the answer may come before it returns, or later and on any thread. `kept` lives until then.
    ///
    /// False: `ask` returned false and there is no answer.
    template <class Ask>
    bool expect_answer(std::shared_ptr<void const> kept, Ask&& ask) {
        phase_ = phase::answering;
        this->worker().clear_deadline(*this);
        asking_ = true;
        dropped_ = false;
        managed_ = kept != nullptr;
        auto const self = std::static_pointer_cast<http_session>(this->shared_from_this());
        auto done = [weak = std::weak_ptr{self}, number = ++question_, kept = std::move(kept)](response r) {
            auto const there = weak.lock(); // the client may have gone, or all of the gateway
            if (there == nullptr) return;
            auto const executor = there->worker().executor();
            if (executor.running_in_this_thread()) return there->on_answer(number, std::move(r));
            asio::post(executor, [weak, number, r = std::move(r)]() mutable {
                if (auto const still = weak.lock()) still->on_answer(number, std::move(r));
            });
        };
        bool mine = false;
        bool const whole = guarded([&] { mine = ask(std::move(done)); });
        asking_ = false;
        if (phase_ != phase::answering) return true; // it came at once
        if (whole && !mine) return false;
        if (!whole || dropped_) respond_with(gateway_answers::internal_error());
        return true;
    }

    void on_answer(std::uint32_t number, response r) {
        if (this->closed() || phase_ != phase::answering || number != question_) return;
        dropped_ = r.status == 0;
        if (dropped_ && asking_) return; // the handler may only have meant that the request is not its own
        this->protect([&] {
            if (dropped_) r = gateway_answers::internal_error();
            if (dropped_ || !managed_)
                respond_with(std::move(r));
            else
                respond(std::move(r));
            if (!asking_) this->resume_soon();
        });
    }

    void respond(response r) {
        bool const keep = keep_alive_ && !core_.stopping;
        auto const append = [&] { return gateway_answers::append(this->out(), r, {keep, is_head_, minor_version_}); };
        if (!append()) {
            r = core_.stamped(gateway_answers::internal_error());
            (void)append();
        }
        this->send_soon();
        phase_ = phase::idle;
        parser_.reset();
        if (keep)
            this->worker().set_deadline(*this, core_.options.keep_alive_timeout);
        else
            this->finish(core_.options.linger_timeout);
    }

    /// Answers a request that cannot be read, and ends the connection: where the next one begins is not known.
    void refuse(response r) {
        keep_alive_ = false;
        incoming_ = {};
        kept_.reset();
        respond_with(std::move(r));
    }

    /// For answers of the gateway's own and of the handler; the router's have a date and an id already.
    void respond_with(response r) { respond(core_.stamped(std::move(r))); }

    void respond_not_found(request_view const& request) {
        if (core_.is_websocket_path(request.target))
            return respond_with(gateway_answers::bad_handshake(websocket::handshake_error::not_websocket));
        respond_with(gateway_answers::problem(404, "NotFoundException", "Not Found"));
    }

    // ------------------------------------------------------------------------------------------------- WebSocket

    void upgrade(http1::request_head const& head) {
        if (!core_.is_websocket_path(head.target_path)) {
            keep_alive_ = keep_alive_ && !head.chunked && head.content_length.value_or(0) == 0;
            return respond_with(gateway_answers::forbidden());
        }
        websocket::handshake_error const wrong = websocket::check_handshake(head);
        if (wrong != websocket::handshake_error::none) {
            keep_alive_ = false;
            return respond_with(gateway_answers::bad_handshake(wrong));
        }
        auto const origin = websocket::read_origin(head);
        if (origin.value && !origin_is_allowed(*origin.value, head.authority, core_.options.allowed_origins))
            return respond_with(gateway_answers::forbidden());

        std::string client = client_address(peer_ip_, head.headers, core_.options.trusted_proxies);
        session tracked = core_.hub.reserve({client, std::string{head.find("User-Agent")}, {}});
        if (!tracked) return respond_with(gateway_answers::too_many_connections());
        auto accepted = std::make_unique<websocket_session<handler_type>>(
            *this, core_.handler, std::move(tracked), client, core_.options.frames, core_.options.hub.queue_limit);
        if constexpr (has_on_connect<handler_type>) {
            request_view const request{head.method,      head.target_path, head.headers, {},
                                       target_form::raw, client,           core_.secure};
            connect_answer decision;
            gateway_client shown = accepted->client();
            if (!guarded([&] { decision = core_.handler.on_connect(shown, request); }))
                return respond_with(gateway_answers::internal_error());
            if (auto& refusal = decision.refusal()) {
                bool const allowed = refusal->status >= 400 && refusal->status <= 599;
                return respond_with(allowed ? std::move(*refusal) : gateway_answers::internal_error());
            }
        }
        switch_protocols(head, std::move(accepted));
    }

    void switch_protocols(http1::request_head const& head, std::unique_ptr<websocket_session<handler_type>> accepted) {
        response r = core_.stamped(response{101});
        auto const key = websocket::accept_key(head.find("Sec-WebSocket-Key"));
        r.headers.add("Upgrade", "websocket");
        r.headers.add("Connection", "Upgrade");
        r.headers.add("Sec-WebSocket-Accept", {key.data(), key.size()});
        if (!core_.options.connection_id_header.empty())
            r.headers.add(core_.options.connection_id_header, accepted->tracked().id());
        std::string& out = this->out().tail();
        std::size_t const before = out.size();
        (void)http1::append_response_head(out, r.status, r.headers, std::nullopt, true, minor_version_);
        this->out().appended(out.size() - before);
        this->send_soon();
        phase_ = phase::websocket;
        this->worker().clear_deadline(*this);
        websocket_ = std::move(accepted);
        core_.hub.attach(websocket_->tracked(), {&this->worker(), websocket_.get()});
        websocket_->opened();
    }

    outbox& websocket_out() override { return this->out(); }
    void websocket_send() override { this->send_soon(); }
    void websocket_closing() override {
        if (core_.options.hub.closing_timeout.count() > 0)
            this->worker().set_deadline(*this, core_.options.hub.closing_timeout);
    }
    void websocket_finish() override { this->finish(core_.options.linger_timeout); }
    void websocket_drop() override { this->drop(); }

    Core& core_; // kept by `owner`
    std::string peer_ip_;
    http1::request_parser parser_;
    std::optional<http1::body_reader> body_;
    typename Core::router_type::incoming incoming_;
    std::unique_ptr<owned_request> kept_; // a request for the application whose body is arriving
    std::unique_ptr<websocket_session<handler_type>> websocket_;
    phase phase_ = phase::idle;
    std::uint8_t minor_version_ = 1;
    std::uint32_t question_ = 0; // tells the answers to different requests apart
    bool keep_alive_ = false, is_head_ = false, asking_ = false;
    bool managed_ = false; // the request at hand is the router's
    bool dropped_ = false; // its completion was not called
};

}

#endif
