// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/idle_transport.hpp"
#include "support/shared_hub.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace threading_hub_tags_tests {

// A test for each row of docs/threading.md: tags, lists, tombstones and messages to many.

using namespace backchannel;
using namespace std::chrono_literals;
using namespace test;

namespace {

constexpr int threads = 3, rounds = 30, kept = 5;

/// Connections 2, 4, 6... that stay, tagged "room".
template <class Hub>
struct room {
    Hub h;
    std::vector<session> open;
    lines ids;

    explicit room(hub_options options = {}) : h{options} {
        for (int i = 0; i != kept; ++i) {
            ids.emplace_back(open.emplace_back(h.open(2 * i + 2)).id());
            CHECK(open.back().tag("room") == tagging::done);
        }
    }
    ~room() {
        h.stop();
        for (int i = 0; i != kept; ++i) h.end(2 * i + 2, open[static_cast<std::size_t>(i)]);
    }
};

/// Threads list the connections at once while others open, are tagged and end: none that stays is missed.
void list_at_once(std::function<void(room<direct_hub>&, std::map<std::string, int, std::less<>>&)> const& list) {
    // Those that stay, connection 1, the one that passes, and for each other thread one that it still looks at.
    room<direct_hub> r{{.max_connections = kept + 1 + threads, .retired_kept = 0}};
    std::atomic<int> wrong{0};
    at_once(threads, [&](int t) {
        for (int i = 0; i != rounds; ++i) {
            if (t == 0) {
                session const passing = r.h.hub.open(100 + 2 * i, {.source_ip = "192.0.2.1"});
                wrong += passing.tag("room") != tagging::done;
                continue;
            }
            std::map<std::string, int, std::less<>> seen;
            list(r, seen);
            for (std::string const& id : r.ids) wrong += seen[id] != 1;
        }
    });
    CHECK(wrong == 0);
    CHECK(r.h.seen->saw_no_lock());
}

/// Threads send to all that have a tag, while connections come and go: those that stay get every message once.
template <class Hub>
void send_to_many_at_once() {
    room<Hub> r;
    std::atomic<int> wrong{0};
    std::atomic<std::size_t> accepted{0};
    r.h.start();
    at_once(threads + 1, [&](int t) {
        for (int i = 0; i != rounds; ++i) {
            if (t == threads) {
                int const handle = 100 + 2 * i;
                session passing;
                r.h.on_thread_of(handle, [&] { passing = r.h.hub.open(handle, {}); });
                wrong += passing.tag("room") != tagging::done;
                r.h.on_thread_of(handle, [&] { passing = session{}; });
                continue;
            }
            fan_out const sent = r.h.hub.send_tagged("room", text("m"), [&](std::string_view, delivery d) {
                r.h.seen->enter();
                wrong += d != delivery::gone; // it has just ended
            });
            wrong += sent.accepted < kept || sent.accepted > sent.matched;
            accepted += sent.accepted;
        }
    });
    r.h.stop();
    CHECK(wrong == 0);
    CHECK(accepted >= threads * rounds * kept);
    lines const told = r.h.told("send ");
    for (int i = 0; i != kept; ++i) {
        std::string const line = std::to_string(2 * i + 2) + " m";
        CHECK(std::count(told.begin(), told.end(), line) == threads * rounds);
    }
    CHECK(r.h.log->wrong_thread == 0);
    CHECK(r.h.seen->saw_no_lock());
}

}

TEST_CASE("connection_hub::tag: threads tag one connection at once, and no tag is lost", "[threading]") {
    direct_hub h;
    session const a = h.open(2);
    h.seen->deep = true; // the id codec is called, and calls the hub again
    std::atomic<int> done{0}, limit{0};
    at_once(threads, [&](int t) {
        for (int i = 0; i != 16; ++i) {
            tagging const result = h.hub.tag(a.id(), std::to_string(t) + ":" + std::to_string(i));
            done += result == tagging::done;
            limit += result == tagging::limit;
        }
    });
    CHECK(done == static_cast<int>(max_tags));
    CHECK(limit == threads * 16 - done);
    CHECK(h.hub.find(a.id())->tags.size() == max_tags);
    CHECK(h.seen->saw_no_lock());
}

