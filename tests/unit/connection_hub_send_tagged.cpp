// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include "support/test_hub.hpp"

#include <chrono>
#include <cstddef>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace connection_hub_send_tagged_tests {

using namespace backchannel;
using namespace std::chrono_literals;
using test::lines;
using test::text;

namespace {

/// A hub with connections 1 to `count`; the odd ones are tagged "odd".
template <class Transport>
struct crowd : test::test_hub<Transport> {
    std::vector<session> open; ///< the one at 0 is empty
    lines refused;             ///< "2 gone" for connection 2

    explicit crowd(int count, hub_options options = {}) : test::test_hub<Transport>{options} {
        open.emplace_back();
        for (int h = 1; h <= count; ++h) {
            open.push_back(test::test_hub<Transport>::open(h));
            if (h % 2 != 0) CHECK(open.back().tag("odd") == tagging::done);
        }
        (void)this->hooks.log->take();
    }
    ~crowd() { this->transport.log->on_send = nullptr; }

    [[nodiscard]] std::pair<std::size_t, std::size_t> send(std::string_view tag, std::string_view body) {
        refused.clear();
        fan_out const count = this->hub->send_tagged(tag, text(body), [&](std::string_view id, delivery d) {
            std::size_t h = 1;
            while (h != open.size() && open[h].id() != id) ++h;
            refused.push_back(std::to_string(h) + (d == delivery::gone           ? " gone"
                                                   : d == delivery::backpressure ? " backpressure"
                                                   : d == delivery::unavailable  ? " unavailable"
                                                                                 : " ?"));
        });
        return {count.matched, count.accepted};
    }
};

using counts = std::pair<std::size_t, std::size_t>;

}

TEST_CASE("one message goes to all that have the tag, or to all", "[send_tagged]") {
    crowd<test::direct_transport> c{5};
    CHECK(c.send("odd", "x") == counts{3, 3});
    CHECK(c.sent() == lines{"send 1 x", "send 3 x", "send 5 x"});
    CHECK(c.send("", "y") == counts{5, 5});
    CHECK(c.sent() == lines{"send 1 y", "send 2 y", "send 3 y", "send 4 y", "send 5 y"});
    CHECK(c.send("even", "z") == counts{0, 0});
    CHECK(c.send("odd", "") == counts{3, 3}); // an empty message is one
    CHECK(c.sent().size() == 3);
    CHECK(c.refused.empty());
    c.open[3] = session{};
    fan_out const left = c.hub->send_tagged("odd", text("x"));
    CHECK(left.matched == 2);
    CHECK(left.accepted == 2);
    CHECK(c.hub->metrics().accepted == 13);
}

TEST_CASE("a message to many is activity of each, at the time of one of the last 32 sends", "[send_tagged]") {
    bool const counts = GENERATE(true, false);
    crowd<test::direct_transport> c{100, {.sends_are_activity = counts}};
    c.clock.advance(1h);
    wall_time const begin = c.clock.wall();
    c.wire().on_send = [&](int, message const&) {
        c.clock.advance(1s);
        return delivery::accepted;
    };
    (void)c.send("", "x");
    for (int h = 1; h <= 100; ++h) {
        auto const found = c.hub->find(c.open[static_cast<std::size_t>(h)].id());
        REQUIRE(found);
        CHECK(found->last_active_at == (counts ? begin + (h - 1) / 32 * 32s : found->connected_at));
    }
}

TEST_CASE("a message to many is copied once, on whatever thread", "[send_tagged]") {
    std::string body(100, 'x');
    std::set<void const*> places;
    {
        crowd<test::direct_transport> c{9};
        c.wire().on_send = [&](int, message const& m) {
            CHECK(m.kind() == message_kind::binary);
            places.insert(m.share().data().data());
            return delivery::accepted;
        };
        CHECK(c.hub->send_tagged("", {body, message_kind::binary}).accepted == 9);
    }
    CHECK(places.size() == 1);
    CHECK_FALSE(places.contains(body.data()));
    places.clear();
    {
        crowd<test::looping_transport> c{9};
        std::size_t same = 0;
        c.wire().on_send = [&](int, message const& m) {
            places.insert(m.data().data());
            same += m.data() == std::string(100, 'x');
            return delivery::accepted;
        };
        CHECK(c.send("", body) == counts{9, 9});
        body.assign(100, 'y'); // the caller's again
        CHECK(c.run() != 0);
        CHECK(same == 9);
    }
    CHECK(places.size() == 1);
    CHECK_FALSE(places.contains(body.data()));
    places.clear();
    {
        crowd<test::direct_transport> c{3};
        c.wire().on_send = [&](int, message const& m) { return places.insert(m.data().data()), delivery::accepted; };
        auto const shared = shared_message::copy_of("x", message_kind::text);
        CHECK(c.hub->send_tagged("", shared).accepted == 3);
        CHECK(places == std::set<void const*>{shared.data().data()}); // not copied again
    }
}

TEST_CASE("those that did not take a message are counted and told", "[send_tagged]") {
    crowd<test::direct_transport> c{5};
    c.wire().on_send = [](int h, message const&) {
        if (h == 4) throw std::runtime_error{"send"};
        return h == 2 ? delivery::backpressure : h == 3 ? delivery::gone : delivery::accepted;
    };
    CHECK(c.send("", "12") == counts{5, 2});
    CHECK(c.refused == lines{"2 backpressure", "3 gone", "4 gone"});
    CHECK(c.hooks.log->take() == lines{"delivery 0 2", "delivery 1 2", "closed 1006", "delivery 2 2", "closed 1011",
                                       "delivery 2 2", "delivery 0 2"});
    CHECK(c.send("odd", "12") == counts{2, 2}); // 3 is closed
    CHECK(c.refused.empty());
}

