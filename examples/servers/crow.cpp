// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Crow: WebSockets at /prod, the management API in the catch-all route, two workers.

#include "common.hpp"

#include <backchannel/adapters/crow.hpp>

#include <optional>

namespace adapter = backchannel::adapters::crow;
using connection = crow::websocket::connection;
using enum backchannel::message_kind;
using demo = service<adapter::transport>;

int main(int argc, char** argv) {
    demo s;
    crow::SimpleApp app;
    adapter::clients clients{s.hub};
    app.loglevel(crow::LogLevel::Error);

    CROW_WEBSOCKET_ROUTE(app, "/prod")
        .onaccept([&](crow::request const& r, std::optional<crow::response>&, void** userdata) {
            clients.onaccept(r, userdata);
        })
        .onopen([&](connection& c) {
            backchannel::session const& tracked = clients.onopen(c);
            if (!tracked) return c.close("the server is full", 1013);
            (void)s.hub.send(tracked.id(), {greeting(tracked.id()), text});
        })
        .onmessage([&](connection& c, std::string const& message, bool is_binary) {
            backchannel::session const* const tracked = clients.onmessage(c);
            if (tracked == nullptr) return;
            tracked->touch();
            (void)s.hub.send(tracked->id(), {message, is_binary ? binary : text});
        })
        .onclose([&](connection& c, std::string const& reason, std::uint16_t code) { clients.onclose(c, reason, code); });

    CROW_CATCHALL_ROUTE(app)
    ([&](crow::request const& r, crow::response& answer) {
        if (!adapter::serve(s.router, r, answer)) answer.code = 404;
    });

    app.tick(std::chrono::seconds{1}, [&] { s.hub.expire(std::chrono::steady_clock::now()); });
    app.tcp_nodelay().websocket_tcp_nodelay(); // else answers, which Crow writes in pieces, wait for each other
    auto const running = app.bindaddr("127.0.0.1").port(port_argument(argc, argv)).concurrency(3).run_async();
    app.wait_for_server_start();
    if (!app.is_bound()) return 1;
    tell_port(app.port());
    running.wait(); // Crow stops on SIGINT and SIGTERM
}
