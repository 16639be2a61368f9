// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/hub/hop.hpp>

#include "support/catch.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace hub_hop_tests {

using namespace backchannel;

namespace {

struct recorder {
    int references = 0;
    std::vector<std::string> seen;
    void retain() { ++references; }
    void release() { --references; }
    void hop_arrived(int load) { seen.push_back("arrived " + std::to_string(load)); }
    void hop_dropped(int load) { seen.push_back("dropped " + std::to_string(load)); }
};

using hop_type = hop<recorder, int>;

}

TEST_CASE("a hop is one pointer, and its copies arrive once", "[hop]") {
    static_assert(sizeof(hop_type) == sizeof(void*));
    recorder state;
    {
        hop_type const first{state, 7};
        CHECK(first);
        std::function<void()> const a{first}, b{a};
        CHECK(state.references == 1);
        a();
        b();
        first();
        CHECK(state.seen == std::vector<std::string>{"arrived 7"});
    }
    CHECK(state.references == 0);
    CHECK(state.seen.size() == 1);
}

TEST_CASE("a hop that never ran is reported when its last copy goes", "[hop]") {
    recorder state;
    {
        std::function<void()> kept;
        {
            hop_type first{state, 3};
            hop_type moved{std::move(first)};
            CHECK_FALSE(first);
            kept = moved;
        }
        CHECK(state.seen.empty());
        CHECK(state.references == 1);
    }
    CHECK(state.seen == std::vector<std::string>{"dropped 3"});
    CHECK(state.references == 0);
}

}
