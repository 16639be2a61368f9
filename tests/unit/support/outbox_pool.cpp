// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/outbox_pool.hpp>

#include "support/catch.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace support_outbox_pool_tests {

using backchannel::outbox;
using backchannel::outbox_pool;

TEST_CASE("an outbox that was given back is taken again", "[outbox_pool]") {
    outbox_pool pool{8, 1024};
    auto first = pool.take(), second = pool.take();
    REQUIRE(first != nullptr);
    REQUIRE(second != nullptr);
    CHECK(first != second);
    first->append("text");
    first->consume(4);
    outbox const* const given = first.get();
    pool.give_back(std::move(first));
    auto const again = pool.take();
    CHECK(again.get() == given);
    CHECK(again->empty());
    CHECK(pool.take() != nullptr); // there is always one
}

TEST_CASE("no more outboxes are kept than there may be", "[outbox_pool]") {
    outbox_pool pool{3, 1024};
    std::vector<std::unique_ptr<outbox>> all(4);
    std::vector<outbox const*> given;
    for (auto& one : all) given.push_back((one = pool.take()).get());
    for (auto& one : all) pool.give_back(std::move(one));
    for (std::size_t i = 3; i-- != 0;) {
        auto taken = pool.take(); // the last one first
        CHECK(taken.get() == given[i]);
        all[i] = std::move(taken);
    }
}

}
