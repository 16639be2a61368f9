// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/timestamp.hpp>

#include "support/catch.hpp"

#include <backchannel/protocol/parse_iso8601.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace protocol_timestamp_tests {

namespace protocol = backchannel::protocol;

namespace {

protocol::timestamp at(std::int64_t milliseconds) {
    return protocol::timestamp(std::chrono::milliseconds(milliseconds));
}

std::string iso(protocol::timestamp moment) { return std::string(protocol::format_iso8601(moment).view()); }

std::string http(protocol::timestamp moment) {
    return std::string(protocol::text_of(protocol::format_http_date(moment)));
}

std::string amz(protocol::timestamp moment) {
    return std::string(protocol::text_of(protocol::format_amz_date(moment)));
}

struct known_moment {
    std::int64_t seconds;
    std::string iso;
    std::string http;
    std::string amz;
};

// The numbers come from `date -u -d @SECONDS`.
std::vector<known_moment> const& known_moments() {
    static std::vector<known_moment> const moments{
        {0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT", "19700101T000000Z"},
        {784111777, "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT", "19941106T084937Z"},
        {951782399, "2000-02-28T23:59:59Z", "Mon, 28 Feb 2000 23:59:59 GMT", "20000228T235959Z"},
        {951782400, "2000-02-29T00:00:00Z", "Tue, 29 Feb 2000 00:00:00 GMT", "20000229T000000Z"},
        {951868800, "2000-03-01T00:00:00Z", "Wed, 01 Mar 2000 00:00:00 GMT", "20000301T000000Z"},
        {1440938160, "2015-08-30T12:36:00Z", "Sun, 30 Aug 2015 12:36:00 GMT", "20150830T123600Z"},
        {1709251199, "2024-02-29T23:59:59Z", "Thu, 29 Feb 2024 23:59:59 GMT", "20240229T235959Z"},
        {1795222800, "2026-11-21T01:00:00Z", "Sat, 21 Nov 2026 01:00:00 GMT", "20261121T010000Z"},
        {4107542400, "2100-03-01T00:00:00Z", "Mon, 01 Mar 2100 00:00:00 GMT", "21000301T000000Z"},
        {253402300799, "9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 GMT", "99991231T235959Z"},
    };
    return moments;
}

protocol::timestamp const today = at(1795222800'000);

}

TEST_CASE("known moments print and read in every form", "[timestamp]") {
    for (auto const& known : known_moments()) {
        auto const moment = at(known.seconds * 1000);
        INFO(known.iso);
        CHECK(iso(moment) == known.iso);
        CHECK(http(moment) == known.http);
        CHECK(amz(moment) == known.amz);
        CHECK(protocol::parse_iso8601(known.iso) == moment);
        CHECK(protocol::parse_http_date(known.http, today) == moment);
        CHECK(protocol::parse_amz_date(known.amz) == moment);
    }
}

TEST_CASE("ISO 8601 shows milliseconds only where there are some", "[timestamp]") {
    CHECK(iso(at(1795222798'120)) == "2026-11-21T00:59:58.120Z");
    CHECK(iso(at(1795222798'001)) == "2026-11-21T00:59:58.001Z");
    CHECK(iso(at(1795222798'999)) == "2026-11-21T00:59:58.999Z");
    CHECK(iso(at(1795222798'000)) == "2026-11-21T00:59:58Z");
    CHECK(iso(at(1)) == "1970-01-01T00:00:00.001Z");
}

TEST_CASE("forms without a fraction drop it", "[timestamp]") {
    CHECK(http(at(1795222799'999)) == "Sat, 21 Nov 2026 00:59:59 GMT");
    CHECK(amz(at(1795222799'999)) == "20261121T005959Z");
}

TEST_CASE("moments outside of 1970 to 9999 print as the nearest one inside", "[timestamp]") {
    CHECK(iso(at(-1)) == "1970-01-01T00:00:00Z");
    CHECK(http(protocol::timestamp::min()) == "Thu, 01 Jan 1970 00:00:00 GMT");
    CHECK(iso(at(253402300800'000)) == "9999-12-31T23:59:59.999Z");
    CHECK(amz(protocol::timestamp::max()) == "99991231T235959Z");
}

TEST_CASE("a moment of the system clock rounds down to milliseconds", "[timestamp]") {
    using clock = std::chrono::system_clock;
    auto const moment = clock::time_point(std::chrono::microseconds(1795222798'120'999));
    CHECK(protocol::to_timestamp(moment) == at(1795222798'120));
}

TEST_CASE("every day of four centuries and every month's end goes round", "[timestamp]") {
    std::int64_t const day = 86'400'000;
    int expected_weekday = 4; // 1970-01-01 was a Thursday
    char const* const names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    for (std::int64_t number = 0; number < 146'097; ++number) {
        auto const moment = at(number * day + number % day);
        auto const whole = std::chrono::floor<std::chrono::seconds>(moment);
        auto const text = http(moment);
        REQUIRE(protocol::parse_iso8601(iso(moment)) == moment);
        REQUIRE(protocol::parse_http_date(text, today) == whole);
        REQUIRE(protocol::parse_amz_date(amz(moment)) == whole);
        REQUIRE(text.substr(0, 3) == names[expected_weekday]);
        expected_weekday = (expected_weekday + 1) % 7;
    }
}

TEST_CASE("only days of the calendar are read", "[timestamp]") {
    int const lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    char const* const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    auto const two = [](int value) { return std::string(value < 10 ? "0" : "") + std::to_string(value); };
    for (int const year : {1970, 1999, 2000, 2023, 2024, 2026, 2100, 2400, 9999}) {
        bool const leap = year == 2000 || year == 2024 || year == 2400;
        for (int month = 1; month <= 12; ++month) {
            int const length = lengths[month - 1] + (leap && month == 2 ? 1 : 0);
            for (int day = 0; day <= 33; ++day) {
                bool const real = day >= 1 && day <= length;
                std::string const y = std::to_string(year);
                INFO(y << '-' << month << '-' << day);
                REQUIRE(protocol::parse_amz_date(y + two(month) + two(day) + "T000000Z").has_value() == real);
                REQUIRE(protocol::parse_iso8601(y + '-' + two(month) + '-' + two(day) + "T00:00:00Z").has_value() ==
                        real);
                REQUIRE(protocol::parse_http_date(
                            "Mon, " + two(day) + ' ' + names[month - 1] + ' ' + y + " 00:00:00 GMT", today)
                            .has_value() == real);
            }
        }
    }
}

TEST_CASE("the date of a signature is read by its exact form only", "[timestamp]") {
    CHECK(protocol::parse_amz_date("20261121T235959Z") == at(1795305599'000));
    for (char const* const text : {"",
                                   "2",
                                   "20261121",
                                   "20261121T",
                                   "20261121T010000",
                                   "20261121T010000z",
                                   "20261121t010000Z",
                                   "20261121 010000Z",
                                   "20261121T010000Z ",
                                   " 20261121T010000Z",
                                   "20261121T010000ZZ",
                                   "20261121T010000+0000",
                                   "20261121T240000Z",
                                   "20261121T250000Z",
                                   "20261121T016000Z",
                                   "20261121T010060Z",
                                   "20261121T235960Z",
                                   "20261121T010099Z",
                                   "20261321T010000Z",
                                   "20260021T010000Z",
                                   "20261100T010000Z",
                                   "20261131T010000Z",
                                   "20260229T010000Z",
                                   "19691231T235959Z",
                                   "00000101T000000Z",
                                   "2026112 T010000Z",
                                   "2026-1-1T010000Z",
                                   "+0261121T010000Z",
                                   "-0261121T010000Z",
                                   "20261121T0100-1Z",
                                   "2026-11-21T01:00:00Z",
                                   "2026112xT010000Z",
                                   "120261121T010000Z",
                                   "20261121T01000Z",
                                   "2026112/T010000Z",
                                   "2026112:T010000Z"}) {
        INFO(text);
        CHECK_FALSE(protocol::parse_amz_date(text).has_value());
    }
    std::string const with_zero("20261121T010000Z\0", 17);
    CHECK_FALSE(protocol::parse_amz_date(with_zero).has_value());
}

TEST_CASE("an HTTP date is read in the three forms of RFC 9110", "[timestamp]") {
    auto const expected = at(784111777'000);
    CHECK(protocol::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", today) == expected);
    CHECK(protocol::parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", today) == expected);
    CHECK(protocol::parse_http_date("Sun Nov  6 08:49:37 1994", today) == expected);
    CHECK(protocol::parse_http_date("Sat Nov 21 01:00:00 2026", today) == today);
    CHECK(protocol::parse_http_date("Saturday, 21-Nov-26 01:00:00 GMT", today) == today);
    // which day of the week it's said to be makes no difference
    CHECK(protocol::parse_http_date("Mon, 06 Nov 1994 08:49:37 GMT", today) == expected);
    CHECK(protocol::parse_http_date("Thursday, 06-Nov-94 08:49:37 GMT", today) == expected);
}

TEST_CASE("every name of a day or month is known to the HTTP date", "[timestamp]") {
    for (std::string const name : {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}) {
        INFO(name);
        CHECK(protocol::parse_http_date(name + ", 06 Nov 1994 08:49:37 GMT", today).has_value());
        CHECK(protocol::parse_http_date(name + " Nov  6 08:49:37 1994", today).has_value());
        CHECK_FALSE(protocol::parse_http_date(name + ", 06-Nov-94 08:49:37 GMT", today).has_value());
    }
    for (std::string const name : {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}) {
        INFO(name);
        CHECK(protocol::parse_http_date(name + ", 06-Nov-94 08:49:37 GMT", today).has_value());
        CHECK_FALSE(protocol::parse_http_date(name + ", 06 Nov 1994 08:49:37 GMT", today).has_value());
    }
    std::vector<std::pair<std::string, std::string>> const months{
        {"Jan", "01"}, {"Feb", "02"}, {"Mar", "03"}, {"Apr", "04"}, {"May", "05"}, {"Jun", "06"},
        {"Jul", "07"}, {"Aug", "08"}, {"Sep", "09"}, {"Oct", "10"}, {"Nov", "11"}, {"Dec", "12"}};
    for (auto const& [name, number] : months) {
        auto const expected = protocol::parse_amz_date("1994" + number + "06T084937Z");
        REQUIRE(expected.has_value());
        CHECK(protocol::parse_http_date("Sun, 06 " + name + " 1994 08:49:37 GMT", today) == expected);
        CHECK(protocol::parse_http_date("Sunday, 06-" + name + "-94 08:49:37 GMT", today) == expected);
        CHECK(protocol::parse_http_date("Sun " + name + "  6 08:49:37 1994", today) == expected);
    }
}

TEST_CASE("an HTTP date that differs from its form is refused", "[timestamp]") {
    for (char const* const text : {"",
                                   "Sun",
                                   "Sun, 06 Nov 1994 08:49:37",
                                   "Sun, 06 Nov 1994 08:49:37 UTC",
                                   "Sun, 06 Nov 1994 08:49:37 gmt",
                                   "Sun, 06 Nov 1994 08:49:37 GMT ",
                                   " Sun, 06 Nov 1994 08:49:37 GMT",
                                   "sun, 06 Nov 1994 08:49:37 GMT",
                                   "Xyz, 06 Nov 1994 08:49:37 GMT",
                                   "Sun 06 Nov 1994 08:49:37 GMT",
                                   "Sun,06 Nov 1994 08:49:37 GMT",
                                   "Sun, 6 Nov 1994 08:49:37 GMT",
                                   "Sun,  6 Nov 1994 08:49:37 GMT",
                                   "Sun, 06 nov 1994 08:49:37 GMT",
                                   "Sun, 06 Nov 94 08:49:37 GMT",
                                   "Sun, 06 Nov 1994 8:49:37 GMT",
                                   "Sun, 06 Nov 1994 24:00:00 GMT",
                                   "Sun, 06 Nov 1994 08:60:37 GMT",
                                   "Sun, 06 Nov 1994 08:49:60 GMT",
                                   "Sun, 06 Nov 1969 08:49:37 GMT",
                                   "Sun, 31 Nov 1994 08:49:37 GMT",
                                   "Sun, 00 Nov 1994 08:49:37 GMT",
                                   "Sun, 06 Nov 1994 08:49:37 +0000",
                                   "Sunday, 06 Nov 1994 08:49:37 GMT",
                                   "Sunday, 06-Nov-1994 08:49:37 GMT",
                                   "Sunday, 6-Nov-94 08:49:37 GMT",
                                   "Sunday, 06-Nov-94 08:49:37",
                                   "Sunday 06-Nov-94 08:49:37 GMT",
                                   "Sun Nov 6 08:49:37 1994",
                                   "Sun Nov 06 08:49:37 94",
                                   "Sun Nov   6 08:49:37 1994",
                                   "Sun Nov  6 08:49:37 1994 ",
                                   "Sun Nov  6 08:49:37 1994 GMT",
                                   "Sun, Nov  6 08:49:37 1994",
                                   "Sun Nov  16 08:49:37 1994",
                                   "Sun Nov  0 08:49:37 1994",
                                   "Sun Nov 31 08:49:37 1994",
                                   "20261121T010000Z",
                                   "1994-11-06T08:49:37Z"}) {
        INFO(text);
        CHECK_FALSE(protocol::parse_http_date(text, today).has_value());
    }
}

TEST_CASE("a year of two digits is at most fifty years ahead", "[timestamp]") {
    auto const year_of = [](std::string const& yy, protocol::timestamp now) {
        auto const moment = protocol::parse_http_date("Sunday, 21-Nov-" + yy + " 01:00:00 GMT", now);
        REQUIRE(moment.has_value());
        return iso(*moment).substr(0, 4);
    };
    CHECK(year_of("26", today) == "2026");
    CHECK(year_of("70", today) == "2070");
    CHECK(year_of("76", today) == "2076");
    CHECK(year_of("77", today) == "1977");
    CHECK(year_of("99", today) == "1999");
    CHECK(year_of("00", today) == "2000");
    CHECK(year_of("76", today - std::chrono::seconds(1)) == "1976");
    auto const later = today + std::chrono::days(365 * 40); // in 2066
    CHECK(year_of("99", later) == "2099");
    CHECK(year_of("15", later) == "2115");
    CHECK(year_of("17", later) == "2017");
    CHECK_FALSE(protocol::parse_http_date("Sunday, 21-Nov-69 01:00:00 GMT", at(0)).has_value());
}

TEST_CASE("no form is read when it's cut short", "[timestamp]") {
    std::string const forms[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                 "Sun Nov  6 08:49:37 1994",      "20261121T010000Z",
                                 "2026-11-21T00:59:58.123Z",      "2026-11-21T00:59:58+01:00"};
    for (auto const& form : forms) {
        for (std::size_t length = 0; length < form.size(); ++length) {
            auto const text = form.substr(0, length);
            INFO(text);
            CHECK_FALSE(protocol::parse_http_date(text, today).has_value());
            CHECK_FALSE(protocol::parse_amz_date(text).has_value());
            CHECK_FALSE(protocol::parse_iso8601(text).has_value());
        }
    }
}

}
