// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// A home-made epoll loop on two threads that share a listening socket. HTTP and WebSockets are the library's own.

#include "common.hpp"
#include "key_store.hpp"
#include "listener.hpp"
#include "until_signal.hpp"

#include <backchannel/adapters/epoll.hpp>
#include <backchannel/adapters/epoll_websocket.hpp>

#include <array>
#include <memory>
#include <thread>
#include <unordered_map>

namespace adapter = backchannel::adapters::epoll;
using enum adapter::http_client::progress;
using demo = service<adapter::transport, key_store>;

struct connection {
    connection(demo& s, int socket, adapter::workspace& shared, backchannel::task resume)
        : service_{s}, socket_{socket} {
        http_ = std::make_unique<adapter::http_client>(socket, shared, std::move(resume));
    }

    bool turn(std::uint32_t events, adapter::websocket_loop& websockets) { // false: it is over
        if (websocket_) return turn_websocket(events);
        auto const not_found = [](auto const&) { return backchannel::response{404}; };
        auto const result = http_->turn(events, service_.router, not_found);
        if (result != upgrade) return result == open;
        backchannel::connection_info const info{http_->source_ip(), std::string{http_->head().find("User-Agent")}};
        auto opening = http_->open();
        if (!opening) return true; // it was refused
        http_.reset();
        websocket_.emplace(socket_, websockets, std::move(*opening));
        tracked_ = service_.hub.open(adapter::handle_of(*websocket_), info);
        if (!tracked_) return false; // the hub is full
        (void)service_.hub.send(tracked_.id(), {greeting(tracked_.id()), backchannel::message_kind::text});
        return turn_websocket(0);
    }

    bool turn_websocket(std::uint32_t events) {
        auto const echo = [this](backchannel::message const& m) {
            tracked_.touch();
            (void)service_.hub.send(tracked_.id(), m);
        };
        return websocket_->turn(events, echo, [this](auto code, auto reason, backchannel::closed_by by) {
            if (by == backchannel::closed_by::peer) return tracked_.closed(code, reason);
            service_.hub.close(tracked_.id(), code, reason);
        });
    }

    demo& service_;
    adapter::descriptor const socket_;
    std::unique_ptr<adapter::http_client> http_;
    std::optional<adapter::websocket> websocket_;
    backchannel::session tracked_;
};

struct loop {
    void watch(int fd, std::uint32_t events) {
        epoll_event wanted{.events = events, .data = {.fd = fd}};
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &wanted);
    }
    void run() {
        tasks.enter();
        watch(tasks.descriptor(), EPOLLIN);
        watch(listener, EPOLLIN | EPOLLEXCLUSIVE);
        for (epoll_event events[64]; !stopped;) {
            int const n = epoll_wait(poll, events, 64, adapter::timeout(service.hub.next_deadline()));
            for (int i = 0; i < n; ++i) turn(events[i].data.fd, events[i].events);
            service.hub.expire(std::chrono::steady_clock::now());
            websockets.flush();
        }
        std::exchange(connections, {}).clear();
        tasks.end();
    }
    void accept() {
        int const fd = accept_from(listener);
        if (fd < 0) return; // the other thread was faster
        connections[fd] = std::make_unique<connection>(service, fd, shared, [this, fd] { turn(fd, 0); });
        watch(fd, adapter::wanted_events);
    }

    void turn(int fd, std::uint32_t events) {
        if (fd == tasks.descriptor()) return tasks.run();
        if (fd == listener) return accept();
        auto const found = connections.find(fd);
        if (found == connections.end()) return;
        if (!found->second->turn(events, websockets)) auto const gone = connections.extract(found);
    }

    demo& service;
    int listener;
    adapter::descriptor const poll{epoll_create1(EPOLL_CLOEXEC)};
    adapter::task_queue tasks{};
    std::array<char, 65536> buffer{};
    adapter::workspace shared{tasks, buffer};
    adapter::websocket_loop websockets{shared, {.frame = 131072}};
    std::unordered_map<int, std::unique_ptr<connection>> connections{}; // by their sockets
    bool stopped = false;
};

int main(int argc, char** argv) {
    until_signal const running;
    std::uint16_t port = port_argument(argc, argv);
    adapter::descriptor const listener{listen_on(port)};
    demo s{key_store{}};
    loop first{s, listener}, second{s, listener};
    s.hub.on_deadline_earlier([&] { first.tasks.post([] {}); });
    std::jthread const one{[&] { first.run(); }}, two{[&] { second.run(); }};
    tell_port(port);
    running.wait();
    running.drain(s.hub);
    for (loop* l : {&first, &second}) l->tasks.post([l] { l->stopped = true; });
}
