// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SIMULATION_SERVER_HPP
#define BACKCHANNEL_TESTS_SIMULATION_SERVER_HPP

#include "simulation/exchange.hpp"
#include "simulation/hubs.hpp"
#include "simulation/management.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulation {

class server;
class http_side;
class websocket_side;

/// A connection of the server: bytes in and out on its own loop. What the bytes mean is for its HTTP side, and after an
/// upgrade for its WebSocket side.
class server_socket {
public:
    server_socket(server& owner, int number, int loop, std::shared_ptr<dialogue> d);
    server_socket(server_socket const&) = delete;
    server_socket& operator=(server_socket const&) = delete;
    ~server_socket();

    void on_change();
    void put(std::string_view bytes);
    void end_soon();  ///< what was put is still sent, then the connection ends
    void drop();      ///< now; the object itself stays for a moment
    void fail_soon(); ///< the network says that the peer is gone
    void resume();    ///< looks at the bytes that are there once more
    void upgraded(std::unique_ptr<websocket_side> to);

    [[nodiscard]] bool ending() const noexcept { return ending_ || dropped_; }
    [[nodiscard]] std::size_t unsent() const noexcept { return outbox_.size(); }
    [[nodiscard]] std::uint64_t put_so_far() const noexcept { return put_; }
    [[nodiscard]] http_side& http() noexcept { return *http_; }
    [[nodiscard]] websocket_side* web() noexcept { return web_.get(); }
    [[nodiscard]] dialogue& peer() noexcept { return *dialogue_; }
    [[nodiscard]] server& owner() noexcept { return owner_; }

    int const number, loop;

private:
    void flush();
    void flush_soon();
    void erase_soon();

    server& owner_;
    std::shared_ptr<dialogue> dialogue_;
    std::unique_ptr<http_side> http_;
    std::unique_ptr<websocket_side> web_;
    std::string inbox_, outbox_;
    std::uint64_t put_ = 0;
    bool flushing_ = false, ending_ = false, dropped_ = false, reading_ = false;
};

/// A small server, put together as a real one would be.
class server {
public:
    server(stage& s, audited_hub& h, management& m, bool at_once)
        : on{s}, hub{h}, router{m}, closes_at_once{at_once}, sockets_(s.w.loop_count()) {}

    void accept(std::shared_ptr<dialogue> d);

    /// The connection of that number, if it still exists. On its loop.
    [[nodiscard]] server_socket* find(int loop, int number) {
        auto& there = sockets_[static_cast<std::size_t>(loop)];
        auto const found = there.find(number);
        return found == there.end() ? nullptr : found->second.get();
    }
    void erase(int loop, int number) { sockets_[static_cast<std::size_t>(loop)].erase(number); }

    /// Runs `f(socket)` on the connection's loop, if it is there by then.
    template <class F>
    void later(server_socket& s, microseconds delay, F f) {
        auto task = [this, loop = s.loop, number = s.number, f = std::move(f)] {
            if (server_socket* const there = find(loop, number)) f(*there);
        };
        if (delay == 0)
            on.w.post(s.loop, std::move(task));
        else
            on.w.after(delay, s.loop, std::move(task));
    }

    /// Ids that callers may know, open or not.
    void publish(std::string_view id) { published.emplace_back(id); }

    void drop_all();

    // The hub is driven by one loop, which sleeps until the next deadline.
    void drive_deadlines();

    stage& on;
    audited_hub& hub;
    management& router;
    bool closes_at_once; ///< the session ends with the close frame, not when the peer has answered it
    std::vector<std::string> published;
    std::vector<backchannel::session> leaked;
    int lifetimes = 0; ///< chance that a connection gets an end of its own, in a thousand

private:
    void look_at_deadline();

    std::vector<std::map<int, std::unique_ptr<server_socket>>> sockets_; // by loop
    int alarm_ = 0;                                                      // the newest one counts
};

}

#endif
