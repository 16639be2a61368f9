// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// RESTinio: WebSockets and HTTP on one port, on a pool of two threads.

#include "common.hpp"

#include <backchannel/adapters/restinio.hpp>

namespace adapter = backchannel::adapters::restinio;
namespace ws = restinio::websocket::basic;
using backchannel::message_kind;
using traits = restinio::default_traits_t;
using demo = service<adapter::transport>;

constexpr std::size_t largest_message = 1 << 20;

struct websocket_session {
    void received(demo& s, ws::message_t const& frame) {
        switch (frame.opcode()) {
        case ws::opcode_t::connection_close_frame:
            return tracked.closed(adapter::close_code(frame), reason_of(frame.payload()));
        case ws::opcode_t::text_frame:
            kind = message_kind::text;
            break;
        case ws::opcode_t::binary_frame:
            kind = message_kind::binary;
            break;
        case ws::opcode_t::continuation_frame:
            break;
        default:
            return; // pings are answered, pongs are welcome
        }
        tracked.touch();
        if (message.size() + frame.payload().size() > largest_message) {
            (void)s.hub.close(tracked.id(), 1009);
            return;
        }
        message += frame.payload();
        if (!frame.is_final()) return;
        (void)s.hub.send(tracked.id(), {message, kind});
        message.clear();
    }

    backchannel::session tracked;
    std::string message; // its pieces so far
    message_kind kind = message_kind::text;
};

bool is_websocket(restinio::http_request_header_t const& header) {
    return header.connection() == restinio::http_connection_header_t::upgrade &&
           header.has_field(restinio::http_field::sec_websocket_key) &&
           header.get_field_or(restinio::http_field::upgrade, "") == "websocket";
}

void accept(demo& s, adapter::websockets& sockets, restinio::request_t& request) {
    auto const session = std::make_shared<websocket_session>();
    auto const peer =
        sockets.upgrade<traits>(request, [&s, session](ws::message_t const& frame) { session->received(s, frame); });
    session->tracked = s.hub.open(peer, adapter::info_of(request));
    if (!session->tracked) return peer->terminate(); // the hub is full
    (void)s.hub.send(session->tracked.id(), {greeting(session->tracked.id()), message_kind::text});
    peer->start();
}

int main(int argc, char** argv) {
    demo s;
    adapter::websockets sockets;
    std::uint16_t port = 0;
    restinio::http_server_t<traits> server{
        restinio::own_io_context(), [&](auto& settings) {
            settings.address("127.0.0.1").port(port_argument(argc, argv));
            settings.acceptor_post_bind_hook([&](auto& acceptor) { port = acceptor.local_endpoint().port(); });
            settings.max_pipelined_requests(2); // with 1, it forgets a request of which it has read a part
            settings.incoming_http_msg_limits(restinio::incoming_http_msg_limits_t{}.max_body_size(1 << 20));
            settings.request_handler([&](restinio::request_handle_t request) {
                if (adapter::serve(s.router, request, server.io_context())) return restinio::request_accepted();
                if (is_websocket(request->header()))
                    accept(s, sockets, *request);
                else
                    adapter::reply(*request, backchannel::response{404});
                return restinio::request_accepted();
            });
        }};
    restinio::asio_ns::steady_timer timer{server.io_context()};
    expire_each_second(timer, s.hub);
    restinio::asio_ns::signal_set signals{server.io_context(), SIGINT, SIGTERM};
    signals.async_wait([&](auto const&, int) { restinio::initiate_shutdown(server); });
    server.open_sync();
    tell_port(port);
    restinio::run(restinio::on_thread_pool(2, restinio::skip_break_signal_handling(), server));
    sockets.clear();
}
