// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// No server yet: the embedded gateway on standalone Asio, with keys that are looked up elsewhere.

#include "common.hpp"
#include "key_store.hpp"

#include <backchannel/gateway/gateway.hpp>

#include <asio/signal_set.hpp>

struct echo {
    void on_open(backchannel::gateway_client& client) {
        (void)client.send({greeting(client.id()), backchannel::message_kind::text});
    }
    void on_message(backchannel::gateway_client& client, backchannel::message const& m) { (void)client.send(m); }
};

int main(int argc, char** argv) {
    backchannel::gateway<demo_auth<key_store>, echo, backchannel::extended_dialect> server{
        2, // threads
        signed_by(key_store{}),
        {},
        {.router = {.stage = "prod"}, .hub = {.close_reasons = true, .changes_kept = 1000}}};
    asio::signal_set signals{server.context(), SIGINT, SIGTERM};
    signals.async_wait([&](std::error_code const&, int) { server.stop(); });

    std::error_code error;
    auto const where = server.listen({asio::ip::address_v4::loopback(), port_argument(argc, argv)}, error);
    if (error) return std::cerr << error.message() << "\n", 1;
    tell_port(where.port());
    server.run();
}
