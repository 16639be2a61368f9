// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_TOOLS_LOAD_LISTEN_HPP
#define BACKCHANNEL_TESTS_TOOLS_LOAD_LISTEN_HPP

#include "payload.hpp"
#include "results.hpp"
#include "websocket.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace load {

inline constexpr option listen_options[]{
    {"port", "", "of the gateway"},
    {"host", "127.0.0.1", "its IPv4 address"},
    {"path", "/prod", "of the WebSockets"},
    {"connections", "1", "how many"},
    {"sources", "4", "addresses 127.0.0.1 and on to connect from"},
    {"rate", "0", "connects per second; 0: as fast as possible"},
    {"concurrency", "200", "handshakes at the same time"},
    {"receive-buffer", "0", "bytes; 0: the system's default"},
    {"seconds", "600", "after which it ends by itself"},
    {"ids", "-", "file for the ids, one in a line, when all are open"},
    {"received", "-", "file for what was received at the end: id and number"},
    {"reconnect", "off", "whoever loses its connection connects anew"},
};

/// N WebSockets that verify what they receive. SIGUSR1 prints the results so far and begins a new measurement of
/// latencies; SIGUSR2 ends all that are open with an RST; SIGTERM, the last close and the end of the time print the
/// results and end.
class listen_mode {
public:
    explicit listen_mode(options const& given)
        : target_{target_of(given)},
          clients_(given.number("connections", 1, 1'000'000)), connects_{given.number("rate")},
          concurrency_{given.number("concurrency", 1)}, receive_buffer_{static_cast<int>(
                                                            given.number("receive-buffer"))},
          deadline_ns_{now_ns() + static_cast<std::int64_t>(given.number("seconds", 1, 100'000)) * 1'000'000'000},
          ids_{given.text("ids")}, received_{given.text("received")}, reconnect_{given.flag("reconnect")} {
        allow_many_files();
        for (auto& c : clients_) c = std::make_unique<client>();
        for (std::size_t i = clients_.size(); i-- != 0;) waiting_.push_back(i);
    }

    int run() {
        bool asked = false;
        while (!asked && now_ns() < deadline_ns_ && (open_ + pending_ != 0 || !waiting_.empty())) {
            connect_some();
            poller_.wait(waiting_.empty() ? 100 : 1, [&](std::uint64_t key, std::uint32_t) {
                if (key != poller::signal_key) return serve(key);
                int const number = poller_.take_signal();
                if (number == SIGUSR1) print();
                if (number == SIGUSR2) reset_all();
                if (number == SIGTERM || number == SIGINT) asked = true;
            });
        }
        print();
        if (received_ == "-") return 0;
        std::string text;
        for (auto const& c : clients_) c->seen.append_to(text);
        return write_file(received_, text) ? 0 : 1;
    }

private:
    struct client {
        websocket ws;
        sequence seen;
        bool sending = false; // waits until it can send
    };

    void connect_some() {
        while (!waiting_.empty() && pending_ < concurrency_ && now_ns() >= pause_until_ns_ && connects_.due()) {
            std::size_t const i = waiting_.back();
            waiting_.pop_back();
            connects_.count();
            websocket& ws = clients_[i]->ws;
            ws.began_ns = now_ns();
            if (!ws.tcp.connect(target_.where, target_.source(i), receive_buffer_)) {
                lose(i, errno == ECONNREFUSED ? "refused" : "failed");
                continue;
            }
            ws.begin(target_);
            ++pending_;
            clients_[i]->sending = true;
            poller_.add(ws.tcp.fd(), i, EPOLLIN | EPOLLOUT);
        }
    }

    void serve(std::size_t i) {
        client& c = *clients_[i];
        if (!c.ws.tcp.is_open()) return;
        bool const more = c.ws.tcp.flush() && c.ws.tcp.fill();
        bool const refused = !more && errno == ECONNREFUSED;
        auto const before = c.ws.now;
        bool const good = c.ws.take([&](std::string_view text) { check(c, text); });
        if (before == websocket::state::connecting && c.ws.now != before) opened(i);
        bool const sent = c.ws.tcp.flush();
        if (!good || !more || !sent) return ended(i, good, refused);
        if (c.ws.tcp.wants_to_send() != c.sending) {
            c.sending = c.ws.tcp.wants_to_send();
            poller_.modify(c.ws.tcp.fd(), i, c.sending ? EPOLLIN | EPOLLOUT : EPOLLIN);
        }
    }

    void opened(std::size_t i) {
        --pending_;
        ++open_;
        websocket const& ws = clients_[i]->ws;
        handshakes_.add(now_ns() - ws.began_ns);
        last_open_ns_ = now_ns();
        clients_[i]->seen.begin(ws.id);
        if (open_ == clients_.size() && ids_ != "-") {
            std::string text;
            for (auto const& c : clients_) text.append(c->ws.id).append("\n");
            if (!write_file(ids_, text)) refuse("cannot write " + ids_);
        }
    }

    void ended(std::size_t i, bool good, bool refused) {
        websocket& ws = clients_[i]->ws;
        if (ws.now == websocket::state::connecting) {
            --pending_;
            lose(i, ws.status != 0 ? "status " + std::to_string(ws.status)
                    : refused      ? "refused"
                    : good         ? "unanswered"
                                   : "broken");
            return;
        }
        --open_;
        lose(i, ws.code ? "code " + std::to_string(*ws.code) : good ? "no close frame" : "broken");
    }

    void reset_all() {
        for (std::size_t i = 0; i != clients_.size(); ++i) {
            if (clients_[i]->ws.now != websocket::state::open) continue;
            --open_;
            clients_[i]->ws.tcp.reset();
            lose(i, "reset");
        }
    }

    void lose(std::size_t i, std::string const& why) {
        ++ends_[why];
        clients_[i]->ws.tcp.close();
        clients_[i]->ws.now = websocket::state::idle;
        if (!reconnect_) return;
        waiting_.push_back(i);
        if (why == "refused" || why == "failed") pause_until_ns_ = now_ns() + 50'000'000;
    }

    void check(client& c, std::string_view text) {
        auto const read = payload::read(text);
        if (!read) {
            ++messages_["other"];
            return;
        }
        ++messages_[name_of(c.seen.take(*read))];
        latencies_.add(now_ns() - read->sent_ns);
    }

    void print() {
        print_json([&](auto& json) {
            json.member("open", open_).member("pending", pending_).member("last_open_ns", last_open_ns_);
            write(json, "ends", ends_);
            write(json, "messages", messages_);
            handshakes_.write(json, "handshakes");
            latencies_.write(json, "latency");
        });
        latencies_.clear();
        handshakes_.clear();
    }

    target target_;
    poller poller_;
    std::vector<std::unique_ptr<client>> clients_;
    std::vector<std::size_t> waiting_; // to be connected
    pace connects_;
    std::size_t concurrency_, pending_ = 0, open_ = 0;
    int receive_buffer_;
    std::int64_t deadline_ns_, last_open_ns_ = 0, pause_until_ns_ = 0;
    std::string ids_, received_;
    bool reconnect_;
    counts ends_, messages_;
    latencies handshakes_, latencies_;
};

}

#endif
