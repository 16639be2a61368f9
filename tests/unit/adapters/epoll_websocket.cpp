// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include "support/epoll_fixture.hpp"
#include "support/socket_pair.hpp"

#include <backchannel/adapters/epoll_websocket.hpp>
#include <backchannel/connection_hub.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace adapter = backchannel::adapters::epoll;
using namespace std::literals;
using backchannel::delivery;
using enum backchannel::message_kind;

struct home : test::epoll::home {
    adapter::websocket_loop websockets{shared, {.frame = 100'000, .message = 200'000}};
};

/// A connection that echoes, or only takes down what it gets.
struct fixture {
    explicit fixture(home& h, adapter::opening begun = {}, std::size_t limit = 1 << 20)
        : hub{{}, {.queue_limit = limit}}, loop{h.websockets} {
        websocket.emplace(link.server(), loop, std::move(begun));
        tracked = hub.open(adapter::handle_of(*websocket));
    }

    bool turn(std::uint32_t events = EPOLLIN) {
        return websocket->turn(
            events,
            [this](backchannel::message const& m) {
                if (echoes) CHECK(hub.send(tracked.id(), m) == delivery::accepted);
                got.append(m.kind() == text ? "t:" : "b:").append(m.data().substr(0, 20)).append(" ");
            },
            [this](std::uint16_t code, std::string_view reason, backchannel::closed_by by) {
                got += (by == backchannel::closed_by::peer ? "peer " : "server ") + std::to_string(code) + " ";
                got += reason.substr(0, 20);
            });
    }
    bool say(std::string_view bytes) {
        link.say(bytes);
        return turn();
    }
    std::string hear() {
        loop.flush();
        return link.hear();
    }

    test::socket_pair link;
    backchannel::connection_hub<adapter::transport> hub;
    adapter::websocket_loop& loop;
    std::optional<adapter::websocket> websocket;
    backchannel::session tracked;
    std::string got;
    bool echoes = false;
};

/// A client's frame of up to 65535 bytes; the key is AAAA.
std::string frame(int opcode, std::string payload, bool fin = true) {
    std::string out{static_cast<char>((fin ? 0x80 : 0) | opcode)};
    if (payload.size() < 126)
        out += static_cast<char>(0x80 | payload.size());
    else
        (out += '\xFE').append({static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size() & 0xFF)});
    for (char& c : payload) c = static_cast<char>(c ^ 'A');
    return out + "AAAA" + payload;
}

}

TEST_CASE("epoll WebSocket: messages come whole, however their bytes were cut") {
    home h;
    std::string const said = frame(1, "hi") + frame(1, "one ", false) + frame(9, "p") + frame(0, "two") +
                             frame(2, std::string(300, 'x')) + frame(1, "");
    std::string const expected = "t:hi t:one two b:" + std::string(20, 'x') + " t: ";
    fixture whole{h};
    CHECK(whole.say(said));
    CHECK(whole.got == expected);
    CHECK(whole.hear() == "\x8A\1p"); // the pong
    fixture cut{h};
    for (char const& c : said) CHECK(cut.say({&c, 1}));
    CHECK(cut.got == expected);
    CHECK(cut.hear() == "\x8A\1p");
}

TEST_CASE("epoll WebSocket: what was queued in a turn leaves by one write, behind the answer that opened it") {
    home h;
    fixture f{h, {"101 ", "", {}}};
    CHECK(f.hub.send(f.tracked.id(), {"one", text}) == delivery::accepted);
    CHECK(f.hub.send(f.tracked.id(), {"two", binary}) == delivery::accepted);
    CHECK(f.link.hear() == "nothing");
    CHECK(f.hear() == "101 \x81\3one\x82\3two");
    CHECK(f.hear() == "nothing");
}

