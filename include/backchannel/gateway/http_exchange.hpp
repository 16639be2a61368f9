// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_HTTP_EXCHANGE_HPP
#define BACKCHANNEL_GATEWAY_HTTP_EXCHANGE_HPP

#include <backchannel/gateway/answers.hpp>
#include <backchannel/gateway/connection_part.hpp>
#include <backchannel/gateway/event.hpp>
#include <backchannel/gateway/handler.hpp>
#include <backchannel/gateway/loop_home.hpp>
#include <backchannel/gateway/metrics.hpp>
#include <backchannel/support/byte_words.hpp>
#include <backchannel/support/guarded.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

template <class Core, class Stream>
class client_connection;

/// How long a stream may have nothing before its connection is kept alive: as long as a WebSocket is not pinged, but no
/// longer than an adapter's. Zero: for ever.
[[nodiscard]] constexpr std::chrono::milliseconds longest_quiet(std::chrono::milliseconds ping_interval) noexcept {
    return std::clamp(ping_interval, std::chrono::milliseconds{0}, body_stream::quiet);
}

/// The answering side of an HTTP connection: one answer to each request, whoever gives it and whenever.
///
/// `Core` has the options, the hub, the router and the handler; connections share it.
template <class Core, class Stream>
class http_exchange : public connection_part<client_connection<Core, Stream>> {
protected:
    using connection_type = client_connection<Core, Stream>;
    using connection_part<connection_type>::connection_;
    using handler_type = typename Core::handler_type;

    enum class phase : std::uint8_t {
        idle,      ///< between requests
        head,      ///< a head has begun
        body,      ///< its body is arriving
        answering, ///< the answer is being worked on, maybe elsewhere
        streaming, ///< the answer comes bit by bit
        upgraded   ///< to a WebSocket: nothing more is read or answered here
    };

    explicit http_exchange(connection_type& whole) : connection_part<connection_type>(whole), core_(whole.core()) {}
    virtual ~http_exchange() = default;

    /// A request whose body is arriving is given up.
    virtual void forget_request() = 0;

    // ------------------------------------------------------------------------------------------------- the request

    /// What is remembered of the request that is being read, for its answer.
    void begin_request(std::string_view method, std::string_view path, int minor_version, bool keep_alive) {
        minor_version_ = static_cast<std::uint8_t>(minor_version > 0);
        keep_alive_ = keep_alive && !core_.stopping;
        is_head_ = byte_words::same(method, "HEAD");
        using byte_words::same;
        operation_ = same(method, "POST") ? 0 : same(method, "GET") ? 1 : same(method, "DELETE") ? 2 : 3;
        managed_ = false;
        label_.set(method, path);
    }

    // ------------------------------------------------------------------------------------------------- the answer

    /// Runs `ask(done)`; the answer may come before it returns, or later and on any thread. `managed`: a router is
    /// asked, which lives until then.
    ///
    /// False: `ask` returned false and there is no answer.
    template <class Ask>
    bool expect_answer(bool managed, Ask&& ask) {
        phase_ = phase::answering;
        asking_ = true;
        dropped_ = false;
        managed_ = managed;
        // the router must outlive the request, even if Auth answers when all else has gone; the handler may keep the
        // completion for ever, so that must not keep the gateway
        auto const& door = this->worker().door();
        auto done = bring_home<response>(
            managed ? std::shared_ptr<loop_door>{this->owner(), door.get()} : door,
            [](http_exchange& self, std::uint32_t number, response&& r) { self.on_answer(number, std::move(r)); });
        bool mine = false;
        bool const whole = guarded([&] { mine = ask(std::move(done)); });
        asking_ = false;
        if (phase_ != phase::answering) return true; // it came at once
        if (whole && !mine) return managed_ = false;
        if (!whole || dropped_)
            respond_with(gateway_answers::internal_error());
        else
            this->set_deadline(core_.options.answer_timeout);
        return true;
    }

