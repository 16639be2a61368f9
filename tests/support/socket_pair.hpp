// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_SOCKET_PAIR_HPP
#define BACKCHANNEL_TESTS_SUPPORT_SOCKET_PAIR_HPP

#include "support/catch.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

namespace test {

/// A server's socket and its client's, neither of which waits. Unless it is a stream, what is written by one call is
/// read by one call, and not together with what others write.
class socket_pair {
public:
    explicit socket_pair(int type = SOCK_SEQPACKET) {
        REQUIRE(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, ends_.data()) == 0);
    }
    socket_pair(socket_pair const&) = delete;
    socket_pair& operator=(socket_pair const&) = delete;
    ~socket_pair() {
        close(ends_[0]);
        leave();
    }

    [[nodiscard]] int server() const noexcept { return ends_[0]; }
    [[nodiscard]] int client() const noexcept { return ends_[1]; }

    void say(std::string_view text) const {
        REQUIRE(send(client(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
    }
    void finish() const { shutdown(client(), SHUT_WR); }
    void leave() {
        if (ends_[1] >= 0) close(ends_[1]);
        ends_[1] = -1;
    }

    /// What one write has sent; "nothing" or "the end".
    [[nodiscard]] std::string hear() {
        ssize_t const n = recv(client(), room_.data(), room_.size(), 0);
        return n < 0 ? "nothing" : n == 0 ? "the end" : std::string{room_.data(), static_cast<std::size_t>(n)};
    }

private:
    std::array<int, 2> ends_{-1, -1};
    std::string room_ = std::string(1 << 20, ' ');
};

}

#endif
