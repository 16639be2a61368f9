// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/allow_all.hpp>

#include "support/catch.hpp"

#include <backchannel/concepts.hpp>

namespace auth_allow_all_tests {

using namespace backchannel;

TEST_CASE("allow_all lets everybody in, without a name", "[allow_all]") {
    STATIC_REQUIRE(authorizer<allow_all>);
    for (operation const op : {operation::post, operation::get, operation::del}) {
        auto const decision = allow_all{}.authorize({}, op, "abc");
        CHECK(decision.allowed());
        CHECK(decision.who.name.view().empty());
    }
}

}
