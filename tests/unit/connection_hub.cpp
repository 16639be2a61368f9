// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include "support/test_hub.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <unordered_set>
#include <vector>

using namespace backchannel;
using namespace std::chrono_literals;
using test::lines;
using test::text;

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct idle_transport {
    using handle = std::uint32_t;
    static constexpr bool bounds_itself = true;
    std::uint32_t last = 0;
    delivery send(handle const& h, message const&) {
        last = h;
        return delivery::accepted;
    }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

/// Records nothing, so that it allocates nothing.
struct silent_base {
    using handle = int;
    static constexpr bool bounds_itself = true;
    std::shared_ptr<test::transport_log> log = std::make_shared<test::transport_log>();
    delivery send(handle const&, message const&) { return delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

/// The local id with three more characters around it, as a cloud's ids look: they need escapes in a URL.
struct padded_ids {
    static constexpr std::size_t max_size = connection_id::size + 3;

    std::size_t encode(connection_id const& id, char* out) const noexcept {
        out[0] = '+';
        std::copy_n(id.text().data(), connection_id::size, out + 1);
        std::replace(out + 1, out + 1 + connection_id::size, '_', '/');
        out[connection_id::size + 1] = out[connection_id::size + 2] = '=';
        return max_size;
    }
    std::optional<connection_id> decode(std::string_view shown) const noexcept {
        if (shown.size() != max_size || shown.front() != '+' || !shown.ends_with("==")) return std::nullopt;
        std::array<char, connection_id::size> local{};
        std::copy_n(shown.data() + 1, local.size(), local.data());
        std::replace(local.begin(), local.end(), '/', '_');
        return plain_ids{}.decode({local.data(), local.size()});
    }
};

struct padded_traits : default_hub_traits {
    using ids = padded_ids;
};

/// Ids of another system, told apart by a table: two that need escapes, as cloud gateways hand out.
struct foreign_ids {
    static constexpr std::size_t max_size = 16;
    static inline std::array<connection_id, 2> known{};
    static inline std::size_t count = 0;
    static constexpr std::array<std::string_view, 2> shown{"L0SM9cOFvHcCIhw=", "ab+/cd_-=="};

    std::size_t encode(connection_id const& id, char* out) const noexcept {
        known[count] = id;
        return shown[count++].copy(out, max_size);
    }
    std::optional<connection_id> decode(std::string_view id) const noexcept {
        for (std::size_t i = 0; i != count; ++i)
            if (id == shown[i]) return known[i];
        return std::nullopt;
    }
};

struct foreign_traits : default_hub_traits {
    using ids = foreign_ids;
};

struct one_thread_traits : single_threaded_traits {
    using clock = test::manual_clock;
    using hooks = test::recording_hooks;
};

bool answers_as_unknown(connection_hub<idle_transport>& hub, std::string_view id) {
    return hub.send(id, text("x")) == delivery::gone && !hub.find(id) && !hub.close(id) && !hub.was_open(id);
}

}

TEST_CASE("an id is 16 base64url characters and leads to its own connection", "[connection_hub]") {
    connection_hub<idle_transport> hub;
    std::vector<session> sessions;
    for (std::uint32_t i = 0; i != 2000; ++i) sessions.push_back(hub.open(i));
    for (std::uint32_t i = 0; i != sessions.size(); ++i) {
        auto const id = sessions[i].id();
        CHECK_FALSE((id.size() != 16 || id.find_first_not_of(alphabet) != id.npos || !hub.is_well_formed(id)));
        CHECK_FALSE((hub.send(id, text("x")) != delivery::accepted || hub.transport().last != i));
    }
}

TEST_CASE("no flipped bit, truncation or extension of an id finds a connection", "[connection_hub]") {
    connection_hub<idle_transport> hub;
    std::vector<session> sessions;
    for (std::uint32_t i = 0; i != 600; ++i) sessions.push_back(hub.open(i));
    std::size_t wrong = 0, tried = 0;
    for (std::size_t k = 0; k < sessions.size(); k += 7) {
        std::string const id{sessions[k].id()};
        for (std::size_t bit = 0; bit != id.size() * 8; ++bit) {
            std::string flipped = id;
            flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
            wrong += !answers_as_unknown(hub, flipped);
            wrong += hub.is_well_formed(flipped) != (flipped.find_first_not_of(alphabet) == flipped.npos);
            ++tried;
        }
        for (std::size_t size = 0; size != id.size(); ++size) {
            wrong += !answers_as_unknown(hub, std::string_view{id}.substr(0, size));
            wrong += !answers_as_unknown(hub, std::string_view{id}.substr(id.size() - size));
            wrong += hub.is_well_formed(std::string_view{id}.substr(0, size));
        }
        for (char const c : {'A', '=', '\0', '/'}) {
            wrong += !answers_as_unknown(hub, id + c) + !answers_as_unknown(hub, c + id) + hub.is_well_formed(id + c);
        }
        wrong += !answers_as_unknown(hub, id + id);
        wrong += hub.send(id, text("x")) != delivery::accepted;
    }
    wrong += !answers_as_unknown(hub, std::string(16, '\0')) + hub.is_well_formed(std::string(16, '\0'));
    CHECK(wrong == 0);
    CHECK(tried > 10'000);
}

TEST_CASE("every tail of an id but its own finds nothing", "[connection_hub]") {
    // the masked index alone, changed so that it names every other slot in turn
    connection_hub<idle_transport> hub;
    std::vector<session> sessions;
    for (std::uint32_t i = 0; i != 300; ++i) sessions.push_back(hub.open(i));
    std::string id{sessions[0].id()};
    std::string const tail = id.substr(12);
    std::size_t found = 0;
    for (std::uint32_t masked = 0; masked < 1u << 24; masked += 5) {
        for (unsigned i = 0; i != 4; ++i) id[12 + i] = alphabet[masked >> (6 * i) & 63];
        found += id.substr(12) != tail && hub.send(id, text("x")) != delivery::gone;
    }
    CHECK(found == 0);
}

TEST_CASE("ids of other hubs, closed ids and forged ones find nothing", "[connection_hub]") {
    connection_hub<idle_transport> hub;
    std::vector<session> sessions;
    for (std::uint32_t i = 0; i != 500; ++i) sessions.push_back(hub.open(i));
    std::size_t wrong = 0;
    for (int other = 0; other != 50; ++other) {
        connection_hub<idle_transport> another;
        std::vector<session> theirs;
        for (std::uint32_t i = 0; i != 500; ++i) theirs.push_back(another.open(i));
        for (auto const& s : theirs) wrong += !answers_as_unknown(hub, s.id());
    }
    CHECK(wrong == 0);
    std::mt19937_64 random{7};
    for (int i = 0; i != 100'000; ++i) {
        std::string forged(16, ' ');
        for (char& c : forged) c = alphabet[random() % 64];
        wrong += !answers_as_unknown(hub, forged) + !hub.is_well_formed(forged);
    }
    CHECK(wrong == 0);
    for (auto const& s : sessions) wrong += hub.send(s.id(), text("x")) != delivery::accepted;
    CHECK(wrong == 0);
}

TEST_CASE("the ids of many connections are distinct and show no order", "[connection_hub]") {
    connection_hub<idle_transport> hub;
    std::vector<session> sessions;
    std::unordered_set<std::string> seen;
    constexpr std::uint32_t count = 100'000;
    std::array<std::array<int, 64>, 16> histogram{};
    std::size_t ascending = 0, same_tail_step = 0;
    std::string before(16, 'A');
    for (std::uint32_t i = 0; i != count; ++i) {
        sessions.push_back(hub.open(i));
        std::string const id{sessions.back().id()};
        seen.insert(id);
        ascending += before < id;
        same_tail_step += std::string_view{id}.substr(12, 3) == std::string_view{before}.substr(12, 3);
        for (std::size_t c = 0; c != 16; ++c) ++histogram[c][alphabet.find(id[c])];
        before = id;
    }
    CHECK(seen.size() == count);
    // as often up as down: standard deviation 91 for independent ids, 10 of them allowed
    CHECK(ascending > count / 2 - 1600);
    CHECK(ascending < count / 2 + 1600);
    // neighbours in the table share the upper 18 bits of their index; of the masked ones 1 in 262,144 pairs may
    CHECK(same_tail_step < 8);
    // chi square with 63 degrees of freedom: 63 +- 11.2; an index in the clear gives some 6,300,000
    for (auto const& position : histogram) {
        double chi = 0;
        for (int const n : position) chi += (n - count / 64.0) * (n - count / 64.0) / (count / 64.0);
        CHECK(chi > 20);
        CHECK(chi < 150);
    }
}

TEST_CASE("a closed id is known as such for at least 1,024 more closes", "[connection_hub]") {
    connection_hub<idle_transport> hub{{}, {.max_connections = 10}};
    std::vector<std::string> closed;
    auto long_lived = hub.open(0);
    for (std::uint32_t i = 0; i != 5000; ++i) {
        auto s = hub.open(i);
        REQUIRE(s);
        CHECK_FALSE(hub.was_open(s.id()));
        closed.emplace_back(s.id());
        if (i % 2 == 0) CHECK(hub.close(s.id()));
    }
    for (std::size_t back = 1; back <= 1024; ++back) CHECK_FALSE(!hub.was_open(closed[closed.size() - back]));
    std::size_t forgotten = 0;
    for (std::size_t back = 1040; back <= closed.size(); ++back)
        forgotten += !hub.was_open(closed[closed.size() - back]);
    CHECK(forgotten == closed.size() - 1039);
    CHECK_FALSE(hub.was_open(long_lived.id()));
    CHECK_FALSE(hub.was_open("no id"));
}

TEST_CASE("a full hub refuses, also while ids are remembered", "[connection_hub]") {
    connection_hub<idle_transport> hub{{}, {.max_connections = 3}};
    auto a = hub.open(1), b = hub.open(2), c = hub.reserve();
    REQUIRE(c);
    auto refused = hub.open(4);
    CHECK_FALSE(refused);
    CHECK(refused.id().empty());
    refused.touch();
    refused.written(1);
    refused.closed();
    std::string const gone{a.id()};
    a = session{};
    auto d = hub.open(5);
    CHECK(d);
    CHECK_FALSE(hub.open(6));
    CHECK(hub.was_open(gone));
}

TEST_CASE("a reserved id is found only once it is attached", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    auto s = t.hub->reserve({.source_ip = "192.0.2.1", .user_agent = "agent"});
    REQUIRE(s);
    std::string const id{s.id()};
    CHECK_FALSE(t.hub->find(id));
    CHECK(t.hub->send(id, text("x")) == delivery::gone);
    CHECK_FALSE(t.hub->close(id));
    CHECK_FALSE(t.hub->was_open(id));
    CHECK_FALSE(t.hub->next_deadline());
    t.hub->attach(s, 4);
    CHECK(s.id() == id);
    REQUIRE(t.hub->find(id));
    CHECK(t.hub->find(id)->source_ip == "192.0.2.1");
    CHECK(t.hub->find(id)->user_agent == "agent");
    CHECK(t.hub->send(id, text("x")) == delivery::accepted);
    CHECK(t.sent() == lines{"send 4 x"});
    auto dropped = t.hub->reserve();
    std::string const never{dropped.id()};
    dropped = session{};
    CHECK_FALSE(t.hub->was_open(never));
    CHECK(t.hooks.log->take() == lines{"open", "delivery 0 1"});
}

TEST_CASE("on_open runs before the id can be found", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    int checked = 0;
    t.hooks.log->on_open = [&](std::string_view id) {
        CHECK(id.size() == 16);
        CHECK_FALSE(t.hub->find(id));
        CHECK(t.hub->send(id, text("x")) == delivery::gone);
        ++checked;
    };
    auto s = t.open(0);
    CHECK(checked == 1);
    CHECK(t.hub->find(s.id()));
}

TEST_CASE("a connection that closes inside on_open opens and closes once", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    auto s = t.hub->reserve();
    t.hooks.log->on_open = [&](std::string_view) { s.closed(1002); };
    t.hub->attach(s, 1);
    CHECK_FALSE(t.hub->find(s.id()));
    CHECK_FALSE(t.hub->next_deadline());
    auto const hooks = t.hooks.log->take();
    REQUIRE(hooks.size() == 2);
    CHECK(hooks.front() == "open");
    CHECK(t.sent().empty());
}

TEST_CASE("hooks run once each and in order", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    auto s = t.open(0);
    CHECK(t.hub->send(s.id(), text("12345")) == delivery::accepted);
    CHECK(t.hub->close(s.id(), 4000));
    CHECK_FALSE(t.hub->close(s.id(), 4001));
    s.closed(4002);
    s = session{};
    CHECK(t.hooks.log->take() == lines{"open", "delivery 0 5", "closed 4000"});
}

TEST_CASE("find tells when a connection came, was last active and from where", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.sends_are_activity = false}};
    t.clock.advance(1500us);
    auto s = t.open(0, {.source_ip = std::string(100, '9'), .user_agent = std::string(3000, 'u')});
    auto const opened = t.clock.wall();
    t.clock.advance(90s);
    CHECK(t.hub->send(s.id(), text("x")) == delivery::accepted);
    REQUIRE(t.hub->find(s.id()));
    CHECK(t.hub->find(s.id())->connected_at == opened);
    CHECK(t.hub->find(s.id())->last_active_at == opened);
    s.touch();
    CHECK(t.hub->find(s.id())->last_active_at == opened + 90s);
    s.touch(t.clock.steady() - 1h);
    CHECK(t.hub->find(s.id())->last_active_at == opened + 90s);
    // long texts are cut off rather than kept
    CHECK(t.hub->find(s.id())->source_ip == std::string(64, '9'));
    CHECK(t.hub->find(s.id())->user_agent == std::string(1024, 'u'));
}

TEST_CASE("a message to the client counts as activity only if the options say so", "[connection_hub]") {
    for (bool const counts : {true, false}) {
        test::test_hub<test::direct_transport> t{{.sends_are_activity = counts}};
        auto s = t.open(0);
        t.clock.advance(5min);
        CHECK(t.hub->send(s.id(), text("x")) == delivery::accepted);
        CHECK((t.hub->find(s.id())->last_active_at != t.hub->find(s.id())->connected_at) == counts);
        t.clock.advance(5min);
        CHECK(t.expire() == (counts ? 0 : 1));
    }
}

TEST_CASE("a codec's ids are the ones that callers see", "[connection_hub]") {
    connection_hub<idle_transport, padded_traits> hub;
    std::vector<session> sessions;
    for (std::uint32_t i = 0; i != 300; ++i) {
        sessions.push_back(hub.open(i, {.source_ip = "198.51.100.7"}));
        std::string const id{sessions.back().id()};
        REQUIRE(id.size() == 19);
        CHECK_FALSE(hub.send(id, text("x")) != delivery::accepted);
        CHECK_FALSE(hub.transport().last != i);
        CHECK_FALSE(hub.send(id.substr(1, 16), text("x")) != delivery::gone);
        CHECK_FALSE(hub.find(id)->source_ip != "198.51.100.7");
    }
    CHECK(hub.is_well_formed(sessions[0].id()));
    CHECK_FALSE(hub.is_well_formed("+AAAAAAAAAAAAAAAA=A"));
    std::string const first{sessions[0].id()};
    CHECK(hub.close(first));
    CHECK(hub.was_open(first));
}

TEST_CASE("ids that need escapes in a URL work when a codec maps them", "[connection_hub]") {
    connection_hub<idle_transport, foreign_traits> hub;
    auto a = hub.open(1), b = hub.open(2);
    CHECK(a.id() == "L0SM9cOFvHcCIhw=");
    CHECK(b.id() == "ab+/cd_-==");
    CHECK(hub.send("ab+/cd_-==", text("x")) == delivery::accepted);
    CHECK(hub.transport().last == 2);
    CHECK(hub.send("L0SM9cOFvHcCIhw=", text("x")) == delivery::accepted);
    CHECK(hub.transport().last == 1);
    CHECK(hub.send("L0SM9cOFvHcCIhw", text("x")) == delivery::gone);
    CHECK(hub.close("ab+/cd_-=="));
    CHECK(hub.was_open("ab+/cd_-=="));
}

TEST_CASE("a look-up allocates nothing", "[connection_hub]") {
    connection_hub<idle_transport> hub;
    auto s = hub.open(1, {.source_ip = "192.0.2.1"});
    std::string const id{s.id()};
    std::string forged = id;
    forged[3] = forged[3] == 'x' ? 'y' : 'x';
    test::allocation_count const count;
    bool right = true;
    for (int i = 0; i != 100; ++i) {
        right &= hub.find(id).has_value() && !hub.find(forged) && !hub.was_open(id) && hub.is_well_formed(id);
        right &= hub.send(forged, text("x")) == delivery::gone && hub.send(id, text("x")) == delivery::accepted;
        s.touch();
    }
    CHECK(count.so_far() == 0);
    CHECK(right);
}

TEST_CASE("a send on the connection's thread allocates nothing", "[connection_hub]") {
    connection_hub<test::with_on_thread<test::with_dispatch<silent_base>>> hub;
    auto& loop = hub.transport().log->loops[0];
    auto quiet = loop.as_owner([&] { return hub.open(0); });
    CHECK(hub.send(quiet.id(), text("x")) == delivery::accepted);
    loop.run();
    loop.as_owner([&] {
        test::allocation_count const count;
        int answered = 0;
        for (int i = 0; i != 100; ++i) {
            (void)hub.send(quiet.id(), text("x"));
            hub.async_send(quiet.id(), text("x"), [&](delivery d) { answered += d == delivery::accepted; });
        }
        CHECK(count.so_far() == 0);
        CHECK(answered == 100);
    });
}

TEST_CASE("opening and closing reuses memory", "[connection_hub]") {
    connection_hub<idle_transport> hub{{}, {.max_connections = 4, .retired_kept = 4}};
    for (std::uint32_t i = 0; i != 20; ++i) (void)hub.open(i);
    test::allocation_count const count;
    for (std::uint32_t i = 0; i != 1000; ++i) (void)hub.open(i);
    CHECK(count.so_far() == 0);
}

TEST_CASE("idle connections are closed with 1001, exactly when they are due", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.idle_timeout = 10min, .max_lifetime = 2h}};
    CHECK_FALSE(t.hub->next_deadline());
    auto s = t.open(0);
    auto const start = t.clock.steady();
    REQUIRE(t.hub->next_deadline());
    CHECK(*t.hub->next_deadline() == start + 10min);
    t.clock.advance(10min - 1us);
    CHECK(t.expire() == 0);
    CHECK(t.hub->find(s.id()));
    t.clock.advance(1us);
    CHECK(t.expire() == 1);
    CHECK(t.sent() == lines{"close 0 1001 Going away"});
    CHECK_FALSE(t.hub->find(s.id()));
    CHECK(t.expire() == 0);
}

