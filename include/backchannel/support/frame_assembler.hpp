// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_FRAME_ASSEMBLER_HPP
#define BACKCHANNEL_SUPPORT_FRAME_ASSEMBLER_HPP

#include <backchannel/protocol/utf8.hpp>
#include <backchannel/protocol/websocket_frame.hpp>
#include <backchannel/support/serial_writer.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Makes messages of a client's frames, for servers that unmask them but hand them over one by one (RFC 6455 5.4).
///
/// Pings and the close frame are answered through the connection's writer; what breaks the protocol closes with 1002,
/// 1007 or 1009. For one thread.
template <class Peer>
class frame_assembler {
public:
    /// `max_message`: bytes that a message may have.
    frame_assembler(serial_writer<Peer> writer, std::size_t max_message)
        : writer_{std::move(writer)}, limit_{max_message} {}

    /// The message that this frame completes, if it does; valid until the next call, and as long as `payload`.
    [[nodiscard]] std::optional<message> take(unsigned first_byte, std::string_view payload) {
        if (over_) return std::nullopt;
        bool const fin = (first_byte & 0x80) != 0;
        auto const kind = static_cast<websocket::opcode>(first_byte & 0x0F);
        if ((first_byte & 0x70) != 0) return fail(1002);
        if ((first_byte & 0x08) != 0) return control(kind, payload, fin);
        bool const first = kind != websocket::opcode::continuation;
        if (first == in_message_ || (first_byte & 0x0F) > 2) return fail(1002);
        if (first) {
            kind_ = kind == websocket::opcode::text ? message_kind::text : message_kind::binary;
            text_.clear();
        }
        in_message_ = !fin;
        if (payload.size() > limit_ - text_.size()) return fail(1009);
        if (!first || !fin) payload = text_.append(payload);
        if (!fin) return std::nullopt;
        if (kind_ == message_kind::text && !protocol::is_valid_utf8(payload)) return fail(1007);
        return message{payload, kind_};
    }

    /// Closes the connection; 1006: says nothing to the client. Gives nothing back.
    std::optional<message> fail(std::uint16_t code) {
        over_ = true;
        code_ = code;
        text_.clear();
        if (code != 1006) writer_.close(code, {});
        return std::nullopt;
    }

    /// Whether nothing more is to be read.
    [[nodiscard]] bool over() const noexcept { return over_; }

    /// The code of the client's close frame (1005: a frame without one), or that of `fail`; 1006 before.
    [[nodiscard]] std::uint16_t close_code() const noexcept { return code_; }
    /// The reason in that frame; empty if there is none.
    [[nodiscard]] std::string_view close_reason() const noexcept {
        return over_ ? std::string_view{text_} : std::string_view{};
    }

private:
    std::optional<message> control(websocket::opcode kind, std::string_view payload, bool fin) {
        if (!fin || payload.size() > 125 || kind > websocket::opcode::pong) return fail(1002);
        if (kind == websocket::opcode::ping) writer_.pong(payload);
        if (kind == websocket::opcode::close) {
            over_ = true;
            code_ = 1005;
            text_.clear();
            if (payload.size() >= 2) {
                code_ = static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8 |
                                                   static_cast<unsigned char>(payload[1]));
                text_ = payload.substr(2);
            }
            writer_.close(payload.empty() ? 0 : websocket::is_sendable_close_code(code_) ? code_ : 1002, {});
        }
        return std::nullopt;
    }

    serial_writer<Peer> writer_;
    std::size_t limit_;
    std::string text_; // of the fragments so far; when it is over, of the close frame
    message_kind kind_ = message_kind::text;
    bool in_message_ = false;
    bool over_ = false;
    std::uint16_t code_ = 1006;
};

}

#endif
