// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// CivetWeb: its C interface, with a thread for each connection.

#include "common.hpp"
#include "until_signal.hpp"

#include <backchannel/adapters/civetweb.hpp>

#include <civetweb.h>

#include <optional>
#include <stop_token>

namespace adapter = backchannel::adapters::civetweb;
using demo = service<adapter::transport>;

struct client {
    explicit client(mg_connection* c) : connection{c} {}
    adapter::connection connection;
    backchannel::session tracked; // goes first
};

thread_local std::optional<client> here; // the WebSocket whose handlers this thread runs

struct server : demo {
    std::stop_source stop; // for the answers that stream
};

server& demo_of(mg_connection const* c) { return *static_cast<server*>(mg_get_user_data(mg_get_context(c))); }

void on_ready(mg_connection* c, void*) {
    server& s = demo_of(c);
    here.emplace(c);
    here->tracked = s.hub.open(here->connection.handle(), adapter::info_of(c));
    if (!here->tracked) return here->connection.handle().close(1013, "Full");
    (void)s.hub.send(here->tracked.id(), {greeting(here->tracked.id()), backchannel::message_kind::text});
}

int on_data(mg_connection* c, int bits, char* data, std::size_t size, void*) {
    int const go_on = here->connection.receive(bits, data, size, [&](backchannel::message const& m) {
        here->tracked.touch();
        (void)demo_of(c).hub.send(here->tracked.id(), m);
    });
    if (go_on == 0) here->tracked.closed(here->connection.close_code(), here->connection.close_reason());
    return go_on;
}

void on_close(mg_connection const*, void*) { here.reset(); }

int on_request(mg_connection* c) { return adapter::serve(demo_of(c).router, c, demo_of(c).stop.get_token()); }

int main(int argc, char** argv) {
    std::string const where = "127.0.0.1:" + std::to_string(port_argument(argc, argv));
    char const* options[] = {"listening_ports",      where.c_str(), //
                             "num_threads",          "256",         // one for each WebSocket, and some for the requests
                             "decode_url",           "no",          // signatures are over the target as it was sent
                             "tcp_nodelay",          "1",           // CivetWeb sends a frame's header on its own
                             "enable_keep_alive",    "yes",         //
                             "request_timeout_ms",   "5000", // so long a client may keep a thread that writes to it
                             "websocket_timeout_ms", "10000",       "enable_websocket_ping_pong", "yes", nullptr};
    until_signal const running;
    mg_init_library(0);
    server s;
    mg_callbacks callbacks{};
    callbacks.begin_request = on_request;
    mg_context* const context = mg_start(&callbacks, &s, options);
    if (context == nullptr) return std::cerr << "cannot listen on " << where << "\n", 1;
    mg_set_websocket_handler(context, "/prod", nullptr, on_ready, on_data, on_close, nullptr);
    mg_server_port port{};
    mg_get_server_ports(context, 1, &port);
    tell_port(static_cast<unsigned>(port.port));
    running.expire(s.hub);
    running.drain(s.hub);
    s.stop.request_stop();
    mg_stop(context);
    mg_exit_library();
}