TEST_CASE("epoll WebSocket: what came behind the handshake is looked at first") {
    home h;
    adapter::readiness ready;
    ready.note(EPOLLIN);
    fixture f{h, {"", frame(1, "early") + frame(1, "half").substr(0, 4), ready}};
    f.link.say(frame(1, "half").substr(4));
    CHECK(f.turn(0));
    CHECK(f.got == "t:early t:half ");
    fixture quiet{h, {"", frame(1, "early"), {}}};
    CHECK(quiet.turn(0));
    CHECK(quiet.got == "t:early ");
}

TEST_CASE("epoll WebSocket: an idle one keeps no memory, and a busy one needs no new") {
    home h;
    fixture f{h}, other{h};
    std::string const hello = frame(1, "hello") + frame(2, std::string(3000, 'x'));
    auto const round = [&](fixture& one) {
        one.echoes = true;
        CHECK(one.say(hello));
        one.got.clear();
        one.loop.flush();
    };
    round(f);
    round(other);
#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
    test::allocation_count const made;
#endif
    for (int i = 0; i != 3; ++i) {
        round(f);
        round(other); // by the memory that the first one had
    }
#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
    CHECK(made.so_far() == 0);
#endif
    for (int i = 0; i != 4; ++i) CHECK(f.link.hear().substr(0, 8) == "\x81\5hello\x82");
#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
    test::allocation_count const half;
#endif
    f.link.say(frame(1, "in two").substr(0, 8));
    CHECK(f.turn());
    f.link.say(frame(1, "in two").substr(8));
    CHECK(f.turn());
    f.loop.flush();
#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
    CHECK(half.kept() == 0);
#endif
    CHECK(f.link.hear() == "\x81\6in two");
}