TEST_CASE("activity moves the idle deadline when it is looked at", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.idle_timeout = 10min}};
    auto const start = t.clock.steady();
    auto s = t.open(0);
    t.clock.advance(4min);
    s.touch();
    CHECK(*t.hub->next_deadline() == start + 10min); // lazily
    t.clock.advance(6min);
    CHECK(t.expire() == 0);
    CHECK(*t.hub->next_deadline() == start + 14min);
    t.clock.advance(3min);
    s.touch(start + 12min);
    t.clock.advance(1min);
    CHECK(t.expire() == 0);
    CHECK(*t.hub->next_deadline() == start + 22min);
    t.clock.advance(8min - 1ms);
    CHECK(t.expire() == 0);
    t.clock.advance(1ms);
    CHECK(t.expire() == 1);
}

TEST_CASE("no activity keeps a connection beyond its lifetime", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.idle_timeout = 10min, .max_lifetime = 25min}};
    auto s = t.open(0);
    for (int minute = 1; minute != 25; ++minute) {
        t.clock.advance(1min);
        s.touch();
        CHECK(t.expire() == 0);
    }
    t.clock.advance(1min - 1ms);
    CHECK(t.expire() == 0);
    t.clock.advance(1ms);
    CHECK(t.expire() == 1);
    CHECK(t.sent() == lines{"close 0 1001 Going away"});
}

