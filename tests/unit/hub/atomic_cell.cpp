// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/hub/atomic_cell.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <cstdint>

namespace hub_atomic_cell_tests {

using namespace backchannel;

TEMPLATE_TEST_CASE("a plain cell does what an atomic does", "[atomic_cell]", plain_cell<std::uint32_t>,
                   std::atomic<std::uint32_t>) {
    TestType c{5};
    CHECK(c.load() == 5);
    c.store(6, std::memory_order_release);
    CHECK(c.load(std::memory_order_acquire) == 6);
    CHECK(c.exchange(8) == 6);
    CHECK(c.fetch_add(4, std::memory_order_relaxed) == 8);
    CHECK(c.fetch_sub(2) == 12);
    CHECK(c.fetch_or(5) == 10);
    CHECK(c.fetch_and(13) == 15);
    CHECK(c.load() == 13);
    CHECK(c.fetch_sub(14) == 13); // wraps around
    CHECK(c.load() == ~std::uint32_t{0});
    std::uint32_t expected = 1;
    CHECK_FALSE(c.compare_exchange_strong(expected, 2));
    CHECK(expected == ~std::uint32_t{0});
    CHECK(c.compare_exchange_strong(expected, 2, std::memory_order_acq_rel, std::memory_order_relaxed));
    CHECK(c.load() == 2);
}

}
