// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// POCO: an HTTPServer with a thread for each connection, WebSockets included.

#include "common.hpp"
#include "until_signal.hpp"

#include <backchannel/adapters/poco.hpp>

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/String.h>
#include <Poco/ThreadPool.h>

namespace adapter = backchannel::adapters::poco;
namespace net = Poco::Net;
using demo = service<adapter::transport>;

constexpr int thread_limit = 256;

class handler : public net::HTTPRequestHandler {
public:
    explicit handler(demo& s) : service_{s} {}

    void handleRequest(net::HTTPServerRequest& request, net::HTTPServerResponse& response) override {
        if (adapter::serve(service_.router, request, response)) return;
        if (Poco::icompare(request.get("Upgrade", ""), "websocket") == 0) return websocket(request, response);
        response.setStatusAndReason(net::HTTPResponse::HTTP_NOT_FOUND);
        response.setContentLength(0);
        response.send();
    }

private:
    void websocket(net::HTTPServerRequest& request, net::HTTPServerResponse& response) try {
        adapter::connection connection{request, response};
        backchannel::session tracked = service_.hub.open(connection.handle(), adapter::info_of(request));
        if (!tracked) return; // the hub is full
        (void)service_.hub.send(tracked.id(), {greeting(tracked.id()), backchannel::message_kind::text});
        while (auto const message = connection.receive()) {
            tracked.touch();
            (void)service_.hub.send(tracked.id(), *message);
        }
        tracked.closed(connection.close_code(), connection.close_reason());
    } catch (net::WebSocketException const&) {
        response.setStatusAndReason(net::HTTPResponse::HTTP_BAD_REQUEST);
        response.setContentLength(0);
        response.send();
    }

    demo& service_;
};

class handlers : public net::HTTPRequestHandlerFactory {
public:
    explicit handlers(demo& s) : service_{s} {}
    net::HTTPRequestHandler* createRequestHandler(net::HTTPServerRequest const&) override {
        return new handler{service_};
    }

private:
    demo& service_;
};

int main(int argc, char** argv) {
    until_signal const running;
    demo s;
    Poco::ThreadPool threads{2, thread_limit};
    net::ServerSocket socket{net::SocketAddress{"127.0.0.1", port_argument(argc, argv)}};
    net::HTTPServerParams::Ptr params = new net::HTTPServerParams;
    params->setMaxThreads(thread_limit);
    params->setThreadIdleTime({1, 0}); // an idle thread notices the end that late
    net::HTTPServer server{new handlers{s}, threads, socket, params};
    server.start();
    tell_port(socket.address().port());
    running.expire(s.hub);
    running.drain(s.hub);
    while (server.currentThreads() != 0) { // again for a connection that was just being taken in
        server.stopAll(true);
        Poco::Thread::sleep(10);
    }
    threads.joinAll();
}