TEST_CASE("a connection that expires is closed with 1008", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    auto const start = t.clock.steady();
    auto later = t.open(1, {.expires_at = start + 5min}), first = t.open(0, {.expires_at = start + 3min});
    auto past = t.open(2, {.expires_at = time_point::min()}), never = t.open(3, {.expires_at = time_point::max()});
    CHECK(t.expire() == 1);
    CHECK(t.sent() == lines{"close 2 1008 Expired"});
    past = session{};
    CHECK(*t.hub->next_deadline() == start + 3min);
    t.clock.advance(3min - 1ms);
    CHECK(t.expire() == 0);
    t.clock.advance(1ms);
    CHECK(t.expire() == 1);
    CHECK(t.sent() == lines{"close 0 1008 Expired"});
    first = session{};
    CHECK(*t.hub->next_deadline() == start + 5min);
    t.clock.advance(10min);
    CHECK(t.expire() == 2);
    CHECK(t.sent() == lines{"close 1 1008 Expired", "close 3 1001 Going away"});
}

TEST_CASE("a connection that does not finish closing is terminated", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.closing_timeout = 10s}};
    auto slow = t.open(0), quick = t.open(1);
    t.clock.advance(1min);
    CHECK(t.hub->close(slow.id()));
    CHECK(t.hub->close(quick.id()));
    CHECK(*t.hub->next_deadline() == t.clock.steady() + 10s);
    quick.closed(1000);
    (void)t.sent();
    t.clock.advance(10s - 1ms);
    CHECK(t.expire() == 0);
    slow.touch(); // a peer that talks on does not hold off the end
    t.clock.advance(1ms);
    CHECK(t.expire() == 1);
    CHECK(t.sent() == lines{"terminate 0"});
    slow.closed();
    CHECK_FALSE(t.hub->next_deadline());
    CHECK(t.expire() == 0);
}

