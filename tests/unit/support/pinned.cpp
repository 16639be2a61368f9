// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/pinned.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <memory>
#include <thread>

namespace support_pinned_tests {

using backchannel::pinned;

TEST_CASE("a pinned object is used until it is reset, through every copy", "[pinned]") {
    int object = 1;
    pinned<int> const first{object};
    pinned<int> const copy = first;
    CHECK(copy.use(-1, [](int& o) { return ++o; }) == 2);
    first.reset();
    CHECK(copy.use(-1, [](int& o) { return ++o; }) == -1);
    CHECK(object == 2);
    first.reset();
}

TEST_CASE("a pinned that names nothing is gone", "[pinned]") {
    pinned<int> const nothing;
    CHECK(nothing.use(-1, [](int& o) { return o; }) == -1);
    nothing.reset();
}

TEST_CASE("a pinned object may be reset and used while it is used, on the same thread", "[pinned]") {
    int object = 1;
    pinned<int> const handle{object};
    CHECK(handle.use(-1, [&](int&) {
        CHECK(handle.use(-1, [](int& o) { return o; }) == 1);
        handle.reset();
        return handle.use(-1, [](int& o) { return o; });
    }) == -1);
}

TEST_CASE("reset waits for those who use the object", "[pinned]") {
    for (int round = 0; round != 200; ++round) {
        auto object = std::make_unique<std::atomic<int>>(0);
        pinned<std::atomic<int>> const handle{*object};
        std::atomic<bool> started = false;
        std::thread user{[&, handle] {
            while (handle.use(false, [&](std::atomic<int>& o) {
                ++o;
                started = true;
                return true;
            })) {
            }
        }};
        while (!started) std::this_thread::yield();
        handle.reset();
        object.reset(); // a user that is late would be seen by the sanitizers
        user.join();
    }
}

}
