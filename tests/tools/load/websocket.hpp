// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_TOOLS_LOAD_WEBSOCKET_HPP
#define BACKCHANNEL_TESTS_TOOLS_LOAD_WEBSOCKET_HPP

#include "network.hpp"

#include <backchannel/protocol/base64.hpp>
#include <backchannel/protocol/websocket_frame.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace load {

/// Where the WebSockets are, and how clients get there.
struct target {
    ::sockaddr_in where{};
    std::string handshake; ///< but for the key
    std::uint64_t sources = 1;

    /// The whole request, with a key of its own: some servers tell clients apart by it.
    [[nodiscard]] std::string upgrade() const {
        static std::mt19937_64 random{std::random_device{}()};
        std::uint64_t const nonce[2] = {random(), random()};
        char bytes[sizeof nonce];
        std::memcpy(bytes, nonce, sizeof nonce);
        std::string const key = backchannel::protocol::base64_encode({bytes, sizeof bytes});
        return handshake + "Sec-WebSocket-Key: " + key + "\r\n\r\n";
    }

    /// A source address for the client of that number, if the server is on loopback.
    [[nodiscard]] std::uint32_t source(std::uint64_t number) const {
        if (ntohl(where.sin_addr.s_addr) >> 24 != 127) return 0;
        return 0x7F000001 + static_cast<std::uint32_t>(number % sources);
    }
};

[[nodiscard]] inline target target_of(options const& given) {
    unsigned const port = static_cast<unsigned>(given.number("port", 1, 65535));
    std::string request = "GET " + given.text("path") + " HTTP/1.1\r\nHost: " + given.text("host") + ":" +
                          std::to_string(port) +
                          "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
    return {address_of(given.text("host"), port), std::move(request), given.number("sources", 1, 250)};
}

/// A client's frame; all zeros is a mask as good as any for a test.
inline void append_frame(std::string& out, backchannel::websocket::opcode kind, std::string_view payload) {
    out.append(backchannel::websocket::make_masked_frame_header(kind, payload.size(), {}).view()).append(payload);
}

/// One WebSocket: connecting, open, closed. Answers pings and close frames itself.
class websocket {
public:
    enum class state : std::uint8_t { idle, connecting, open, closing };

    tcp_connection tcp;
    std::string id;
    state now = state::idle;
    int status = 0;                      ///< of the handshake's answer
    std::optional<std::uint16_t> code{}; ///< of the close frame that came
    std::int64_t began_ns = 0;           ///< to connect

    /// Takes what was read. `f(text)` is called for each message; false: the other end breaks the protocol.
    template <class F>
    [[nodiscard]] bool take(F&& f) {
        if (now == state::connecting && !take_answer()) return status == 0 || status == 101;
        if (now != state::open) return true;
        std::span<char> rest{tcp.in};
        for (;;) {
            auto const event = parser_.next(rest);
            using type = backchannel::websocket::frame_event::type;
            if (event.kind == type::need_more) break;
            if (event.kind == type::error) return false;
            if (event.kind == type::ping) append_frame(tcp.out, backchannel::websocket::opcode::pong, event.payload);
            if (event.kind == type::data) {
                if (event.first && event.last) {
                    f(event.payload);
                    continue;
                }
                message_.append(event.payload);
                if (!event.last) continue;
                f(std::string_view{message_});
                message_.clear();
            }
            if (event.kind == type::close) {
                code = event.code;
                append_close(event.code);
                now = state::closing;
                break;
            }
        }
        tcp.in.erase(0, tcp.in.size() - rest.size());
        if (tcp.in.empty() && tcp.in.capacity() > 4096) tcp.in = {}; // thousands of clients are in one process
        return true;
    }

    void begin(target const& t) {
        id.clear();
        status = 0;
        code.reset();
        message_.clear();
        parser_ = parser();
        tcp.out = t.upgrade();
        now = state::connecting;
    }

    void append_close(std::uint16_t with) {
        std::array<char, 2> const payload{static_cast<char>(with >> 8), static_cast<char>(with & 0xFF)};
        append_frame(tcp.out, backchannel::websocket::opcode::close,
                     with == 1005 ? std::string_view{} : std::string_view{payload.data(), payload.size()});
    }

private:
    [[nodiscard]] static backchannel::websocket::frame_parser parser() {
        backchannel::websocket::frame_limits limits;
        limits.frame = limits.message = 16 * 1024 * 1024;
        return backchannel::websocket::frame_parser{limits, backchannel::websocket::endpoint::client};
    }

    [[nodiscard]] bool take_answer() {
        answer_head const head = read_head(tcp.in);
        if (head.size == 0) return false;
        status = head.status;
        if (status != 101) return false;
        id = head.connection_id;
        tcp.in.erase(0, head.size);
        now = state::open;
        return true;
    }

    backchannel::websocket::frame_parser parser_ = parser();
    std::string message_;
};

}

#endif