TEST_CASE("without terminate a connection that does not finish closing is not closed twice", "[connection_hub]") {
    test::test_hub<test::bounded<test::plain_recorder>> t{{.closing_timeout = 10s}};
    auto s = t.open(0);
    CHECK(t.hub->close(s.id()));
    t.clock.advance(10s);
    (void)t.expire();
    CHECK(t.sent() == lines{"close 0 1000 "});
}

TEST_CASE("a duration of zero switches its deadline off", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.idle_timeout = 0ms, .max_lifetime = 0ms, .closing_timeout = 0ms}};
    int earlier = 0;
    t.hub->on_deadline_earlier([&] { ++earlier; });
    auto s = t.open(0);
    CHECK_FALSE(t.hub->next_deadline());
    t.clock.advance(1000h);
    CHECK(t.expire() == 0);
    CHECK(t.hub->find(s.id()));
    CHECK(t.hub->close(s.id()));
    CHECK_FALSE(t.hub->next_deadline());
    t.clock.advance(1000h);
    CHECK(t.expire() == 0);
    CHECK(t.sent() == lines{"close 0 1000 "});
    CHECK(earlier == 0);
    auto with_end = t.open(1, {.expires_at = t.clock.steady() + 1ms});
    CHECK(t.hub->next_deadline() == t.clock.steady() + 1ms);
    CHECK(earlier == 1);
    t.clock.advance(1ms);
    CHECK(t.expire() == 1);
}

