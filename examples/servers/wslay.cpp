// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// A home-made epoll loop, on two threads, that share a listening socket; wslay for the WebSockets.

#include "common.hpp"
#include "key_store.hpp"
#include "listener.hpp"

#include <backchannel/adapters/wslay.hpp>

#include <array>
#include <csignal>
#include <memory>
#include <sys/epoll.h>
#include <thread>
#include <unordered_map>

namespace adapter = backchannel::adapters;
using enum backchannel::message_kind;
using enum adapter::epoll::http_client::progress;
using demo = service<adapter::wslay::transport, key_store>;

struct connection {
    connection(demo& s, int socket, adapter::epoll::workspace& shared, backchannel::task resume)
        : service_{s}, socket_{socket}, home_{shared.home()}, http_{socket, shared, std::move(resume)} {}

    bool turn(std::uint32_t events) { // false: it is over
        if (websocket_) return websocket_->turn();
        auto const result = http_.turn(events, service_.router, [](auto const&) { return backchannel::response{404}; });
        if (result != upgrade) return result == open;
        backchannel::connection_info const info{http_.source_ip(), std::string{http_.head().find("User-Agent")}};
        auto rest = http_.accept();
        if (!rest) return true; // it was refused
        websocket_.emplace(
            socket_, home_, [this](auto const& m) { receive(m); }, std::move(*rest));
        wslay_event_config_set_max_recv_msg_length(websocket_->context(), 131072);
        tracked_ = service_.hub.open(adapter::wslay::handle_of(*websocket_), info);
        if (!tracked_) return false; // the hub is full
        (void)service_.hub.send(tracked_.id(), {greeting(tracked_.id()), text});
        return websocket_->turn();
    }

    void receive(wslay_event_on_msg_recv_arg const& m) {
        std::string_view const bytes{reinterpret_cast<char const*>(m.msg), m.msg_length};
        if (m.opcode == WSLAY_CONNECTION_CLOSE)
            return tracked_.closed(m.status_code != 0 ? m.status_code : 1005, reason_of(bytes));
        if (m.opcode != WSLAY_TEXT_FRAME && m.opcode != WSLAY_BINARY_FRAME) return;
        tracked_.touch();
        (void)service_.hub.send(tracked_.id(), {bytes, m.opcode == WSLAY_TEXT_FRAME ? text : binary});
    }

    demo& service_;
    adapter::epoll::descriptor const socket_;
    adapter::epoll::task_queue& home_;
    adapter::epoll::http_client http_;
    std::optional<adapter::wslay::websocket> websocket_;
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
            int const n = epoll_wait(poll, events, 64, adapter::epoll::timeout(service.hub.next_deadline()));
            for (int i = 0; i < n; ++i) turn(events[i].data.fd, events[i].events);
            service.hub.expire(std::chrono::steady_clock::now());
        }
        std::exchange(connections, {}).clear();
        tasks.end();
    }

    void accept() {
        int const fd = accept_from(listener);
        if (fd < 0) return; // the other thread was faster
        connections[fd] = std::make_shared<connection>(service, fd, shared, [this, fd] { turn(fd, 0); });
        watch(fd, adapter::epoll::wanted_events);
    }

    void turn(int fd, std::uint32_t ready) {
        if (fd == tasks.descriptor()) return tasks.run();
        if (fd == listener) return accept();
        auto const found = connections.find(fd);
        if (found == connections.end()) return;
        auto const held = found->second; // what it owes to others is answered when it ends, and may lead back to here
        if (!held->turn(ready)) connections.erase(fd);
    }

    demo& service;
    int listener;
    adapter::epoll::descriptor const poll{epoll_create1(EPOLL_CLOEXEC)};
    adapter::epoll::task_queue tasks{};
    std::array<char, 65536> buffer{};
    adapter::epoll::workspace shared{tasks, buffer};
    std::unordered_map<int, std::shared_ptr<connection>> connections{};
    bool stopped = false;
};

int main(int argc, char** argv) {
    sigset_t signals{};
    for (int const end : {SIGINT, SIGTERM}) sigaddset(&signals, end);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::uint16_t port = port_argument(argc, argv);
    adapter::epoll::descriptor const listener{listen_on(port)};
    demo s{key_store{}};
    loop first{s, listener}, second{s, listener};
    s.hub.on_deadline_earlier([&] { first.tasks.post([] {}); });
    std::jthread const one{[&] { first.run(); }}, two{[&] { second.run(); }};
    tell_port(port);
    sigwaitinfo(&signals, nullptr);
    for (loop* l : {&first, &second}) l->tasks.post([l] { l->stopped = true; });
}
