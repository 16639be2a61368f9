// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/write_watch.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstdint>

namespace gateway_write_watch_tests {

using namespace backchannel;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{100s};
constexpr std::chrono::milliseconds limit = 8s;

}

TEST_CASE("a peer that takes nothing is found when the limit has passed", "[write_watch]") {
    write_watch w;
    CHECK(w.due() == time_point::max());
    w.begin(limit, start);
    CHECK(w.due() == start + 1s);
    CHECK(w.look(limit, 500, w.due())); // what was under way when the wait began has arrived by now
    CHECK(w.due() == start + limit);
    CHECK_FALSE(w.look(limit, 500, w.due()));
}

TEST_CASE("as long as something more has arrived at each look, the peer is waited for", "[write_watch]") {
    write_watch w;
    w.begin(limit, start);
    // also beyond what 31, 32 or 33 bits count, all of it between two looks
    std::uint64_t arrived = 0;
    for (std::uint64_t const more : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 31, std::uint64_t{1} << 32,
                                     std::uint64_t{3} << 31, std::uint64_t{1} << 33}) {
        arrived += more;
        time_point const due = w.due();
        REQUIRE(w.look(limit, arrived, due));
        CHECK(w.due() == (more == 0 ? start + limit : due + limit));
    }
    CHECK_FALSE(w.look(limit, arrived, w.due()));
}

TEST_CASE("less than at the look before is nothing more", "[write_watch]") {
    write_watch w;
    w.begin(limit, start);
    CHECK(w.look(limit, 500, w.due()));
    CHECK_FALSE(w.look(limit, 400, w.due()));
}

TEST_CASE("what the socket takes begins the wait anew", "[write_watch]") {
    write_watch w;
    w.begin(limit, start);
    CHECK(w.look(limit, 500, w.due()));
    w.begin(limit, start + 5s);
    CHECK(w.due() == start + 6s);
    CHECK(w.look(limit, 500, w.due()));
    CHECK(w.due() == start + 13s);
}

TEST_CASE("a limit beyond all deadlines is none", "[write_watch]") {
    write_watch w;
    w.begin(std::chrono::milliseconds::max(), start);
    CHECK(w.due() == time_point::max());
}

}
