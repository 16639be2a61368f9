// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// websocketpp: WebSockets and HTTP on one port, on two threads.

#include "common.hpp"

#include <backchannel/adapters/websocketpp.hpp>

#include <thread>

namespace adapter = backchannel::adapters::websocketpp;
using backchannel::message_kind;
using config = websocketpp::config::asio;
using server = websocketpp::server<config>;
using demo = service<adapter::transport<config>>;

void accept(demo& s, server::connection_ptr const& connection) {
    auto const tracked = std::make_shared<backchannel::session>( // lives in the handlers of the connection
        s.hub.open(adapter::handle_of(connection), adapter::info_of(*connection)));
    if (!*tracked) return connection->close(websocketpp::close::status::try_again_later, ""); // the hub is full
    connection->set_close_handler([tracked, self = connection.get()](websocketpp::connection_hdl const&) {
        tracked->closed(self->get_remote_close_code(), self->get_remote_close_reason());
        *tracked = {}; // here, as others may be the last to let go of the connection
    });
    connection->set_message_handler([&s, tracked](websocketpp::connection_hdl const&, server::message_ptr const& m) {
        tracked->touch();
        auto const kind =
            m->get_opcode() == websocketpp::frame::opcode::text ? message_kind::text : message_kind::binary;
        (void)s.hub.send(tracked->id(), {m->get_payload(), kind});
    });
    (void)s.hub.send(tracked->id(), {greeting(tracked->id()), message_kind::text});
}

int main(int argc, char** argv) {
    demo s;
    server websockets;                                               // ends before the service
    websockets.clear_access_channels(websocketpp::log::alevel::all); // they would go to stdout
    websockets.clear_error_channels(websocketpp::log::elevel::all);
    websockets.set_max_message_size(1 << 20);
    websockets.set_max_http_body_size(1 << 20);
    websockets.set_open_handler(
        [&](websocketpp::connection_hdl const& h) { accept(s, websockets.get_con_from_hdl(h)); });
    websockets.set_http_handler([&](websocketpp::connection_hdl const& h) {
        auto const connection = websockets.get_con_from_hdl(h);
        if (!adapter::serve(s.router, connection)) adapter::reply(*connection, backchannel::response{404});
    });

    websockets.init_asio();
    websockets.set_reuse_addr(true);
    websockets.listen(asio::ip::tcp::endpoint{asio::ip::address_v4::loopback(), port_argument(argc, argv)});
    websockets.start_accept();
    asio::steady_timer timer{websockets.get_io_service()};
    expire_each_second(timer, s.hub);
    asio::signal_set signals{websockets.get_io_service(), SIGINT, SIGTERM};
    signals.async_wait([&](auto const&, int) { websockets.stop(); });
    asio::error_code ignored;
    tell_port(websockets.get_local_endpoint(ignored).port());
    std::jthread other{[&] { websockets.run(); }};
    websockets.run();
}
