// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/hub/lanes.hpp>

#include "support/catch.hpp"

#include <backchannel/traits.hpp>

#include <atomic>
#include <cstddef>
#include <set>
#include <thread>
#include <vector>

namespace hub_lanes_tests {

using namespace backchannel;

namespace {

struct item {
    void* next = nullptr;
};

constexpr auto next_of = [](void* p) -> void*& { return static_cast<item*>(p)->next; };

}

TEST_CASE("a lane asks for one task until it has been emptied", "[lanes]") {
    lane<default_hub_traits> l;
    item a, b, c;
    CHECK(l.push(&a, next_of));
    CHECK_FALSE(l.push(&b, next_of));
    CHECK(l.front() == &a);
    CHECK(l.pop(next_of) == &a);
    CHECK(l.pop(next_of) == &b);
    CHECK_FALSE(l.push(&c, next_of)); // the task has not seen the end yet
    CHECK(l.pop(next_of) == &c);
    CHECK(l.pop(next_of) == nullptr);
    CHECK(l.push(&a, next_of));
    CHECK(l.pop(next_of) == &a);
    CHECK(l.front() == nullptr); // which ends the task as well
    CHECK(l.push(&b, next_of));
}

TEST_CASE("each key has a lane of its own", "[lanes]") {
    lane_set<default_hub_traits, int> lanes;
    auto* const one = lanes.find(1);
    auto* const two = lanes.find(2);
    REQUIRE(one != nullptr);
    CHECK(one != two);
    CHECK(lanes.find(1) == one);
    CHECK(lanes.find(2) == two);
}

TEST_CASE("beyond so many keys there is no lane", "[lanes]") {
    using set_type = lane_set<single_threaded_traits, std::size_t>;
    set_type lanes;
    std::set<void*> seen;
    for (std::size_t k = 0; k != set_type::max_lanes; ++k) seen.insert(lanes.find(k));
    CHECK(seen.size() == set_type::max_lanes);
    CHECK(seen.count(nullptr) == 0);
    CHECK(lanes.find(set_type::max_lanes) == nullptr);
    CHECK(lanes.find(0) != nullptr);
}

TEST_CASE("threads that look for the same key find the same lane", "[lanes]") {
    for (int round = 0; round != 50; ++round) {
        lane_set<default_hub_traits, int> lanes;
        std::vector<std::vector<void*>> found(4);
        std::atomic<int> ready{0};
        std::vector<std::thread> threads;
        for (auto& mine : found) {
            threads.emplace_back([&] {
                ++ready;
                while (ready != 4) std::this_thread::yield();
                for (int k = 0; k != 20; ++k) mine.push_back(lanes.find(k));
            });
        }
        for (auto& t : threads) t.join();
        for (auto const& f : found) CHECK_FALSE(f != found.front());
        CHECK_FALSE(std::set<void*>(found[0].begin(), found[0].end()).size() != 20);
    }
}

}
