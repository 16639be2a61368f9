// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_TRANSPORT_HPP
#define BACKCHANNEL_GATEWAY_TRANSPORT_HPP

#include <backchannel/completion.hpp>
#include <backchannel/gateway/worker.hpp>
#include <backchannel/message.hpp>

#include <asio/post.hpp>

#include <cstdint>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The server's side of one WebSocket. Used on its worker's thread only.
class websocket_peer {
public:
    virtual delivery send(message const&) = 0;
    virtual delivery send_until(message const&, time_point not_after, completion<delivery>& written) = 0;
    virtual void close(std::uint16_t code, std::string_view reason) = 0;
    virtual void ping(std::string_view payload) = 0;
    virtual void terminate() = 0;

protected:
    ~websocket_peer() = default;
};

/// The gateway's connections as the hub sees them. A raw pointer is enough: the hub looks whether the connection is
/// still open on its own thread before it uses the handle.
struct gateway_transport {
    struct handle {
        gateway_worker* worker;
        websocket_peer* peer;
    };

    static constexpr bool bounds_itself = true;

    delivery send(handle const& h, message const& m) { return h.peer->send(m); }
    delivery send_until(handle const& h, message const& m, time_point not_after, completion<delivery>& written) {
        return h.peer->send_until(m, not_after, written);
    }
    void close(handle const& h, std::uint16_t code, std::string_view reason) { h.peer->close(code, reason); }
    void ping(handle const& h, std::string_view payload) { h.peer->ping(payload); }
    void terminate(handle const& h) { h.peer->terminate(); }

    // not right here: the loop has others to serve
    void dispatch(handle const& h, task t) { asio::post(h.worker->executor(), std::move(t)); }
    bool on_thread(handle const& h) { return h.worker->executor().running_in_this_thread(); }
    gateway_worker* thread_key(handle const& h) { return h.worker; }
};

}

#endif
