// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/loop_transport.hpp>

#include <backchannel/concepts.hpp>
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/other_thread.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace support_loop_transport_tests {

using namespace backchannel;

namespace {

/// Notes what it is told.
struct note_taker {
    std::vector<std::string> told{};
    delivery answer = delivery::accepted;

    delivery send(message const& m) {
        told.emplace_back(m.data());
        return answer;
    }
    void close(std::uint16_t code, std::string_view reason) {
        told.push_back("close " + std::to_string(code) + " " + std::string{reason});
    }
    void ping(std::string_view payload) { told.push_back("ping " + std::string{payload}); }
    void terminate() { told.emplace_back("terminate"); }
    [[nodiscard]] std::size_t buffered() const noexcept { return told.size(); }
};

using sockets = loop_transport<note_taker>;
using list = std::vector<std::string>;

}

TEST_CASE("a loop's transport passes everything on to the WebSocket", "[loop_transport]") {
    STATIC_REQUIRE(backchannel::transport<sockets>);
    STATIC_REQUIRE(has_dispatch<sockets>);
    STATIC_REQUIRE(has_on_thread<sockets>);
    STATIC_REQUIRE(has_thread_key<sockets>);
    STATIC_REQUIRE(has_buffered<sockets>);
    STATIC_REQUIRE(has_ping<sockets>);
    STATIC_REQUIRE(has_terminate<sockets>);
    task_inbox home;
    note_taker w;
    sockets t;
    sockets::handle const h{&w, &home};
    CHECK(t.send(h, {"one", message_kind::text}) == delivery::accepted);
    w.answer = delivery::gone;
    CHECK(t.send(h, {"two", message_kind::text}) == delivery::gone);
    t.ping(h, "p");
    t.close(h, 4000, "why");
    t.terminate(h);
    CHECK(w.told == list{"one", "two", "ping p", "close 4000 why", "terminate"});
    CHECK(t.buffered(h) == 5);
    CHECK(t.thread_key(h) == &home);
}

TEST_CASE("a loop's transport knows the thread, and brings tasks there", "[loop_transport]") {
    task_inbox home;
    int wakes = 0, ran = 0;
    home.wake_by([&] { ++wakes; });
    home.enter();
    sockets t;
    sockets::handle const h{nullptr, &home};
    CHECK(t.on_thread(h));
    t.dispatch(h, [&] { ++ran; });
    CHECK(ran == 0); // not in the turn that asks for it
    CHECK(wakes == 1);
    home.run();
    CHECK(ran == 1);
    bool there = true;
    test::other_thread{}.run([&] {
        there = t.on_thread(h);
        t.dispatch(h, [&] { ++ran; });
    });
    CHECK_FALSE(there);
    CHECK(ran == 1);
    CHECK(wakes == 2);
    home.run();
    CHECK(ran == 2);
}

TEST_CASE("a hub on a loop's transport leaves the WebSocket alone when it has gone", "[loop_transport]") {
    task_inbox home;
    home.wake_by([] {});
    home.enter();
    connection_hub<sockets> hub;
    auto w = std::make_unique<note_taker>();
    session tracked = hub.open({w.get(), &home}, {});
    std::string const id{tracked.id()};
    test::other_thread other;
    auto const send = [&](std::string_view text) {
        auto result = delivery::unknown;
        other.run([&] { result = hub.send(id, {text, message_kind::text}); });
        return result;
    };
    CHECK(send("first") == delivery::accepted);
    CHECK(w->told.empty());
    home.run();
    CHECK(w->told == list{"first"});
    CHECK(send("late") == delivery::accepted);
    tracked.closed();
    w.reset(); // the sanitizers would see a use
    home.run();
    CHECK(send("later") == delivery::gone);
}

}
