// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_HTTP_READER_HPP
#define BACKCHANNEL_GATEWAY_HTTP_READER_HPP

#include <backchannel/gateway/answers.hpp>
#include <backchannel/gateway/gateway_options.hpp>
#include <backchannel/gateway/http_exchange.hpp>
#include <backchannel/gateway/mounted_router.hpp>
#include <backchannel/gateway/request_rules.hpp>
#include <backchannel/protocol/http1_request.hpp>
#include <backchannel/protocol/websocket_handshake.hpp>
#include <backchannel/support/guarded.hpp>
#include <backchannel/support/partial_request.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The reading side of an HTTP connection: heads and bodies of HTTP/1.1 requests, and who answers each.
template <class Core, class Stream>
class http_reader : public http_exchange<Core, Stream> {
    using base = http_exchange<Core, Stream>;

public:
    explicit http_reader(typename base::connection_type& whole) : base(whole), parser_(core_.options.head) {}

protected:
    using base::connection_;
    using base::core_;
    using base::keep_alive_;
    using base::label_;
    using base::phase_;
    using typename base::handler_type;
    using typename base::phase;

    /// A request asks for another protocol than HTTP.
    virtual void upgrade(http1::request_head const& head, request_view const& request) = 0;

    [[nodiscard]] std::chrono::milliseconds head_deadline() const noexcept {
        return std::min(core_.options.header_timeout, core_.options.request_timeout);
    }

    bool read_head(std::span<char>& bytes) {
        bool const fresh = phase_ == phase::idle;
        if (fresh) {
            phase_ = phase::head;
            this->begin_request({}, {}, 1, false);
            parser_.reset();
        }
        http1::request_head& head = this->worker().head();
        switch (parser_.parse({bytes.data(), bytes.size()}, head)) {
        case http1::request_parser::status::need_more:
            if (fresh) begin_waiting();
            return false;
        case http1::request_parser::status::failed:
            reject(parser_.error());
            return false;
        case http1::request_parser::status::complete:
            break;
        }
        connection_.request_seen();
        std::span<char> const behind = bytes.subspan(head.size);
        this->begin_request(head.method, head.target_path, head.minor_version, head.keep_alive);
        std::string proxied;
        request_view request{head.method, head.target_path, head.headers};
        request.source_ip = client_of(head, proxied);
        label_.from(proxied);
        request.secure = Stream::secure;
        request.streams = true;
        if (head.upgrade) {
            bytes = behind;
            upgrade(head, request);
            return true;
        }
        std::uint64_t const length = head.content_length.value_or(0);
        bool const whole = !head.chunked && length <= behind.size() && length <= core_.least_body_limit();
        bool const is_short = whole && length < partial_request::worth_keeping;
        mounted_router* const router = is_short ? nullptr : core_.router_for(request.target);
        if (whole && (router == nullptr || !router->hashes_side_by_side())) {
            request.body = {behind.data(), static_cast<std::size_t>(length)};
            answer(request);
            bytes = behind.subspan(static_cast<std::size_t>(length));
            return true;
        }
        bytes = behind;
        if (fresh) began_ = std::chrono::steady_clock::now();
        begin_body(request, head, router, whole);
        return true;
    }

    /// The request is not there as a whole, as nearly all are.
    void begin_waiting() {
        began_ = std::chrono::steady_clock::now();
        this->set_deadline(head_deadline(), began_);
    }

    [[nodiscard]] std::string_view client_of(http1::request_head const& head, std::string& storage) const {
        if (core_.options.trusted_proxies.empty()) return connection_.peer_ip();
        return storage = client_address(connection_.peer_ip(), head.headers, core_.options.trusted_proxies);
    }

    void reject(http1::parse_error why) {
        this->worker().counters().requests_rejected[static_cast<std::size_t>(why)].add(1);
        refuse_request(gateway_answers::bad_request(why), http1::describe(why));
    }

    void refuse_request(response r, std::string_view why) {
        if (phase_ == phase::head && parser_.is_head()) this->begin_request("HEAD", {}, 1, false); // not read further
        this->refuse(std::move(r), why);
    }

    /// `router`: whose request it is; nullptr: the application's. `is_there`: all of the body.
    void begin_body(request_view const& request, http1::request_head const& head, mounted_router* router,
                    bool is_there) {
        phase_ = phase::body;
        this->set_deadline(core_.options.request_timeout, began_);
        std::size_t const limit = router != nullptr ? router->max_body() : core_.options.max_request_body;
        std::unique_ptr<arriving_request> managed;
        if (router != nullptr)
            managed = router->begin(request, partial_request::expected(head, limit), this->worker().lanes(),
                                    *this->worker().door());
        partial_ = std::make_unique<partial_request>(request, head, limit, std::move(managed));
        std::string_view none;
        if (partial_->read(none) == partial_request::progress::failed) return body_failed();
        if (partial_->take_expect_continue() && !is_there) {
            this->out().append(http1::continue_response);
            this->send_soon();
        }
    }

    bool read_body(std::span<char>& bytes) {
        std::string_view rest{bytes.data(), bytes.size()};
        auto const progress = partial_->read(rest);
        bytes = bytes.last(rest.size());
        switch (progress) {
        case partial_request::progress::need_more:
            break;
        case partial_request::progress::failed:
            body_failed();
            break;
        case partial_request::progress::complete:
            auto const whole = std::exchange(partial_, nullptr);
            if (whole->managed() != nullptr)
                finish_managed(*whole->managed());
            else
                answer_own(whole->view());
            return true;
        }
        return false;
    }

    void body_failed() {
        keep_alive_ = false; // the rest of the body cannot be told from a request
        auto const refused = std::exchange(partial_, nullptr);
        if (refused->error() != http1::parse_error::body_too_large || refused->managed() == nullptr)
            return reject(refused->error());
        refused->managed()->refuse_as_too_large();
        finish_managed(*refused->managed());
    }

    void forget_request() override { partial_.reset(); }

    void finish_managed(arriving_request& request) {
        (void)this->expect_answer(true, [&](auto done) {
            request.finish(std::move(done));
            return true;
        });
    }

    /// The answer of a request that is there as a whole.
    void answer(request_view const& request) {
        loop_door& door = *this->worker().door();
        for (auto const& router : core_.routers())
            if (this->expect_answer(true, [&](auto done) { return router->handle(request, door, std::move(done)); }))
                return;
        answer_own(request);
    }

    /// The same of one that is no router's.
    void answer_own(request_view const& request) {
        if (core_.reserves(request.target)) {
            this->respond_with(gateway_answers::forbidden());
        } else if constexpr (has_async_on_request<handler_type>) {
            bool const taken = this->expect_answer(false, [&](auto done) {
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

private:
    http1::request_parser parser_;
    std::unique_ptr<partial_request> partial_;
    time_point began_{}; // the request at hand
};

}

#endif
