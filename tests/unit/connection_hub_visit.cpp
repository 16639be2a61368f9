// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/idle_transport.hpp"
#include "support/random.hpp"
#include "support/test_hub.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace connection_hub_visit_tests {

using namespace backchannel;
using test::lines;

namespace {

/// Up to `limit` connections from a position on, which becomes the next one.
template <class Hub>
[[nodiscard]] lines page(Hub& hub, std::optional<std::uint32_t>& position, std::string_view tag, std::size_t limit) {
    lines ids;
    position = hub.visit(*position, tag, [&](std::string_view id, auto const&) {
        ids.emplace_back(id);
        return ids.size() != limit;
    });
    return ids;
}

template <class Hub>
[[nodiscard]] lines all(Hub& hub) {
    lines ids;
    hub.for_each([&](std::string_view id, connection_state const&) { ids.emplace_back(id); });
    return ids;
}

}

TEST_CASE("for_each shows every open connection with its state", "[hub_visit]") {
    test::test_hub<test::direct_transport> t;
    CHECK(all(*t.hub).empty());
    auto a = t.open(1, {.source_ip = "192.0.2.1", .user_agent = "a"});
    t.clock.advance(std::chrono::seconds{2});
    auto const reserved = t.hub->reserve();
    auto b = t.open(2), c = t.open(3), d = t.open(4);
    CHECK(b.tag("room") == tagging::done);
    c.closed();
    CHECK(t.hub->close(d.id()));
    lines shown;
    t.hub->for_each([&](std::string_view id, connection_state const& state) {
        shown.emplace_back(id);
        auto const found = t.hub->find(id); // the hub may be used inside
        REQUIRE(found);
        CHECK(state.connected_at == found->connected_at);
        CHECK(state.source_ip == (id == a.id() ? "192.0.2.1" : ""));
        CHECK(state.user_agent == (id == a.id() ? "a" : ""));
        CHECK(state.tags == (id == b.id() ? lines{"room"} : lines{}));
        return false; // whatever it says, it hears of all
    });
    CHECK(shown == lines{std::string{a.id()}, std::string{b.id()}});
}

TEST_CASE("more connections than a chunk of slots holds are all shown", "[hub_visit]") {
    connection_hub<test::idle_transport> hub;
    std::vector<session> open;
    lines ids;
    for (std::uint32_t i = 0; i != 700; ++i) ids.emplace_back(open.emplace_back(hub.open(i)).id());
    CHECK(all(hub) == ids);
    std::optional<std::uint32_t> position = 0;
    CHECK(page(hub, position, {}, 300) == lines(ids.begin(), ids.begin() + 300));
    REQUIRE(position);
    CHECK(page(hub, position, {}, 1000) == lines(ids.begin() + 300, ids.end()));
    CHECK_FALSE(position);
}

TEST_CASE("a visit ends where it is told to and goes on behind", "[hub_visit]") {
    test::test_hub<test::direct_transport> t;
    std::vector<session> open;
    lines ids, tagged;
    for (int h = 0; h != 7; ++h) {
        ids.emplace_back(open.emplace_back(t.open(h)).id());
        if (h % 3 != 1) {
            CHECK(open.back().tag("room") == tagging::done);
            tagged.push_back(ids.back());
        }
    }
    CHECK(open[1].tag("other") == tagging::done);
    for (std::string_view const tag : {"", "room"}) {
        lines const& expected = tag.empty() ? ids : tagged;
        for (std::size_t limit = 1; limit != 9; ++limit) {
            lines seen;
            std::size_t pages = 0;
            for (std::optional<std::uint32_t> position = 0; position; ++pages) {
                lines const some = page(*t.hub, position, tag, limit);
                CHECK((some.size() == limit) == position.has_value());
                seen.insert(seen.end(), some.begin(), some.end());
            }
            CHECK(seen == expected);
            CHECK(pages == expected.size() / limit + 1); // the last may be empty
        }
    }
    for (std::uint32_t const far : {7u, 255u, 256u, 1u << 24, std::numeric_limits<std::uint32_t>::max()}) {
        for (std::string_view const tag : {"", "room"}) {
            std::optional<std::uint32_t> position = far;
            CHECK(page(*t.hub, position, tag, 10).empty());
            CHECK_FALSE(position);
        }
    }
    lines sources;
    auto const wanted = t.open(9, {.source_ip = "192.0.2.9"});
    CHECK_FALSE(t.hub->visit(7, {}, [&](std::string_view, auto const& describe) {
        sources.push_back(describe().source_ip);
        return true;
    }));
    CHECK(sources == lines{"192.0.2.9"});
}

