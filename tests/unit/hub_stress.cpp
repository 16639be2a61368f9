// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/manual_loop.hpp"
#include "support/test_hub.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hub_stress_tests {

// Seven threads do everything that can be done to a hub, at random. The sanitizers watch the memory; the figures at the
// end show that no answer was given twice or not at all and that no accepted message was lost on an open connection.

using namespace backchannel;
using namespace std::chrono_literals;
using test::text;

namespace {

constexpr std::size_t max_opens = 20'000, directory_size = 64;
constexpr int operations_per_thread = 12'000;

struct socket_figures {
    std::atomic<int> accepted{0};  // answers that callers got
    std::atomic<int> delivered{0}; // messages that the socket took
};

struct known_id {
    std::string id{};
    std::size_t number = 0;
};

struct ledger {
    std::vector<socket_figures> sockets = std::vector<socket_figures>(max_opens);
    std::vector<std::atomic<std::uint8_t>> answers = std::vector<std::atomic<std::uint8_t>>(operations_per_thread * 7);
    std::atomic<std::size_t> opened{0}, asked{0};
    std::atomic<int> lost{0}, mixed_up{0}, delivered_after_close{0}, closed_hooks{0}, open_hooks{0};

    std::mutex mutex;
    std::array<known_id, directory_size> directory{}; // ids that clients know, open or not

    void publish(std::string id, std::size_t number) {
        std::lock_guard const lock{mutex};
        directory[number % directory_size] = {std::move(id), number};
    }
    [[nodiscard]] known_id pick(std::uint64_t random) {
        std::lock_guard const lock{mutex};
        return directory[random % directory_size];
    }
};

struct counting_hooks {
    std::shared_ptr<ledger> book;
    void on_open(std::string_view, connection_state const&) noexcept { book->open_hooks.fetch_add(1); }
    void on_closed(std::string_view, std::uint16_t) noexcept { book->closed_hooks.fetch_add(1); }
};

struct stress_traits : default_hub_traits {
    using hooks = counting_hooks;
};

/// A server's socket as it answers: mostly well.
delivery take(ledger& book, std::size_t number, message const& m, std::uint32_t& seed) {
    if (m.data() != std::to_string(number)) book.mixed_up.fetch_add(1);
    seed = seed * 1664525 + 1013904223;
    switch (seed >> 24) {
    case 0:
        return delivery::gone;
    case 1:
        throw std::runtime_error{"socket"};
    case 2:
    case 3:
        return delivery::backpressure;
    default:
        book.sockets[number].delivered.fetch_add(1);
        return delivery::accepted;
    }
}

/// Sockets live on one of two loops and are deleted there; handles dangle from then on.
struct looped_server {
    struct socket {
        std::size_t number;
        std::uint32_t seed = 1;
        session tracked{};
        bool closing = false;
    };
    struct loop_state {
        test::manual_loop loop;
        std::unordered_map<std::size_t, std::unique_ptr<socket>> sockets;
    };
    struct shared {
        ledger* book = nullptr;
        std::array<loop_state, 2> loops;
    };

    struct handle {
        socket* raw;
        std::size_t number;
    };
    static constexpr bool bounds_itself = true;
    std::shared_ptr<shared> state = std::make_shared<shared>();

    loop_state& home(std::size_t number) const { return state->loops[number % 2]; }

    delivery send(handle const& h, message const& m) {
        if (h.raw->closing) state->book->delivered_after_close.fetch_add(1);
        return take(*state->book, h.raw->number, m, h.raw->seed);
    }
    void close(handle const& h, std::uint16_t code, std::string_view) {
        h.raw->closing = true;
        if (h.number % 3 == 0)
            home(h.number).sockets.erase(h.number); // ends the session inside close
        else if (h.number % 3 == 1)
            h.raw->tracked.closed(code);
    }
    void terminate(handle const& h) { home(h.number).sockets.erase(h.number); }
    void ping(handle const& h, std::string_view) { h.raw->seed ^= 1; }
    bool on_thread(handle const& h) { return home(h.number).loop.is_current(); }
    std::size_t thread_key(handle const& h) { return h.number % 2; }
    void dispatch(handle const& h, task f) {
        if (on_thread(h))
            f();
        else
            home(h.number).loop.post(std::move(f));
    }

    template <class Hub>
    void open(Hub& hub) {
        std::size_t const number = state->book->opened.fetch_add(1);
        if (number >= max_opens) return;
        home(number).loop.post([&hub, this, number] {
            auto made = std::make_unique<socket>(socket{number});
            made->tracked = hub.open({made.get(), number}, {.source_ip = std::to_string(number)});
            if (!made->tracked) return;
            std::string id{made->tracked.id()};
            home(number).sockets.emplace(number, std::move(made));
            state->book->publish(std::move(id), number);
        });
    }
    void end(std::size_t number) {
        home(number).loop.post([this, number] { home(number).sockets.erase(number); });
    }
    void touch(std::size_t number) {
        home(number).loop.post([this, number] {
            auto const found = home(number).sockets.find(number);
            if (found != home(number).sockets.end()) found->second->tracked.touch();
        });
    }
    static constexpr int client_threads = 5;
    void start() {
        for (auto& l : state->loops) l.loop.start();
    }
    void stop() {
        for (auto& l : state->loops) l.loop.stop();
    }
    void clear() {
        for (auto& l : state->loops) l.loop.as_owner([&] { l.sockets.clear(); });
    }
};

/// Sockets may be used from any thread; each has a lock of its own.
struct threaded_server {
    struct socket {
        std::size_t number;
        std::mutex mutex{};
        std::uint32_t seed = 1;
    };
    struct shared {
        ledger* book = nullptr;
        std::mutex mutex;
        std::unordered_map<std::size_t, session> sessions;
    };

