// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_DROGON_HPP
#define BACKCHANNEL_ADAPTERS_DROGON_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/http.hpp>
#include <backchannel/support/borrowed_request.hpp>
#include <backchannel/support/ip_text.hpp>
#include <backchannel/support/streamed_answer.hpp>

#include <drogon/HttpAppFramework.h>
#include <drogon/WebSocketConnection.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

/// For servers on Drogon 1.9.10 or newer.
///
/// Drogon itself may be called from any thread. The hub calls a connection on its own loop all the same, as only there
/// it can be known how much the client has not read yet.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::drogon {

/// A WebSocket, and how much of what the hub has sent the kernel has not taken yet. Used on the connection's loop only.
class peer {
public:
    peer(::trantor::TcpConnectionPtr const& stream, ::drogon::WebSocketConnectionPtr const& socket)
        : stream_{stream}, socket_{socket}, loop_{stream->getLoop()} {}

    delivery send(std::string_view bytes, ::drogon::WebSocketMessageType kind) {
        auto const stream = stream_.lock();
        auto const socket = socket_.lock();
        if (!stream || !socket || !socket->connected()) return delivery::gone; // Drogon would drop it without a word
        held_ = 0;
        sending_ = true;
        socket->send(bytes, kind); // tells `holds` what is left
        sending_ = false;
        sent_before_ = stream->bytesSent();
        return delivery::accepted;
    }

    /// The connection has this much to write, behind a send.
    void holds(std::size_t bytes) noexcept {
        if (sending_) held_ += bytes; // under TLS there are two buffers
    }

    [[nodiscard]] std::size_t buffered() const {
        auto const stream = stream_.lock();
        if (!stream) return 0;
        std::size_t const left = stream->bytesSent() - sent_before_;
        return held_ > left ? held_ - left : 0;
    }

    [[nodiscard]] std::shared_ptr<::drogon::WebSocketConnection> socket() const { return socket_.lock(); }
    [[nodiscard]] ::trantor::EventLoop* loop() const noexcept { return loop_; }

private:
    std::weak_ptr<::trantor::TcpConnection> stream_;
    std::weak_ptr<::drogon::WebSocketConnection> socket_;
    ::trantor::EventLoop* loop_;
    std::size_t held_ = 0;        // left behind by the last send
    std::size_t sent_before_ = 0; // by the connection, when that send was done
    bool sending_ = false;
};

/// Drogon's WebSockets as the hub sees them.
struct transport {
    using handle = std::shared_ptr<peer>;

    delivery send(handle const& h, message const& m) {
        using kind = ::drogon::WebSocketMessageType;
        return h->send(m.data(), m.kind() == message_kind::binary ? kind::Binary : kind::Text);
    }
    void close(handle const& h, std::uint16_t code, std::string_view reason) {
        if (auto const socket = h->socket())
            socket->shutdown(static_cast<::drogon::CloseCode>(code), std::string{reason});
    }
    void ping(handle const& h, std::string_view payload) {
        if (auto const socket = h->socket()) socket->send(payload, ::drogon::WebSocketMessageType::Ping);
    }
    void terminate(handle const& h) {
        if (auto const socket = h->socket()) socket->forceClose();
    }
    [[nodiscard]] std::size_t buffered(handle const& h) { return h->buffered(); }

    void dispatch(handle const& h, task t) { h->loop()->runInLoop(std::move(t)); }
    [[nodiscard]] bool on_thread(handle const& h) noexcept { return h->loop()->isInLoopThread(); }
    [[nodiscard]] ::trantor::EventLoop* thread_key(handle const& h) noexcept { return h->loop(); }
};

/// For `hub.open`, in `handleNewConnection`. Takes the connection's high-water mark for itself.
[[nodiscard]] inline transport::handle handle_of(::drogon::HttpRequestPtr const& r,
                                                 ::drogon::WebSocketConnectionPtr const& socket) {
    auto const stream = r->getConnectionPtr().lock(); // which `socket` keeps
    auto made = std::make_shared<peer>(stream, socket);
    auto const on_rest = [watched = std::weak_ptr<peer>{made}](::trantor::TcpConnectionPtr const&, std::size_t n) {
        if (auto const p = watched.lock()) p->holds(n);
    };
    stream->setHighWaterMarkCallback(on_rest, 0);
    return made;
}

[[nodiscard]] inline connection_info info_of(::drogon::HttpRequestPtr const& r) {
    return {normalise_ip(r->peerAddr().toIp()), r->getHeader("user-agent")};
}

/// The code in a message of the type `Close`, for `session::closed`; 1005 if it has none. RFC 6455 5.5.1.
[[nodiscard]] inline std::uint16_t close_code(std::string_view message) noexcept {
    if (message.size() < 2) return 1005;
    return static_cast<std::uint16_t>(static_cast<unsigned char>(message[0]) << 8 |
                                      static_cast<unsigned char>(message[1]));
}

