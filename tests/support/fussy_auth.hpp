// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_FUSSY_AUTH_HPP
#define BACKCHANNEL_TESTS_SUPPORT_FUSSY_AUTH_HPP

#include <backchannel/auth.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace test {

/// Refuses for the reason whose name the header `X-Refuse` has.
struct fussy_auth {
    backchannel::auth_decision authorize(backchannel::request_view const& r, backchannel::operation,
                                         std::string_view) const {
        for (auto const& header : r.headers) {
            if (!backchannel::equal_ignoring_case(header.name, "X-Refuse")) continue;
            for (int i = 1; i <= static_cast<int>(backchannel::auth_error::internal); ++i)
                if (name_of(static_cast<backchannel::auth_error>(i)) == header.value)
                    return backchannel::auth_decision::refuse(static_cast<backchannel::auth_error>(i));
        }
        return backchannel::auth_decision::allow();
    }
};

}

#endif
