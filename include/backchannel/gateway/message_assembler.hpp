// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_MESSAGE_ASSEMBLER_HPP
#define BACKCHANNEL_GATEWAY_MESSAGE_ASSEMBLER_HPP

#include <backchannel/gateway/compression.hpp>
#include <backchannel/protocol/utf8.hpp>
#include <backchannel/protocol/websocket_frame.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Makes whole messages of what a frame parser gives, inflating those that are compressed.
class message_assembler {
public:
    /// `codec` may be nullptr; `limit`: bytes of a message, after inflation.
    message_assembler(message_codec* codec, std::uint64_t limit) noexcept : codec_{codec}, limit_{limit} {}

    struct piece {
        bool whole = false;      ///< a message is complete: `text` is what it says, valid until the next call
        std::uint16_t error = 0; ///< a close code: the connection fails, `text` says why
        std::string_view text{};
    };

    /// Takes an event of type `data`. Throws std::bad_alloc.
    [[nodiscard]] piece add(websocket::frame_event const& event) {
        if (event.first) {
            collected_.clear();
            utf8_.reset();
        }
        if (event.compressed) return inflate(event);
        if (event.first && event.last) return {true, 0, event.payload}; // in place
        collected_.append(event.payload);
        return {event.last, 0, collected_};
    }

    /// The message has been dealt with. An idle connection holds no memory for it.
    void clear() noexcept { std::string{}.swap(collected_); }

private:
    [[nodiscard]] piece inflate(websocket::frame_event const& event) {
        std::size_t const before = collected_.size();
        switch (codec_->inflate(event.payload, event.last, collected_, static_cast<std::size_t>(limit_))) {
        case message_codec::status::too_large:
            return {false, 1009, "message too large"};
        case message_codec::status::broken:
            return {false, 1007, "invalid compressed data"};
        case message_codec::status::ok:
            break;
        }
        if (event.message == websocket::opcode::text) {
            bool const good = utf8_.feed(std::string_view{collected_}.substr(before));
            if (!good || (event.last && !utf8_.complete())) return {false, 1007, "invalid UTF-8"};
        }
        return {event.last, 0, collected_};
    }

    message_codec* codec_;
    std::uint64_t limit_;
    std::string collected_;         // a message that came in pieces, or compressed
    protocol::utf8_validator utf8_; // of a compressed text; the parser has checked any other
};

}

#endif
