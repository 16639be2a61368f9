// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_ALLOW_ALL_HPP
#define BACKCHANNEL_AUTH_ALLOW_ALL_HPP

#include <backchannel/auth.hpp>

#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Lets everybody manage every connection. For tests, and for servers that have checked the caller already.
struct allow_all {
    [[nodiscard]] auth_decision authorize(request_view const&, operation, std::string_view) const {
        return auth_decision::allow();
    }
    [[nodiscard]] bool permits(request_view const&, principal const&, operation, std::string_view) const {
        return true;
    }
};

}

#endif
