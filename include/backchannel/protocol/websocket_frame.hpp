// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_WEBSOCKET_FRAME_HPP
#define BACKCHANNEL_PROTOCOL_WEBSOCKET_FRAME_HPP

#include <backchannel/config.hpp>
#include <backchannel/protocol/utf8.hpp>
#include <backchannel/protocol/websocket_frame_header.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::websocket {

/// Which end of the connection is reading: a server's frames come masked, a client's must not. RFC 6455 5.1.
enum class endpoint : std::uint8_t { server, client };

/// What is accepted from the other end. Each limit is the largest value that still passes.
///
/// A compressed message is measured as it stands on the wire, and may there exceed the byte limits by an eighth and 64
/// bytes, which is more than deflate adds to bytes it can't shrink: the exact limit is for whoever inflates it.
struct frame_limits {
    std::uint64_t frame = 32768;      ///< bytes of a frame's payload
    std::uint64_t message = 131072;   ///< bytes of a message's payload
    std::uint32_t fragments = 131072; ///< frames of a message, empty ones too; at least 1
    bool compression = false;         ///< permessage-deflate was negotiated: RSV1 may open a message. RFC 7692 6
};

/// What `frame_parser::next` has found. Views point into the input.
struct frame_event {
    enum class type : std::uint8_t {
        need_more, ///< nothing without more input
        data,      ///< a piece of a text or binary message
        ping,
        pong,
        close, ///< the last event
        error  ///< the last event: send a close frame with `code` and end the connection
    };

    type kind = type::need_more;
    opcode message = opcode::continuation; ///< data: `text` or `binary`
    bool first = false;                    ///< data: begins a message
    bool last = false;                     ///< data: ends a message; the payload may be empty then
    bool compressed = false;               ///< data: `payload` is to be inflated, and text to be checked after that
    std::uint16_t code = 0;                ///< close: as received, 1005 for none; error: 1002, 1007, 1008 or 1009
    std::string_view payload{};            ///< data, ping, pong: unmasked bytes
    std::string_view reason{};             ///< close: as received, valid UTF-8; error: a constant, in English
};

/// Reads WebSocket frames. RFC 6455 5 to 8.
///
/// Data is passed on as it arrives; frame headers and whole control frames must be complete in the input. Whatever is
/// wrong is reported at the first byte that makes it certain: a bad length before any payload, bad UTF-8 inside a
/// fragment. No allocation; 56 bytes of state. Not thread-safe; one object per connection.
class frame_parser {
public:
    explicit frame_parser(frame_limits limits = {}, endpoint side = endpoint::server) noexcept
        : limits_{limits}, side_{side} {}

    /// Takes what it can off the front of `input`, unmasking it in place, and returns the first event found.
    ///
    /// Call it until `need_more`, then again with what is left of `input` followed by new bytes; what is left is less
    /// than 131 bytes. After `close` and `error` it takes nothing more and returns `need_more`.
    [[nodiscard]] BACKCHANNEL_DECL frame_event next(std::span<char>& input) noexcept;

    /// Whether a message has begun and not ended.
    [[nodiscard]] bool in_message() const noexcept { return in_message_; }

private:
    struct verdict {
        std::uint16_t code = 0; // 0: nothing wrong
        std::string_view reason{};
    };

    // A frame header as far as it has been read.
    struct header {
        opcode kind{};
        bool fin = false;
        bool compressed = false;
        std::uint64_t payload_size = 0;
        std::size_t size = 0; // 0: not complete yet
        std::array<char, 4> mask{};
    };

    [[nodiscard]] BACKCHANNEL_DECL verdict read_header(std::span<char const> input, header& out) const noexcept;
    [[nodiscard]] BACKCHANNEL_DECL verdict check_first_byte(std::uint8_t byte) const noexcept;
    [[nodiscard]] BACKCHANNEL_DECL verdict check_second_byte(opcode kind, std::uint8_t byte) const noexcept;
    [[nodiscard]] BACKCHANNEL_DECL verdict check_length(header const& frame, std::span<char const> present,
                                                        std::size_t field_size) const noexcept;
    [[nodiscard]] BACKCHANNEL_DECL frame_event take_control(header const& frame, std::span<char>& input) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL frame_event take_close(header const& frame, std::span<char>& input) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL frame_event take_data(std::span<char>& input) noexcept;
    BACKCHANNEL_DECL void begin_frame(header const& frame) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL frame_event fail(verdict why) noexcept;

    [[nodiscard]] static BACKCHANNEL_DECL verdict check_close(std::string_view payload, bool whole) noexcept;

    frame_limits limits_;
    std::uint64_t remaining_ = 0;    // payload bytes of the data frame at hand that haven't arrived
    std::uint64_t message_size_ = 0; // payload bytes announced by the frames of the message so far
    std::uint32_t fragments_ = 0;    // frames of the message so far
    std::array<char, 4> mask_{};     // turned so that its first byte is the next to be used
    protocol::utf8_validator utf8_{};
    endpoint side_;
    opcode message_ = opcode::continuation;
    bool in_message_ : 1 = false;
    bool in_frame_ : 1 = false; // a data frame's header has been taken and its payload not completely
    bool fin_ : 1 = false;
    bool first_ : 1 = false;
    bool compressed_ : 1 = false;
    bool ended_ : 1 = false;
};

/// Applies (or takes off, which is the same) a mask to bytes that begin `offset` bytes into the payload. RFC 6455 5.3.
BACKCHANNEL_DECL void apply_mask(std::span<char> bytes, std::array<char, 4> key, std::size_t offset = 0) noexcept;

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/websocket_frame.ipp>
#endif

#endif