    using handle = std::shared_ptr<socket>;
    static constexpr bool bounds_itself = true;
    std::shared_ptr<shared> state = std::make_shared<shared>();

    delivery send(handle const& h, message const& m) {
        std::lock_guard const lock{h->mutex};
        return take(*state->book, h->number, m, h->seed);
    }
    void close(handle const& h, std::uint16_t, std::string_view) {
        if (h->number % 3 == 0) end(h->number);
    }
    void terminate(handle const& h) { end(h->number); }
    void ping(handle const& h, std::string_view) {
        std::lock_guard const lock{h->mutex};
        h->seed ^= 1;
    }

    template <class Hub>
    void open(Hub& hub) {
        std::size_t const number = state->book->opened.fetch_add(1);
        if (number >= max_opens) return;
        auto made = std::make_shared<socket>();
        made->number = number;
        auto opened = hub.reserve({.source_ip = std::to_string(number)});
        if (!opened) return;
        hub.attach(opened, std::move(made));
        state->book->publish(std::string{opened.id()}, number);
        std::lock_guard const lock{state->mutex};
        state->sessions.emplace(number, std::move(opened));
    }
    void end(std::size_t number) {
        session ended;
        std::lock_guard const lock{state->mutex};
        if (auto found = state->sessions.extract(number)) ended = std::move(found.mapped());
    }
    void touch(std::size_t number) {
        std::lock_guard const lock{state->mutex};
        if (auto const found = state->sessions.find(number); found != state->sessions.end()) found->second.touch();
    }
    static constexpr int client_threads = 7;
    void start() {}
    void stop() {}
    void clear() { state->sessions.clear(); }
};

template <class Server>
void run_stress() {
    auto const book = std::make_shared<ledger>();
    Server server;
    server.state->book = book.get();
    hub_options const options{.max_connections = 100,
                              .queue_limit = 4096,
                              .idle_timeout = 5ms,
                              .max_lifetime = 50ms,
                              .closing_timeout = 2ms,
                              .retired_kept = 16};
    std::size_t opened_hooks_before_end = 0;
    {
        connection_hub<Server, stress_traits> hub{server, options, {{}, {}, {book}}};
        server.start();
        std::vector<std::thread> clients;
        for (int c = 0; c != Server::client_threads; ++c) {
            clients.emplace_back([&, c] {
                std::mt19937_64 random{static_cast<std::uint64_t>(c)};
                for (int i = 0; i != operations_per_thread; ++i) {
                    auto const [id, number] = book->pick(random());
                    std::string const body = std::to_string(number);
                    switch (random() % 16) {
                    case 0:
                        server.open(hub);
                        break;
                    case 1:
                        server.end(number);
                        break;
                    case 2:
                        if (random() % 4 == 0) hub.close(id, 1000, "over");
                        break;
                    case 3:
                        server.touch(number);
                        break;
                    case 4:
                        if (auto const state = hub.find(id)) book->mixed_up.fetch_add(state->source_ip != body);
                        break;
                    case 5:
                        hub.ping(id, "p");
                        break;
                    case 6:
                        hub.expire(std::chrono::steady_clock::now());
                        (void)hub.next_deadline();
                        (void)hub.was_open(id);
                        break;
                    case 7:
                    case 8:
                    case 9:
                    case 10: {
                        std::size_t const ticket = book->asked.fetch_add(1);
                        hub.async_send(id, text(body), [b = book.get(), ticket, n = number](delivery d) {
                            b->answers[ticket].fetch_add(1);
                            if (d == delivery::accepted) b->sockets[n].accepted.fetch_add(1);
                            if (d == delivery::unknown) b->lost.fetch_add(1);
                        });
                        break;
                    }
                    default:
                        if (hub.send(id, text(body)) == delivery::accepted) book->sockets[number].accepted.fetch_add(1);
                    }
                }
            });
        }
        for (auto& c : clients) c.join();
        server.stop();

        int still_open = 0, lost_in_open = 0;
        for (auto const& [id, number] : book->directory) {
            if (id.empty() || !hub.find(id)) continue;
            ++still_open;
            auto const& figures = book->sockets[number];
            lost_in_open += figures.accepted != figures.delivered;
        }
        CHECK(lost_in_open == 0);
        INFO(still_open << " of " << book->opened << " connections still open");
        std::size_t answered_once = 0;
        for (std::size_t i = 0; i != book->asked; ++i) answered_once += book->answers[i] == 1;
        CHECK(answered_once == book->asked);
        CHECK(book->asked > 1000);
        opened_hooks_before_end = static_cast<std::size_t>(book->open_hooks.load());
        CHECK(opened_hooks_before_end > 100);
    }
    CHECK(book->closed_hooks == book->open_hooks);
    server.clear();
    CHECK(book->closed_hooks == book->open_hooks);
    CHECK(book->lost == 0);
    CHECK(book->mixed_up == 0);
    CHECK(book->delivered_after_close == 0);
    int delivered = 0;
    for (auto const& s : book->sockets) delivered += s.delivered;
    CHECK(delivered > 100);
}

}

TEST_CASE("seven threads and two loops leave no answer and no message behind", "[hub_stress]") {
    run_stress<looped_server>();
}

TEST_CASE("seven threads on a transport for any thread leave no answer and no message behind", "[hub_stress]") {
    run_stress<threaded_server>();
}

}
