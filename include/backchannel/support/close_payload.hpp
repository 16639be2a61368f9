// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_CLOSE_PAYLOAD_HPP
#define BACKCHANNEL_SUPPORT_CLOSE_PAYLOAD_HPP

#include <backchannel/protocol/utf8.hpp>
#include <backchannel/protocol/websocket_frame_header.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The payload of a close frame: the code in network order, then the reason. RFC 6455 5.5.1.
///
/// Code 0 gives an empty payload (a close without a code); one that no frame may carry becomes 1011, as it is a mistake
/// of the server's. A reason over 123 bytes is cut off between characters; one that is not UTF-8 is left out.
class close_payload {
public:
    explicit close_payload(std::uint16_t code, std::string_view reason = {}) noexcept {
        if (code == 0) return;
        if (!websocket::is_sendable_close_code(code)) code = 1011;
        bytes_[0] = static_cast<char>(code >> 8);
        bytes_[1] = static_cast<char>(code & 0xFF);
        std::size_t length = reason.size() < max_reason ? reason.size() : max_reason;
        while (length != reason.size() && length != 0 && (static_cast<unsigned char>(reason[length]) & 0xC0) == 0x80)
            --length;
        if (!protocol::is_valid_utf8(reason.substr(0, length))) length = 0;
        if (length != 0) std::memcpy(bytes_.data() + 2, reason.data(), length);
        size_ = static_cast<std::uint8_t>(2 + length);
    }

    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }

private:
    static constexpr std::size_t max_reason = 123;

    std::array<char, 125> bytes_;
    std::uint8_t size_ = 0;
};

}

#endif
