// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/yandex_roles.hpp>

#include "support/catch.hpp"

#include <string>

namespace auth_yandex_roles_tests {

using namespace backchannel;

TEST_CASE("a role grants its operations to those who have it", "[yandex_roles]") {
    yandex_roles const roles{{{"writer", "api-gateway.websocketWriter"},
                              {"caster", "api-gateway.websocketBroadcaster"},
                              {"editor", "api-gateway.editor"},
                              {"admin", "api-gateway.admin"},
                              {"viewer", "api-gateway.viewer"},
                              {"both", "api-gateway.viewer"},
                              {"both", "api-gateway.websocketWriter"},
                              {"misspelt", "api-gateway.websocketwriter"}}};
    for (operation const op : {operation::post, operation::get, operation::del}) {
        auto const may = [&](std::string_view who) { return roles.permits({who, {}}, op, "id"); };
        for (std::string const who : {"writer", "caster", "editor", "admin", "both"}) CHECK(may(who));
        for (std::string const who : {"viewer", "misspelt", "", "write", "writers"}) CHECK_FALSE(may(who));
    }
    CHECK_FALSE(yandex_roles{{}}.permits({std::string_view{"admin"}, {}}, operation::get, "id"));
}

}
