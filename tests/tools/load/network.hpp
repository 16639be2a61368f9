// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_TOOLS_LOAD_NETWORK_HPP
#define BACKCHANNEL_TESTS_TOOLS_LOAD_NETWORK_HPP

#include "options.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace load {

/// An epoll descriptor whose events carry numbers, and the signals that steer this process as one of them.
class poller {
public:
    static constexpr std::uint64_t signal_key = ~std::uint64_t{0};

    poller() : fd_{::epoll_create1(EPOLL_CLOEXEC)} {
        ::sigset_t steering;
        sigemptyset(&steering);
        for (int const number : {SIGTERM, SIGINT, SIGUSR1, SIGUSR2}) sigaddset(&steering, number);
        ::sigprocmask(SIG_BLOCK, &steering, nullptr);
        signals_ = ::signalfd(-1, &steering, SFD_CLOEXEC | SFD_NONBLOCK);
        if (fd_ < 0 || signals_ < 0) refuse(std::string{"epoll: "} + std::strerror(errno));
        add(signals_, signal_key, EPOLLIN);
    }
    poller(poller const&) = delete;
    poller& operator=(poller const&) = delete;
    ~poller() {
        ::close(signals_);
        ::close(fd_);
    }

    void add(int fd, std::uint64_t key, std::uint32_t events) { change(EPOLL_CTL_ADD, fd, key, events); }
    void modify(int fd, std::uint64_t key, std::uint32_t events) { change(EPOLL_CTL_MOD, fd, key, events); }

    /// Calls `f(key, events)` for what is ready within that time.
    template <class F>
    void wait(int milliseconds, F&& f) {
        std::array<::epoll_event, 512> ready;
        int const n = ::epoll_wait(fd_, ready.data(), static_cast<int>(ready.size()), milliseconds);
        for (int i = 0; i < n; ++i)
            f(ready[static_cast<std::size_t>(i)].data.u64, ready[static_cast<std::size_t>(i)].events);
    }

    /// The signal that has come; 0: none.
    [[nodiscard]] int take_signal() const {
        ::signalfd_siginfo info{};
        return ::read(signals_, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
    }

private:
    void change(int what, int fd, std::uint64_t key, std::uint32_t events) const {
        ::epoll_event event{};
        event.events = events;
        event.data.u64 = key;
        (void)::epoll_ctl(fd_, what, fd, &event);
    }

    int fd_, signals_ = -1;
};

inline void allow_many_files() {
    ::rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

[[nodiscard]] inline ::sockaddr_in address_of(std::string const& host, unsigned port) {
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) refuse("not an IPv4 address: " + host);
    return address;
}

/// A TCP connection with what waits to be sent and what was read.
class tcp_connection {
public:
    tcp_connection() = default;
    tcp_connection(tcp_connection const&) = delete;
    tcp_connection& operator=(tcp_connection const&) = delete;
    ~tcp_connection() { close(); }

    std::string in, out;

    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    [[nodiscard]] int fd() const { return fd_; }

    /// Begins to connect; `source` 0: any address. False: not even that (`errno`).
    [[nodiscard]] bool connect(::sockaddr_in const& where, std::uint32_t source = 0, int receive_buffer = 0) {
        close();
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd_ < 0) return false;
        int const on = 1;
        (void)::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (receive_buffer != 0) (void)::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        if (source != 0) {
            // the port is chosen together with the peer, so that every address has all ports for itself
            (void)::setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
            ::sockaddr_in from{};
            from.sin_family = AF_INET;
            from.sin_addr.s_addr = htonl(source);
            (void)::bind(fd_, reinterpret_cast<::sockaddr const*>(&from), sizeof from);
        }
        if (::connect(fd_, reinterpret_cast<::sockaddr const*>(&where), sizeof where) == 0 || errno == EINPROGRESS)
            return true;
        int const why = errno;
        close();
        errno = why;
        return false;
    }

    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
        in.clear();
        out.clear();
        sent_ = 0;
    }
    /// Ends it with an RST.
    void reset() {
        ::linger const at_once{1, 0};
        if (fd_ >= 0) (void)::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }

    /// Sends what it can. False: the connection is broken.
    [[nodiscard]] bool flush() {
        while (sent_ != out.size()) {
            ssize_t const n = ::send(fd_, out.data() + sent_, out.size() - sent_, MSG_NOSIGNAL);
            if (n < 0) return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
            sent_ += static_cast<std::size_t>(n);
        }
        out.clear();
        sent_ = 0;
        return true;
    }
    [[nodiscard]] bool wants_to_send() const { return !out.empty(); }

    /// Reads what is there. False: the end.
    [[nodiscard]] bool fill() {
        for (;;) {
            std::span<char> const piece = read();
            if (piece.empty()) return errno == EAGAIN || errno == EINTR;
            in.append(piece.data(), piece.size());
        }
    }

    /// Reads once, into memory that all connections share. Empty: nothing is there (`errno`), or the end (0).
    [[nodiscard]] std::span<char> read() {
        static std::array<char, 512 * 1024> buffer; // one thread
        ssize_t const n = ::recv(fd_, buffer.data(), buffer.size(), 0);
        if (n >= 0) errno = 0;
        return {buffer.data(), n < 0 ? 0 : static_cast<std::size_t>(n)};
    }

private:
    int fd_ = -1;
    std::size_t sent_ = 0;
};

/// An answer's head, as far as a load client looks at it.
struct answer_head {
    std::size_t size = 0; ///< 0: not there yet
    int status = 0;
    std::size_t body = 0;
    std::string_view connection_id; ///< a view of the text that was read
    bool closes = false;
};

/// The value of a header, `head` ending with its last line.
[[nodiscard]] inline std::string_view header_value(std::string_view head, std::string_view name) {
    for (std::size_t at = head.find('\n'); at != std::string_view::npos; at = head.find('\n')) {
        head.remove_prefix(at + 1);
        if (head.size() <= name.size() || head[name.size()] != ':') continue;
        if (::strncasecmp(head.data(), name.data(), name.size()) != 0) continue;
        std::string_view value = head.substr(name.size() + 1);
        value = value.substr(0, value.find('\r'));
        return value.starts_with(' ') ? value.substr(1) : value;
    }
    return {};
}

[[nodiscard]] inline answer_head read_head(std::string_view text) {
    answer_head answer;
    auto const end = text.find("\r\n\r\n");
    if (end == std::string_view::npos || text.size() < 12) return answer;
    std::string_view const head = text.substr(0, end + 2);
    answer.size = end + 4;
    (void)std::from_chars(head.data() + 9, head.data() + 12, answer.status);
    answer.connection_id = header_value(head, "X-Connection-Id");
    answer.closes = header_value(head, "Connection") == "close";
    std::string_view const length = header_value(head, "Content-Length");
    (void)std::from_chars(length.data(), length.data() + length.size(), answer.body);
    return answer;
}

}

#endif