TEST_CASE("a message that is too long for a queue is refused by each", "[send_tagged]") {
    crowd<test::looping_transport> c{4, {.queue_limit = 1000}};
    CHECK(c.send("", std::string(1001, 'x')) == counts{4, 0});
    CHECK(c.refused == lines{"1 backpressure", "2 backpressure", "3 backpressure", "4 backpressure"});
    CHECK(c.hub->send(c.open[1].id(), text(std::string(700, 'x'))) == delivery::accepted);
    CHECK(c.send("odd", std::string(700, 'x')) == counts{2, 1});
    CHECK(c.refused == lines{"1 backpressure"});
    c.run();
    CHECK(c.sent().size() == 2);
}

TEST_CASE("on another thread a message to many is queued, on the owner's it is sent at once", "[send_tagged]") {
    crowd<test::looping_transport> c{4};
    CHECK(c.hub->send(c.open[2].id(), text("first")) == delivery::accepted);
    CHECK(c.send("", "x") == counts{4, 4});
    CHECK(c.sent().empty());
    CHECK(c.run() == 4);
    CHECK(c.sent() == lines{"send 2 first", "send 2 x", "send 4 x", "send 1 x", "send 3 x"});
    c.on_loop(1, [&] { CHECK(c.send("", "y") == counts{4, 4}); });
    CHECK(c.sent() == lines{"send 1 y", "send 3 y"});
    c.run();
    CHECK(c.sent() == lines{"send 2 y", "send 4 y"});
    CHECK(c.wire().wrong_thread == 0);
    CHECK(c.send("odd", "z") == counts{2, 2});
    c.on_loop(1, [&] { c.open[1] = session{}; }); // before its message has left
    c.run();
    CHECK(c.sent() == lines{"send 3 z"});
}

TEST_CASE("a Transport may use the hub while it sends to many", "[send_tagged]") {
    for (std::string_view const tag : {"", "odd"}) {
        INFO(tag);
        crowd<test::direct_transport> c{9};
        std::vector<session> opened;
        c.wire().on_send = [&](int h, message const&) {
            if (h == 1) {
                CHECK(c.hub->close(c.open[3].id()));
                c.open[5].closed(1000);
                c.open[7] = session{};
                CHECK(c.hub->untag(c.open[1].id(), "odd") == tagging::done);
                opened.push_back(c.hub->open(11));
                CHECK(opened.back().tag("odd") == tagging::done);
            }
            if (h == 9) c.open[9] = session{}; // its own end
            return delivery::accepted;
        };
        counts const sent = c.send(tag, "x");
        lines const wire = c.sent();
        CHECK(c.refused.empty());
        CHECK(sent.first == sent.second);
        // the new one may be among them
        lines expected =
            tag.empty() ? lines{"send 1 x", "close 3 1000 ", "send 2 x", "send 4 x", "send 6 x", "send 8 x", "send 9 x"}
                        : lines{"send 1 x", "close 3 1000 ", "send 9 x"};
        std::size_t const without = expected.size() - 1;
        if (sent.first != without) expected.emplace_back("send 11 x");
        CHECK(wire == expected);
        CHECK(sent.first == expected.size() - 1);
        c.wire().on_send = nullptr;
        CHECK(c.send("odd", "y") == counts{1, 1});
        CHECK(c.sent() == lines{"send 11 y"});
    }
}

TEST_CASE("who hears of a refusal may use the hub", "[send_tagged]") {
    crowd<test::direct_transport> c{4};
    c.wire().on_send = [](int, message const&) { return delivery::backpressure; };
    std::size_t told = 0;
    fan_out const count = c.hub->send_tagged("", text("x"), [&](std::string_view id, delivery) {
        ++told;
        CHECK(c.hub->close(id, 1013)); // it is too slow
        c.open[4] = session{};
    });
    CHECK(count.matched == 3);
    CHECK(count.accepted == 0);
    CHECK(told == 3);
    CHECK(c.hub->metrics().open == 0);
}

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS

TEST_CASE("without memory for the one copy each gets its own, or is told of", "[send_tagged]") {
    {
        crowd<test::direct_transport> c{3};
        std::vector<std::string> got(3); // the recorder would need memory for its lines
        std::size_t next = 0;
        c.transport.log->on_send = [&](int, message const& m) { return got[next++] = m.data(), delivery::accepted; };
        test::allocation_failure const failure{1};
        fan_out const count = c.hub->send_tagged("", text("12"));
        CHECK(failure.happened());
        CHECK(count.matched == 3);
        CHECK(count.accepted == 3);
        CHECK(got == lines(3, "12"));
    }
    crowd<test::looping_transport> c{3};
    CHECK(c.send("", "for the mailboxes") == counts{3, 3});
    (void)c.run();
    (void)c.sent();
    (void)c.hooks.log->take();
    std::vector<delivery> refused;
    refused.reserve(3);
    fan_out count;
    {
        test::allocation_failure const failure{1, 2}; // of the first copy, and of the second connection's
        count = c.hub->send_tagged("", text("12"), [&](std::string_view, delivery d) { refused.push_back(d); });
    }
    CHECK(count.matched == 3);
    CHECK(count.accepted < 3);
    CHECK(refused == std::vector(3 - count.accepted, delivery::unavailable));
    CHECK(c.hub->metrics().unavailable == 3 - count.accepted);
    CHECK(c.hooks.log->take() == lines(3 - count.accepted, "delivery 3 2"));
    (void)c.run();
    CHECK(c.sent().size() == count.accepted);
    CHECK(c.hub->metrics().open == 3);
}

#endif

}
