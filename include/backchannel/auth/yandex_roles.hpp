// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_YANDEX_ROLES_HPP
#define BACKCHANNEL_AUTH_YANDEX_ROLES_HPP

#include <backchannel/auth.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Which principals have which roles of Yandex API Gateway, as a policy for `with_policy`.
///
///     with_policy{bearer{tokens}, yandex_roles{{{"billing", "api-gateway.websocketWriter"}}}}
///
/// `api-gateway.websocketWriter`, `api-gateway.websocketBroadcaster`, `api-gateway.editor` and `api-gateway.admin` may
/// send, get and disconnect; any other role grants nothing here. Immutable, thread-safe.
class yandex_roles {
public:
    struct binding {
        std::string who; ///< the principal's name
        std::string role;
    };

    explicit yandex_roles(std::vector<binding> bindings) : bindings_{std::move(bindings)} {}

    [[nodiscard]] bool permits(principal const& who, operation, std::string_view) const noexcept {
        return std::any_of(bindings_.begin(), bindings_.end(),
                           [&](binding const& b) { return b.who == who.name.view() && manages_connections(b.role); });
    }

private:
    [[nodiscard]] static bool manages_connections(std::string_view role) noexcept {
        for (std::string_view const known : {"api-gateway.websocketWriter", "api-gateway.websocketBroadcaster",
                                             "api-gateway.editor", "api-gateway.admin"})
            if (role == known) return true;
        return false;
    }

    std::vector<binding> bindings_;
};

}

#endif
