// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_BENCHMARKS_SERVERS_RAW_REQUESTS_HPP
#define BACKCHANNEL_BENCHMARKS_SERVERS_RAW_REQUESTS_HPP

#include "connections.hpp"
#include "signature.hpp"

#include <backchannel/protocol/websocket_frame.hpp>
#include <backchannel/protocol/websocket_handshake.hpp>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace raw {

/// Serves requests as the load generator writes them, which is much less than HTTP: `Content-Length` is the last
/// header, a path is what it looks like, and an id is the number of a socket.
class requests {
public:
    requests(connections& all, bool verify, bool coalesce) : all_{all}, coalesce_{coalesce} {
        if (verify) verifier_.emplace();
        answers_.reserve(1 << 20);
    }

    /// How much of the input has been served, and how long it has to be to serve the next request; 0: unknown.
    struct served {
        std::size_t used = 0, needed = 0;
    };

    /// Serves all requests that are complete, and answers them with one call. The first bytes before `data` may be
    /// written to, as any byte of it: that is where the frames are made.
    [[nodiscard]] served serve(int fd, char* data, std::size_t size) {
        answers_.clear();
        served result;
        while (all_.role_of(fd) == role::http) {
            std::string_view const rest{data + result.used, size - result.used};
            std::size_t const end = rest.find("\r\n\r\n");
            if (end == std::string_view::npos) break;
            std::string_view const head = rest.substr(0, end + 2);
            std::size_t const body = head[0] == 'P' ? content_length(head.substr(0, end)) : 0;
            result.needed = end + 4 + body;
            if (rest.size() < result.needed) break;
            serve_one(fd, head, data + result.used + end + 4, body);
            result.used += result.needed;
            result.needed = 0;
        }
        if (!answers_.empty()) all_.send(fd, answers_);
        return result;
    }

private:
    [[nodiscard]] static std::size_t content_length(std::string_view head) {
        std::size_t n = 0, unit = 1;
        for (std::size_t at = head.size() - 1; head[at] != ' '; --at, unit *= 10)
            n += static_cast<std::size_t>(head[at] - '0') * unit;
        return n;
    }

    void serve_one(int fd, std::string_view head, char* body, std::size_t size) {
        std::size_t const at = head.find('@'); // no host and no signature has one
        std::string_view const path = head.substr(0, head.find('\r'));
        if (at >= path.size()) return head[0] == 'G' ? upgrade(fd, head) : broadcast(body, size);
        if (verifier_ && !verifier_->verify(head, {body, size})) {
            answers_.append("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
            return;
        }
        int const to = receiver(head.substr(at + sizeof("@connections/") - 1));
        if (all_.role_of(to) != role::websocket) {
            answers_.append("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n");
        } else if (head[0] == 'P') {
            deliver(to, frame(body, size));
            answers_.append("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        } else if (head[0] == 'D') {
            all_.send(to, {"\x88\x02\x03\xE8", 4});
            all_.drop(to);
            answers_.append("HTTP/1.1 204 No Content\r\n\r\n");
        } else {
            answers_.append("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 84\r\n\r\n"
                            "{\"connectedAt\":\"2026-01-01T00:00:00.000Z\","
                            "\"lastActiveAt\":\"2026-01-01T00:00:00.000Z\"}");
        }
    }

    [[nodiscard]] static int receiver(std::string_view id) {
        int fd = 0;
        for (char const c : id) {
            if (c == ' ') break;
            fd = fd * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
        }
        return fd;
    }

    /// The frame around a body, made where the end of the request's head was.
    [[nodiscard]] static std::string_view frame(char* body, std::size_t size) {
        auto const header = backchannel::websocket::make_frame_header(backchannel::websocket::opcode::text, size);
        std::memcpy(body - header.size, header.bytes.data(), header.size);
        return {body - header.size, header.size + size};
    }

    void deliver(int to, std::string_view bytes) {
        if (coalesce_)
            all_.send_later(to, bytes);
        else
            all_.send(to, bytes);
    }

    void broadcast(char* body, std::size_t size) {
        std::string_view const bytes = frame(body, size);
        for (int const to : all_.websockets()) deliver(to, bytes);
        answers_.append("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }

    void upgrade(int fd, std::string_view head) {
        constexpr std::string_view name = "Sec-WebSocket-Key: ";
        auto const accept = backchannel::websocket::accept_key(head.substr(head.find(name) + name.size(), 24));
        std::array<char, 9> id{};
        (void)std::snprintf(id.data(), id.size(), "%08x", static_cast<unsigned>(fd));
        std::string const hello = bench::greeting(id.data());
        std::string answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: ";
        answer.append(accept.data(), accept.size()).append("\r\n\r\n");
        answer.append(
            backchannel::websocket::make_frame_header(backchannel::websocket::opcode::text, hello.size()).view());
        all_.send(fd, answer.append(hello));
        all_.upgrade(fd);
    }

    connections& all_;
    std::optional<signature> verifier_;
    bool coalesce_;
    std::string answers_;
};

}

#endif
