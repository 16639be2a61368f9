// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_BENCHMARKS_LOAD_RECEIVERS_HPP
#define BACKCHANNEL_BENCHMARKS_LOAD_RECEIVERS_HPP

#include "body.hpp"
#include "settings.hpp"
#include "tools/load/results.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The WebSockets. Each learns its id from the first message, `{"connectionId":"..."}`.
class receivers {
public:
    receivers(settings const& s, bodies const& expected, load::poller& poller)
        : settings_{s}, expected_{expected}, poller_{poller} {}

    [[nodiscard]] std::size_t size() const { return all_.size(); }
    [[nodiscard]] std::string const& id(std::size_t i) const { return all_[i]->id; }

    /// Connects all of them, and returns when each knows its id; ends the process when that can't be.
    void open() {
        all_.clear();
        open_ = 0;
        std::int64_t progress = load::now_ns();
        while (open_ != settings_.connections) {
            while (all_.size() != settings_.connections && all_.size() - open_ < settings_.concurrency) connect();
            std::size_t const before = open_;
            poller_.wait(100, [&](std::uint64_t key, std::uint32_t) {
                if (key == load::poller::signal_key) load::refuse("interrupted");
                advance(key);
            });
            if (open_ != before)
                progress = load::now_ns();
            else if (load::now_ns() - progress > settings_.patience_ns)
                load::refuse("only " + std::to_string(open_) + " WebSockets could be opened");
        }
    }

    void close() { all_.clear(); }

    /// Reads what has come. `message(label or nothing)` is called for each message; false: the WebSocket has ended.
    template <class F>
    [[nodiscard]] bool read(std::size_t i, F&& message) {
        one& r = *all_[i];
        if (!r.tcp.is_open()) return true;
        std::span<char> const piece = r.tcp.read();
        if (piece.empty() && errno == EAGAIN) return true;
        bool good = !piece.empty();
        if (good) good = r.tcp.in.empty() ? take(r, piece, message) : take_behind(r, piece, message);
        if (good && r.tcp.flush()) return true;
        r.tcp.close();
        return false;
    }

private:
    struct one {
        explicit one(bodies const& expected) : seen{expected} {}

        load::tcp_connection tcp;
        std::string id;
        backchannel::websocket::frame_parser parser = make_parser();
        arrival seen;
        bool upgraded = false;
    };

    [[nodiscard]] static backchannel::websocket::frame_parser make_parser() {
        backchannel::websocket::frame_limits limits;
        limits.frame = limits.message = 1 << 24;
        return backchannel::websocket::frame_parser{limits, backchannel::websocket::endpoint::client};
    }

    void connect() {
        std::size_t const i = all_.size();
        all_.push_back(std::make_unique<one>(expected_));
        one& r = *all_.back();
        if (!r.tcp.connect(settings_.where.where, settings_.where.source(i)))
            load::refuse(std::string{"cannot connect: "} + std::strerror(errno));
        r.tcp.out = settings_.where.upgrade();
        poller_.add(r.tcp.fd(), i, EPOLLIN | EPOLLOUT);
    }

    /// One step of a handshake.
    void advance(std::size_t i) {
        one& r = *all_[i];
        if (!r.id.empty()) return;
        if (r.tcp.wants_to_send()) {
            if (!r.tcp.flush()) load::refuse(std::string{"cannot connect: "} + std::strerror(errno));
            if (!r.tcp.wants_to_send()) poller_.modify(r.tcp.fd(), i, EPOLLIN);
            return;
        }
        if (!r.tcp.fill() && r.tcp.in.empty()) load::refuse("a WebSocket was closed before it was open");
        if (!r.upgraded) {
            auto const head = load::read_head(r.tcp.in);
            if (head.size == 0) return;
            if (head.status != 101 || load::header_value(r.tcp.in, "Sec-WebSocket-Accept").empty())
                load::refuse("the WebSocket was refused: " + r.tcp.in.substr(0, 200));
            r.upgraded = true;
            r.tcp.in.erase(0, head.size);
        }
        learn_id(r);
    }

    void learn_id(one& r) {
        std::span<char> rest{r.tcp.in};
        std::string text;
        for (;;) {
            auto const event = r.parser.next(rest);
            using type = backchannel::websocket::frame_event::type;
            if (event.kind == type::close || event.kind == type::error) load::refuse("a WebSocket was closed");
            if (event.kind == type::need_more) break;
            if (event.kind != type::data) continue;
            text.append(event.payload);
            if (!event.last) continue;
            std::size_t const at = text.find("\"connectionId\":\"");
            std::size_t const end = at == std::string::npos ? at : text.find('"', at + 16);
            if (end == std::string::npos) load::refuse("the first message tells no id: " + text.substr(0, 200));
            r.id = text.substr(at + 16, end - at - 16);
            ++open_;
            break;
        }
        r.tcp.in.erase(0, r.tcp.in.size() - rest.size());
        if (r.tcp.in.empty()) r.tcp.in = {};
    }

    template <class F>
    [[nodiscard]] bool take(one& r, std::span<char> piece, F&& message) {
        bool const good = parse(r, piece, message);
        r.tcp.in.assign(piece.data(), piece.size()); // less than a frame's header, or than a control frame
        return good;
    }

    template <class F>
    [[nodiscard]] bool take_behind(one& r, std::span<char> piece, F&& message) {
        std::string whole = std::move(r.tcp.in);
        whole.append(piece.data(), piece.size());
        return take(r, whole, message);
    }

    template <class F>
    [[nodiscard]] bool parse(one& r, std::span<char>& piece, F&& message) {
        using type = backchannel::websocket::frame_event::type;
        for (;;) {
            auto const event = r.parser.next(piece);
            switch (event.kind) {
            case type::need_more:
                return true;
            case type::data:
                r.seen.take(event.payload, settings_.verify);
                if (event.last) message(r.seen.end());
                break;
            case type::ping:
                load::append_frame(r.tcp.out, backchannel::websocket::opcode::pong, event.payload);
                break;
            case type::pong:
                break;
            case type::close:
                load::append_frame(r.tcp.out, backchannel::websocket::opcode::close, "\x03\xE8");
                (void)r.tcp.flush();
                return false;
            case type::error:
                return false;
            }
        }
    }

    settings const& settings_;
    bodies const& expected_;
    load::poller& poller_;
    std::vector<std::unique_ptr<one>> all_;
    std::size_t open_ = 0;
};

}

#endif
