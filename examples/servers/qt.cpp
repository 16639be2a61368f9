// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Qt 6: QAbstractHttpServer with WebSockets on the same port, in the thread of the event loop.

#include "common.hpp"

#include <backchannel/adapters/qt.hpp>

#include <QtCore/QCoreApplication>
#include <QtCore/QSocketNotifier>
#include <QtCore/QTimer>
#include <QtHttpServer/QAbstractHttpServer>

#include <csignal>
#include <sys/signalfd.h>

namespace adapter = backchannel::adapters::qt;
using backchannel::message_kind;
using demo = service<adapter::transport>;

class server final : public QAbstractHttpServer {
public:
    explicit server(demo& s) : service_{s} {
        connect(this, &QAbstractHttpServer::newWebSocketConnection, this, [this] {
            while (auto socket = nextPendingWebSocketConnection()) accept(socket.release());
        });
    }

private:
    // For an upgrade, Qt 6.4 asks whether the path is for WebSockets.
    bool handleRequest(QHttpServerRequest const& request, QTcpSocket* socket) override {
        if (request.value("upgrade").toLower() == "websocket")
            return !service_.router.owns(adapter::view_of(request.url().toEncoded(QUrl::RemoveAuthority)));
        return adapter::serve(service_.router, request, socket);
    }

    void missingHandler(QHttpServerRequest const& request, QTcpSocket* socket) override {
        if (!adapter::serve(service_.router, request, socket)) adapter::write(*socket, backchannel::response{404});
    }

    void accept(QWebSocket* socket) {
        socket->setParent(this);
        connect(socket, &QWebSocket::disconnected, socket, &QObject::deleteLater);
        auto const tracked = std::make_shared<backchannel::session>( // lives in the connections below
            service_.hub.open(adapter::handle_of(*socket), adapter::info_of(*socket)));
        if (!*tracked) return socket->abort(); // the hub is full
        connect(socket, &QWebSocket::aboutToClose, socket,
                [socket, tracked] { tracked->closed(socket->closeCode(), socket->closeReason().toStdString()); });
        connect(socket, &QWebSocket::disconnected, socket, [tracked] { tracked->closed(); });
        connect(socket, &QWebSocket::textMessageReceived, socket, [this, tracked](QString const& text) {
            tracked->touch();
            (void)service_.hub.send(tracked->id(), {text.toStdString(), message_kind::text});
        });
        connect(socket, &QWebSocket::binaryMessageReceived, socket, [this, tracked](QByteArray const& bytes) {
            tracked->touch();
            (void)service_.hub.send(tracked->id(), {adapter::view_of(bytes), message_kind::binary});
        });
        (void)service_.hub.send(tracked->id(), {greeting(tracked->id()), message_kind::text});
    }

    demo& service_;
};

int main(int argc, char** argv) {
    QCoreApplication application{argc, argv};
    demo s;
    server http{s};
    auto const port = http.listen(QHostAddress::LocalHost, port_argument(argc, argv));
    if (port == 0) return 1;

    QTimer timer;
    QObject::connect(&timer, &QTimer::timeout, [&] { s.hub.expire(std::chrono::steady_clock::now()); });
    timer.start(std::chrono::seconds{1});

    sigset_t ending; // Qt has no signals of that kind
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigprocmask(SIG_BLOCK, &ending, nullptr);
    QSocketNotifier ended{signalfd(-1, &ending, SFD_CLOEXEC), QSocketNotifier::Read};
    QObject::connect(&ended, &QSocketNotifier::activated, &application, &QCoreApplication::quit);

    tell_port(port);
    return QCoreApplication::exec();
}
