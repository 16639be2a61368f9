// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// cpp-httplib: a pool of threads, one for each connection.

#include "common.hpp"
#include "until_signal.hpp"

#include <backchannel/adapters/httplib.hpp>

#include <httplib.h>

#include <thread>

namespace adapter = backchannel::adapters::httplib;
using demo = service<adapter::transport>;

void websocket(demo& s, httplib::Request const& request, httplib::ws::WebSocket& w) {
    adapter::connection connection{w};
    backchannel::session tracked = s.hub.open(connection.handle(), adapter::info_of(request));
    if (!tracked) return; // the hub is full
    (void)s.hub.send(tracked.id(), {greeting(tracked.id()), backchannel::message_kind::text});
    while (auto const message = connection.receive()) {
        tracked.touch();
        (void)s.hub.send(tracked.id(), *message);
    }
}

int main(int argc, char** argv) {
    until_signal const running;
    demo s;
    adapter::server server;
    server.new_task_queue = [] { return new httplib::ThreadPool(8, 256); };
    server.set_tcp_nodelay(true); // cpp-httplib sends a frame's header on its own
    server.WebSocket(".*", [&](auto const& request, auto& w) { websocket(s, request, w); });

    constexpr char const* ours = "/prod/+@connections.*"; // of the decoded path
    auto const with_body = [&](auto const& request, auto& response, httplib::ContentReader const& body) {
        adapter::serve(s.router, request, response, body);
    };
    server.Get(ours, [&](auto const& request, auto& response) { adapter::serve(s.router, request, response); });
    server.Post(ours, with_body);
    server.Put(ours, with_body); // tags
    server.Delete(ours, with_body);
    server.set_post_routing_handler(adapter::without_length);

    int const wanted = port_argument(argc, argv);
    int const port = wanted == 0                                ? server.bind_to_any_port("127.0.0.1")
                     : server.bind_to_port("127.0.0.1", wanted) ? wanted
                                                                : -1;
    if (port < 0) return std::cerr << "cannot listen on port " << wanted << "\n", 1;
    std::jthread const listening{[&] { server.listen_after_bind(); }};
    server.wait_until_ready();
    tell_port(static_cast<unsigned>(port));
    running.expire(s.hub);
    running.drain(s.hub);
    server.stop();
}