    /// Asks the application something by `ask(done)`; it may answer later and on any thread. `take(*this, answer)` runs
    /// when `ask` has returned, unless the request is not waited for any more.
    template <class T, class Ask, class Take>
    void ask(Ask&& ask, Take take) {
        phase_ = phase::answering;
        asking_ = true;
        std::optional<T> at_once;
        auto const on_answer = [take, &at_once](http_exchange& self, std::uint32_t number, T answer) {
            if (self.closed() || self.phase_ != phase::answering || number != self.question_) return;
            if (self.asking_) {
                at_once.emplace(std::move(answer));
                return;
            }
            self.protect([&] {
                take(self, std::move(answer));
                self.resume_soon();
            });
        };
        auto done = bring_home<T>(this->worker().door(), on_answer);
        if (!guarded([&] { ask(std::move(done)); })) {
            ++question_; // whoever has the completion comes too late
            at_once.emplace(lost<T>::value());
        }
        asking_ = false;
        if (at_once)
            take(*this, std::move(*at_once));
        else
            this->set_deadline(core_.options.answer_timeout);
    }

    /// For answers of the gateway's own and of the handler; the router's have a date and an id already.
    void respond_with(response r, gateway_event::type what = gateway_event::type::request_answered,
                      std::string_view why = {}) {
        respond(core_.stamped(std::move(r)), what, why);
    }

    /// `what` is the one record that the log gets of it.
    void respond(response r, gateway_event::type what = gateway_event::type::request_answered,
                 std::string_view why = {}) {
        if (r.stream != nullptr) return begin_stream(std::move(r), what);
        bool const keep = keep_alive_ && !core_.stopping;
        auto const append = [&] { return gateway_answers::append(this->out(), r, {keep, is_head_, minor_version_}); };
        if (!append()) {
            r = core_.stamped(gateway_answers::internal_error());
            (void)append();
        }
        this->send_soon();
        phase_ = phase::idle;
        count_answer(r.status);
        note({what, r.status, client_ip(), {}, label_.method, label_.path, why});
        if (keep)
            this->forget_deadline(); // the next one is set when the answer has left
        else
            this->finish();
    }

    /// More of the answer may be sent: some has left.
    void continue_stream() {
        if (!this->finishing() && std::exchange(stream_waits_for_room_, false)) send_stream();
    }
    /// The stream has had nothing for a while.
    void keep_stream_alive() {
        set_stream_deadline();
        if (stream_waits_for_room_) return;
        std::string text;
        stream_->keep_alive(text);
        this->out().append(text);
        send_stream(); // should a wake-up have been lost for want of memory
    }

    /// Answers a request that cannot be read, and ends the connection: where the next one begins is not known.
    void refuse(response r, std::string_view why) {
        forget_request();
        keep_alive_ = false;
        respond_with(std::move(r), gateway_event::type::request_rejected, why);
    }

    /// The handler or Auth did not answer in time.
    void give_up_waiting() {
        ++question_; // what may still come is for nobody
        respond_with(gateway_answers::problem(504, "GatewayTimeoutException", "The answer took too long"));
        this->resume_soon();
    }

    /// Tells the log, if the handler keeps one.
    void note(gateway_event const& event) { core_.note(event); }

    Core& core_; // kept by `owner`
    phase phase_ = phase::idle;
    bool keep_alive_ = false;

    /// Method and path of the request at hand, kept only for a log.
    struct no_label {
        void set(std::string_view, std::string_view) noexcept {}
        void from(std::string_view) noexcept {}
        std::string_view method{}, path{}, proxied{};
    };
    struct kept_label {
        void set(std::string_view m, std::string_view p) {
            method = m;
            path = p.substr(0, p.find('?')); // a query may hold a signature
            proxied.clear();
        }
        void from(std::string_view ip) { proxied = ip; }
        std::string method, path, proxied; // the client's address, where a proxy names it
    };
    [[no_unique_address]] std::conditional_t<has_on_event<handler_type>, kept_label, no_label> label_;

