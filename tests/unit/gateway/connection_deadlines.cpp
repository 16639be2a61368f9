// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/connection_deadlines.hpp>

#include "support/catch.hpp"

#include <chrono>

namespace gateway_connection_deadlines_tests {

using namespace backchannel;
using namespace std::chrono_literals;

TEST_CASE("a wait ends when it has passed, and one of a hundred years never", "[connection_deadlines]") {
    time_point const now{42s};
    STATIC_REQUIRE(deadline_after(1500ms, time_point{42s}) == time_point{43500ms});
    CHECK(deadline_after(0ms, now) == now);
    CHECK(deadline_after(beyond_all_deadlines - 1ms, now) == now + beyond_all_deadlines - 1ms);
    CHECK(deadline_after(beyond_all_deadlines, now) == time_point::max());
    CHECK(deadline_after(std::chrono::milliseconds::max(), now) == time_point::max());
}

}
