// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/idle_transport.hpp"
#include "support/test_hub.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace connection_hub_ids_tests {

using namespace backchannel;
using test::idle_transport;
using test::text;

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

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
            auto const foreign = flipped.find_first_not_of(alphabet);
            bool const like_aws = foreign == 15 && flipped[15] == '='; // as AWS' ids end
            wrong += hub.is_well_formed(flipped) != (foreign == flipped.npos || like_aws);
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
    // no id begins with '-', so 63 characters share the first place
    CHECK(histogram[0][alphabet.find('-')] == 0);
    for (std::size_t c = 0; c != 16; ++c) {
        double const expected = count / (c == 0 ? 63.0 : 64.0);
        double chi = 0;
        for (std::size_t k = 0; k != 64; ++k)
            if (c != 0 || alphabet[k] != '-') chi += (histogram[c][k] - expected) * (histogram[c][k] - expected) / expected;
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

}
