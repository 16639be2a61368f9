// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_UWEBSOCKETS_HPP
#define BACKCHANNEL_ADAPTERS_UWEBSOCKETS_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/http.hpp>
#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/support/borrowed_request.hpp>
#include <backchannel/support/ip_text.hpp>
#include <backchannel/support/streamed_answer.hpp>

#include <App.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

/// For servers on uWebSockets 20, with or without TLS, on any number of loops.
///
/// uWebSockets may be called on a loop's own thread only, but for `Loop::defer`; this adapter hops there. The functions
/// below are called on the thread of the loop that the socket, response or request belongs to. A loop ends with its
/// thread: let no such thread end before all loops that serve the same hub have returned from `run`.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::uwebsockets {

/// Names a WebSocket and its loop.
template <class WebSocket>
struct handle {
    WebSocket* socket;
    uWS::Loop* loop;
    std::thread::id thread;
};

/// For `hub.open`, in the `open` handler: `socket->getUserData()->tracked = hub.open(handle_of(socket), info)`.
template <class WebSocket>
[[nodiscard]] handle<WebSocket> handle_of(WebSocket* socket) {
    return {socket, uWS::Loop::get(), std::this_thread::get_id()};
}

/// The WebSockets of one kind as the hub sees them: `transport<uWS::WebSocket<SSL, true, UserData>>`.
///
/// Set `maxBackpressure` of the behaviour to 0: the hub keeps its own limit, on all that waits for a client.
template <class WebSocket>
struct transport {
    using handle = uwebsockets::handle<WebSocket>;

    delivery send(handle const& h, message const& m) {
        auto const kind = m.kind() == message_kind::binary ? uWS::OpCode::BINARY : uWS::OpCode::TEXT;
        return h.socket->send(m.data(), kind) == WebSocket::DROPPED ? delivery::backpressure : delivery::accepted;
    }
    void close(handle const& h, std::uint16_t code, std::string_view reason) { h.socket->end(code, reason); }
    void ping(handle const& h, std::string_view payload) { (void)h.socket->send(payload, uWS::OpCode::PING); }
    void terminate(handle const& h) { (void)h.socket->close(); }
    [[nodiscard]] std::size_t buffered(handle const& h) { return h.socket->getBufferedAmount(); }

    void dispatch(handle const& h, task t) {
        if (on_thread(h))
            t();
        else
            h.loop->defer(std::move(t));
    }
    // not by Loop::get(), which would make a loop for a thread that has none
    [[nodiscard]] bool on_thread(handle const& h) noexcept { return h.thread == std::this_thread::get_id(); }
    [[nodiscard]] uWS::Loop* thread_key(handle const& h) noexcept { return h.loop; }
};

/// Who a client is; for the `upgrade` handler, as the request is gone when `open` is called.
template <bool SSL>
[[nodiscard]] connection_info info_of(uWS::HttpResponse<SSL>* response, uWS::HttpRequest* request) {
    return {normalise_ip(response->getRemoteAddressAsText()), std::string{request->getHeader("user-agent")}};
}

/// The head of a request as the router reads it; valid until the handler that was given the request returns.
class request : public borrowed_request {
public:
    template <bool SSL>
    request(uWS::HttpResponse<SSL>& response, uWS::HttpRequest& r)
        : borrowed_request{normalise_ip(response.getRemoteAddressAsText())} {
        add_all(r);
        view_.method = r.getCaseSensitiveMethod();
        view_.target = r.getFullUrl();
        view_.secure = SSL;
        view_.streams = !r.isAncient() && view_.method != "HEAD"; // it comes in chunks
    }
};

/// An answer that goes on until the client leaves. uWebSockets keeps what the client does not take.
template <bool SSL>
class endless_answer final : public streamed_answer {
public:
    endless_answer(uWS::HttpResponse<SSL>* to, uWS::Loop* loop, std::shared_ptr<body_stream> body)
        : streamed_answer{std::move(body), [loop](task t) { loop->defer(std::move(t)); }}, to_{to},
          timer_{us_create_timer(reinterpret_cast<us_loop_t*>(loop), 0, sizeof(this))} {
        auto* const self = this;
        std::memcpy(us_timer_ext(timer_), &self, sizeof self);
        constexpr int every = static_cast<int>(period.count());
        us_timer_set(timer_, &on_time, every, every);
    }
    ~endless_answer() override { us_timer_close(timer_); }

