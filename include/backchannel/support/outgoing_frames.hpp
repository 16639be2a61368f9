// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_OUTGOING_FRAMES_HPP
#define BACKCHANNEL_SUPPORT_OUTGOING_FRAMES_HPP

#include <backchannel/message.hpp>
#include <backchannel/protocol/websocket_frame_header.hpp>
#include <backchannel/support/outbox.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Queues one whole frame of a server. If it throws, nothing is queued.
inline void append_frame(outbox& out, websocket::opcode kind, std::string_view payload, bool compressed = false) {
    auto const header = websocket::make_frame_header(kind, payload.size(), true, compressed);
    out.append_by([&](std::string& text) {
        text.append(header.view()).append(payload);
        return true;
    });
}

/// Queues a message; one that is long is kept as it is. False: there is no memory to share it.
[[nodiscard]] inline bool append_message(outbox& out, message const& m) {
    // Up to there a copy costs less than a piece of its own; what many receivers wait for has its memory already.
    bool const for_many = m.is_for_many();
    if (m.data().size() > (for_many ? 512u : 16u * 1024)) {
        shared_message shared = m.share();
        if (!shared) return false;
        out.append(std::move(shared));
    } else if (for_many) {
        out.append(m.frame());
    } else {
        append_frame(out, m.kind() == message_kind::text ? websocket::opcode::text : websocket::opcode::binary,
                     m.data());
    }
    return true;
}

}

#endif