TEST_CASE("connection_hub::untag: threads tag and untag while the connections end", "[threading]") {
    room<direct_hub> r;
    r.h.seen->deep = true;
    std::atomic<int> wrong{0};
    at_once(threads, [&](int t) {
        std::string const own = "own:" + std::to_string(t);
        for (int i = 0; i != rounds; ++i) {
            session const passing = r.h.hub.open(100, {});
            for (std::string_view const id : {std::string_view{r.ids[0]}, passing.id()}) {
                wrong += r.h.hub.tag(id, own) != tagging::done;
                wrong += r.h.hub.untag(id, own) != tagging::done;
            }
            wrong += r.h.hub.tag(passing.id(), own) != tagging::done; // it ends with it
        }
        wrong += r.h.hub.visit(0, own, [](std::string_view, auto const&) { return false; }).has_value();
    });
    CHECK(wrong == 0);
    CHECK(r.h.hub.find(r.ids[0])->tags == lines{"room"});
    CHECK(r.h.seen->saw_no_lock());
}

TEST_CASE("connection_hub::for_each: threads see who stays while others come and go", "[threading]") {
    list_at_once([](room<direct_hub>& r, auto& seen) {
        r.h.hub.for_each([&](std::string_view id, connection_state const& state) {
            r.h.seen->enter();
            if (state.source_ip.empty()) ++seen[std::string{id}];
        });
    });
}

TEST_CASE("connection_hub::visit: threads turn pages while others come and go", "[threading]") {
    for (std::string_view const tag : {"", "room"}) {
        list_at_once([&](room<direct_hub>& r, auto& seen) {
            for (std::optional<std::uint32_t> position = 0; position;) {
                std::size_t left = 2;
                position = r.h.hub.visit(*position, tag, [&](std::string_view id, auto const& describe) {
                    r.h.seen->enter();
                    if (describe().source_ip.empty()) ++seen[std::string{id}];
                    return --left != 0;
                });
            }
        });
    }
}

TEST_CASE("connection_hub::send_tagged, with dispatch: threads send to many, each is served on its loop",
          "[threading]") {
    send_to_many_at_once<looped_hub>();
}

TEST_CASE("connection_hub::send_tagged, without dispatch: threads send to many", "[threading]") {
    send_to_many_at_once<direct_hub>();
}

TEST_CASE("connection_hub::find_tombstone: any thread knows how a close that has returned went", "[threading]") {
    direct_hub h{{.retired_kept = 10, .close_reasons = true}};
    session const watched = h.open(2);
    h.seen->deep = true;
    std::string const id{watched.id()};
    std::atomic<int> wrong{0};
    at_once(threads, [&](int t) {
        auto const code = static_cast<std::uint16_t>(4000 + t);
        for (int i = 0; i != rounds; ++i) {
            session s = h.hub.open(4, {});
            std::string const own{s.id()};
            if (i % 2 == 0)
                s.closed(code, "why");
            else
                wrong += !h.hub.close(own, code, "why");
            auto const mine = h.hub.find_tombstone(own);
            wrong += !mine || mine->code != code || mine->reason != "why" ||
                     mine->by != (i % 2 == 0 ? closed_by::peer : closed_by::server);
            if (t == 0 && i == rounds / 2) h.hub.close(id, 4100);
            auto const its = h.hub.find_tombstone(id);
            wrong += its && (its->code != 4100 || its->by != closed_by::server);
        }
    });
    CHECK(wrong == 0);
    CHECK(h.hub.find_tombstone(id));
    CHECK(h.seen->saw_no_lock());
}

TEST_CASE("connection_hub::find_tombstone: one whose slot is being used again is itself or nothing", "[threading]") {
    struct traits : default_hub_traits {
        using clock = manual_clock;
    };
    manual_clock const clock;
    idle_transport wire;
    connection_hub<idle_transport, traits> hub{wire, {.max_connections = 1, .retired_kept = 0}, {clock, {}, {}}};
    std::mutex mutex;
    std::pair<std::string, wall_time> last;
    std::atomic<bool> over{false};
    std::atomic<int> wrong{0}, seen{0};
    at_once(threads, [&](int t) {
        if (t == 0) { // each time in the same slot
            for (int i = 0; i != 100'000 && seen.load(std::memory_order_relaxed) < 10 * rounds; ++i) {
                session s = hub.open(1, {});
                clock.advance(1ms);
                std::pair ended{std::string{s.id()}, clock.wall()};
                s = session{};
                clock.advance(1h);
                std::lock_guard const lock{mutex};
                last = std::move(ended);
            }
            over = true;
            return;
        }
        while (!over) {
            mutex.lock();
            auto const [id, closed_at] = last;
            mutex.unlock();
            for (int i = 0; i != 10; ++i) {
                auto const found = hub.find_tombstone(id);
                wrong += found && found->closed_at != closed_at;
                if (found) seen.fetch_add(1, std::memory_order_relaxed);
            }
        }
    });
    CHECK(seen > 0);
    CHECK(wrong == 0);
}

}