    /// Who sent the request at hand, for a log.
    [[nodiscard]] std::string_view client_ip() const noexcept {
        return label_.proxied.empty() ? connection_.peer_ip() : std::string_view{label_.proxied};
    }

    void count_answer(int status) {
        auto& counters = this->worker().counters();
        counters.responses[static_cast<std::size_t>(status / 100)].add(1);
        if (managed_) counters.management[operation_][management_status_index(status)].add(1);
    }

    // what may wait to be sent before no more is read: a peer that does not read is not listened to either
    static constexpr std::size_t high_water = 64 * 1024;

private:
    /// The body ends with the connection. RFC 9112 6.3.
    void begin_stream(response r, gateway_event::type what) {
        keep_alive_ = false;
        bool const whole =
            r.status >= 200 && r.status != 204 && r.status != 304 && this->out().append_by([&](std::string& text) {
                return http1::append_response_head(text, r.status, r.headers, std::nullopt, false, minor_version_);
            });
        if (!whole) return respond_with(gateway_answers::internal_error());
        phase_ = phase::streaming;
        stream_ = std::move(r.stream);
        count_answer(r.status);
        note({what, r.status, client_ip(), {}, label_.method, label_.path});
        if (is_head_ || core_.stopping || this->peer_has_ended()) {
            this->send_soon();
            return this->finish();
        }
        set_stream_deadline();
        send_stream();
    }

    /// Sends what there is now, and waits for more.
    void send_stream() {
        bool more = true, fed = false;
        while (more && this->queued() < high_water) {
            std::string piece;
            more = stream_->read(piece, high_water / 4);
            if (piece.empty()) break;
            this->out().append(piece);
            fed = true;
        }
        this->send_soon();
        if (fed) set_stream_deadline(); // a wake-up that brings nothing leaves it as it is
        if (!more) return this->finish();
        stream_waits_for_room_ = this->queued() >= high_water;
        if (stream_waits_for_room_) return;
        stream_->wait([weak = this->weak_connection(), door = this->worker().door()] {
            door->post([weak] {
                auto const there = weak.lock();
                if (there == nullptr || there->closed() || there->finishing()) return;
                if (http_exchange* const self = there->http()) there->protect([&] { self->send_stream(); });
            });
        });
    }

    void set_stream_deadline() {
        auto const quiet = longest_quiet(core_.options.ping_interval);
        if (quiet.count() > 0)
            this->set_deadline(quiet);
        else
            this->clear_deadline();
    }

    /// A callback for any thread: `take(*this, number of the question, value)` runs on this connection's, which has
    /// `door`. The client may have gone by then, or all of the gateway; another thread never holds the connection, not
    /// even for a moment, so that it cannot be the last to.
    template <class T, class Take>
    [[nodiscard]] auto bring_home(std::shared_ptr<loop_door> door, Take take) {
        auto at_home = [weak = this->weak_connection(), number = ++question_, take](T&& value) {
            auto const there = weak.lock();
            http_exchange* const self = there == nullptr ? nullptr : there->http();
            if (self != nullptr) take(*self, number, std::move(value));
        };
        return [door = std::move(door), at_home = std::move(at_home)](T value) mutable {
            if (door->is_here()) return at_home(std::move(value));
            // without memory there is no answer, and the connection's deadline ends it
            loop_home{std::move(door)}([f = std::move(at_home), v = std::move(value)]() mutable { f(std::move(v)); });
        };
    }

    void on_answer(std::uint32_t number, response&& r) {
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

    std::shared_ptr<body_stream> stream_;
    bool stream_waits_for_room_ = false;
    std::uint32_t question_ = 0; // tells the answers to different requests apart
    std::uint8_t minor_version_ = 1;
    std::uint8_t operation_ = 3; // of the request at hand, as metrics count it
    bool is_head_ = false, asking_ = false;
    bool managed_ = false; // the request at hand is the router's
    bool dropped_ = false; // its completion was not called
};

}

#endif
