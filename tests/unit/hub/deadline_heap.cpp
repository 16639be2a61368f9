// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/hub/deadline_heap.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

namespace hub_deadline_heap_tests {

using namespace backchannel;

namespace {

/// As much of a slot table as the heap needs.
struct small_table {
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    struct record {
        std::uint32_t deadline_position = none;
    };
    std::vector<record> records = std::vector<record>(2000);
    std::vector<std::uint64_t> deadlines = std::vector<std::uint64_t>(2000);

    record& used(std::uint32_t i) { return records.at(i); }
    static record& record_of(record& r) { return r; }
    std::uint64_t& deadline(std::uint32_t i) { return deadlines.at(i); }
    std::uint64_t const& deadline(std::uint32_t i) const { return deadlines.at(i); }
};

}

TEST_CASE("the heap agrees with a naive model under random operations", "[deadline_heap]") {
    for (std::uint32_t const slots : {1u, 2u, 5u, 6u, 21u, 300u}) {
        small_table table;
        deadline_heap<small_table> heap{table};
        std::map<std::uint32_t, std::uint64_t> model;
        std::mt19937 random{slots};
        for (int step = 0; step != 20'000; ++step) {
            auto const slot = static_cast<std::uint32_t>(random() % slots);
            switch (random() % 4) {
            case 0:
                heap.remove(slot);
                model.erase(slot);
                break;
            case 1: // the earliest is put back, as when a deadline is looked at
                if (auto const first = heap.earliest()) {
                    model[first->slot] = first->when + random() % 100;
                    heap.set(first->slot, model[first->slot]);
                }
                break;
            default:
                model[slot] = random() % 1000;
                heap.set(slot, model[slot]);
            }
            auto const first = heap.earliest();
            REQUIRE(first.has_value() == !model.empty());
            if (!first) continue;
            auto const least = std::min_element(model.begin(), model.end(),
                                                [](auto const& a, auto const& b) { return a.second < b.second; });
            CHECK_FALSE(first->when != least->second);
            CHECK_FALSE(model.at(first->slot) != first->when);
        }
        // emptied in order
        std::uint64_t before = 0;
        std::size_t left = model.size();
        while (auto const first = heap.earliest()) {
            CHECK_FALSE(first->when < before);
            before = first->when;
            heap.remove(first->slot);
            --left;
        }
        CHECK(left == 0);
    }
}

TEST_CASE("times beyond the range count as the latest", "[deadline_heap]") {
    small_table table;
    deadline_heap<small_table> heap{table};
    heap.set(1999, ~std::uint64_t{0});
    REQUIRE(heap.earliest());
    CHECK(heap.earliest()->when == heap.latest);
    CHECK(heap.earliest()->slot == 1999);
    heap.set(3, heap.latest - 1);
    CHECK(heap.earliest()->slot == 3);
    CHECK(heap.earliest()->when == heap.latest - 1);
    heap.set(3, heap.latest);
    heap.remove(1999);
    heap.remove(1999);
    heap.remove(7);
    CHECK(heap.earliest()->slot == 3);
    heap.remove(3);
    CHECK_FALSE(heap.earliest());
}

}
