// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_COMPRESSION_HPP
#define BACKCHANNEL_GATEWAY_COMPRESSION_HPP

#include <backchannel/http.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Compresses one side of a WebSocket and inflates the other. One per connection; used on its thread only.
class message_codec {
public:
    enum class status {
        ok,
        too_large, ///< the message is longer than `limit`; nothing behind the limit was inflated
        broken     ///< what came is no compressed data
    };

    virtual ~message_codec() = default;

    /// Appends what the next bytes of a compressed message stand for; `out` never grows beyond `limit` bytes.
    ///
    /// `last`: the message ends behind them. After anything but `ok` the codec is not used again. Throws
    /// std::bad_alloc.
    [[nodiscard]] virtual status inflate(std::string_view bytes, bool last, std::string& out, std::size_t limit) = 0;

    /// Appends a whole message in compressed form. False, and `out` is as it was: it is to be sent as it is.
    ///
    /// Throws std::bad_alloc; the codec is not used for compressing again after that.
    [[nodiscard]] virtual bool deflate(std::string_view message, std::string& out) = 0;
};

/// An extension that compresses messages, as permessage-deflate does (RFC 7692). `gateway/deflate.hpp` has one.
///
/// Thread safety: called from every loop at the same time.
class message_compression {
public:
    struct agreement {
        std::string answer; ///< value of Sec-WebSocket-Extensions in the 101 answer
        std::unique_ptr<message_codec> codec;
    };

    virtual ~message_compression() = default;

    /// Chooses among the client's offers; nothing: messages stay as they are. `headers` are all those of the handshake.
    [[nodiscard]] virtual std::optional<agreement> negotiate(std::span<header_view const> headers) const = 0;
};

}

#endif
