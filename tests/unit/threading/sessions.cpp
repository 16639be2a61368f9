// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>
#include <backchannel/hub_ref.hpp>

#include "support/catch.hpp"
#include "support/shared_hub.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace threading_sessions_tests {

// A test for each row of docs/threading.md: sessions, and hub_ref.

using namespace backchannel;
using namespace std::chrono_literals;
using namespace test;

namespace {

constexpr int threads = 3, rounds = 30;

/// `act(session, handle)` on each connection's thread while another thread sends to all of them; then all are gone.
/// Every message is answered: accepted before the end, gone behind it.
template <class Hub, class Act>
void end_at_once(Act act) {
    Hub h;
    std::vector<session> open;
    lines ids;
    for (int i = 0; i != rounds; ++i) ids.emplace_back(open.emplace_back(h.open(2 * i + 2)).id());
    std::atomic<int> answered{0};
    h.start();
    at_once(2, [&](int t) {
        for (std::size_t i = 0; i != rounds; ++i) {
            int const handle = static_cast<int>(2 * i + 2);
            if (t == 0) {
                h.on_thread_of(handle, [&] { act(h, open[i], handle); });
                continue;
            }
            h.hub.async_send(ids[i], text("x"), [&](delivery d) {
                h.seen->enter();
                answered += d == delivery::accepted || d == delivery::gone;
            });
        }
    });
    h.stop();
    CHECK(answered == rounds);
    for (std::string const& id : ids) CHECK(h.hub.send(id, text("late")) == delivery::gone);
    CHECK(h.hub.metrics().open == 1);
    CHECK(h.told("send 2 late").empty());
    CHECK(h.log->wrong_thread == 0);
    CHECK(h.seen->saw_no_lock());
    for (int i = 0; i != rounds; ++i) h.end(2 * i + 2, open[static_cast<std::size_t>(i)]);
}

/// `act(session)` on several threads at once, while messages go out.
template <class Act>
void use_one_session(Act act) {
    direct_hub h;
    session a = h.open(2);
    std::string const id{a.id()};
    at_once(threads, [&](int t) {
        for (int i = 0; i != rounds; ++i) {
            if (t == 0)
                (void)h.hub.send(id, text("x"));
            else
                act(h, a);
        }
    });
    CHECK(h.hub.find(id));
    CHECK(h.told("send 2 x").size() == rounds);
}

}

TEST_CASE("session::session: sessions are moved on each thread at once", "[threading]") {
    direct_hub h;
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            session empty, first = h.hub.open(2, {});
            session const second{std::move(first)};
            wrong += static_cast<bool>(empty) || !h.hub.find(second.id());
        }
    });
    CHECK(wrong == 0);
    CHECK(h.hub.metrics().open == 1);
}

TEST_CASE("session::operator=: what was there ends, on the thread that assigns", "[threading]") {
    int still_there = 0;
    end_at_once<direct_hub>([&](auto& h, session& s, int) {
        std::string const id{s.id()};
        s = session{};
        still_there += h.hub.find(id).has_value();
    });
    CHECK(still_there == 0);
}

TEST_CASE("session::~session, with dispatch: sessions end on their loop while messages come", "[threading]") {
    end_at_once<looped_hub>([](auto&, session& s, int) { session const ends{std::move(s)}; });
}

TEST_CASE("session::~session, without dispatch: sessions end on any thread while messages come", "[threading]") {
    end_at_once<direct_hub>([](auto&, session& s, int) { session const ends{std::move(s)}; });
}

TEST_CASE("session::closed, with dispatch: the loop reports a close while messages come", "[threading]") {
    end_at_once<looped_hub>([](auto&, session& s, int) {
        s.closed(1001);
        s.closed(1006);
    });
}

TEST_CASE("session::closed, without dispatch: any thread reports a close while messages come", "[threading]") {
    end_at_once<direct_hub>([](auto&, session& s, int) {
        s.closed(1001);
        s.closed(1006);
    });
}

TEST_CASE("session::operator bool: every thread sees the same", "[threading]") {
    std::atomic<int> wrong{0};
    use_one_session([&](direct_hub&, session const& a) { wrong += !a; });
    CHECK(wrong == 0);
}

