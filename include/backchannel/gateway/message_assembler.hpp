// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_MESSAGE_ASSEMBLER_HPP
#define BACKCHANNEL_GATEWAY_MESSAGE_ASSEMBLER_HPP

#include <backchannel/gateway/compression.hpp>
#include <backchannel/protocol/utf8.hpp>
#include <backchannel/protocol/websocket_frame.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Makes whole messages of what a frame parser gives, inflating those that are compressed.
class message_assembler {
public:
    struct piece {
        bool whole = false;      ///< a message is complete: `text` is what it says, valid until the next call
        std::uint16_t error = 0; ///< a close code: the connection fails, `text` says why
        std::string_view text{};
    };

    /// Takes an event of type `data`. `codec` may be nullptr if it is not compressed; `limit`: bytes of a message,
    /// after inflation. Throws std::bad_alloc.
    [[nodiscard]] piece add(websocket::frame_event const& event, message_codec* codec, std::uint64_t limit) {
        if (event.first) clear();
        if (event.first && event.last && !event.compressed) return {true, 0, event.payload}; // in place
        if (begun_ == nullptr) begun_ = std::make_unique<begun>();
        if (event.compressed) return inflate(event, *codec, static_cast<std::size_t>(limit));
        begun_->text.append(event.payload);
        return {event.last, 0, begun_->text};
    }

    /// The message has been dealt with. An idle connection holds no memory for it.
    void clear() noexcept { begun_.reset(); }

private:
    /// A message that came in pieces, or compressed.
    struct begun {
        std::string text;
        protocol::utf8_validator utf8; // of a compressed text; the parser has checked any other
    };

    [[nodiscard]] piece inflate(websocket::frame_event const& event, message_codec& codec, std::size_t limit) {
        std::string& text = begun_->text;
        std::size_t const before = text.size();
        switch (codec.inflate(event.payload, event.last, text, limit)) {
        case message_codec::status::too_large:
            return {false, 1009, "message too large"};
        case message_codec::status::broken:
            return {false, 1007, "invalid compressed data"};
        case message_codec::status::ok:
            break;
        }
        if (event.message == websocket::opcode::text) {
            bool const good = begun_->utf8.feed(std::string_view{text}.substr(before));
            if (!good || (event.last && !begun_->utf8.complete())) return {false, 1007, "invalid UTF-8"};
        }
        return {event.last, 0, text};
    }

    std::unique_ptr<begun> begun_;
};

}

#endif
