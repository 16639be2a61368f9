// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/at_once.hpp"
#include "support/catch.hpp"
#include "support/shared_hub.hpp"
#include "support/test_hub.hpp"

#include <optional>
#include <string>

namespace connection_hub_changes_tests {

using namespace backchannel;
using namespace std::chrono_literals;
using test::lines;
using enum connection_change::kind;

namespace {

std::string shown(connection_change const& c, std::string const& id) {
    std::string text = c.id == id ? "" : "other ";
    switch (c.what) {
    case opened:
        text += "opened";
        break;
    case closed:
        text += "closed " + std::to_string(c.code) + " " + c.reason + (c.by == closed_by::peer ? " peer" : " server");
        break;
    case tagged:
        text += "tagged";
        break;
    case untagged:
        text += "untagged";
        break;
    }
    for (std::string const& tag : c.tags) text += " " + tag;
    return text;
}

}

TEST_CASE("a hub writes down what happens to its connections", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.changes_kept = 100}};
    auto const changes = t.hub->changes();
    REQUIRE(changes);
    session s = t.hub->reserve();
    std::string const id{s.id()};
    CHECK(s.tag("a") == tagging::done); // part of its opening
    CHECK(s.tag("b") == tagging::done);
    CHECK(s.untag("b"));
    CHECK(changes->last() == 0);
    t.hub->attach(s, 1);
    CHECK(t.hub->tag(id, "c") == tagging::done);
    CHECK(t.hub->untag(id, "c") == tagging::done);
    CHECK(t.hub->untag(id, "c") == tagging::done); // it has none
    CHECK(t.hub->tag(id, "no tag") == tagging::invalid);
    t.clock.advance(1s);
    CHECK(t.hub->close(id, 4001, "why"));
    s.closed(1000);
    CHECK(s.tag("late") == tagging::gone);
    lines told;
    for (auto const& [number, change] : changes->read(0, 99).changes) told.push_back(shown(change, id));
    CHECK(told == lines{"opened a", "tagged c", "untagged c", "closed 4001 why server"});
    CHECK(changes->read(3, 1).changes.at(0).second.at == t.clock.wall());
    auto const other = t.open(2);
    t.hub.reset(); // which closes it
    CHECK(shown(changes->read(5, 1).changes.at(0).second, std::string{other.id()}) == "closed 1001  server");
}

TEST_CASE("a hub that keeps no changes has none", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    CHECK(t.hub->changes() == nullptr);
}

TEST_CASE("connection_hub::changes: any thread reads while others open, tag and close", "[threading]") {
    test::looped_hub h{{.changes_kept = 100'000}};
    auto const changes = h.hub.changes();
    std::atomic<int> wrong{0};
    std::uint64_t const before = changes->last();
    test::at_once(4, [&](int t) {
        for (int i = 0; i != 50; ++i) {
            session s = h.hub.reserve();
            if (t == 3) {
                wrong += h.hub.changes()->read(before, 10).missed;
                continue;
            }
            std::string const id{s.id()};
            h.log->loop_of(2 * t).as_owner([&] { h.hub.attach(s, 2 * t); });
            wrong += h.hub.tag(id, "x") != tagging::done || !h.hub.close(id);
            h.log->loop_of(2 * t).as_owner([&] { s = {}; });
        }
    });
    h.stop();
    CHECK(wrong == 0);
    CHECK(changes->last() == before + 3 * 50 * 3);
}

}
