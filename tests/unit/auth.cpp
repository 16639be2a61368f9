// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth.hpp>

#include "support/catch.hpp"

#include <optional>
#include <string>

namespace auth_tests {

using namespace backchannel;

TEST_CASE("A decision that nobody made refuses", "[auth]") {
    CHECK_FALSE(auth_decision{}.allowed());
    CHECK(auth_decision{}.error == auth_error::internal);
    CHECK_FALSE(lost<auth_decision>::value().allowed());
    std::optional<auth_decision> seen;
    {
        completion<auth_decision> const forgotten = [&](auth_decision d) { seen = std::move(d); };
    }
    REQUIRE(seen);
    CHECK_FALSE(seen->allowed());
}

TEST_CASE("A decision allows exactly when nothing is wrong", "[auth]") {
    CHECK(auth_decision::allow().allowed());
    CHECK(auth_decision::allow({std::string_view{"name"}, "arn"}).who.arn == "arn");
    for (int i = 1; i <= static_cast<int>(auth_error::internal); ++i) {
        auto const refusal = auth_decision::refuse(static_cast<auth_error>(i), "text");
        CHECK_FALSE(refusal.allowed());
        CHECK(refusal.message == "text");
    }
}

TEST_CASE("short_text keeps 128 bytes", "[auth]") {
    CHECK(short_text{}.view().empty());
    CHECK(short_text{std::string_view{"abc"}}.view() == "abc");
    std::string const text(129, 'x');
    CHECK(short_text{std::string_view{text}}.view() == text.substr(0, 128));
    std::string const full(128, 'y');
    short_text const one{std::string_view{full}};
    short_text const copy = one;
    CHECK(copy.view() == full);
}

}