TEST_CASE("expire ends, whatever time it is given", "[connection_hub]") {
    test::test_hub<test::direct_transport> t;
    auto a = t.open(0), b = t.open(1);
    CHECK(t.hub->expire(time_point::min()) == 0);
    CHECK(t.hub->expire(time_point{}) == 0);
    CHECK(t.hub->find(a.id()));
    CHECK(t.hub->expire(time_point::max()) >= 2);
    CHECK_FALSE(t.hub->find(a.id()));
    CHECK_FALSE(t.hub->find(b.id()));
}

TEST_CASE("the loop is woken when the next deadline becomes an earlier one, and only then", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.idle_timeout = 10min, .closing_timeout = 10s}};
    int earlier = 0;
    t.hub->on_deadline_earlier([&] {
        ++earlier;
        CHECK(t.hub->next_deadline()); // not called under the hub's lock
    });
    auto a = t.open(0);
    CHECK(earlier == 1);
    t.clock.advance(1min);
    auto b = t.open(1);
    CHECK(earlier == 1);
    a.touch();
    auto c = t.open(2, {.expires_at = t.clock.steady() + 10min});
    CHECK(earlier == 1);
    auto d = t.open(3, {.expires_at = t.clock.steady() + 1min});
    CHECK(earlier == 2);
    CHECK(t.hub->close(b.id()));
    CHECK(earlier == 3);
    CHECK(t.hub->close(c.id())); // due at the same time
    CHECK(earlier == 3);
    b.closed(), c.closed();
    t.clock.advance(1min);
    CHECK(t.expire() == 1); // who calls expire asks for the next deadline anyway
    d.closed();
    CHECK(earlier == 3);
    t.clock.advance(10min);
    CHECK(t.expire() == 1);
    CHECK(earlier == 3);
}

