// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/response_stamp.hpp>

#include "support/catch.hpp"
#include "support/http_answer.hpp"

#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace response_stamp_tests {

using namespace backchannel;

TEST_CASE("A response is stamped with the date and an id", "[response_stamp]") {
    using namespace std::chrono_literals;
    response_stamp stamp;
    response r;
    stamp.apply(r, wall_time{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}} + 1h + 999ms,
                "x-amzn-RequestId");
    CHECK(test::header_of(r, "Date") == "Sat, 21 Nov 2026 01:00:00 GMT");
    CHECK(test::header_of(r, "x-amzn-RequestId").size() == 36);
    response second;
    stamp.apply(second, {}, "x-request-id");
    CHECK(test::header_of(second, "x-request-id").size() == 36);
    CHECK(test::header_of(second, "x-request-id") != test::header_of(r, "x-amzn-RequestId"));
}

TEST_CASE("The date is that of the moment, whatever was stamped before", "[response_stamp]") {
    using namespace std::chrono_literals;
    response_stamp first, second;
    auto const date_at = [](response_stamp& stamp, wall_time moment) {
        response r;
        stamp.apply(r, moment, "x-request-id");
        return std::string{test::header_of(r, "Date")};
    };
    wall_time const noon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 12h};
    CHECK(date_at(first, noon) == "Sat, 21 Nov 2026 12:00:00 GMT");
    CHECK(date_at(first, noon + 999ms) == "Sat, 21 Nov 2026 12:00:00 GMT");
    CHECK(date_at(first, noon + 1s) == "Sat, 21 Nov 2026 12:00:01 GMT");
    CHECK(date_at(second, noon - 1ms) == "Sat, 21 Nov 2026 11:59:59 GMT");
    CHECK(date_at(first, noon) == "Sat, 21 Nov 2026 12:00:00 GMT");
    CHECK(date_at(first, wall_time{}) == "Thu, 01 Jan 1970 00:00:00 GMT");
    CHECK(date_at(first, wall_time{-1ms}) == "Thu, 01 Jan 1970 00:00:00 GMT");
    CHECK(date_at(first, wall_time::min()) == "Thu, 01 Jan 1970 00:00:00 GMT");
    CHECK(date_at(first, wall_time::max()) == "Fri, 31 Dec 9999 23:59:59 GMT");
}

TEST_CASE("Request ids are version 4 UUIDs and differ, also between objects and threads", "[response_stamp]") {
    response_stamp first, second;
    std::set<std::string> ids;
    std::vector<std::string> from_thread;
    std::thread other{[&] {
        for (int i = 0; i != 500; ++i) {
            auto const id = first.next_id();
            from_thread.emplace_back(id.data(), id.size());
        }
    }};
    for (int i = 0; i != 500; ++i)
        for (response_stamp* const stamp : {&first, &second}) {
            auto const id = stamp->next_id();
            ids.emplace(id.data(), id.size());
        }
    other.join();
    ids.insert(from_thread.begin(), from_thread.end());
    CHECK(ids.size() == 1500);
    for (std::string const& id : ids) {
        REQUIRE(id.size() == 36);
        for (std::size_t i = 0; i != 36; ++i) {
            bool const dash = i == 8 || i == 13 || i == 18 || i == 23;
            bool const hex = (id[i] >= '0' && id[i] <= '9') || (id[i] >= 'a' && id[i] <= 'f');
            REQUIRE((dash ? id[i] == '-' : hex));
        }
        REQUIRE(id[14] == '4');
        REQUIRE((id[19] == '8' || id[19] == '9' || id[19] == 'a' || id[19] == 'b'));
    }
}

}
