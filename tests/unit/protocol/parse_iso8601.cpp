// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/parse_iso8601.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace protocol_parse_iso8601_tests {

namespace protocol = backchannel::protocol;

namespace {

protocol::timestamp at(std::int64_t milliseconds) {
    return protocol::timestamp(std::chrono::milliseconds(milliseconds));
}

}

TEST_CASE("ISO 8601 is read with fractions and offsets", "[parse_iso8601]") {
    auto const base = at(1795222798'000); // 2026-11-21T00:59:58Z
    using std::chrono::hours;
    using std::chrono::milliseconds;
    using std::chrono::minutes;
    std::vector<std::pair<std::string, protocol::timestamp>> const table{
        {"2026-11-21T00:59:58Z", base},
        {"2026-11-21T00:59:58.1Z", base + milliseconds(100)},
        {"2026-11-21T00:59:58.12Z", base + milliseconds(120)},
        {"2026-11-21T00:59:58.123Z", base + milliseconds(123)},
        {"2026-11-21T00:59:58.123999Z", base + milliseconds(123)},
        {"2026-11-21T00:59:58.000999999999999999999999999999999999Z", base},
        {"2026-11-21T00:59:58+00:00", base},
        {"2026-11-21T00:59:58-00:00", base},
        {"2026-11-21T01:59:58+01:00", base},
        {"2026-11-20T19:29:58-05:30", base},
        {"2026-11-21T00:59:58.5+23:59", base + milliseconds(500) - hours(23) - minutes(59)},
        {"1970-01-01T01:00:00+01:00", at(0)},
        {"9999-12-31T23:59:59.999+00:00", at(253402300799'999)},
    };
    for (auto const& [text, expected] : table) {
        INFO(text);
        CHECK(protocol::parse_iso8601(text) == expected);
    }
}

TEST_CASE("ISO 8601 that differs from its form is refused", "[parse_iso8601]") {
    for (char const* const text : {"",
                                   "2026-11-21",
                                   "2026-11-21T00:59:58",
                                   "2026-11-21T00:59Z",
                                   "2026-11-21 00:59:58Z",
                                   "2026-11-21t00:59:58Z",
                                   "2026-11-21T00:59:58z",
                                   "2026-11-21T00:59:58.Z",
                                   "2026-11-21T00:59:58,1Z",
                                   "2026-11-21T00:59:58Z ",
                                   "2026-11-21T00:59:58ZZ",
                                   "2026-11-21T00:59:58+0100",
                                   "2026-11-21T00:59:58+01",
                                   "2026-11-21T00:59:58+24:00",
                                   "2026-11-21T00:59:58+01:60",
                                   "2026-11-21T00:59:58+01:00Z",
                                   "2026-11-21T24:00:00Z",
                                   "2026-11-21T00:60:00Z",
                                   "2026-11-21T00:00:60Z",
                                   "2026-02-29T00:00:00Z",
                                   "2026-13-01T00:00:00Z",
                                   "20261121T005958Z",
                                   "1969-12-31T23:59:59Z",
                                   "1970-01-01T00:59:59+01:00",
                                   "9999-12-31T23:59:59-00:01",
                                   "10000-01-01T00:00:00Z",
                                   "2026-1-21T00:59:58Z",
                                   "2026-11-21T00:59:58 +01:00",
                                   "2026-11-21T00:59:58.1.1Z",
                                   "2026-11-21T00:59:58*01:00"}) {
        INFO(text);
        CHECK_FALSE(protocol::parse_iso8601(text).has_value());
    }
}

}
