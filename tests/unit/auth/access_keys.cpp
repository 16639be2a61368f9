// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/access_keys.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

namespace auth_access_keys_tests {

using namespace backchannel;

TEST_CASE("static_keys finds keys by their exact id", "[access_keys]") {
    static_keys const keys{std::vector<access_key>{{"B", "2"}, {"A", "1"}, {"BB", "3"}, {"b", "4"}}};
    for (auto const& [id, secret] : {std::pair{"A", "1"}, {"B", "2"}, {"BB", "3"}, {"b", "4"}}) {
        REQUIRE(keys.find(id) != nullptr);
        CHECK(keys.find(id)->secret == secret);
    }
    for (std::string_view const id : {"", "a", "AA", "BBB", "C", "0"}) CHECK(keys.find(id) == nullptr);
    CHECK(static_keys{std::vector<access_key>{}}.find("A") == nullptr);
    CHECK(static_keys{access_key{"A", "1"}}.find("A") != nullptr);
    CHECK(static_keys{access_key{"A", "1"}}.find("B") == nullptr);
}

TEST_CASE("Sources of keys are told apart by what they have", "[access_keys]") {
    struct finder {
        access_key const* find(std::string_view);
    };
    struct asynchronous {
        void async_find(std::string_view, completion<std::optional<access_key>>);
    };
    struct wrong {
        bool find(std::string_view);
    };
    STATIC_REQUIRE(has_find<finder>);
    STATIC_REQUIRE(key_source<static_keys>);
    STATIC_REQUIRE(has_async_find<asynchronous>);
    STATIC_REQUIRE(finds_when_called<std::optional<access_key> (*)(std::string_view)>);
    STATIC_REQUIRE_FALSE(key_source<wrong>);
    STATIC_REQUIRE_FALSE(key_source<int>);
}

}
