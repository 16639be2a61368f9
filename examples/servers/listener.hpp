// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef EXAMPLES_SERVERS_LISTENER_HPP
#define EXAMPLES_SERVERS_LISTENER_HPP

#include <arpa/inet.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <netinet/tcp.h>
#include <sys/socket.h>

/// A socket that listens on 127.0.0.1, for servers on the system's own calls; `port` is the one it got.
inline int listen_on(std::uint16_t& port) {
    int const listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in at{AF_INET, htons(port), {htonl(INADDR_LOOPBACK)}, {}};
    socklen_t size = sizeof at;
    int const yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    if (bind(listener, address, size) != 0 || listen(listener, 4096) != 0) {
        std::perror("cannot listen");
        std::exit(1);
    }
    getsockname(listener, address, &size);
    port = ntohs(at.sin_port);
    return listener;
}

/// A connection, or -1; what it sends never waits for the acknowledgement of what it sent before.
inline int accept_from(int listener) {
    int const fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC), yes = 1;
    if (fd >= 0) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

#endif
