// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "simulation/listener.hpp"

#include <backchannel/protocol/websocket_handshake.hpp>

#include <array>
#include <span>
#include <utility>

namespace simulation {

using namespace backchannel;

namespace {
constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
}

listener::listener(stage& s, server& to, wire::settings net)
    : on_{s}, server_{to}, dialogue_{std::make_shared<dialogue>(s.w, net)}, parser_{websocket::frame_limits{},
                                                                                    websocket::endpoint::client},
      talks_every_{s.w.random.between(20'000, 900'000)}, dozes_{s.w.random.chance(300) ? 200 : 0} {}

void listener::start() {
    dialogue_->on_change(side::client, [this] { on_change(); });
    server_.accept(dialogue_);
    exchange e;
    e.method = "GET";
    dialogue_->exchanges.push_back(e);
    out_ +=
        "GET /prod HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: ";
    out_.append(key).append("\r\n\r\n");
    if (on_.w.random.chance(200)) put(websocket::opcode::text, "early"); // before the answer is there
    flush();
    on_.w.after(on_.w.random.between(1000, talks_every_), world::outside, [this] { talk(); });
    if (on_.w.random.chance(600))
        on_.w.after(on_.w.random.between(1000, 2'500'000), world::outside, [this] { part(); });
}

void listener::on_change() {
    if (gone_) return;
    if (dialogue_->was_reset(side::client)) return over();
    flush();
    if (!dozing_ && on_.w.faults && on_.w.random.chance(dozes_)) {
        dozing_ = true;
        on_.w.after(on_.w.random.between(1000, 800'000), world::outside, [this] {
            dozing_ = false;
            read();
        });
    }
    read();
}

void listener::read() {
    if (dozing_ || gone_) return;
    while (dialogue_->has_bytes(side::client)) in_ += dialogue_->read(side::client, 1 + on_.w.random.below(700));
    if (upgraded_ || read_handshake()) read_frames();
    if (!gone_ && dialogue_->ended(side::client)) over();
}

bool listener::read_handshake() {
    auto const end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    std::string const head = in_.substr(0, end + 2);
    in_.erase(0, end + 4);
    auto const accepted = websocket::accept_key(key);
    upgraded_ = head.starts_with("HTTP/1.1 101 ");
    if (upgraded_ && head.find(std::string_view{accepted.data(), accepted.size()}) == std::string::npos)
        on_.w.violation("malformed response", "the upgrade's");
    if (!upgraded_) over();
    return upgraded_;
}

void listener::read_frames() {
    std::span<char> rest{in_};
    while (!gone_) {
        websocket::frame_event const event = parser_.next(rest);
        if (event.kind == websocket::frame_event::type::need_more) break;
        if (event.kind == websocket::frame_event::type::data) {
            message_.append(event.payload);
            if (!event.last) continue;
            on_.book.received(dialogue_->number, std::exchange(message_, {}),
                              event.message == websocket::opcode::text ? message_kind::text : message_kind::binary);
        } else if (event.kind == websocket::frame_event::type::ping) {
            put(websocket::opcode::pong, std::string{event.payload});
        } else if (event.kind == websocket::frame_event::type::close) {
            if (on_.w.faults && on_.w.random.chance(300))
                return on_.w.note("client ", dialogue_->number, " ignores a close");
            put(websocket::opcode::close, std::string{"\x03\xE8", 2});
            close_sent_ = true;
        } else if (event.kind == websocket::frame_event::type::error) {
            return on_.w.violation("malformed frame", event.reason);
        }
    }
    in_.erase(0, in_.size() - rest.size());
}

void listener::talk() {
    if (gone_ || close_sent_ || !on_.w.faults) return;
    if (upgraded_) {
        if (on_.w.random.chance(100))
            put(websocket::opcode::ping, "p");
        else
            put(websocket::opcode::text, "hello");
    }
    on_.w.after(on_.w.random.between(1000, talks_every_), world::outside, [this] { talk(); });
}

/// Leaves, in one of the ways that clients do.
void listener::part() {
    if (gone_ || close_sent_ || !on_.w.faults) return;
    std::size_t const how = on_.w.random.below(4);
    on_.w.note("client ", dialogue_->number, " leaves by ", how);
    if (how == 0) {
        put(websocket::opcode::close, std::string{"\x0B\xB9", 2}); // 3001
        close_sent_ = true;
        return;
    }
    if (how == 1) dialogue_->reset(side::client);
    if (how == 2) dialogue_->vanish();
    if (how == 3) dialogue_->shut(side::client);
    if (how != 3) over();
}

void listener::calm_down() {
    dozes_ = 0;
    dozing_ = false;
    read();
}

void listener::put(websocket::opcode kind, std::string payload) {
    if (close_sent_) return;
    std::array<char, 4> mask;
    for (char& c : mask) c = static_cast<char>(on_.w.random());
    auto const header = websocket::make_masked_frame_header(kind, payload.size(), mask);
    websocket::apply_mask(payload, mask);
    out_.append(header.view()).append(payload);
    flush();
}

void listener::flush() {
    if (!gone_) out_.erase(0, dialogue_->write(side::client, out_));
}

void listener::over() {
    gone_ = true;
    if (dialogue_->number >= 0) on_.book.connection(dialogue_->number).reachable = false;
}

}
