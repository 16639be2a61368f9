// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_TEST_CLIENT_HPP
#define BACKCHANNEL_TESTS_SUPPORT_TEST_CLIENT_HPP

#include <backchannel/http.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace test {

/// A response as it was read from the wire.
struct http_answer {
    int status = 0;
    std::string head; ///< status line and header lines, without the blank line
    std::string body;

    /// The value of a header, empty if there is none.
    [[nodiscard]] std::string header(std::string_view name) const {
        std::string_view rest = head;
        while (!rest.empty()) {
            std::string_view const line = rest.substr(0, rest.find("\r\n"));
            rest.remove_prefix(std::min(rest.size(), line.size() + 2));
            auto const colon = line.find(": ");
            if (colon != std::string_view::npos && backchannel::equal_ignoring_case(line.substr(0, colon), name))
                return std::string{line.substr(colon + 2)};
        }
        return {};
    }
};

/// A TCP client of bytes. Blocks; whatever takes longer than `patience` throws, so that no test hangs.
class test_client {
public:
    static constexpr std::chrono::seconds patience{15};

    /// `receive_buffer`: bytes the system may hold for a client that does not read; 0: its default.
    /// `from`: its own address, e.g. "127.0.0.2"; nullptr: the system chooses.
    explicit test_client(unsigned short port, int receive_buffer = 0, char const* from = nullptr)
        : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        if (fd_ < 0) throw std::runtime_error{"socket"};
        if (receive_buffer != 0) (void)::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        int const on = 1;
        (void)::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::sockaddr_in address{};
        address.sin_family = AF_INET;
        if (from != nullptr && (::inet_pton(AF_INET, from, &address.sin_addr) != 1 ||
                                ::bind(fd_, reinterpret_cast<::sockaddr const*>(&address), sizeof address) != 0)) {
            ::close(fd_);
            throw std::runtime_error{"bind"};
        }
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_, reinterpret_cast<::sockaddr const*>(&address), sizeof address) != 0) {
            ::close(fd_);
            throw std::runtime_error{"connect"};
        }
        (void)::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
    }

    test_client(test_client&& other) noexcept : fd_{std::exchange(other.fd_, -1)}, read_{std::move(other.read_)} {}
    test_client(test_client const&) = delete;
    test_client& operator=(test_client const&) = delete;
    ~test_client() { close(); }

    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    /// Nothing more will be sent; can still read.
    void half_close() { (void)::shutdown(fd_, SHUT_WR); }
    /// Ends the connection with a reset.
    void reset() {
        ::linger const at_once{1, 0};
        (void)::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            std::size_t const n = send_some(bytes);
            if (n == 0) wait_for(POLLOUT, "the server takes no more");
            bytes.remove_prefix(n);
        }
    }
    void send_bytewise(std::string_view bytes) {
        for (std::size_t i = 0; i != bytes.size(); ++i) send(bytes.substr(i, 1));
    }
    /// What the system takes right now; 0: nothing.
    [[nodiscard]] std::size_t send_some(std::string_view bytes) {
        ssize_t const n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
        throw std::runtime_error{"the server has cut the connection"};
    }

    [[nodiscard]] std::string read_exactly(std::size_t count) {
        while (read_.size() < count)
            if (!receive()) throw std::runtime_error{"the connection ended too early, behind: " + read_};
        return take(count);
    }
    /// Up to and with `end`.
    [[nodiscard]] std::string read_until(std::string_view end) {
        std::size_t found;
        while ((found = read_.find(end)) == std::string::npos)
            if (!receive()) throw std::runtime_error{"the connection ended too early, behind: " + read_};
        return take(found + end.size());
    }
    [[nodiscard]] std::string read_to_end() {
        while (receive()) {
        }
        return take(read_.size());
    }
    /// Waits for the server's end of the connection; true if nothing came before it.
    [[nodiscard]] bool ended() {
        while (read_.empty())
            if (!receive()) return true;
        return false;
    }
    /// Whether something to read is there within that time.
    [[nodiscard]] bool readable(std::chrono::milliseconds within) {
        ::pollfd p{fd_, POLLIN, 0};
        return !read_.empty() || ::poll(&p, 1, static_cast<int>(within.count())) > 0;
    }

    /// `to_head`: answers to HEAD have no body, whatever they say.
    [[nodiscard]] http_answer read_response(bool to_head = false) {
        http_answer answer;
        answer.head = read_until("\r\n\r\n");
        answer.head.resize(answer.head.size() - 4);
        if (answer.head.rfind("HTTP/1.1 ", 0) != 0) throw std::runtime_error{"no HTTP answer: " + answer.head};
        answer.status = std::atoi(answer.head.c_str() + 9);
        bool const has_body = !to_head && answer.status >= 200 && answer.status != 204 && answer.status != 304;
        std::string const length = answer.header("Content-Length");
        if (has_body && length.empty()) throw std::runtime_error{"no Content-Length: " + answer.head};
        if (has_body) answer.body = read_exactly(std::stoul(length));
        return answer;
    }
    http_answer ask(std::string_view request) {
        send(request);
        return read_response();
    }

private:
    [[nodiscard]] std::string take(std::size_t count) {
        std::string piece = read_.substr(0, count);
        read_.erase(0, count);
        return piece;
    }

    void wait_for(short events, char const* what) {
        ::pollfd p{fd_, events, 0};
        int const ready = ::poll(&p, 1, static_cast<int>(std::chrono::milliseconds{patience}.count()));
        if (ready == 0) throw std::runtime_error{std::string{"timeout: "} + what};
    }

    bool receive() { // false: the end
        for (;;) {
            char buffer[16384];
            ssize_t const n = ::recv(fd_, buffer, sizeof buffer, 0);
            if (n > 0) {
                read_.append(buffer, static_cast<std::size_t>(n));
                return true;
            }
            if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) return false;
            wait_for(POLLIN, "the server sends nothing");
        }
    }

    int fd_;
    std::string read_;
};

}

#endif
