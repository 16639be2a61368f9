// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_AT_ONCE_HPP
#define BACKCHANNEL_TESTS_SUPPORT_AT_ONCE_HPP

#include <latch>
#include <thread>
#include <vector>

namespace test {

/// Calls `act(0)` to `act(threads - 1)` on a thread each, which begin together; returns when all have ended.
template <class F>
void at_once(int threads, F const& act) {
    std::latch ready{threads};
    std::vector<std::thread> all;
    for (int t = 0; t != threads; ++t) {
        all.emplace_back([&, t] {
            ready.arrive_and_wait();
            act(t);
        });
    }
    for (std::thread& t : all) t.join();
}

}

#endif
