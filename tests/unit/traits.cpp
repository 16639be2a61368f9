// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/traits.hpp>

#include "support/catch.hpp"

#include <backchannel/concepts.hpp>

#include <chrono>
#include <mutex>
#include <type_traits>

namespace traits_tests {

using namespace backchannel;
using namespace std::chrono_literals;

TEST_CASE("the default traits satisfy their concept", "[traits]") {
    static_assert(hub_traits<default_hub_traits> && hub_traits<single_threaded_traits>);
    static_assert(!default_hub_traits::single_threaded && single_threaded_traits::single_threaded);
    static_assert(std::is_same_v<default_hub_traits::mutex, std::mutex>);
    static_assert(std::is_same_v<single_threaded_traits::mutex, null_mutex>);
    static_assert(!has_on_open<no_hooks> && !has_on_closed<no_hooks> && !has_on_delivery<no_hooks>);
    SUCCEED();
}

TEST_CASE("the default clock reads the system's clocks", "[traits]") {
    system_clocks const clock;
    auto const before = std::chrono::steady_clock::now();
    auto const steady = clock.steady();
    CHECK(before <= steady);
    CHECK(steady <= std::chrono::steady_clock::now());
    auto const apart = std::chrono::system_clock::now() - clock.wall();
    CHECK(apart < 10s);
    CHECK(apart > -10s);
}

TEST_CASE("policies without state need not be given", "[traits]") {
    hub_policies<default_hub_traits> const policies{};
    auto const now = policies.clock.steady();
    CHECK(now <= std::chrono::steady_clock::now());
}

}