    /// What is left is only sent behind the next write, so there has to be one.
    void on_writable() {
        wrote_ = false;
        written();
        if (!wrote_) prod();
    }

private:
    static void on_time(us_timer_t* timer) {
        endless_answer* self = nullptr;
        std::memcpy(&self, us_timer_ext(timer), sizeof self);
        auto const kept = self->shared_from_this();
        kept->tick(std::chrono::steady_clock::now());
    }

    bool write(std::string text) override {
        wrote_ = true;
        return to_->write(text);
    }
    void end(bool whole) override {
        if (whole)
            to_->end({}, false);
        else
            (void)to_->close();
    }

    uWS::HttpResponse<SSL>* const to_;
    us_timer_t* const timer_;
    bool wrote_ = false;
};

/// What the answer to a request needs to find its way home.
template <bool SSL>
struct exchange {
    uWS::HttpResponse<SSL>* peer; // null once the peer has gone; looked at on the loop's thread only
    bool only_head;
    uWS::Loop* loop = uWS::Loop::get();
    std::thread::id thread = std::this_thread::get_id();
    std::shared_ptr<endless_answer<SSL>> endless{};
};

/// Answers with what streams.
template <bool SSL>
void stream(std::shared_ptr<exchange<SSL>> const& home, response const& r) {
    auto* const to = home->peer;
    if (to == nullptr) return;
    to->cork([to, &r] {
        to->writeStatus(std::to_string(r.status).append(" ").append(http1::reason_phrase(r.status)));
        r.headers.for_each([to](header_view field) {
            if (!equal_ignoring_case(field.name, "Date")) to->writeHeader(field.name, field.value);
        });
    });
    auto const answer = std::make_shared<endless_answer<SSL>>(to, home->loop, r.stream);
    home->endless = answer;
    to->onWritable([weak = std::weak_ptr{answer}](std::uint64_t) {
        if (auto const self = weak.lock()) self->on_writable();
        return true;
    });
    answer->start();
}

template <bool SSL>
void write(exchange<SSL> const& e, response const& r, bool close) {
    auto* const to = e.peer;
    if (to == nullptr) return;
    to->cork([to, &e, &r, close] {
        to->writeStatus(std::to_string(r.status).append(" ").append(http1::reason_phrase(r.status)));
        r.headers.for_each([to](header_view field) {
            if (!equal_ignoring_case(field.name, "Date")) to->writeHeader(field.name, field.value); // it writes its own
        });
        if (r.status == 204) // RFC 9110 8.6
            to->endWithoutBody(std::nullopt, close);
        else if (e.only_head)
            to->endWithoutBody(r.body.size(), close);
        else
            to->end(r.body, close);
    });
}

/// Lets the router answer a request, from a handler of the route `any("/*", ...)`. False: the request is not the
/// router's.
///
/// The body is read as it arrives; of one that is too long the rest is not, and the connection closes after the answer.
template <class Router, bool SSL>
bool serve(Router& router, uWS::HttpResponse<SSL>* response, uWS::HttpRequest* r) {
    auto incoming = router.begin(request{*response, *r}.view());
    if (!incoming) return false;
    auto const home = std::make_shared<exchange<SSL>>(
        exchange<SSL>{response, r->getCaseSensitiveMethod() == std::string_view{"HEAD"}});
    response->onAborted([home] {
        home->peer = nullptr;
        home->endless.reset();
    });
    response->onData([home, incoming = std::move(incoming)](std::string_view piece, bool last) mutable {
        if (!incoming || (incoming.append(piece) && !last)) return;
        auto complete = std::exchange(incoming, {});
        complete.finish([home, last](backchannel::response answer) {
            auto const give = [home, answer = std::move(answer), last] {
                if (answer.stream != nullptr)
                    stream(home, answer);
                else
                    write(*home, answer, !last);
            };
            if (home->thread == std::this_thread::get_id()) return give();
            home->loop->defer(give);
        });
    });
    return true;
}

}

#endif
