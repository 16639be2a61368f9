// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/outbox_pool.hpp>

#include "support/catch.hpp"

#include <algorithm>
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
    std::vector<outbox const*> given;
    for (auto& one : all) {
        given.push_back((one = pool.take()).get());
        if (bytes == 0) continue;
        one->append(std::string(bytes, 'x'));
        one->consume(bytes);
    }
    for (auto& one : all) pool.give_back(std::move(one));
    std::vector<std::unique_ptr<outbox>> again;
    std::size_t n = 0;
    // the last one first; a fresh one may be where one was that was not kept, but it has kept no buffer
    for (;; ++n) {
        again.push_back(pool.take());
        bool const one_of_them = std::find(given.begin(), given.end(), again.back().get()) != given.end();
        if (!one_of_them || (bytes != 0 && again.back()->kept() == 0)) break;
        if (n == count) break;
    }
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
