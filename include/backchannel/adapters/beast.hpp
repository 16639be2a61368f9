// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_BEAST_HPP
#define BACKCHANNEL_ADAPTERS_BEAST_HPP

#include <backchannel/adapters/beast_stream.hpp>
#include <backchannel/concepts.hpp>
#include <backchannel/http.hpp>
#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/support/borrowed_request.hpp>
#include <backchannel/support/message_queue.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

/// For servers on Boost.Beast 1.74 or newer, with any stream (plain, TLS) under the WebSocket.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::beast {

namespace net = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

/// A WebSocket to write to, whatever stream it stands on.
class peer {
public:
    virtual ~peer() = default;
    virtual delivery send(std::shared_ptr<peer> const& self, message const& m) = 0;
    virtual void close(std::shared_ptr<peer> const& self, std::uint16_t code, std::string_view reason) = 0;
    virtual void ping(std::shared_ptr<peer> const& self, std::string_view payload) = 0;
    virtual void terminate() = 0;
    [[nodiscard]] virtual std::size_t buffered() const noexcept = 0;
};

/// What the hub knows a WebSocket by.
struct handle {
    std::weak_ptr<peer> socket;
    net::any_io_executor executor; // so that a thread elsewhere need not hold the session for it
};

/// All that a WebSocket has to write, in order and one message at a time, as Beast demands.
///
/// A member of the server's own session, next to the stream; nothing else may write to the stream or close it. Used on
/// the stream's executor only.
template <class Stream>
class writer final : public peer {
public:
    explicit writer(Stream& stream) : stream_{stream} { stream.auto_fragment(false); } // a message is one frame

    delivery send(std::shared_ptr<peer> const& self, message const& m) override {
        delivery const result = queue_.push(m);
        if (result == delivery::accepted) go_on(self);
        return result;
    }
    void close(std::shared_ptr<peer> const& self, std::uint16_t code, std::string_view reason) override {
        queue_.push_close(code, reason);
        go_on(self);
    }
    void ping(std::shared_ptr<peer> const& self, std::string_view payload) override {
        if (busy_) return; // what is being written shows as well whether the peer is there
        busy_ = true;
        auto const size = payload.size() < 125 ? payload.size() : 125;
        stream_.async_ping(websocket::ping_data{payload.data(), size},
                           [this, self](boost::beast::error_code error) { done(self, error); });
    }
    void terminate() override { boost::beast::get_lowest_layer(stream_).close(); }
    [[nodiscard]] std::size_t buffered() const noexcept override { return queue_.size(); }
    [[nodiscard]] net::any_io_executor executor() { return stream_.get_executor(); }

private:
    void go_on(std::shared_ptr<peer> const& self) {
        if (busy_) return;
        if (!queue_.empty()) {
            busy_ = true;
            shared_message const& m = queue_.front();
            stream_.binary(m.kind() == message_kind::binary);
            stream_.async_write(net::buffer(m.data().data(), m.data().size()),
                                [this, self](boost::beast::error_code error, std::size_t) {
                                    queue_.pop();
                                    done(self, error);
                                });
        } else if (auto const last = queue_.take_close()) {
            busy_ = true;
            websocket::close_reason reason{static_cast<websocket::close_code>(last->code)};
            reason.reason.assign(last->reason.data(), last->reason.size());
            stream_.async_close(reason, [this, self](boost::beast::error_code) { queue_.clear(); });
        }
    }

    void done(std::shared_ptr<peer> const& self, boost::beast::error_code error) {
        busy_ = false;
        if (error)
            queue_.clear(); // the server's own read fails as well, and its session ends
        else
            go_on(self);
    }

    Stream& stream_;
    message_queue queue_;
    bool busy_ = false;
};

/// Names a WebSocket for the hub: `hub.open(handle_of(shared_from_this(), writer_), info)`.
template <class Session, class Stream>
[[nodiscard]] handle handle_of(std::shared_ptr<Session> const& owner, writer<Stream>& w) {
    return {std::shared_ptr<peer>{owner, &w}, w.executor()};
}

