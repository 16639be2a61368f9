// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/outbox_pool.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace support_outbox_pool_tests {

using backchannel::outbox;
using backchannel::outbox_pool;

TEST_CASE("an outbox that was given back is taken again", "[outbox_pool]") {
    outbox_pool pool;
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

/// Takes so many, puts so many bytes through each, gives all of them back and tells which were there to be taken again.
std::size_t kept(std::size_t count, std::size_t bytes) {
    outbox_pool pool;
    std::vector<std::unique_ptr<outbox>> all(count);
    for (auto& one : all) {
        one = pool.take();
        one->append(std::string(bytes, 'x'));
        one->consume(bytes);
    }
    for (auto& one : all) pool.give_back(std::move(one));
    std::size_t n = 0;
    while (pool.take()->kept() != 0) ++n; // a fresh one has no buffer
    return n;
}

TEST_CASE("no more outboxes are kept than there may be, nor more bytes in their buffers", "[outbox_pool]") {
    CHECK(kept(outbox_pool::most - 1, 100) == outbox_pool::most - 1);
    CHECK(kept(outbox_pool::most + 100, 100) == outbox_pool::most);
    std::size_t const full = outbox_pool::bytes_in_all / outbox_pool::bytes_each;
    CHECK(kept(full - 1, outbox_pool::bytes_each) == full - 1);
    CHECK(kept(full + 10, outbox_pool::bytes_each) == full);
    CHECK(kept(4000, 1024) == outbox_pool::bytes_in_all / 1024);
}

TEST_CASE("what is taken makes room for what is given back", "[outbox_pool]") {
    outbox_pool pool;
    auto big = pool.take();
    big->append(std::string(outbox_pool::bytes_each, 'x'));
    big->consume(outbox_pool::bytes_each);
    for (int i = 0; i != 1000; ++i) {
        outbox const* const same = big.get();
        pool.give_back(std::move(big));
        big = pool.take();
        REQUIRE(big.get() == same);
        REQUIRE(big->kept() >= outbox_pool::bytes_each);
    }
}

}
