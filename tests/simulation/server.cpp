// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "simulation/server.hpp"

#include "simulation/http_side.hpp"
#include "simulation/websocket_side.hpp"

#include <utility>

namespace simulation {

server_socket::server_socket(server& owner, int n, int l, std::shared_ptr<dialogue> d)
    : number{n}, loop{l}, owner_{owner}, dialogue_{std::move(d)}, http_{std::make_unique<http_side>(*this)} {
    dialogue_->number = number;
    dialogue_->on_change(side::server, [&s = owner_, loop = l, number = n] {
        s.on.w.post(loop, [&s, loop, number] {
            if (server_socket* const there = s.find(loop, number)) there->on_change();
        });
    });
}

server_socket::~server_socket() { dialogue_->on_change(side::server, nullptr); }

void server_socket::on_change() {
    if (dropped_) return;
    if (dialogue_->was_reset(side::server)) return drop();
    flush();
    if (!dropped_) resume();
}

void server_socket::resume() {
    if (dropped_ || std::exchange(reading_, true)) return;
    while (!dropped_ && dialogue_->has_bytes(side::server)) {
        inbox_ += dialogue_->read(side::server, 1 + owner_.on.w.random.below(3000));
        std::size_t const before = inbox_.size();
        if (web_)
            web_->on_bytes(inbox_);
        else
            http_->on_bytes(inbox_);
        if (inbox_.size() == before && inbox_.size() > 20'000) break; // it cannot go on now
    }
    if (!dropped_ && !inbox_.empty()) {
        if (web_)
            web_->on_bytes(inbox_);
        else
            http_->on_bytes(inbox_);
    }
    reading_ = false;
    if (dropped_ || !dialogue_->ended(side::server)) return;
    if (web_)
        drop();
    else if (!http_->waits())
        http_->on_end();
}

void server_socket::put(std::string_view bytes) {
    if (dropped_) return;
    outbox_.append(bytes);
    put_ += bytes.size();
    flush_soon();
}

void server_socket::flush_soon() {
    if (std::exchange(flushing_, true)) return;
    owner_.later(*this, 0, [](server_socket& s) {
        s.flushing_ = false;
        s.flush();
    });
}

void server_socket::flush() {
    if (dropped_) return;
    outbox_.erase(0, dialogue_->write(side::server, outbox_));
    if (web_) web_->on_written(put_ - outbox_.size());
    if (!outbox_.empty() || !ending_) return;
    dialogue_->shut(side::server);
    drop();
}

void server_socket::end_soon() {
    if (std::exchange(ending_, true)) return;
    flush_soon();
    owner_.later(*this, 400'000, [](server_socket& s) { s.drop(); }); // a peer that takes nothing
}

void server_socket::drop() {
    if (std::exchange(dropped_, true)) return;
    if (!ending_ || !outbox_.empty()) dialogue_->reset(side::server);
    outbox_.clear();
    if (web_) web_->lost();
    erase_soon();
}

void server_socket::erase_soon() {
    owner_.later(*this, 0, [](server_socket& s) { s.owner_.erase(s.loop, s.number); });
}

void server_socket::fail_soon() {
    owner_.later(*this, owner_.on.w.random.between(0, 3000), [](server_socket& s) { s.drop(); });
}

void server_socket::upgraded(std::unique_ptr<websocket_side> to) { web_ = std::move(to); }

// ----------------------------------------------------------------------------------------------------------- the
// server

void server::accept(std::shared_ptr<dialogue> d) {
    int const loop = on.w.any_loop();
    on.w.post(loop, [this, loop, d = std::move(d)] {
        int const number = on.book.add_connection(loop);
        auto made = std::make_unique<server_socket>(*this, number, loop, d);
        server_socket& s = *made;
        sockets_[static_cast<std::size_t>(loop)].emplace(number, std::move(made));
        on.w.note("accept ", number);
        s.on_change();
    });
}

void server::drop_all() {
    for (std::size_t loop = 0; loop != sockets_.size(); ++loop)
        on.w.as_loop(static_cast<int>(loop), [&] {
            auto const ending = std::exchange(sockets_[loop], {});
            for (auto const& [number, s] : ending) s->drop();
        });
}

void server::drive_deadlines() {
    hub.inner().on_deadline_earlier([this] {
        on.book.check_no_lock("on_deadline_earlier");
        if (on.planted == plant::lost_deadline) return;
        if (on.planted == plant::late_deadline_wake) return on.w.after(400'000, 0, [this] { look_at_deadline(); });
        on.w.post(0, [this] { look_at_deadline(); });
    });
}

void server::look_at_deadline() {
    if (!hub.exists()) return;
    auto const next = hub.next_deadline();
    int const alarm = ++alarm_;
    if (!next) return;
    auto const wait = std::chrono::ceil<std::chrono::microseconds>(*next - on.w.steady()).count();
    on.w.after(wait > 0 ? wait : 0, 0, [this, alarm] {
        if (alarm != alarm_) return;
        hub.expire(0);
        look_at_deadline();
    });
}

}
