// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_FRAME_LISTENER_HPP
#define BACKCHANNEL_TESTS_SUPPORT_FRAME_LISTENER_HPP

#include "support/catch.hpp"

#include <backchannel/protocol/websocket_frame.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// WebSocket frames, and what the parser makes of a stream of them, checked for every way of cutting it.
namespace test::frame_listener {

using namespace backchannel::websocket;
using type = frame_event::type;

inline constexpr std::array<char, 4> key{'\x37', '\xFA', '\x21', '\x3D'};
inline constexpr std::uint64_t huge = std::uint64_t{1} << 62;

inline std::string operator""_bytes(char const* text, std::size_t size) { return {text, size}; }

inline std::string masked(opcode kind, std::string payload, bool fin = true, bool rsv1 = false,
                          std::array<char, 4> with = key) {
    std::string out{make_masked_frame_header(kind, payload.size(), with, fin, rsv1).view()};
    for (std::size_t i = 0; i != payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ with[i % 4]);
    return out + payload;
}

inline std::string plain(opcode kind, std::string_view payload, bool fin = true, bool rsv1 = false) {
    return std::string{make_frame_header(kind, payload.size(), fin, rsv1).view()}.append(payload);
}

inline std::string close_of(std::uint16_t code, std::string_view reason = {}) {
    return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)}.append(reason);
}

// A client's frame that claims a length and has no payload: first byte, length bits, length bytes.
inline std::string claim(int first, int length, std::string_view field, bool with_mask = true) {
    std::string out{static_cast<char>(first), static_cast<char>(length | 0x80)};
    return out.append(field).append(with_mask ? std::string_view{key.data(), 4} : std::string_view{});
}

// What came out of a stream: whole messages in square brackets, control frames, and how it ended.
class listener {
public:
    explicit listener(frame_limits limits, endpoint side) : parser_{limits, side} {}

    // False once the stream has ended.
    bool feed(std::string_view bytes) {
        // exactly as long as it must be, so that a sanitizer sees any step outside
        std::vector<char> buffer(rest_.begin(), rest_.end());
        buffer.insert(buffer.end(), bytes.begin(), bytes.end());
        std::span<char> input{buffer};
        for (;;) {
            frame_event const event = parser_.next(input);
            if (event.kind == type::need_more) break;
            note(event);
            if (ended_) {
                frame_event const after = parser_.next(input);
                CHECK(after.kind == type::need_more);
                break;
            }
        }
        rest_.assign(input.begin(), input.end());
        fed_ += bytes.size();
        CHECK((ended_ || rest_.size() < 131));
        return !ended_;
    }

    [[nodiscard]] std::string const& log() const { return log_; }
    [[nodiscard]] std::size_t fed() const { return fed_; }
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] std::string const& rest() const { return rest_; }
    [[nodiscard]] frame_parser const& parser() const { return parser_; }

private:
    void note(frame_event const& event) {
        std::string const payload{event.payload};
        switch (event.kind) {
        case type::data:
            CHECK(event.first == !open_);
            CHECK((!payload.empty() || event.last));
            if (event.first) {
                message_ = event.message == opcode::text ? "text" : "binary";
                message_ += event.compressed ? "*[" : "[";
            }
            CHECK((message_[0] == 't') == (event.message == opcode::text));
            CHECK((message_.find("*[") < 7) == event.compressed);
            message_ += payload;
            open_ = !event.last;
            if (event.last) log_ += message_ + "]";
            break;
        case type::ping:
            log_ += "ping(" + payload + ")";
            break;
        case type::pong:
            log_ += "pong(" + payload + ")";
            break;
        case type::close:
            log_ += "close(" + std::to_string(event.code) + "," + std::string{event.reason} + ")";
            break;
        case type::error:
            log_ += "error(" + std::to_string(event.code) + "," + std::string{event.reason} + ")";
            break;
        case type::need_more:
            break;
        }
        ended_ = event.kind == type::close || event.kind == type::error;
    }

    frame_parser parser_;
    std::string rest_, log_, message_;
    std::size_t fed_ = 0;
    bool open_ = false;
    bool ended_ = false;
};

struct setting {
    frame_limits limits{};
    endpoint side = endpoint::server;
};

inline std::string run_in(std::string_view stream, std::vector<std::size_t> const& ends, setting s) {
    listener l{s.limits, s.side};
    std::size_t begin = 0;
    for (std::size_t const end : ends) {
        if (!l.feed(stream.substr(begin, end - begin))) break;
        begin = end;
    }
    return l.log();
}

// The log of a stream, after checking that no way of cutting it changes the log, nor what follows it.
inline std::string run(std::string_view stream, setting s = {}) {
    std::string const whole = run_in(stream, {stream.size()}, s);
    std::vector<std::size_t> bytes;
    for (std::size_t i = 1; i <= stream.size(); ++i) bytes.push_back(i);
    CHECK(run_in(stream, bytes, s) == whole);
    if (stream.size() <= 300)
        for (std::size_t i = 0; i <= stream.size(); ++i)
            if (run_in(stream, {i, stream.size()}, s) != whole) FAIL_CHECK("differs when cut at " << i);
    bool const ended = whole.find("error(") != whole.npos || whole.find("close(") != whole.npos;
    std::string const next =
        s.side == endpoint::server ? masked(opcode::binary, "next") : plain(opcode::binary, "next");
    listener probe{s.limits, s.side};
    probe.feed(stream);
    if (ended || (!probe.parser().in_message() && probe.rest().empty()))
        CHECK(run_in(std::string{stream} + next, {stream.size() + next.size()}, s) ==
              (ended ? whole : whole + "binary[next]"));
    return whole;
}

// Checks that a stream fails with this code at exactly its last byte.
inline void fails_at_end(std::string_view stream, int code, setting s = {}) {
    std::string const log = run(stream, s);
    CHECK(log.substr(0, log.find(',')).find("error(" + std::to_string(code)) != log.npos);
    std::string const before = run(stream.substr(0, stream.size() - 1), s);
    CHECK(before.find("error(") == before.npos);
}

}

#endif
