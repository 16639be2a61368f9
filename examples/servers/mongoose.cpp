// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Mongoose: one manager, polled by the main thread.

#include "common.hpp"

#include <backchannel/adapters/mongoose.hpp>

#include <atomic>
#include <csignal>
#include <unordered_map>

namespace adapter = backchannel::adapters::mongoose;
using enum backchannel::message_kind;
using demo = service<adapter::transport>;

struct client {
    client(mg_connection* c, adapter::task_queue& home) : http{c, home}, socket{c, home} {}

    adapter::http_client http;
    adapter::websocket socket;
    backchannel::session tracked{};
};

struct server {
    demo service;
    adapter::task_queue tasks;
    std::unordered_map<unsigned long, client> clients; // by Mongoose's id
};

std::atomic<bool> stopped{false};

void open(server& s, client& c, mg_connection* connection, mg_http_message* handshake) {
    mg_str const* const agent = mg_http_get_header(handshake, "User-Agent");
    std::string const name{agent == nullptr ? std::string_view{} : adapter::view_of(*agent)};
    c.tracked = s.service.hub.open(adapter::handle_of(c.socket), {c.http.source_ip(), name});
    if (c.tracked)
        (void)s.service.hub.send(c.tracked.id(), {greeting(c.tracked.id()), text});
    else
        connection->is_closing = 1; // the hub is full
}

void on_event(mg_connection* connection, int event, void* data) {
    auto& s = *static_cast<server*>(connection->fn_data);
    if (event == MG_EV_WAKEUP) return s.tasks.run();
    if (event == MG_EV_ACCEPT) s.clients.try_emplace(connection->id, connection, s.tasks);
    auto const found = s.clients.find(connection->id);
    if (found == s.clients.end()) return;
    client& c = found->second;
    if (c.http.on_event(s.service.router, event, data)) return;
    switch (event) {
    case MG_EV_POLL:
        return adapter::hold_back(connection);
    case MG_EV_HTTP_MSG: { // not the router's
        auto* const request = static_cast<mg_http_message*>(data);
        if (mg_http_get_header(request, "Upgrade") != nullptr) return mg_ws_upgrade(connection, request, nullptr);
        return mg_http_reply(connection, 404, "", "");
    }
    case MG_EV_WS_OPEN:
        return open(s, c, connection, static_cast<mg_http_message*>(data));
    case MG_EV_WS_MSG: {
        auto const& m = *static_cast<mg_ws_message*>(data);
        c.tracked.touch();
        auto const kind = (m.flags & 15) == WEBSOCKET_OP_TEXT ? text : binary;
        return void(s.service.hub.send(c.tracked.id(), {adapter::view_of(m.data), kind}));
    }
    case MG_EV_WS_CTL:
        if (auto const& m = *static_cast<mg_ws_message*>(data); auto const code = c.socket.on_control(m))
            c.tracked.closed(*code, reason_of(adapter::view_of(m.data)));
        return;
    case MG_EV_CLOSE:
        return void(s.clients.extract(found)); // it is destroyed when it is in the map no more
    default:
        return;
    }
}

int main(int argc, char** argv) {
    server s;
    mg_mgr manager;
    mg_log_set(MG_LL_NONE);
    mg_mgr_init(&manager);
    std::string const url = "http://127.0.0.1:" + std::to_string(port_argument(argc, argv));
    mg_connection* const listener = mg_http_listen(&manager, url.c_str(), &on_event, &s);
    if (listener == nullptr || !mg_wakeup_init(&manager)) return std::cerr << "cannot listen\n", 1;
    s.tasks.open(listener);
    for (int const signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { stopped = true; });
    tell_port(mg_ntohs(listener->loc.port));
    while (!stopped) {
        mg_mgr_poll(&manager, 1000);
        s.service.hub.expire(std::chrono::steady_clock::now());
    }
    s.tasks.end();
    mg_mgr_free(&manager);
}
