// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"

#include <cstdint>
#include <string_view>

namespace hub_rules_optional_tests {

// What a server may leave out: optional members and values. The rules stand in the comments of the Transport concept
// and of connection_hub.

using namespace backchannel;
using test::lines;
using test::text;

namespace {

/// A handle with members that are called like a transport's.
struct rich_handle {
    bool* touched;
    void dispatch(rich_handle const&, task const&) const { *touched = true; }
    void close() const { *touched = true; }
    void reset() const { *touched = true; }
};

struct rich_handle_transport {
    using handle = rich_handle;
    static constexpr bool bounds_itself = true;
    delivery send(handle const&, message const&) { return delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

}

TEST_CASE("R8: an optional member of the handle's type is not taken for the transport's", "[hub_rules]") {
    static_assert(!has_dispatch<rich_handle_transport> && !has_terminate<rich_handle_transport>);
    bool touched = false;
    connection_hub<rich_handle_transport> hub;
    auto s = hub.open({&touched});
    CHECK(hub.send(s.id(), text("x")) == delivery::accepted);
    CHECK(hub.close(s.id()));
    CHECK_FALSE(touched);
}

TEST_CASE("R10: code, reason, address and user agent may be missing", "[hub_rules]") {
    test::test_hub<test::direct_transport> t;
    auto a = t.open(0);
    auto const state = t.hub->find(a.id());
    REQUIRE(state);
    CHECK(state->source_ip.empty());
    CHECK(state->user_agent.empty());
    CHECK(t.hub->close(a.id()));
    CHECK(t.sent() == lines{"close 0 1000 "});
    auto b = t.open(1);
    b.closed();
    CHECK(t.hooks.log->take() == lines{"open", "closed 1000", "open", "closed 1006"});
}

}
