// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/parse_error.hpp>

#include "support/catch.hpp"

#include <set>
#include <string_view>

namespace protocol_parse_error_tests {

namespace http1 = backchannel::http1;
using http1::parse_error;

TEST_CASE("parse_error gives every mistake a status and a phrase of its own", "[parse_error]") {
    std::set<std::string_view> phrases;
    for (int i = 1; i <= static_cast<int>(parse_error::body_too_large); ++i) {
        auto const error = static_cast<parse_error>(i);
        INFO(i);
        CHECK(http1::status_of(error) >= 400);
        CHECK(http1::status_of(error) <= 505);
        CHECK(phrases.insert(http1::describe(error)).second);
    }
    // in the order of the enumeration
    constexpr int statuses[] = {0,   400, 400, 414, 400, 505, 501, 400, 400, 400, 400, 400, 431, 431, 400, 400,
                                400, 400, 400, 400, 400, 501, 400, 417, 400, 400, 400, 400, 400, 431, 413};
    int index = 0;
    for (int const expected : statuses) {
        INFO(index);
        CHECK(http1::status_of(static_cast<parse_error>(index++)) == expected);
    }
    CHECK(index == static_cast<int>(parse_error::body_too_large) + 1);
}

}