TEST_CASE("deadlines of many connections agree with a naive model", "[connection_hub]") {
    test::test_hub<test::direct_transport> t{{.idle_timeout = 60s, .max_lifetime = 200s, .closing_timeout = 7s}};
    struct modelled {
        session tracked;
        time_point opened, active;
    };
    std::vector<modelled> model(200);
    std::mt19937 random{11};
    for (int step = 0; step != 20'000; ++step) {
        auto& m = model[random() % model.size()];
        auto const now = t.clock.steady();
        switch (random() % 4) {
        case 0:
            if (!m.tracked)
                m = {t.open(0), now, now};
            else
                m.tracked = session{};
            break;
        case 1:
        case 2:
            if (m.tracked) {
                m.tracked.touch();
                m.active = now;
            }
            break;
        case 3:
            t.clock.advance(std::chrono::milliseconds{random() % 500});
            break;
        }
        std::size_t due = 0;
        time_point next = time_point::max();
        auto const at = t.clock.steady();
        for (auto& e : model) {
            if (!e.tracked) continue;
            auto const when = std::min(e.active + 60s, e.opened + 200s);
            if (when <= at)
                ++due;
            else
                next = std::min(next, when);
        }
        if (random() % 8 != 0) continue;
        CHECK_FALSE(t.expire() != due);
        for (auto& e : model) {
            if (e.tracked && std::min(e.active + 60s, e.opened + 200s) <= at) e.tracked = session{};
        }
        auto const said = t.hub->next_deadline();
        // never late, and exact once everything due has been looked at
        CHECK_FALSE(said.value_or(time_point::max()) > next);
        CHECK_FALSE(said.value_or(time_point::max()) <= at);
    }
}

