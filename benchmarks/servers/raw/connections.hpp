// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_BENCHMARKS_SERVERS_RAW_CONNECTIONS_HPP
#define BACKCHANNEL_BENCHMARKS_SERVERS_RAW_CONNECTIONS_HPP

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace raw {

enum class role : std::uint8_t { none, http, websocket };

/// All sockets, found by their number, and what could not be sent on them yet.
class connections {
public:
    connections() : epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
        ::rlimit files{};
        ::getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
        all_.resize(std::min<std::size_t>(files.rlim_cur, 1'000'000));
    }

    [[nodiscard]] int epoll() const { return epoll_; }
    [[nodiscard]] role role_of(int fd) const {
        return fd >= 0 && static_cast<std::size_t>(fd) < all_.size() ? at(fd).is : role::none;
    }
    [[nodiscard]] std::vector<int> const& websockets() const { return websockets_; }

    /// Beginning of a request whose end is still to come; nullptr: none.
    [[nodiscard]] std::unique_ptr<std::string>& partial(int fd) { return at(fd).in; }

    [[nodiscard]] bool add(int fd) {
        if (static_cast<std::size_t>(fd) >= all_.size()) return false;
        at(fd).is = role::http;
        watch(fd, EPOLLIN, EPOLL_CTL_ADD);
        return true;
    }

    void upgrade(int fd) {
        at(fd).is = role::websocket;
        at(fd).position = static_cast<std::uint32_t>(websockets_.size());
        websockets_.push_back(fd);
    }

    void drop(int fd) {
        one& c = at(fd);
        if (c.is == role::websocket) {
            websockets_[c.position] = websockets_.back();
            at(websockets_.back()).position = c.position;
            websockets_.pop_back();
        }
        c = one{};
        ::close(fd);
    }

    /// Sends now, and keeps what does not fit.
    void send(int fd, std::string_view bytes) {
        if (!at(fd).out) bytes.remove_prefix(sent(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL)));
        if (!bytes.empty()) keep(fd, bytes);
    }

    /// Sends at `flush`, together with what else is for that socket. The bytes stay where they are until then.
    void send_later(int fd, std::string_view bytes) {
        one& c = at(fd);
        if (!c.queued) c.queued = std::make_unique<std::vector<::iovec>>();
        if (c.queued->empty()) touched_.push_back(fd);
        c.queued->push_back({const_cast<char*>(bytes.data()), bytes.size()});
    }

    void flush() {
        for (int const fd : touched_) {
            one& c = at(fd);
            if (!c.queued) continue; // dropped meanwhile
            std::size_t skip = 0;
            if (!c.out) {
                auto const count = static_cast<int>(std::min<std::size_t>(c.queued->size(), most_pieces));
                skip = sent(::writev(fd, c.queued->data(), count));
            }
            for (::iovec const& piece : *c.queued) {
                std::size_t const gone = std::min(skip, piece.iov_len);
                skip -= gone;
                std::string_view const rest{static_cast<char const*>(piece.iov_base) + gone, piece.iov_len - gone};
                if (!rest.empty()) keep(fd, rest);
            }
            c.queued->clear();
        }
        touched_.clear();
    }

    /// The socket has room again.
    void resume(int fd) {
        one& c = at(fd);
        if (!c.out) return;
        c.out->erase(0, sent(::send(fd, c.out->data(), c.out->size(), MSG_NOSIGNAL)));
        if (!c.out->empty()) return;
        c.out.reset();
        watch(fd, EPOLLIN, EPOLL_CTL_MOD);
    }

    void watch(int fd, std::uint32_t events, int how) const {
        ::epoll_event e{};
        e.events = events;
        e.data.fd = fd;
        (void)::epoll_ctl(epoll_, how, fd, &e);
    }

private:
    static constexpr std::size_t most_pieces = 1024;

    struct one {
        role is = role::none;
        std::uint32_t position = 0; // among the WebSockets
        std::unique_ptr<std::string> in{}, out{};
        std::unique_ptr<std::vector<::iovec>> queued{};
    };

    [[nodiscard]] one& at(int fd) { return all_[static_cast<std::size_t>(fd)]; }
    [[nodiscard]] one const& at(int fd) const { return all_[static_cast<std::size_t>(fd)]; }

    /// What is broken is noticed when it is read.
    [[nodiscard]] static std::size_t sent(ssize_t n) { return n < 0 ? 0 : static_cast<std::size_t>(n); }

    void keep(int fd, std::string_view bytes) {
        one& c = at(fd);
        if (!c.out) {
            c.out = std::make_unique<std::string>();
            watch(fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
        }
        c.out->append(bytes);
    }

    int epoll_;
    std::vector<one> all_;
    std::vector<int> websockets_, touched_;
};

}

#endif