TEST_CASE("connections may end and open while they are visited", "[hub_visit]") {
    for (std::string_view const tag : {"", "room"}) {
        INFO(tag);
        test::test_hub<test::direct_transport> t{{.max_connections = 5, .retired_kept = 0}};
        std::vector<session> open;
        lines ids;
        for (int h = 0; h != 5; ++h) {
            ids.emplace_back(open.emplace_back(t.open(h)).id());
            CHECK(open.back().tag("room") == tagging::done);
        }
        lines seen;
        CHECK_FALSE(t.hub->visit(0, tag, [&](std::string_view id, auto const& describe) {
            seen.emplace_back(id);
            if (id == ids[1]) {
                open[0] = session{}; // behind
                open[1] = session{}; // this one, which can still be described
                CHECK(describe().tags == lines{"room"});
                CHECK(id == ids[1]);
                open[2] = session{}; // ahead
                CHECK(t.hub->close(ids[3]));
            }
            return true;
        }));
        CHECK(seen == lines{ids[0], ids[1], ids[4]});
        CHECK(t.hub->metrics().open == 1);
        for (int h = 0; h != 3; ++h) open[static_cast<std::size_t>(h)] = t.open(h);
        CHECK(all(*t.hub).size() == 4); // the slots are there again
        CHECK(t.hub->find(ids[4])->tags == lines{"room"});
    }
}

TEST_CASE("whatever opens and closes between pages, who stays is shown once", "[hub_visit]") {
    test::random_source random;
    for (int trial = 0; trial != 300; ++trial) {
        constexpr std::size_t room_for = 24;
        connection_hub<test::idle_transport> hub{{}, {.max_connections = room_for, .retired_kept = 3}};
        std::string_view const tag = trial % 2 == 0 ? "" : "room";
        std::array<session, room_for> open;
        std::array<bool, room_for> tagged{};
        std::set<std::string> staying; // with the tag since the first page
        auto const leaves = [&](std::size_t i) { staying.erase(std::string{open.at(i).id()}); };
        auto const churn = [&](std::size_t steps) {
            for (; steps != 0; --steps) {
                std::size_t const i = random.below(room_for);
                session& s = open.at(i);
                if (!s) {
                    s = hub.open(static_cast<std::uint32_t>(i));
                    tagged.at(i) = s && random.below(3) != 0;
                    if (tagged.at(i)) CHECK(s.tag("room") == tagging::done);
                } else if (!tag.empty() && random.below(3) == 0) {
                    leaves(i);
                    tagged.at(i) = !tagged.at(i);
                    CHECK((tagged.at(i) ? s.tag("room") == tagging::done : s.untag("room")));
                } else {
                    leaves(i);
                    s = session{};
                }
            }
        };
        churn(60);
        for (std::size_t i = 0; i != room_for; ++i)
            if (open.at(i) && (tag.empty() || tagged.at(i))) staying.emplace(open.at(i).id());
        std::map<std::string, int> shown;
        std::size_t const limit = 1 + random.below(5);
        for (std::optional<std::uint32_t> position = 0; position; churn(random.below(12))) {
            for (std::string const& id : page(hub, position, tag, limit)) {
                ++shown[id];
                auto const holder =
                    std::find_if(open.begin(), open.end(), [&](session const& s) { return s.id() == id; });
                REQUIRE(holder != open.end()); // it was open then
                if (!tag.empty()) CHECK(tagged.at(static_cast<std::size_t>(holder - open.begin())));
            }
        }
        for (std::string const& id : staying) CHECK(shown.contains(id));
        for (auto const& [id, times] : shown) CHECK(times == 1);
    }
}

TEST_CASE("all of a tag are visited, however many have it", "[hub_visit]") {
    for (std::size_t const count : {255u, 256u, 257u, 1000u}) {
        connection_hub<test::idle_transport> hub;
        std::vector<session> open;
        lines ids, seen;
        for (std::uint32_t h = 0; h != count; ++h) {
            ids.emplace_back(open.emplace_back(hub.open(h)).id());
            CHECK(open.back().tag("room") == tagging::done);
        }
        CHECK_FALSE(hub.visit(0, "room", [&](std::string_view id, auto const&) {
            seen.emplace_back(id);
            return true;
        }));
        CHECK((seen == ids));
    }
}

}
