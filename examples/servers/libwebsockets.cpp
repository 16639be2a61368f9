// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// libwebsockets: one context, one service thread, one protocol for WebSockets and HTTP.

#include "common.hpp"

#include <backchannel/adapters/libwebsockets.hpp>

#include <atomic>
#include <csignal>

namespace adapter = backchannel::adapters::libwebsockets;
using enum backchannel::message_kind;
using demo = service<adapter::transport>;

struct server {
    demo service;
    adapter::task_queue tasks;
};

struct client {
    client(lws* wsi, server& s) : socket{wsi, s.tasks} {}

    adapter::websocket socket;
    backchannel::session tracked{};
};

struct per_session { // of HTTP and of WebSockets; lws fills it with zeros
    adapter::http_exchange<decltype(demo::router)>* request;
    client* websocket;
};

std::atomic<bool> stopped{false};

std::uint16_t code_of(void const* payload, std::size_t size) {
    auto const* const bytes = static_cast<unsigned char const*>(payload);
    return size < 2 ? std::uint16_t{1005} : static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
}

int open(lws* wsi, server& s, client*& slot) {
    slot = new client{wsi, s};
    auto& hub = s.service.hub;
    backchannel::connection_info info{adapter::source_ip(wsi), adapter::header(wsi, WSI_TOKEN_HTTP_USER_AGENT)};
    slot->tracked = hub.open(adapter::handle_of(slot->socket), std::move(info));
    if (!slot->tracked) return -1; // the hub is full
    (void)hub.send(slot->tracked.id(), {greeting(slot->tracked.id()), text});
    return 0;
}

int on_event(lws* wsi, lws_callback_reasons reason, void* data, void* in, std::size_t size) {
    auto& s = *static_cast<server*>(lws_context_user(lws_get_context(wsi)));
    if (reason == LWS_CALLBACK_EVENT_WAIT_CANCELLED) return s.tasks.run(), 0;
    if (data == nullptr) return lws_callback_http_dummy(wsi, reason, data, in, size);
    auto& session = *static_cast<per_session*>(data);
    auto* const c = session.websocket;
    if (auto const done = adapter::serve(s.service.router, s.tasks, wsi, reason, session.request, in, size))
        return *done;
    switch (reason) {
    case LWS_CALLBACK_HTTP: // not the router's
        return lws_return_http_status(wsi, 404, nullptr) != 0 || lws_http_transaction_completed(wsi) != 0 ? -1 : 0;
    case LWS_CALLBACK_ESTABLISHED:
        return open(wsi, s, session.websocket);
    case LWS_CALLBACK_RECEIVE:
        return c->socket.on_receive(in, size, 131072, [&](backchannel::message const& m) {
            c->tracked.touch();
            (void)s.service.hub.send(c->tracked.id(), m);
        });
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return c->socket.on_writeable();
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        c->tracked.closed(code_of(in, size), reason_of({static_cast<char const*>(in), size}));
        return 0;
    case LWS_CALLBACK_CLOSED:
        delete std::exchange(session.websocket, nullptr);
        return 0;
    default:
        return lws_callback_http_dummy(wsi, reason, data, in, size);
    }
}

int main(int argc, char** argv) {
    server s;
    lws_protocols const protocols[] = {{"backchannel", &on_event, sizeof(per_session), 65536, 0, nullptr, 0},
                                       {nullptr, nullptr, 0, 0, 0, nullptr, 0}};
    lws_context_creation_info info{};
    info.port = port_argument(argc, argv);
    info.iface = "127.0.0.1";
    info.protocols = protocols;
    info.user = &s;
    info.vhost_name = "localhost";
    info.max_http_header_data2 = 16384; // session tokens are long
    info.max_http_header_pool2 = 256;   // requests at a time; the others wait
    info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_VALIDATE_UTF8;
    lws_set_log_level(LLL_ERR, nullptr);
    lws_context* const context = lws_create_context(&info);
    if (context == nullptr) return 1;
    s.tasks.open(context);
    lws_vhost* const host = lws_create_vhost(context, &info);
    if (host == nullptr) return lws_context_destroy(context), 1;
    for (int const signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { stopped = true; });
    {
        adapter::expiry const timer{context, s.service.hub};
        tell_port(static_cast<unsigned>(lws_get_vhost_listen_port(host)));
        while (!stopped && lws_service(context, 0) >= 0) {
        }
    }
    s.tasks.end();
    lws_context_destroy(context);
}
