// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"

#include <string>
#include <utility>
#include <vector>

namespace connection_hub_send_until_tests {

using namespace backchannel;
using namespace std::chrono_literals;
using test::lines;
using test::text;

namespace {

using answers = std::vector<delivery>;

template <class Transport>
struct fixture : test::test_hub<Transport> {
    session s;
    std::string id;
    answers told{};

    explicit fixture(hub_options const& options = {})
        : test::test_hub<Transport>{options}, s{this->open(0)}, id{s.id()} {}

    [[nodiscard]] send_terms within(std::chrono::milliseconds limit, bool when_written) const {
        return {this->clock.steady() + limit, when_written};
    }
    void ask(std::string_view body, send_terms const& terms, std::string_view key = {}) {
        this->hub->async_send_until(
            id, text(body), terms, [this](delivery d) { told.push_back(d); }, key);
    }
    [[nodiscard]] answers answered() { return std::exchange(told, {}); }
    /// The Transport tells the oldest who waits.
    void tell(delivery d) {
        auto& waiting = *this->transport.waiting;
        auto const first = std::make_shared<completion<delivery>>(std::move(waiting.front()));
        waiting.erase(waiting.begin());
        if (*first) (*first)(d);
    }
};

using direct = fixture<test::timed_transport>;
using looped = fixture<test::timed_looping_transport>;

template <class T>
concept can_send_until = requires(T& hub) {
    hub.send_until("", text(""), send_terms{});
};

}

TEST_CASE("a hub sends with a time limit where its Transport can", "[connection_hub]") {
    STATIC_REQUIRE(can_send_until<connection_hub<test::timed_transport>>);
    STATIC_REQUIRE_FALSE(can_send_until<connection_hub<test::direct_transport>>);
    direct t;
    CHECK(t.hub->send_until(t.id, text("a"), t.within(1s, false)) == delivery::accepted);
    t.ask("b", t.within(1s, false));
    CHECK(t.answered() == answers{delivery::accepted}); // queued
    CHECK_FALSE((*t.transport.waiting)[0]);
    CHECK_FALSE((*t.transport.waiting)[1]);
    CHECK(t.sent() == lines{"send 0 a", "send 0 b"});
    CHECK(t.hub->send_until("abcdefghijklmnop", text("x"), t.within(1s, false)) == delivery::gone);
}

TEST_CASE("an answer that waits until a message is written", "[connection_hub]") {
    direct t;
    for (delivery const d : {delivery::accepted, delivery::expired, delivery::gone, delivery::unknown}) {
        t.ask("x", t.within(1s, true));
        CHECK(t.answered().empty());
        t.tell(d);
        CHECK(t.answered() == answers{d});
    }
    t.ask("x", t.within(1s, true));
    t.transport.waiting->clear(); // the server has lost it
    CHECK(t.answered() == answers{delivery::unknown});
    t.wire().on_send = [](int, message const&) { return delivery::backpressure; };
    t.ask("x", t.within(1s, true));
    CHECK(t.answered() == answers{delivery::backpressure});
    t.wire().on_send = [](int, message const&) -> delivery { throw 1; };
    t.ask("x", t.within(1s, true));
    CHECK(t.answered() == answers{delivery::gone});
    CHECK_FALSE(t.hub->find(t.id));
}

TEST_CASE("what is over is not shown to the Transport", "[connection_hub]") {
    direct t;
    CHECK(t.hub->send_until(t.id, text("x"), t.within(0s, false)) == delivery::expired);
    t.ask("x", t.within(-1s, true));
    CHECK(t.answered() == answers{delivery::expired});
    CHECK(t.sent().empty());
    CHECK(t.hub->metrics().expired == 2);
    CHECK(t.hub->metrics().accepted == 0);
    CHECK(t.hub->find(t.id));
}

TEST_CASE("the limit goes along to the connection's thread", "[connection_hub]") {
    looped t;
    t.ask("in time", t.within(2s, true));
    t.ask("late", t.within(1s, true));
    CHECK(t.hub->send_until(t.id, text("late too"), t.within(1s, false)) == delivery::accepted);
    t.ask("queued", t.within(2s, false));
    CHECK(t.answered().empty());
    t.clock.advance(1s);
    CHECK(t.run() == 1);
    CHECK(t.sent() == lines{"send 0 in time", "send 0 queued"});
    CHECK(t.answered() == answers{delivery::expired, delivery::accepted});
    t.tell(delivery::accepted);
    CHECK(t.answered() == answers{delivery::accepted});
    CHECK(t.hub->find(t.id)); // a message that may be dropped was promised to nobody
    CHECK(t.wire().wrong_thread == 0);
}

TEST_CASE("a repeated send with a limit waits with the first", "[connection_hub]") {
    direct t;
    t.ask("x", t.within(1s, true), "k");
    t.ask("x", t.within(1s, true), "k");
    CHECK(t.sent() == lines{"send 0 x"});
    CHECK(t.hub->send_until(t.id, text("x"), t.within(1s, false), "k") == delivery::unknown); // does not wait
    t.tell(delivery::accepted);
    CHECK(t.answered() == answers(2, delivery::accepted));
    CHECK(t.hub->send_until(t.id, text("x"), t.within(1s, false), "k") == delivery::accepted);
    CHECK(t.sent().empty());
    // one that has expired was not sent, so the next is a new attempt
    t.ask("y", t.within(1s, true), "k");
    t.tell(delivery::expired);
    t.ask("y", t.within(1s, true), "k");
    CHECK(t.sent() == lines(2, "send 0 y"));
    t.tell(delivery::accepted);
    CHECK(t.answered() == answers{delivery::expired, delivery::accepted});
}

}