TEST_CASE("one task per loop serves a burst over many connections", "[connection_hub]") {
    test::test_hub<test::keyed_transport> t;
    std::vector<session> sessions;
    for (int i = 0; i != 100; ++i) sessions.push_back(t.open(i));
    for (int round = 0; round != 3; ++round)
        for (auto const& s : sessions) CHECK(t.hub->send(s.id(), text("x")) == delivery::accepted);
    CHECK(t.wire().loops[0].posted() == 1);
    CHECK(t.wire().loops[1].posted() == 1);
    t.run();
    CHECK(t.sent().size() == 300);
    CHECK(t.hub->send(sessions[0].id(), text("x")) == delivery::accepted);
    CHECK(t.wire().loops[0].posted() == 2);
    t.run();
    CHECK(t.wire().wrong_thread == 0);
}

TEST_CASE("a loop's connections survive that the task of their burst is dropped", "[connection_hub]") {
    test::test_hub<test::keyed_transport> t;
    std::vector<session> sessions;
    for (int i = 0; i != 20; i += 2) sessions.push_back(t.open(i));
    for (auto const& s : sessions) CHECK(t.hub->send(s.id(), text("x")) == delivery::accepted);
    CHECK(t.wire().loops[0].drop() == 1);
    CHECK(t.wire().loops[0].pending() == 1); // through the next one's handle
    CHECK_FALSE(t.hub->find(sessions[0].id()));
    t.run();
    CHECK(t.sent().size() == sessions.size() - 1);
    CHECK(t.hub->send(sessions[1].id(), text("again")) == delivery::accepted);
    t.run();
    CHECK(t.sent() == lines{"send 2 again"});
}

TEST_CASE("a loop that drops every task answers all of its connections", "[connection_hub]") {
    test::test_hub<test::keyed_transport> t;
    std::vector<session> sessions;
    constexpr int count = 100'000; // deep enough to overflow the stack, were it a recursion
    for (int i = 0; i != count; ++i) sessions.push_back(t.open(2 * i));
    int answered = 0;
    for (auto const& s : sessions)
        t.hub->async_send(s.id(), text("x"), [&](delivery d) { answered += d == delivery::unavailable; });
    t.wire().on_dispatch = [](int, task const&) {};
    CHECK(t.wire().loops[0].drop() == 1);
    CHECK(answered == count);
    t.wire().on_dispatch = nullptr;
    CHECK(t.hub->send(sessions[7].id(), text("x")) == delivery::accepted);
    t.run();
    CHECK(t.sent() == lines{"send 14 x"});
}

TEST_CASE("a burst from many threads is delivered in each thread's order", "[connection_hub]") {
    test::test_hub<test::keyed_transport> t;
    std::vector<session> sessions;
    for (int i = 0; i != 4; ++i) sessions.push_back(t.open(i));
    t.wire().loops[0].start();
    t.wire().loops[1].start();
    std::atomic<int> accepted{0}, refused{0};
    std::vector<std::thread> clients;
    for (int c = 0; c != 4; ++c) {
        clients.emplace_back([&, c] {
            for (int i = 0; i != 1000; ++i) {
                std::string const body = std::string(1, static_cast<char>('a' + c)) + std::to_string(1000 + i);
                auto const result = t.hub->send(sessions[static_cast<std::size_t>(i) % 4].id(), text(body));
                (result == delivery::accepted ? accepted : refused).fetch_add(1);
            }
        });
    }
    for (auto& c : clients) c.join();
    t.wire().loops[0].stop();
    t.wire().loops[1].stop();
    auto const wire = t.sent();
    CHECK(wire.size() == static_cast<std::size_t>(accepted));
    CHECK(accepted + refused == 4000);
    auto const hooks = t.hooks.log->take();
    CHECK(std::count(hooks.begin(), hooks.end(), "delivery 1 5") == refused);
    std::map<std::string, std::string> last;
    int out_of_order = 0;
    for (auto const& line : wire) { // "send h c1234"
        std::string& before = last[line.substr(5, 3)];
        out_of_order += before >= line;
        before = line;
    }
    CHECK(out_of_order == 0);
    CHECK(t.wire().wrong_thread == 0);
}

