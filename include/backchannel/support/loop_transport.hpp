// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_LOOP_TRANSPORT_HPP
#define BACKCHANNEL_SUPPORT_LOOP_TRANSPORT_HPP

#include <backchannel/message.hpp>
#include <backchannel/support/task_inbox.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The WebSockets of loops that have a `task_inbox`, as the hub sees them.
///
/// `WebSocket` has `send`, `close`, `ping`, `terminate` and `buffered` as a Transport has them, but for the handle.
template <class WebSocket>
struct loop_transport {
    /// A WebSocket: it is looked at on its loop's thread only, and only while it is open.
    struct handle {
        WebSocket* socket;
        task_inbox* home;
    };

    delivery send(handle const& h, message const& m) { return h.socket->send(m); }
    void close(handle const& h, std::uint16_t code, std::string_view reason) { h.socket->close(code, reason); }
    void ping(handle const& h, std::string_view payload) { h.socket->ping(payload); }
    void terminate(handle const& h) { h.socket->terminate(); }
    [[nodiscard]] std::size_t buffered(handle const& h) noexcept { return h.socket->buffered(); }
    [[nodiscard]] bool on_thread(handle const& h) noexcept { return h.home->is_here(); }
    [[nodiscard]] task_inbox* thread_key(handle const& h) noexcept { return h.home; }
    void dispatch(handle const& h, task t) { h.home->post(std::move(t)); } // in a turn of its own
};

}

#endif