TEST_CASE("session::id: every thread reads the same text, also when the session is closed meanwhile", "[threading]") {
    direct_hub h;
    session a = h.open(2);
    std::string const id{a.id()};
    std::atomic<int> wrong{0};
    at_once(threads, [&](int t) {
        if (t == 0) a.closed();
        for (int i = 0; i != rounds; ++i) wrong += a.id() != id;
    });
    CHECK(wrong == 0);
}

TEST_CASE("session::source_ip: every thread reads the same text, also when the session is closed meanwhile", "[threading]") {
    direct_hub h;
    session a = h.open(2, {.source_ip = "192.0.2.7"});
    std::atomic<int> wrong{0};
    at_once(threads, [&](int t) {
        if (t == 0) a.closed();
        for (int i = 0; i != rounds; ++i) wrong += a.source_ip() != "192.0.2.7";
    });
    CHECK(wrong == 0);
}

TEST_CASE("session::touch: many threads touch, and one of their times counts", "[threading]") {
    direct_hub h;
    session const a = h.open(2);
    time_point const begin = h.clock.steady();
    h.clock.advance(10s);
    at_once(threads, [&](int t) {
        for (int i = 0; i != rounds; ++i) {
            if (t == 0)
                a.touch();
            else
                a.touch(begin + std::chrono::milliseconds{i});
        }
    });
    auto const state = h.hub.find(a.id());
    REQUIRE(state);
    CHECK(state->last_active_at >= state->connected_at); // one of the times given, not a mixture
    CHECK(state->last_active_at <= state->connected_at + 10s);
    a.touch();
    CHECK(h.hub.find(a.id())->last_active_at == state->connected_at + 10s);
}

TEST_CASE("session::written: the owner reports what was taken while other threads send", "[threading]") {
    using transport = counts_written<plain_recorder>;
    connection_hub<transport> hub{transport{}, {.queue_limit = 100}};
    session const a = hub.open(2);
    std::string const id{a.id()}, body(10, 'x');
    std::atomic<std::uint64_t> accepted{0};
    at_once(threads, [&](int t) {
        for (int i = 0; i != rounds; ++i) {
            if (t == 0)
                a.written(accepted);
            else if (hub.send(id, text(body)) == delivery::accepted)
                accepted += body.size();
        }
    });
    CHECK(accepted >= 100);
    a.written(accepted);
    for (int i = 0; i != 10; ++i) CHECK(hub.send(id, text(body)) == delivery::accepted);
    CHECK(hub.send(id, text(body)) == delivery::backpressure);
}

TEST_CASE("session::tag: many threads tag a connection, also while it ends", "[threading]") {
    direct_hub h;
    session a = h.open(2);
    std::atomic<int> wrong{0};
    std::atomic<bool> ended{false};
    at_once(threads, [&](int t) {
        for (int i = 0; i != rounds; ++i) {
            if (t == 0 && i == rounds / 2) {
                a.closed();
                ended = true;
            }
            bool const late = ended;
            tagging const result = a.tag(std::to_string(t) + ":" + std::to_string(i % 8));
            wrong += result != tagging::gone && (late || result != tagging::done);
        }
    });
    CHECK(wrong == 0);
    CHECK(ended);
    CHECK(h.hub.send_tagged("0:0", text("x")).matched == 0);
}

TEST_CASE("session::untag: of many threads, one takes a tag away", "[threading]") {
    int constexpr tags = 20;
    direct_hub h;
    session const a = h.open(2);
    for (int i = 0; i != tags; ++i) CHECK(a.tag(std::to_string(i)) == tagging::done);
    std::atomic<int> taken{0};
    at_once(threads, [&](int) {
        for (int i = 0; i != tags; ++i) taken += a.untag(std::to_string(i));
    });
    CHECK(taken == tags);
    CHECK(h.hub.find(a.id())->tags.empty());
}

TEST_CASE("session::release: handed from thread to thread while messages come", "[threading]") {
    int still_held = 0;
    end_at_once<direct_hub>([&](auto&, session& s, int) {
        void* const raw = s.release();
        still_held += static_cast<bool>(s);
        std::thread{[raw] { session const ends = session::adopt(raw); }}.join();
    });
    CHECK(still_held == 0);
}

