// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// epoll PORT [--threads N]   the library on home-made epoll loops, each with a listening socket of its own: all its
//                            defaults, signatures included; POST /broadcast sends the body to everybody

#include "command_line.hpp"

#include <backchannel/adapters/epoll.hpp>
#include <backchannel/adapters/epoll_websocket.hpp>
#include <backchannel/backchannel.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace {

namespace adapter = backchannel::adapters::epoll;

struct service {
    backchannel::connection_hub<adapter::transport> hub;
    backchannel::management_router<backchannel::sigv4<backchannel::static_keys>> router{
        hub,
        backchannel::sigv4{backchannel::static_keys{std::string{bench::key_id}, std::string{bench::secret}}},
        {.stage = "prod"}};

    backchannel::response own(backchannel::request_view const& request) {
        if (request.method != "POST" || request.target != "/broadcast") return backchannel::response{404};
        (void)hub.send_tagged({}, {request.body, backchannel::message_kind::text});
        return backchannel::response{200};
    }
};

class connection {
public:
    connection(service& s, int socket, std::string address, adapter::workspace& shared, backchannel::task resume)
        : service_{s}, socket_{socket}, http_{std::make_unique<adapter::http_client>(
                                            socket, shared, std::move(resume), std::move(address))} {}

    bool turn(std::uint32_t events, adapter::websocket_loop& websockets) { // false: it is over
        if (websocket_) return turn_websocket(events);
        auto const own = [this](backchannel::request_view const& request) { return service_.own(request); };
        using enum adapter::http_client::progress;
        auto const result = http_->turn(events, service_.router, own);
        if (result != upgrade) return result == open;
        backchannel::connection_info const info{http_->source_ip(), std::string{http_->head().find("User-Agent")}};
        auto opening = http_->open();
        if (!opening) return true; // it was refused
        http_.reset();
        websocket_.emplace(socket_, websockets, std::move(*opening));
        tracked_ = service_.hub.open(adapter::handle_of(*websocket_), info);
        if (!tracked_) return false; // the hub is full
        std::string const text = bench::greeting(tracked_.id());
        (void)service_.hub.send(tracked_.id(), {text, backchannel::message_kind::text});
        return turn_websocket(0);
    }

private:
    bool turn_websocket(std::uint32_t events) {
        auto const heard = [this](backchannel::message const&) { tracked_.touch(); };
        return websocket_->turn(events, heard, [this](auto code, auto reason, backchannel::closed_by by) {
            if (by == backchannel::closed_by::peer) return tracked_.closed(code, reason);
            service_.hub.close(tracked_.id(), code, reason);
        });
    }

    service& service_;
    adapter::descriptor const socket_;
    std::unique_ptr<adapter::http_client> http_;
    std::optional<adapter::websocket> websocket_;
    backchannel::session tracked_;
};

class loop {
public:
    loop(service& s, std::uint16_t& port) : service_{s}, listener_{listen_on(port)} {}

    [[noreturn]] void run() {
        tasks_.enter();
        watch(tasks_.descriptor(), EPOLLIN);
        watch(listener_, EPOLLIN);
        for (std::array<epoll_event, 256> events;;) {
            int const n = epoll_wait(poll_, events.data(), static_cast<int>(events.size()),
                                     adapter::timeout(service_.hub.next_deadline()));
            for (int i = 0; i < n; ++i) {
                auto const& event = events[static_cast<std::size_t>(i)];
                turn(event.data.fd, event.events);
            }
            service_.hub.expire(std::chrono::steady_clock::now());
            websockets_.flush();
        }
    }

private:
    static int listen_on(std::uint16_t& port) {
        int const fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
        sockaddr_in where{AF_INET, htons(port), {htonl(INADDR_LOOPBACK)}, {}};
        socklen_t size = sizeof where;
        auto* const address = reinterpret_cast<sockaddr*>(&where);
        if (bind(fd, address, size) != 0 || listen(fd, 4096) != 0 || getsockname(fd, address, &size) != 0) {
            std::perror("listen");
            std::exit(1);
        }
        port = ntohs(where.sin_port);
        return fd;
    }

    void watch(int fd, std::uint32_t events) {
        epoll_event wanted{.events = events, .data = {.fd = fd}};
        epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &wanted);
    }

    void accept() {
        for (;;) {
            sockaddr_storage peer{};
            socklen_t size = sizeof peer;
            int const fd = accept4(listener_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) return;
            int const on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            auto const place = static_cast<std::size_t>(fd);
            if (connections_.size() <= place) connections_.resize(2 * place + 1);
            connections_[place] = std::make_unique<connection>(service_, fd, adapter::source_ip(peer), shared_,
                                                               [this, fd] { turn(fd, 0); });
            watch(fd, adapter::wanted_events);
        }
    }

    void turn(int fd, std::uint32_t events) {
        if (fd == tasks_.descriptor()) return tasks_.run();
        if (fd == listener_) return accept();
        auto& at = connections_[static_cast<std::size_t>(fd)];
        if (at == nullptr || at->turn(events, websockets_)) return;
        auto const gone = std::exchange(at, nullptr);
    }

    service& service_;
    adapter::descriptor const listener_;
    adapter::descriptor const poll_{epoll_create1(EPOLL_CLOEXEC)};
    adapter::task_queue tasks_{};
    std::vector<char> buffer_ = std::vector<char>(256 * 1024);
    adapter::workspace shared_{tasks_, buffer_};
    adapter::websocket_loop websockets_{shared_};
    std::vector<std::unique_ptr<connection>> connections_; // by their sockets
};

}

int main(int argc, char** argv) {
    bench::command_line const given{argc, argv, "[--threads N]"};
    std::uint16_t port = given.port();
    service s;
    std::vector<std::unique_ptr<loop>> loops;
    for (unsigned i = std::max(1u, given.number("--threads", 1)); i != 0; --i)
        loops.push_back(std::make_unique<loop>(s, port));
    bench::tell_port(port);
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i != loops.size(); ++i) others.emplace_back([&l = *loops[i]] { l.run(); });
    loops[0]->run();
}
