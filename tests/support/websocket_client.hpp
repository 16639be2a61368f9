// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_WEBSOCKET_CLIENT_HPP
#define BACKCHANNEL_TESTS_SUPPORT_WEBSOCKET_CLIENT_HPP

#include "test_client.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace test {

/// A frame as a client sends it, written here without the library.
[[nodiscard]] inline std::string masked_frame(int opcode, std::string_view payload, bool fin = true, int reserved = 0) {
    std::string out;
    out += static_cast<char>((fin ? 0x80 : 0) | reserved << 4 | opcode);
    std::size_t const size = payload.size();
    if (size < 126) {
        out += static_cast<char>(0x80 | size);
    } else if (size <= 0xFFFF) {
        out += static_cast<char>(0x80 | 126);
        for (int shift : {8, 0}) out += static_cast<char>(size >> shift & 0xFF);
    } else {
        out += static_cast<char>(0x80 | 127);
        for (int shift : {56, 48, 40, 32, 24, 16, 8, 0}) out += static_cast<char>(size >> shift & 0xFF);
    }
    std::array<char, 4> const key{0x12, 0x34, 0x56, 0x78};
    out.append(key.data(), key.size());
    for (std::size_t i = 0; i != size; ++i) out += static_cast<char>(payload[i] ^ key[i % 4]);
    return out;
}

[[nodiscard]] inline std::string close_frame_of(int code, std::string_view reason = {}) {
    std::string payload;
    payload += static_cast<char>(code >> 8);
    payload += static_cast<char>(code & 0xFF);
    return masked_frame(8, payload.append(reason));
}

[[nodiscard]] inline std::string upgrade_request(std::string_view path = "/prod", std::string_view more_headers = {},
                                                 std::string_view version = "13",
                                                 std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==") {
    std::string request{"GET "};
    request.append(path).append(" HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    request.append("Sec-WebSocket-Version: ").append(version).append("\r\n");
    request.append("Sec-WebSocket-Key: ").append(key).append("\r\n").append(more_headers).append("\r\n");
    return request;
}

struct websocket_frame {
    bool fin = false;
    int opcode = -1;
    std::string payload;

    /// The code of a close frame; 0: none.
    [[nodiscard]] int code() const {
        if (payload.size() < 2) return 0;
        return static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
    }
    [[nodiscard]] std::string reason() const { return payload.size() < 2 ? std::string{} : payload.substr(2); }
};

/// A WebSocket client that is connected when it is constructed.
class websocket_client : public test_client {
public:
    explicit websocket_client(unsigned short port, std::string_view path = "/prod", std::string_view more_headers = {},
                              int receive_buffer = 0)
        : test_client{port, receive_buffer} {
        send(upgrade_request(path, more_headers));
        answer = read_response();
        if (answer.status != 101) throw std::runtime_error{"no WebSocket: " + answer.head};
        id = answer.header("X-Connection-Id");
    }

    /// Goes on where a client has read the 101 itself.
    explicit websocket_client(test_client opened) : test_client{std::move(opened)} {}

    http_answer answer; ///< of the handshake
    std::string id;

    void send_text(std::string_view text) { send(masked_frame(1, text)); }
    void send_close(int code) { send(close_frame_of(code)); }

    [[nodiscard]] websocket_frame read_frame() {
        websocket_frame frame;
        std::string const start = read_exactly(2);
        frame.fin = (start[0] & 0x80) != 0;
        frame.opcode = start[0] & 0x0F;
        if ((start[0] & 0x70) != 0 || (start[1] & 0x80) != 0) throw std::runtime_error{"reserved bit or mask"};
        std::uint64_t size = static_cast<unsigned char>(start[1]);
        if (size >= 126) {
            std::string const longer = read_exactly(size == 126 ? 2 : 8);
            size = 0;
            for (char const c : longer) size = size << 8 | static_cast<unsigned char>(c);
        }
        frame.payload = read_exactly(static_cast<std::size_t>(size));
        return frame;
    }
    /// The text of the next frame, which must be a whole text message.
    [[nodiscard]] std::string read_text() {
        websocket_frame const frame = read_frame();
        if (!frame.fin || frame.opcode != 1)
            throw std::runtime_error{"no text: opcode " + std::to_string(frame.opcode)};
        return frame.payload;
    }
    /// Reads on to the close frame and the end of the connection; the code, 0 without one, -1 if there is no frame.
    [[nodiscard]] int read_close() {
        websocket_frame frame;
        do {
            if (ended()) return -1;
            frame = read_frame();
        } while (frame.opcode != 8);
        return frame.code();
    }
    /// Sends a close and waits for the other side's.
    int hang_up(int code = 1000) {
        send_close(code);
        return read_close();
    }
};

}

#endif
