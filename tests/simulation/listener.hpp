// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SIMULATION_LISTENER_HPP
#define BACKCHANNEL_TESTS_SIMULATION_LISTENER_HPP

#include "simulation/server.hpp"

#include <backchannel/protocol/websocket_frame.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace simulation {

/// A client with a WebSocket: it reads what it is sent, sooner or later, talks now and then, and leaves in many ways.
class listener {
public:
    listener(stage& s, server& to, wire::settings net);
    listener(listener const&) = delete;
    listener& operator=(listener const&) = delete;

    void start();
    void calm_down(); ///< reads everything from now on, and stays
    void leave() { dialogue_->on_change(side::client, nullptr); }

private:
    void on_change();
    void read();
    bool read_handshake();
    void read_frames();
    void talk();
    void part();
    void put(backchannel::websocket::opcode kind, std::string payload);
    void flush();
    void over();

    stage& on_;
    server& server_;
    std::shared_ptr<dialogue> dialogue_;
    backchannel::websocket::frame_parser parser_;
    std::string in_, out_, message_;
    microseconds talks_every_;
    int dozes_; // chance that it stops reading for a while, in a thousand
    bool upgraded_ = false, gone_ = false, dozing_ = false, close_sent_ = false;
};

}

#endif