/// Beast's WebSockets as the hub sees them.
struct transport {
    using handle = beast::handle;

    delivery send(handle const& h, message const& m) {
        auto const p = h.socket.lock();
        return p ? p->send(p, m) : delivery::gone;
    }
    void close(handle const& h, std::uint16_t code, std::string_view reason) {
        if (auto const p = h.socket.lock()) p->close(p, code, reason);
    }
    void ping(handle const& h, std::string_view payload) {
        if (auto const p = h.socket.lock()) p->ping(p, payload);
    }
    void terminate(handle const& h) {
        if (auto const p = h.socket.lock()) p->terminate();
    }
    [[nodiscard]] std::size_t buffered(handle const& h) {
        auto const p = h.socket.lock();
        return p ? p->buffered() : 0;
    }
    void dispatch(handle const& h, task t) {
        if (h.socket.expired())
            t(); // on no thread any more: the hub hears from send that the connection is gone
        else
            net::dispatch(h.executor, std::move(t));
    }
    [[nodiscard]] bool on_thread(handle const& h) { return is_here(h.executor); }

private:
    using loop = net::io_context::executor_type;

    /// False also for executors that cannot tell.
    [[nodiscard]] static bool is_here(net::any_io_executor const& executor) noexcept {
        if (auto const* const s = executor.target<net::strand<loop>>()) return s->running_in_this_thread();
        if (auto const* const s = executor.target<net::strand<net::any_io_executor>>())
            return s->running_in_this_thread();
        auto const* const l = executor.target<loop>();
        return l != nullptr && l->running_in_this_thread();
    }
};

[[nodiscard]] inline std::string_view view_of(boost::beast::string_view text) noexcept {
    return {text.data(), text.size()};
}

/// Beast's parser, but for two things: the trailers of a body in chunks do not get among the header fields (RFC 9110
/// 6.5.1), and no more of a body is read than its router takes.
template <class Body = http::string_body>
class request_parser : public http::request_parser<Body> {
public:
    /// To be called when the header has been read (`http::async_read_header`), before the body. False: it is announced
    /// to be longer than the router takes, and need not be read, see `serve_too_large`. True also for requests that are
    /// not the router's: these keep the limit that they had.
    template <class Router>
    [[nodiscard]] bool limit_body(Router const& router) {
        std::uint64_t const limit = router.max_body(view_of(this->get().target()));
        if (limit == 0) return true;
        this->body_limit(limit);
        auto const announced = this->content_length(); // Beast looks at it with the header only
        return !announced || *announced <= limit;
    }

private:
    void on_field_impl(http::field name, boost::beast::string_view text, boost::beast::string_view value,
                       boost::beast::error_code&) override {
        if (!this->is_header_done()) this->get().insert(name, text, value);
    }
};

/// Writes the `100 Continue` that a client may wait for before it sends a body (`Expect: 100-continue`, RFC 9110
/// 10.1.1); nothing for other clients. To be called behind `limit_body`, while nothing else is being written.
template <class Socket>
void send_continue(http::request_header<http::fields> const& head, Socket& socket) {
    if (head.version() < 11 || !boost::beast::iequals(head[http::field::expect], "100-continue")) return;
    boost::beast::error_code ignored; // whoever cannot be told is noticed by the read that follows
    (void)net::write(socket, net::buffer(http1::continue_response.data(), http1::continue_response.size()), ignored);
}

/// A request of Beast's as the router reads it. The message must stay until the router has answered the call.
class request : public borrowed_request {
public:
    template <class Body>
    explicit request(http::request<Body, http::fields> const& r, std::string_view source_ip = {}) : request{r.base()} {
        view_.source_ip = source_ip;
        if constexpr (requires { std::string_view{r.body().data(), r.body().size()}; })
            view_.body = {r.body().data(), r.body().size()};
    }

