// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "simulation/websocket_side.hpp"

#include <backchannel/support/close_payload.hpp>

#include <span>

namespace simulation {

using namespace backchannel;

std::unique_ptr<websocket_side> websocket_side::make(server_socket& s) {
    auto made = std::make_unique<websocket_side>(s);
    world& w = s.owner().on.w;
    connection_info info{"192.0.2." + std::to_string(s.number), "simulated", {}};
    microseconds const life = w.random.between(200'000, 3'000'000);
    if (w.random.chance(s.owner().lifetimes)) {
        info.expires_at = w.steady() + std::chrono::microseconds{life};
        s.owner().on.book.connection(s.number).expires_at = w.now() + life;
    }
    if (w.random.chance(700)) { // an id before there is a connection
        made->tracked_ = s.owner().hub.inner().reserve(info);
        made->reserved_ = true;
    } else {
        s.owner().on.book.about_to_open(s.number);
        made->tracked_ = s.owner().hub.inner().open({s.owner().on, made.get(), s.number, s.loop}, info);
    }
    if (!made->tracked_) return nullptr;
    return made;
}

websocket_side::~websocket_side() { lost(); }

void websocket_side::open() {
    server& s = socket_.owner();
    if (reserved_) {
        s.on.book.about_to_open(socket_.number);
        s.hub.inner().attach(tracked_, {s.on, this, socket_.number, socket_.loop});
    }
    if (!tracked_) return; // it was closed meanwhile
    s.hub.remember(tracked_.id(), {s.on, this, socket_.number, socket_.loop});
    s.publish(tracked_.id());
}

void websocket_side::on_bytes(std::string& inbox) {
    std::span<char> rest{inbox};
    while (!ended_ && !socket_.ending()) {
        websocket::frame_event const event = parser_.next(rest);
        if (event.kind == websocket::frame_event::type::need_more) break;
        switch (event.kind) {
        case websocket::frame_event::type::data:
            if (!close_sent_) on_message(event.payload);
            break;
        case websocket::frame_event::type::ping:
            if (!close_sent_) put(websocket::opcode::pong, event.payload);
            break;
        case websocket::frame_event::type::close:
        case websocket::frame_event::type::error:
            send_close(event.code == 1005 ? std::uint16_t{1000} : event.code, {});
            end_session(event.code);
            socket_.end_soon();
            break;
        default:
            break;
        }
    }
    inbox.erase(0, inbox.size() - rest.size());
}

/// The application's part: it notes that the client is active, and sometimes talks to somebody.
void websocket_side::on_message(std::string_view) {
    server& s = socket_.owner();
    world& w = s.on.w;
    if (tracked_ && !s.on.book.connection(socket_.number).closed) {
        s.on.book.active(socket_.number);
        if (w.random.chance(500))
            tracked_.touch();
        else
            tracked_.touch(w.steady());
    }
    if (s.published.empty() || !s.hub.exists() || !w.random.chance(300)) return;
    std::string const to = w.random.pick(s.published);
    std::string const body = s.on.book.compose(to, w.random.below(60), false);
    if (w.random.chance(500))
        (void)s.hub.send(to, message{body, message_kind::text});
    else
        s.hub.async_send(to, message{body, message_kind::text}, [](delivery) {});
}

void websocket_side::on_written(std::uint64_t total) {
    while (!on_the_way_.empty() && on_the_way_.front().first <= total) {
        written_ += on_the_way_.front().second;
        on_the_way_.pop_front();
    }
    tracked_.written(written_);
}

void websocket_side::lost() { end_session(1006); }

void websocket_side::end_session(std::uint16_t code) {
    if (!tracked_) return;
    server& s = socket_.owner();
    s.on.book.session_ends(socket_.number);
    session ending = std::move(tracked_);
    if (s.on.planted == plant::missing_closed_event && s.on.w.random.chance(100))
        return s.leaked.push_back(std::move(ending));
    if (s.on.w.random.chance(500)) ending.closed(code);
    if (s.on.planted == plant::leaked_session && s.on.w.random.chance(200)) {
        ending.closed(code);
        s.leaked.push_back(std::move(ending));
    }
}

delivery websocket_side::send(message const& m) {
    if (close_sent_ || ended_ || socket_.ending()) return delivery::gone;
    put(m.kind() == message_kind::text ? websocket::opcode::text : websocket::opcode::binary, m.data());
    given_ += m.data().size();
    on_the_way_.emplace_back(socket_.put_so_far(), m.data().size());
    return delivery::accepted;
}

void websocket_side::close(std::uint16_t code, std::string_view reason) {
    send_close(code, reason);
    server& s = socket_.owner();
    if (!s.closes_at_once) return; // then the hub sees to it that this ends
    end_session(code);
    s.later(socket_, 300'000, [](server_socket& there) { there.drop(); });
}

void websocket_side::ping(std::string_view payload) {
    if (!close_sent_) put(websocket::opcode::ping, payload);
}

void websocket_side::send_close(std::uint16_t code, std::string_view reason) {
    if (std::exchange(close_sent_, true)) return;
    put(websocket::opcode::close, close_payload{code, reason}.view());
}

void websocket_side::put(websocket::opcode kind, std::string_view payload) {
    auto const header = websocket::make_frame_header(kind, payload.size());
    socket_.put(std::string{header.view()}.append(payload));
}

}
