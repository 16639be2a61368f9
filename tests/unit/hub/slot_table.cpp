// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/hub/slot_table.hpp>

#include "support/catch.hpp"

#include <backchannel/traits.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <string_view>
#include <vector>

namespace hub_slot_table_tests {

using namespace backchannel;

namespace {

struct plain_record {
    std::uint32_t next_free = ~std::uint32_t{0}, deadline_position = ~std::uint32_t{0};
    int payload = 0;
};

struct nobody final : session_owner {
    std::string_view session_id(void const*) const noexcept override { return "nobody"; }
    std::string_view session_source_ip(void const*) const noexcept override { return {}; }
    void session_touched(void*, time_point const*) noexcept override {}
    void session_written(void*, std::uint64_t) noexcept override {}
    void session_closed(void*, std::uint16_t, std::string_view, closed_by) noexcept override {}
    tagging session_tagged(void*, std::string_view) noexcept override { return tagging::gone; }
    bool session_untagged(void*, std::string_view) noexcept override { return false; }
    void session_destroyed(void*) noexcept override {}
};

using table = slot_table<default_hub_traits, plain_record>;

}

TEST_CASE("a slot takes 32 bytes and leads to its owner, record and index", "[slot_table]") {
    static_assert(sizeof(table::slot_type) == 32 && alignof(table::slot_type) == 32);
    nobody owner;
    table slots{owner, 1000, 0};
    REQUIRE(slots.ready());
    std::set<plain_record*> records;
    for (std::uint32_t i = 0; i != 1000; ++i) {
        auto* const s = slots.acquire();
        REQUIRE(s != nullptr);
        CHECK_FALSE(&owner_of(s) != &owner);
        CHECK_FALSE(table::index_of(*s) != i);
        CHECK_FALSE(slots.at(i) != s);
        CHECK_FALSE(&slots.used(i) != s);
        records.insert(&table::record_of(*s));
    }
    CHECK(records.size() == 1000);
    CHECK(slots.acquire() == nullptr);
}

TEST_CASE("slots fill the memory of their chunk, whatever the size of a record", "[slot_table]") {
    auto const wasted = []<std::size_t Size>(std::array<char, Size> const&) {
        struct record : plain_record {
            std::array<char, Size> more;
        };
        using tested = slot_table<default_hub_traits, record>;
        static_assert(tested::chunk_slots >= 200);
        std::size_t const used = tested::chunk_slots * (32 + 8 + sizeof(record));
        std::size_t const taken = (used / slot_chunk_alignment + 1) * slot_chunk_alignment;
        return static_cast<double>(taken - used) / static_cast<double>(taken);
    };
    CHECK(wasted(std::array<char, 16>{}) < 0.01);
    CHECK(wasted(std::array<char, 28>{}) < 0.01); // 80 bytes each
    CHECK(wasted(std::array<char, 60>{}) < 0.01);
    CHECK(wasted(std::array<char, 200>{}) < 0.01);
}

TEST_CASE("an index without a slot gives none", "[slot_table]") {
    nobody owner;
    table slots{owner, 300, 10};
    CHECK(slots.at(0) == nullptr);
    REQUIRE(slots.acquire() != nullptr);
    CHECK(slots.at(0) != nullptr);
    CHECK(slots.at(table::chunk_slots) == nullptr);
    CHECK(slots.at(310) == nullptr);
    CHECK(slots.at(id_source::max_slots - 1) == nullptr);
    CHECK(slots.at(~std::uint32_t{0}) == nullptr);
}

TEST_CASE("slots are used again first in, first out, and not before enough are free", "[slot_table]") {
    for (std::uint32_t const kept : {0u, 1u, 5u, 400u}) {
        nobody owner;
        constexpr std::uint32_t max = 7;
        table slots{owner, max, kept};
        std::deque<std::uint32_t> in_use;
        std::vector<std::uint32_t> released;
        for (std::uint32_t i = 0; i != max; ++i) in_use.push_back(table::index_of(*slots.acquire()));
        CHECK(slots.acquire() == nullptr);
        for (int i = 0; i != 3000; ++i) {
            released.push_back(in_use.front());
            slots.release(slots.used(in_use.front()));
            in_use.pop_front();
            auto* const s = slots.acquire();
            REQUIRE(s != nullptr);
            auto const index = table::index_of(*s);
            // the slot was not given back within the last `kept` releases
            for (std::size_t back = 1; back <= kept && back <= released.size(); ++back)
                CHECK_FALSE(released[released.size() - back] == index);
            if (released.size() > kept) CHECK_FALSE(index != released[released.size() - 1 - kept]);
            in_use.push_back(index);
        }
        CHECK(slots.acquire() == nullptr);
    }
}

TEST_CASE("no more slots are in use than connections are allowed", "[slot_table]") {
    nobody owner;
    table slots{owner, 3, 1024};
    auto* const a = slots.acquire();
    CHECK(slots.acquire() != nullptr);
    CHECK(slots.acquire() != nullptr);
    CHECK(slots.acquire() == nullptr);
    slots.release(*a);
    CHECK(slots.acquire() != nullptr);
    CHECK(slots.acquire() == nullptr);
}

TEST_CASE("every slot that was used is visited once", "[slot_table]") {
    nobody owner;
    table slots{owner, 600, 0};
    for (int i = 0; i != 520; ++i) table::record_of(*slots.acquire()).payload = i;
    int count = 0, sum = 0;
    slots.for_each([&](table::slot_type& s) {
        ++count;
        sum += table::record_of(s).payload;
    });
    CHECK(count == 520);
    CHECK(sum == 519 * 520 / 2);
}

TEST_CASE("a table for nothing is not ready", "[slot_table]") {
    nobody owner;
    table none{owner, 0, 0};
    CHECK_FALSE(none.ready());
    CHECK(none.acquire() == nullptr);
    table only_tombstones{owner, 0, 5};
    CHECK(only_tombstones.acquire() == nullptr);
}

}