/// A request of Drogon's as the router reads it; valid as long as the request.
class request : public borrowed_request {
public:
    explicit request(::drogon::HttpRequest const& r)
        : borrowed_request{normalise_ip(r.peerAddr().toIp())}, target_{r.getOriginalPath()} {
        if (!r.query().empty()) target_.append("?").append(r.query());
        add_all(r.headers());
        view_.method = r.isHead() ? "HEAD" : r.methodString(); // it turns HEAD into GET
        view_.target = target_;
        view_.body = r.body();
        view_.secure = r.isOnSecureConnection();
        view_.streams = !r.isHead() && r.version() == ::drogon::Version::kHttp11; // it comes in chunks
    }

private:
    std::string target_;
};

/// An answer that goes on until the client leaves. Kept by its timer, which ends with the connection.
class endless_answer final : public streamed_answer {
public:
    endless_answer(::trantor::TcpConnectionPtr const& client, ::drogon::ResponseStreamPtr out,
                   std::shared_ptr<body_stream> body)
        : streamed_answer{std::move(body), [loop = client->getLoop()](task t) { loop->queueInLoop(std::move(t)); }},
          client_{client}, loop_{client->getLoop()}, out_{std::move(out)}, before_{client->bytesSent()} {}

    void begin() {
        timer_ = loop_->runEvery(
            1.0, [self = std::static_pointer_cast<endless_answer>(shared_from_this())] { self->look(); });
        start();
    }

private:
    /// Drogon does not tell when something has left.
    void look() {
        auto const client = client_.lock();
        if (!client || !client->connected()) return stop();
        if (waiting_ && has_left(*client)) {
            waiting_ = false;
            written();
        }
        tick(std::chrono::steady_clock::now());
    }

    [[nodiscard]] bool has_left(::trantor::TcpConnection const& client) const {
        return client.bytesSent() - before_ >= given_;
    }

    bool write(std::string text) override {
        auto const client = client_.lock();
        if (!client || !out_->send(text)) {
            stop();
            return false;
        }
        given_ += text.size();
        waiting_ = !has_left(*client);
        return !waiting_;
    }
    void end(bool whole) override {
        auto const client = client_.lock();
        if (!whole && client) client->forceClose();
        stop();
    }
    void stop() {
        out_.reset(); // behind the last chunk
        loop_->invalidateTimer(timer_);
    }

    std::weak_ptr<::trantor::TcpConnection> const client_;
    ::trantor::EventLoop* const loop_;
    ::drogon::ResponseStreamPtr out_;
    std::size_t const before_; // what the connection had sent
    std::size_t given_ = 0;    // of the body
    bool waiting_ = false;     // for some to leave
    ::trantor::TimerId timer_{};
};

/// A response of the router's as Drogon writes it, to `client`.
[[nodiscard]] inline ::drogon::HttpResponsePtr to_drogon(response answer,
                                                         std::weak_ptr<::trantor::TcpConnection> const& client = {}) {
    auto const begin = [client, body = answer.stream](::drogon::ResponseStreamPtr out) {
        if (auto const c = client.lock()) std::make_shared<endless_answer>(c, std::move(out), body)->begin();
    };
    auto out = answer.stream != nullptr ? ::drogon::HttpResponse::newAsyncStreamResponse(begin, true)
                                        : ::drogon::HttpResponse::newHttpResponse();
    out->setStatusCode(static_cast<::drogon::HttpStatusCode>(answer.status));
    out->setContentTypeCode(::drogon::CT_NONE);
    answer.headers.for_each([&out](header_view field) {
        if (equal_ignoring_case(field.name, "Content-Type"))
            out->setContentTypeString(field.value);
        else if (!equal_ignoring_case(field.name, "Date")) // it writes its own
            out->addHeader(std::string{field.name}, std::string{field.value});
    });
    if (answer.stream == nullptr) out->setBody(std::move(answer.body));
    return out;
}

/// Lets the router answer a request, in a pre-routing advice; `answer` is the advice's first callback, which is called
/// on the connection's loop, and not at all if the client has left. False: the request is not the router's.
template <class Router>
bool serve(Router& router, ::drogon::HttpRequestPtr const& r, ::drogon::AdviceCallback answer) {
    return router.async_handle(request{*r}.view(),
                               [answer = std::move(answer), client = r->getConnectionPtr()](response result) {
                                   auto const stream = client.lock();
                                   if (!stream) return;
                                   stream->getLoop()->runInLoop([answer, client, result = std::move(result)] {
                                       answer(to_drogon(result, client));
                                   });
                               });
}

}

#endif
