// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// raw_epoll PORT [--verify] [--coalesce]   as little as a gateway on one thread and epoll can do: a baseline, and no
//                                          server that anybody should run
//
// --verify checks the signature of each management request. --coalesce sends all frames that one turn of the loop has for a
// connection with one call.

#include "command_line.hpp"
#include "raw/connections.hpp"
#include "raw/requests.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <cstdio>
#include <vector>

namespace {

int listen_on(std::uint16_t port) {
    int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(fd, reinterpret_cast<::sockaddr*>(&where), sizeof where) != 0 || ::listen(fd, 4096) != 0) {
        std::perror("listen");
        std::exit(1);
    }
    return fd;
}

class loop {
public:
    loop(int listener, bool verify, bool coalesce)
        : listener_{listener}, coalesce_{coalesce}, requests_{all_, verify, coalesce},
          memory_(headroom + (coalesce ? 16 : 1) * one_read), free_{memory_.data() + headroom} {
        all_.watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
    }

    [[noreturn]] void run() {
        ::sockaddr_in where{};
        ::socklen_t size = sizeof where;
        ::getsockname(listener_, reinterpret_cast<::sockaddr*>(&where), &size);
        bench::tell_port(ntohs(where.sin_port));
        std::array<::epoll_event, 1024> ready;
        for (;;) {
            int const n = ::epoll_wait(all_.epoll(), ready.data(), static_cast<int>(ready.size()), -1);
            for (int i = 0; i < n; ++i) {
                auto const& event = ready[static_cast<std::size_t>(i)];
                if (event.data.fd == listener_)
                    accept();
                else
                    serve(event.data.fd, event.events);
            }
            flush();
        }
    }

private:
    static constexpr std::size_t one_read = 512 * 1024, headroom = 64;

    void accept() {
        for (;;) {
            int const fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
            if (fd < 0) return;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            if (!all_.add(fd)) ::close(fd);
        }
    }

    void serve(int fd, std::uint32_t events) {
        if (all_.role_of(fd) == role::none) return;
        if ((events & EPOLLOUT) != 0) all_.resume(fd);
        if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
        if (all_.partial(fd)) return go_on(fd);
        ssize_t const n = ::recv(fd, free_, one_read, 0);
        if (n <= 0) return failed(fd, n);
        if (all_.role_of(fd) == role::websocket) return; // whatever it says
        auto const size = static_cast<std::size_t>(n);
        auto const result = requests_.serve(fd, free_, size);
        if (result.used != size && all_.role_of(fd) == role::http) {
            all_.partial(fd) = std::make_unique<std::string>();
            all_.partial(fd)->reserve(result.needed + 4096);
            all_.partial(fd)->assign(free_ + result.used, size - result.used);
        }
        if (!coalesce_) return;
        free_ += (size + headroom + 63) / 64 * 64; // frames stay there until they are flushed
        if (static_cast<std::size_t>(memory_.data() + memory_.size() - free_) < one_read) flush();
    }

    /// Reads the rest of a request to where its beginning is.
    void go_on(int fd) {
        std::string& text = *all_.partial(fd);
        std::size_t const had = text.size();
        text.resize(std::max(text.capacity(), had + 65536));
        ssize_t const n = ::recv(fd, text.data() + had, text.size() - had, 0);
        text.resize(had + static_cast<std::size_t>(n < 0 ? 0 : n));
        if (n <= 0) return failed(fd, n);
        auto const result = requests_.serve(fd, text.data(), text.size());
        flush();
        if (result.used == text.size()) {
            all_.partial(fd).reset();
        } else {
            text.erase(0, result.used);
            text.reserve(result.needed + 4096);
        }
    }

    void failed(int fd, ssize_t n) {
        if (n == 0 || errno != EAGAIN) all_.drop(fd);
    }

    void flush() {
        if (!coalesce_) return;
        all_.flush();
        free_ = memory_.data() + headroom;
    }

    using role = raw::role;

    int listener_;
    bool coalesce_;
    raw::connections all_;
    raw::requests requests_;
    std::vector<char> memory_;
    char* free_;
};

}

int main(int argc, char** argv) {
    bench::command_line const given{argc, argv, "[--verify] [--coalesce]"};
    loop{listen_on(given.port()), given.has("--verify"), given.has("--coalesce")}.run();
}