TEST_CASE("try_send does nothing where another thread has to", "[connection_hub]") {
    test::test_hub<test::looping_transport> t;
    auto s = t.open(0);
    CHECK_FALSE(t.hub->try_send(s.id(), text("x")));
    CHECK(t.wire().loops[0].pending() == 0);
    CHECK(t.on_loop(0, [&] { return t.hub->try_send(s.id(), text("x")); }) == delivery::accepted);
    CHECK(t.sent() == lines{"send 0 x"});
    CHECK(t.hub->try_send("AAAAAAAAAAAAAAAA", text("x")) == delivery::gone);
}

TEST_CASE("pings reach the transport and are refused for unknown ids", "[connection_hub]") {
    test::test_hub<test::looping_transport> t;
    auto s = t.open(0);
    CHECK(t.on_loop(0, [&] { return t.hub->ping(s.id(), "inline"); }));
    CHECK(t.hub->ping(s.id(), "queued"));
    CHECK(t.sent() == lines{"ping 0 inline"});
    t.run();
    CHECK(t.sent() == lines{"ping 0 queued"});
    CHECK_FALSE(t.hub->ping("AAAAAAAAAAAAAAAA"));
}

TEST_CASE("async_send gives the answer of the connection's thread", "[connection_hub]") {
    test::test_hub<test::hopping_transport> t;
    auto s = t.open(0);
    std::vector<delivery> answers;
    auto const note = [&](delivery d) { answers.push_back(d); };
    t.hub->async_send("AAAAAAAAAAAAAAAA", text("x"), note);
    CHECK(answers == std::vector{delivery::gone});
    for (delivery const truth : {delivery::accepted, delivery::backpressure, delivery::gone}) {
        answers.clear();
        t.wire().on_send = [truth](int, message const&) { return truth; };
        t.hub->async_send(s.id(), text("x"), note);
        CHECK(answers.empty());
        t.run();
        CHECK(answers == std::vector{truth});
    }
    CHECK_FALSE(t.hub->find(s.id()));
}

TEST_CASE("a single-threaded hub works and needs no atomics", "[connection_hub]") {
    using traits = one_thread_traits;
    using slot_type = slot<traits>;
    static_assert(std::is_same_v<decltype(slot_type::state), plain_cell<std::uint64_t>>);
    static_assert(std::is_same_v<decltype(slot_type::id_first), plain_cell<std::uint64_t>>);
    static_assert(std::is_same_v<decltype(slot_type::last_active), plain_cell<std::int64_t>>);
    static_assert(std::is_same_v<traits::mutex, null_mutex>);
    static_assert(std::is_same_v<cell<traits, std::uint32_t>, plain_cell<std::uint32_t>>);
    static_assert(std::is_same_v<cell<default_hub_traits, std::uint32_t>, std::atomic<std::uint32_t>>);
    static_assert(sizeof(slot_type) == 32 && sizeof(slot<default_hub_traits>) == 32);

    test::test_hub<test::keyed_transport, traits> t{{.max_connections = 2, .idle_timeout = 1s, .retired_kept = 1}};
    std::string id;
    for (int round = 0; round != 10; ++round) {
        auto a = t.open(0), b = t.open(1);
        REQUIRE(b);
        CHECK_FALSE(t.open(2));
        CHECK(t.hub->send(a.id(), text("1")) == delivery::accepted);
        CHECK(t.on_loop(0, [&] { return t.hub->send(a.id(), text("2")); }) == delivery::accepted);
        CHECK(t.hub->ping(b.id(), "p"));
        t.run();
        CHECK(t.sent() == lines{"send 0 1", "send 0 2", "ping 1 p"});
        CHECK(t.hub->close(b.id()));
        t.run();
        t.clock.advance(1s);
        CHECK(t.expire() == 1);
        t.run();
        CHECK(t.sent() == lines{"close 1 1000 ", "close 0 1001 Going away"});
        id = a.id();
    }
    CHECK(t.hub->was_open(id));
}

TEST_CASE("a hub's options need no designated members and its transport is reachable", "[connection_hub]") {
    idle_transport transport;
    transport.last = 77;
    connection_hub const deduced{transport, hub_options{}};
    CHECK(deduced.transport().last == 77);
    CHECK_FALSE(std::is_move_constructible_v<connection_hub<idle_transport>>);
    CHECK_FALSE(std::is_copy_constructible_v<connection_hub<idle_transport>>);
}

TEST_CASE("a hub that has room for nothing says so when it is made", "[connection_hub]") {
    try {
        connection_hub<idle_transport> hub{{}, {.max_connections = 0, .retired_kept = 0}};
        FAIL("made");
    } catch (std::system_error const& e) {
        CHECK(e.code() == errc::out_of_memory);
    }
    connection_hub<idle_transport> none{{}, {.max_connections = 0}};
    CHECK_FALSE(none.open(1));
}