    /// Only the head.
    explicit request(http::request_header<http::fields> const& head) {
        for (auto const& field : head) add(view_of(field.name_string()), view_of(field.value()));
        view_.method = view_of(head.method_string());
        view_.target = view_of(head.target());
    }
};

/// A response of the router's as Beast writes it; `to_head`: to a HEAD request.
[[nodiscard]] inline http::response<http::string_body> to_beast(response r, unsigned version, bool keep_alive,
                                                                bool to_head = false) {
    http::response<http::string_body> out;
    out.version(version);
    out.result(static_cast<unsigned>(r.status));
    r.headers.for_each([&](header_view field) {
        out.insert(boost::beast::string_view{field.name.data(), field.name.size()},
                   boost::beast::string_view{field.value.data(), field.value.size()});
    });
    out.body() = std::move(r.body);
    out.keep_alive(keep_alive);
    if (r.status != 204) out.content_length(out.body().size()); // RFC 9110 8.6
    if (to_head) out.body().clear();                            // RFC 9110 9.3.2
    return out;
}

/// Lets the router answer a request: `write(http::response<http::string_body>)` runs once, on the executor. False: the
/// request is not the router's.
template <class Router, class Body, class Write>
bool serve(Router& router, http::request<Body, http::fields> const& r, std::string_view source_ip,
           net::any_io_executor executor, Write write) {
    request const converted{r, source_ip};
    return router.async_handle(converted.view(), [executor = std::move(executor), write = std::move(write),
                                                  version = r.version(), keep_alive = r.keep_alive(),
                                                  to_head = r.method() == http::verb::head](response answer) mutable {
        net::dispatch(executor,
                      [write = std::move(write), answer = std::move(answer), version, keep_alive, to_head]() mutable {
                          write(to_beast(std::move(answer), version, keep_alive, to_head));
                      });
    });
}

/// The same, with answers that stream as well: these go over the `stream` that `owner` has, and which ends with them;
/// `write` is not called then. Use the stream for nothing else between this call and `write`.
template <class Router, class Body, class Owner, class Stream, class Write>
bool serve(Router& router, http::request<Body, http::fields> const& r, std::string_view source_ip,
           std::shared_ptr<Owner> const& owner, Stream& stream, Write write) {
    request const converted{r, source_ip};
    request_view view = converted.view();
    if constexpr (requires { typename Stream::handshake_type; }) // of both TLS streams
        view.secure = true;
    else if constexpr (requires { typename Stream::protocol_type; }) // of sockets, and of Beast's tcp_stream
        view.secure = false;
    view.streams = r.method() != http::verb::head;
    auto const executor = stream.get_executor();
    return router.async_handle(view, [executor, stream = std::shared_ptr<Stream>{owner, &stream},
                                      write = std::move(write), version = r.version(), keep_alive = r.keep_alive(),
                                      to_head = r.method() == http::verb::head](response answer) mutable {
        net::dispatch(executor, [stream = std::move(stream), write = std::move(write), answer = std::move(answer),
                                 version, keep_alive, to_head]() mutable {
            if (answer.stream == nullptr) return write(to_beast(std::move(answer), version, keep_alive, to_head));
            std::make_shared<endless_answer<Stream>>(std::move(stream), std::move(answer.stream))
                ->begin(answer, version);
        });
    });
}

/// The same for a request whose body was longer than the router's `max_body`, and was not read to its end.
template <class Router, class Write>
bool serve_too_large(Router& router, http::request_header<http::fields> const& head, Write write) {
    request const converted{head};
    auto incoming = router.begin(converted.view());
    if (!incoming) return false;
    incoming.refuse_as_too_large();
    incoming.finish([&](response answer) {
        write(to_beast(std::move(answer), head.version(), false, head.method() == http::verb::head));
    });
    return true;
}

}

#endif
