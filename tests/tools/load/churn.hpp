// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_TOOLS_LOAD_CHURN_HPP
#define BACKCHANNEL_TESTS_TOOLS_LOAD_CHURN_HPP

#include "results.hpp"
#include "websocket.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace load {

inline constexpr option churn_options[]{
    {"port", "", "of the gateway"},
    {"host", "127.0.0.1", "its IPv4 address"},
    {"path", "/prod", "of the WebSockets"},
    {"sources", "4", "addresses 127.0.0.1 and on to connect from"},
    {"count", "1000", "connections altogether"},
    {"concurrency", "50", "at the same time"},
    {"rate", "0", "connects per second; 0: as fast as possible"},
    {"seconds", "600", "after which it ends by itself"},
    {"end", "close",
     "how a connection ends: close, reset, mixed (one after the other), invalid (a frame that is "
     "none), pings or messages (as many as the server takes)"},
};

/// Connects, and disconnects as soon as the WebSocket is open.
class churn_mode {
public:
    explicit churn_mode(options const& given)
        : target_{target_of(given)}, count_{given.number("count", 1)}, connects_{given.number("rate")},
          deadline_ns_{now_ns() + static_cast<std::int64_t>(given.number("seconds", 1, 100'000)) * 1'000'000'000},
          end_{given.text("end")} {
        allow_many_files();
        bool known = false;
        for (std::string_view const name : {"close", "reset", "mixed", "invalid", "pings", "messages"})
            known |= end_ == name;
        if (!known) refuse("--end: expected close, reset, mixed, invalid, pings or messages, got '" + end_ + "'");
        for (std::uint64_t i = given.number("concurrency", 1, 20'000); i-- != 0;)
            clients_.push_back(std::make_unique<client>());
    }

    int run() {
        std::int64_t const began = now_ns();
        bool asked = false;
        while (!asked && now_ns() < deadline_ns_ && (started_ != count_ || running_ != 0)) {
            for (std::size_t i = 0; i != clients_.size() && started_ != count_; ++i)
                if (!clients_[i]->ws.tcp.is_open() && connects_.due()) start(i);
            poller_.wait(1, [&](std::uint64_t key, std::uint32_t) {
                if (key != poller::signal_key) return serve(key);
                int const number = poller_.take_signal();
                asked = number == SIGTERM || number == SIGINT;
            });
        }
        std::int64_t const took = (now_ns() - began) / 1'000'000;
        print_json([&](auto& json) {
            json.member("opened", opened_).member("milliseconds", took);
            json.member("per_second", took == 0 ? 0 : static_cast<std::int64_t>(opened_) * 1000 / took);
            write(json, "ends", ends_);
            handshakes_.write(json, "handshakes");
        });
        return 0;
    }

private:
    struct client {
        websocket ws;
        bool acted = false; // has begun to end it
    };

    void start(std::size_t i) {
        client& c = *clients_[i];
        ++started_;
        connects_.count();
        c.ws.began_ns = now_ns();
        c.acted = false;
        if (!c.ws.tcp.connect(target_.where, target_.source(started_))) {
            ++ends_["not connected"];
            return;
        }
        ++running_;
        c.ws.begin(target_);
        poller_.add(c.ws.tcp.fd(), i, EPOLLIN | EPOLLOUT | EPOLLET);
    }

    void serve(std::size_t i) {
        client& c = *clients_[i];
        if (!c.ws.tcp.is_open()) return;
        bool more = c.ws.tcp.flush() && c.ws.tcp.fill();
        bool const good = c.ws.take([](std::string_view) {});
        if (c.ws.now == websocket::state::open && !c.acted) {
            handshakes_.add(now_ns() - c.ws.began_ns);
            act(c);
            if (!c.ws.tcp.is_open()) return;
        }
        for (int rounds = 16; more && floods() && c.ws.now == websocket::state::open && rounds-- != 0;) {
            if (!c.ws.tcp.wants_to_send()) flood(c);
            more = c.ws.tcp.flush();
        }
        more = c.ws.tcp.flush() && more;
        if (floods() && c.ws.now == websocket::state::open) // asks again whether there is room
            poller_.modify(c.ws.tcp.fd(), i, EPOLLIN | EPOLLOUT | EPOLLET);
        if (more && good) return;
        if (!c.acted)
            ++ends_[c.ws.status != 0 && c.ws.status != 101 ? "status " + std::to_string(c.ws.status) : "no handshake"];
        else
            ++ends_[c.ws.code ? "code " + std::to_string(*c.ws.code) : "no close frame"];
        c.ws.tcp.close();
        --running_;
    }

    void act(client& c) {
        ++opened_;
        c.acted = true;
        bool const reset = end_ == "reset" || (end_ == "mixed" && opened_ % 2 == 0);
        if (reset) {
            ++ends_["reset"];
            c.ws.tcp.reset();
            --running_;
        } else if (end_ == "invalid") {
            c.ws.tcp.out.append("\xFF\xFF\xFF\xFF");
        } else if (!floods()) {
            c.ws.append_close(1000);
        }
    }

    [[nodiscard]] bool floods() const { return end_ == "pings" || end_ == "messages"; }

    void flood(client& c) const {
        auto const kind = end_ == "pings" ? backchannel::websocket::opcode::ping : backchannel::websocket::opcode::text;
        for (int n = 0; n != 50; ++n) append_frame(c.ws.tcp.out, kind, "ping");
    }

    target target_;
    std::uint64_t count_, started_ = 0, opened_ = 0, running_ = 0;
    pace connects_;
    std::int64_t deadline_ns_;
    std::string end_;
    poller poller_;
    std::vector<std::unique_ptr<client>> clients_;
    counts ends_;
    latencies handshakes_;
};

}

#endif