TEST_CASE("session::adopt: each thread adopts what another has released", "[threading]") {
    direct_hub h;
    std::vector<std::atomic<void*>> handed(rounds);
    std::atomic<int> alive{0};
    at_once(2, [&](int t) {
        for (auto& place : handed) {
            if (t == 0) {
                place = h.hub.open(2, {}).release();
                continue;
            }
            void* raw = nullptr;
            while ((raw = place.load()) == nullptr) std::this_thread::yield();
            session const s = session::adopt(raw);
            alive += h.hub.find(s.id()).has_value();
        }
    });
    CHECK(alive == rounds);
    CHECK(h.hub.metrics().open == 1);
}

TEST_CASE("hub_ref::hub_ref: made and copied on many threads, it names the one hub", "[threading]") {
    direct_hub h;
    session const a = h.open(2);
    std::string const id{a.id()};
    std::atomic<int> found{0};
    at_once(threads, [&](int) {
        hub_ref const first{h.hub}, copy = first;
        copy.execute({command::kind::find, id}, [&](outcome o) { found += o.state.has_value(); });
    });
    CHECK(found == threads);
}

TEST_CASE("hub_ref::send: a message is queued for the loop from any thread, and sent by none but it", "[threading]") {
    looped_hub h;
    session a = h.open(2);
    std::string const id{a.id()};
    hub_ref const hub{h.hub};
    std::atomic<int> queued{0}, left{0};
    h.start();
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            message const m = text("x");
            queued += hub.send({command::kind::send, id, &m, {}, patience::queued}) == delivery::accepted;
            left += !hub.send({command::kind::send, id, &m, {}, patience::inline_only});
        }
    });
    h.stop();
    CHECK(queued == threads * rounds);
    CHECK(left == threads * rounds);
}

TEST_CASE("hub_ref::execute: every command is answered once, a waiting send on the loop", "[threading]") {
    looped_hub h;
    session a = h.open(2);
    std::string const id{a.id()};
    hub_ref const hub{h.hub};
    std::atomic<int> sent{0}, queued{0}, deferred{0}, found{0}, explained{0}, elsewhere{0}, tagged{0}, selected{0},
        shown{0};
    connection_visitor const visitor = [&](std::string_view, std::function<connection_state()> const& describe) {
        shown += describe().tags == lines{"room"};
        return true;
    };
    h.start();
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            message const m = text("x");
            hub.execute({command::kind::send, id, &m, {}, patience::owner}, [&](outcome o) {
                h.seen->enter();
                sent += o.result == delivery::accepted;
                elsewhere += !h.log->loops[0].is_current();
            });
            hub.execute({command::kind::send, id, &m, {}, patience::queued},
                        [&](outcome o) { queued += o.result == delivery::accepted; });
            hub.execute({command::kind::send, id, &m, {}, patience::inline_only},
                        [&](outcome o) { deferred += o.deferred; });
            hub.execute({command::kind::find, id}, [&](outcome o) { found += o.state.has_value(); });
            hub.execute({command::kind::explain, id}, [&](outcome o) { explained += !o.malformed && !o.closed; });
            hub.execute({.what = command::kind::tag, .id = id, .tag_text = "room"},
                        [&](outcome o) { tagged += o.tagged == tagging::done; });
            hub.execute({.what = command::kind::select, .tag_text = "room", .visitor = &visitor},
                        [&](outcome o) { selected += !o.next; });
        }
    });
    std::atomic<int> closed{0};
    at_once(threads, [&](int) {
        hub.execute({command::kind::close, id, nullptr, {1000, "bye"}},
                    [&](outcome o) { closed += o.result == delivery::accepted; });
    });
    h.stop();
    constexpr int each = threads * rounds;
    CHECK(sent == each);
    CHECK(queued == each);
    CHECK(deferred == each);
    CHECK(found == each);
    CHECK(explained == each);
    CHECK(tagged == each);
    CHECK(selected == each);
    CHECK(shown == each);
    CHECK(elsewhere == 0);
    CHECK(closed == 1);
    CHECK(h.told("send 2 ").size() == 2 * each);
    CHECK(h.seen->saw_no_lock());
    h.end(2, a);
}

}
