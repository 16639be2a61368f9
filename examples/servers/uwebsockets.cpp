// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// uWebSockets: two loops on one port. A loop and all its connections stay on one thread.

#include "common.hpp"

#include <backchannel/adapters/uwebsockets.hpp>

#include <csignal>
#include <cstring>
#include <latch>
#include <thread>

namespace adapter = backchannel::adapters::uwebsockets;
using enum backchannel::message_kind;

struct client {
    backchannel::connection_info info;
    backchannel::session tracked;
};

using websocket = uWS::WebSocket<false, true, client>;
using demo = service<adapter::transport<websocket>>;

uWS::App make_app(demo& s) {
    uWS::App app;
    uWS::App::WebSocketBehavior<client> behaviour;
    behaviour.maxBackpressure = 0; // the hub's limit counts
    behaviour.upgrade = [&s](auto* response, auto* request, auto* context) {
        if (adapter::serve(s.router, response, request)) return;
        response->template upgrade<client>(
            {adapter::info_of(response, request), {}}, request->getHeader("sec-websocket-key"),
            request->getHeader("sec-websocket-protocol"), request->getHeader("sec-websocket-extensions"), context);
    };
    behaviour.open = [&s](websocket* socket) {
        client& c = *socket->getUserData();
        c.tracked = s.hub.open(adapter::handle_of(socket), c.info);
        if (!c.tracked) return socket->end(1013, "the server is full");
        (void)s.hub.send(c.tracked.id(), {greeting(c.tracked.id()), text});
    };
    behaviour.message = [&s](websocket* socket, std::string_view message, uWS::OpCode kind) {
        backchannel::session const& tracked = socket->getUserData()->tracked;
        tracked.touch();
        (void)s.hub.send(tracked.id(), {message, kind == uWS::OpCode::TEXT ? text : binary});
    };
    behaviour.close = [](websocket* socket, int code, std::string_view reason) {
        // without a close frame the reason is a text of uWebSockets' own
        socket->getUserData()->tracked.closed(static_cast<std::uint16_t>(code), code == 1006 ? "" : reason);
    };
    app.ws<client>("/*", std::move(behaviour));
    app.any("/*", [&s](auto* response, auto* request) {
        if (!adapter::serve(s.router, response, request)) response->writeStatus("404 Not Found")->end();
    });
    return app;
}

/// A loop on a thread of its own, until it is stopped.
struct worker {
    worker(demo& s, std::latch& all_ended)
        : thread_{[this, &s, &all_ended] {
              uWS::App here = make_app(s);
              app = &here;
              timer_ = us_create_timer(reinterpret_cast<us_loop_t*>(here.getLoop()), 0, sizeof(demo*));
              demo* const service = &s;
              std::memcpy(us_timer_ext(timer_), &service, sizeof service);
              us_timer_set(timer_, expire, 1000, 1000); // also keeps a loop going that has no connections
              started_.count_down();
              here.run();
              all_ended.arrive_and_wait(); // the loop ends with its thread, and others may still call it
          }} {
        started_.wait();
    }

    /// On the loop's thread.
    void stop() {
        us_timer_close(timer_);
        app->close();
    }

    uWS::App* app = nullptr;

private:
    static void expire(us_timer_t* timer) {
        demo* s = nullptr;
        std::memcpy(&s, us_timer_ext(timer), sizeof s);
        s->hub.expire(std::chrono::steady_clock::now());
    }

    us_timer_t* timer_ = nullptr;
    std::latch started_{1};
    std::jthread thread_;
};

int main(int argc, char** argv) {
    int const port = port_argument(argc, argv);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr); // in all threads; sigwait takes them

    demo s;
    us_listen_socket_t* listening = nullptr;
    std::latch all_ended{2};
    worker first{s, all_ended}, second{s, all_ended};
    first.app->getLoop()->defer([&] { // accepts for both, in turn
        first.app->addChildApp(first.app).addChildApp(second.app).listen("127.0.0.1", port, [&](auto* socket) {
            if (socket == nullptr) std::quick_exit(1);
            listening = socket;
            tell_port(static_cast<unsigned>(us_socket_local_port(0, reinterpret_cast<us_socket_t*>(socket))));
        });
    });
    int signal = 0;
    sigwait(&signals, &signal);
    first.app->getLoop()->defer([&] {
        us_listen_socket_close(0, listening);
        for (worker* w : {&first, &second}) w->app->getLoop()->defer([w] { w->stop(); }); // behind what was accepted
    });
}