TEST_CASE("epoll WebSocket: a message for many is not copied for each") {
    home h;
    fixture f{h}, other{h};
    std::string const body(60'000, 'm');
    auto const shared = backchannel::shared_message::copy_of(body, text, true);
    auto const send = [&](fixture& one) { CHECK(one.hub.send(one.tracked.id(), shared) == delivery::accepted); };
    send(f);
    CHECK(f.hear().substr(4) == body);
    CHECK(f.websocket->buffered() == 0);
    auto const small = backchannel::shared_message::copy_of("few", text, true);
    CHECK(f.hub.send(f.tracked.id(), {"a", text}) == delivery::accepted);
    CHECK(f.hub.send(f.tracked.id(), small) == delivery::accepted);
    send(f);
    CHECK(f.hub.send(f.tracked.id(), {"b", text}) == delivery::accepted);
    CHECK(f.hear() == "\x81\1a\x81\3few" + std::string{shared.frame()} + "\x81\1b");
}

TEST_CASE("epoll WebSocket: a close frame is answered, and that is the end") {
    home h;
    fixture f{h};
    CHECK_FALSE(f.say(frame(1, "last") + frame(8, "\x0F\xA2why")));
    CHECK(f.got == "t:last peer 4002 why");
    CHECK(f.link.hear() == "\x88\2\x0F\xA2");
    fixture none{h};
    CHECK_FALSE(none.say(frame(8, "")));
    CHECK(none.got == "peer 1005 ");
    CHECK(none.link.hear() == "\x88\0"s);
}

TEST_CASE("epoll WebSocket: who breaks the protocol is told, and heard to the end") {
    home h;
    auto const [said, code] = GENERATE(table<std::string, int>({
        {"\x81\5hello", 1002},               // not masked
        {frame(1, "\xFF"), 1007},            // no text
        {frame(0, "x"), 1002},               // continues nothing
        {"\x81\xFF\0\0\0\0\0\3\0\0"s, 1009}, // too long
    }));
    fixture f{h};
    CHECK(f.say(said + frame(1, "not looked at")));
    CHECK(f.got.starts_with("server " + std::to_string(code) + " "));
    std::string const answer = f.link.hear();
    REQUIRE(answer.size() > 4);
    CHECK(answer.substr(0, 1) == "\x88");
    CHECK(static_cast<unsigned char>(answer[2]) * 256 + static_cast<unsigned char>(answer[3]) == code);
    CHECK(f.link.hear() == "the end");
    CHECK(f.hub.send(f.tracked.id(), {"too late", text}) == delivery::gone);
    CHECK(f.say(frame(8, "")));
    f.link.finish();
    CHECK_FALSE(f.turn(EPOLLIN | EPOLLRDHUP));
    CHECK(f.got.find("peer") == std::string::npos);
}

TEST_CASE("epoll WebSocket: the hub's close follows what was sent, and is the last") {
    home h;
    fixture f{h};
    CHECK(f.hub.send(f.tracked.id(), {"first", text}) == delivery::accepted);
    CHECK(f.hub.close(f.tracked.id(), 1001, "bye"));
    CHECK(f.websocket->send({"second", text}) == delivery::gone);
    CHECK(f.say(frame(1, "ignored")));
    CHECK(f.got.empty());
    CHECK(f.hear() == "\x81\5first\x88\5\3\xE9"
                      "bye");
    CHECK_FALSE(f.say(frame(8, "\3\xE9")));
    CHECK(f.hear() == "nothing");
}

TEST_CASE("epoll WebSocket: what a peer does not read is bounded by the hub, and sent when it does") {
    home h;
    fixture f{h, {}, 200'000};
    std::string const body(15'000, 'q');
    int accepted = 0;
    while (f.hub.send(f.tracked.id(), {body, text}) == delivery::accepted) {
        f.loop.flush();
        REQUIRE(++accepted < 1000);
    }
    CHECK(f.websocket->buffered() <= 200'000);
    CHECK(f.hub.send(f.tracked.id(), {"x", text}) == delivery::accepted);
    std::string all;
    for (int i = 0; f.websocket->buffered() != 0; ++i) {
        REQUIRE(i < 1000);
        for (std::string part = f.link.hear(); part != "nothing"; part = f.link.hear()) all += part;
        f.turn(EPOLLOUT);
    }
    for (std::string part = f.link.hear(); part != "nothing"; part = f.link.hear()) all += part;
    CHECK(all.size() == static_cast<std::size_t>(accepted) * (body.size() + 4) + 3);
    CHECK(all.ends_with("\x81\1x"));
}

TEST_CASE("epoll WebSocket: who pings and does not read is not kept pongs for without end") {
    home h;
    fixture f{h};
    std::string pings;
    for (int i = 0; i != 400; ++i) pings += frame(9, std::string(120, 'p'));
    for (int i = 0; i != 10; ++i) CHECK(f.say(pings));
    CHECK(f.websocket->buffered() > 64 * 1024);
    CHECK(f.websocket->buffered() < 66 * 1024);
}

TEST_CASE("epoll WebSocket: sends of other threads leave with the loop's turn") {
    home h;
    fixture f{h};
    std::thread{[&] { CHECK(f.hub.send(f.tracked.id(), {"hello", text}) == delivery::accepted); }}.join();
    CHECK(f.hear() == "nothing");
    h.tasks.run();
    CHECK(f.hear() == "\x81\5hello");
}

TEST_CASE("epoll WebSocket: one that goes with something to send is not looked for") {
    home h;
    fixture first{h}, second{h}, third{h};
    for (fixture* f : {&first, &second, &third}) CHECK(f->hub.send(f->tracked.id(), {"m", text}) == delivery::accepted);
    second.tracked = {};
    second.websocket.emplace(second.link.server(), second.loop); // where the one was that has gone
    CHECK(first.hear() == "\x81\1m");
    CHECK(third.hear() == "\x81\1m");
    CHECK(second.hear() == "nothing");
    first.link.leave();
    CHECK(first.hub.send(first.tracked.id(), {"m", text}) == delivery::accepted);
    first.loop.flush();
    CHECK(first.websocket->buffered() == 0);
    CHECK_FALSE(first.turn(EPOLLIN | EPOLLHUP));
}
