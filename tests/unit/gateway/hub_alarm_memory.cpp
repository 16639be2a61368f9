// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/hub_alarm.hpp>

#include "support/alarm_fixture.hpp"
#include "support/catch.hpp"
#include "support/count_allocations.hpp"

#include <chrono>

// No header of the standard library is in front of ours here.
#if defined(_GLIBCXX_HAVE_ALIGNED_ALLOC) && !defined(ASIO_HAS_STD_ALIGNED_ALLOC)
#error "Asio takes its memory from elsewhere than in a file that begins with the standard library"
#endif

namespace gateway_hub_alarm_memory_tests {

using backchannel::time_point;
using fixture = test::alarm_fixture;
using namespace std::chrono_literals;

TEST_CASE("a deadline needs no memory", "[hub_alarm]") {
    fixture f;
    (void)f.hub->in(1ms);
    f.alarm->look_again();
    f.io.run(); // the loop's own lists have grown
    for (int i = 0; i != 3; ++i) {
        f.io.restart();
        (void)f.hub->in(1h);
        time_point const early = f.hub->in(10ms);
        test::allocation_count const made;
        f.alarm->look_again();
        (void)f.io.poll();
        f.alarm->look_again();
        f.alarm->look_again();
        while (std::chrono::steady_clock::now() < early + 1ms) (void)f.io.run_one_for(1ms);
        (void)f.io.poll();
        CHECK(made.so_far() == 0);
        CHECK(f.hub->expired == 2 + i);
        f.hub->waiting.clear();
        f.alarm->look_again();
        (void)f.io.poll();
    }
}

TEST_CASE("a loop whose list of timers cannot grow is asked again", "[hub_alarm]") {
    fixture f;
    (void)f.hub->in(1ms);
    {
        f.alarm->look_again();
        test::allocation_failure const none{1, 1};
        for (int i = 0; i != 10; ++i) (void)f.io.poll_one();
        CHECK(none.happened());
    }
    f.io.run();
    CHECK(f.hub->expired == 1);
}

}
