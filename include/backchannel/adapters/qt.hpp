// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_QT_HPP
#define BACKCHANNEL_ADAPTERS_QT_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/http.hpp>
#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/support/borrowed_request.hpp>
#include <backchannel/support/ip_text.hpp>

#include <QtCore/QByteArray>
#include <QtCore/QObject>
#include <QtCore/QPointer>
#include <QtCore/QString>
#include <QtCore/QStringDecoder>
#include <QtCore/QThread>
#include <QtCore/QUrl>
#include <QtHttpServer/QHttpServerRequest>
#include <QtNetwork/QHostAddress>
#include <QtNetwork/QNetworkRequest>
#include <QtNetwork/QTcpSocket>
#include <QtWebSockets/QWebSocket>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

/// For servers on Qt 6.4: QWebSocketServer, alone or within a QAbstractHttpServer, in any number of threads.
///
/// Qt 6.4's responder sends an answer whole, so feeds are answered 501. A socket is used in its own thread only;
/// whoever calls the hub elsewhere is brought there by that thread's event loop.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::qt {

/// A thread, as one that tasks can be sent to. Copied and destroyed on any thread.
class home {
public:
    /// The calling thread.
    [[nodiscard]] static home here() { return home{std::shared_ptr<QObject>{new QObject, dispose}}; }

    [[nodiscard]] QThread* thread() const noexcept { return context_->thread(); }
    [[nodiscard]] bool is_here() const noexcept { return thread() == QThread::currentThread(); }

    /// Runs `f` there: inline, or by the event loop.
    template <class F>
    void run(F f) const {
        if (is_here())
            f();
        else
            QMetaObject::invokeMethod(context_.get(), std::move(f), Qt::QueuedConnection);
    }

private:
    explicit home(std::shared_ptr<QObject> context) noexcept : context_{std::move(context)} {}

    static void dispose(QObject* o) {
        if (o->thread() == QThread::currentThread())
            delete o;
        else
            o->deleteLater();
    }

    // not the socket itself: it may be destroyed while another thread asks it for its thread
    std::shared_ptr<QObject> context_;
};

/// Qt's WebSockets as the hub sees them.
struct transport {
    struct handle {
        QPointer<QWebSocket> socket; // looked into at home only
        home at;
    };

    delivery send(handle const& h, message const& m) {
        if (!h.socket || !h.socket->isValid()) return delivery::gone;
        auto const size = static_cast<qsizetype>(m.data().size());
        if (m.kind() == message_kind::binary) {
            h.socket->sendBinaryMessage({m.data().data(), size});
        } else {
            // fromUtf8() would drop a byte order mark
            QStringDecoder decode{QStringDecoder::Utf8, QStringDecoder::Flag::ConvertInitialBom};
            h.socket->sendTextMessage(decode(QByteArrayView{m.data().data(), size}));
        }
        return delivery::accepted;
    }
    void close(handle const& h, std::uint16_t code, std::string_view reason) {
        if (h.socket) h.socket->close(static_cast<QWebSocketProtocol::CloseCode>(code), QString::fromUtf8(reason));
    }
    void ping(handle const& h, std::string_view payload) {
        if (h.socket && h.socket->isValid()) h.socket->ping({payload.data(), static_cast<qsizetype>(payload.size())});
    }
    void terminate(handle const& h) {
        if (h.socket) h.socket->abort();
    }
    [[nodiscard]] std::size_t buffered(handle const& h) {
        return h.socket ? static_cast<std::size_t>(h.socket->bytesToWrite()) : 0;
    }
    void dispatch(handle const& h, task t) { h.at.run(std::move(t)); }
    [[nodiscard]] bool on_thread(handle const& h) { return h.at.is_here(); }
    [[nodiscard]] QThread* thread_key(handle const& h) { return h.at.thread(); }
};

/// Names a WebSocket for the hub. In the socket's thread.
[[nodiscard]] inline transport::handle handle_of(QWebSocket& socket) { return {&socket, home::here()}; }

/// Where a WebSocket comes from.
[[nodiscard]] inline connection_info info_of(QWebSocket const& socket) {
    return {normalise_ip(socket.peerAddress().toString().toStdString()),
            socket.request().rawHeader("User-Agent").toStdString()};
}

[[nodiscard]] inline std::string_view view_of(QByteArray const& bytes) noexcept {
    return {bytes.data(), static_cast<std::size_t>(bytes.size())};
}

/// A request of Qt's as the router reads it; owns what the views see.
///
/// Qt hides the target as it was sent: escapes of characters that need none are undone, others are as they were.
class request : public borrowed_request {
public:
    explicit request(QHttpServerRequest const& r)
        : borrowed_request{normalise_ip(r.remoteAddress().toString().toStdString())},
          target_{r.url().toEncoded(QUrl::RemoveScheme | QUrl::RemoveAuthority | QUrl::RemoveFragment)},
          headers_{r.headers()}, body_{r.body()} {
        for (auto const& [name, value] : headers_) add(view_of(name), view_of(value));
        view_.method = name_of(r.method());
        view_.target = view_of(target_);
        view_.body = view_of(body_);
        if (auto const scheme = r.url().scheme(); !scheme.isEmpty()) view_.secure = scheme == QLatin1String{"https"};
    }

private:
    [[nodiscard]] static std::string_view name_of(QHttpServerRequest::Method m) noexcept {
        using enum QHttpServerRequest::Method;
        switch (m) {
        case Get:
            return "GET";
        case Put:
            return "PUT";
        case Delete:
            return "DELETE";
        case Post:
            return "POST";
        case Head:
            return "HEAD";
        case Options:
            return "OPTIONS";
        case Patch:
            return "PATCH";
        case Connect:
            return "CONNECT";
        case Trace:
            return "TRACE";
        default:
            return "UNKNOWN";
        }
    }

    QByteArray target_;
    QList<QPair<QByteArray, QByteArray>> headers_;
    QByteArray body_;
};

/// Answers a request, one for the head alone without the body, in the thread of its socket. Closes the connection
/// behind the answer unless it is kept.
inline void write(QTcpSocket& socket, response const& answer, bool keep_alive = true, bool only_head = false) {
    std::string out;
    (void)http1::append_response_head(out, answer.status, answer.headers, answer.body.size(), keep_alive);
    if (answer.status != 204 && !only_head) out += answer.body;
    socket.write(out.data(), static_cast<qint64>(out.size()));
    if (!keep_alive) socket.disconnectFromHost();
}

/// Whether the client wants to have its connection back; what Qt itself does not look at.
[[nodiscard]] inline bool keeps_alive(QHttpServerRequest const& r) {
    return !r.value("connection").toLower().contains("close");
}

/// Lets the router answer a request, now or later; in the thread of the socket. False: the request is not the router's.
template <class Router>
bool serve(Router& router, QHttpServerRequest const& r, QTcpSocket* socket) {
    request const converted{r};
    if (!router.owns(converted.view().target)) return false;
    return router.async_handle(converted.view(),
                               [at = home::here(), to = QPointer<QTcpSocket>{socket}, keep_alive = keeps_alive(r),
                                only_head = converted.view().method == "HEAD"](response answer) {
                                   at.run([to, keep_alive, only_head, answer = std::move(answer)] {
                                       if (to) write(*to, answer, keep_alive, only_head);
                                   });
                               });
}

}

#endif
