// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/hub/id_source.hpp>

#include "support/catch.hpp"

#include <array>
#include <cstdint>
#include <set>
#include <string>

namespace hub_id_source_tests {

using namespace backchannel;

TEST_CASE("an id leads back to the slot it was made for", "[id_source]") {
    id_source ids;
    REQUIRE(ids.seed());
    for (std::uint32_t slot = 0; slot < id_source::max_slots; slot += 1 + slot / 64) {
        auto const id = ids.make(slot);
        REQUIRE(id);
        CHECK_FALSE(ids.slot_of(*id) != slot);
        CHECK_FALSE(plain_ids{}.decode(id->text()) != id);
    }
    CHECK(ids.slot_of(*ids.make(id_source::max_slots - 1)) == id_source::max_slots - 1);
}

TEST_CASE("any text leads to some slot", "[id_source]") {
    id_source ids;
    REQUIRE(ids.seed());
    for (int c = 0; c != 256; ++c) {
        auto const id = connection_id::from_text(std::string(16, static_cast<char>(c)));
        CHECK(ids.slot_of(id) < id_source::max_slots);
    }
}

TEST_CASE("another source's id leads elsewhere", "[id_source]") {
    id_source ours, theirs;
    REQUIRE(ours.seed());
    REQUIRE(theirs.seed());
    int same = 0;
    for (std::uint32_t slot = 0; slot != 2000; ++slot) same += ours.slot_of(*theirs.make(slot)) == slot;
    CHECK(same < 3);
}

TEST_CASE("the ids of one slot show nothing of it", "[id_source]") {
    // were the tail a function of the slot, or of the key alone, it would repeat
    id_source ids;
    REQUIRE(ids.seed());
    std::set<std::string> heads, tails;
    constexpr int count = 6400;
    for (int i = 0; i != count; ++i) {
        auto const id = ids.make(42);
        heads.emplace(id->text().substr(0, 12));
        tails.emplace(id->text().substr(12));
    }
    CHECK(heads.size() == count);
    CHECK(tails.size() > count - 20);
}

TEST_CASE("every character of the head moves the mask of the tail", "[id_source]") {
    // the same 24 masked bits behind another head name another slot
    id_source ids;
    REQUIRE(ids.seed());
    std::string const text{ids.make(7)->text()};
    int same = 0;
    for (std::size_t i = 0; i != 8; ++i) {
        for (char const c : {'A', 'b', '0', '-'}) {
            std::string other = text;
            if (other[i] == c) continue;
            other[i] = c;
            same += ids.slot_of(connection_id::from_text(other)) == 7;
        }
    }
    CHECK(same == 0);
}

}
