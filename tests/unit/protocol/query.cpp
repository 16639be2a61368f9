// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/query.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace protocol_query_tests {

using namespace backchannel;

namespace {

using parameters = std::vector<std::pair<std::string, std::string>>;

struct reading {
    bool whole = false;
    parameters seen;
};

[[nodiscard]] reading read(std::string_view target, std::string_view stop_at = "stop") {
    reading r;
    r.whole = protocol::for_each_parameter(target, [&](std::string_view name, std::string_view value) {
        r.seen.emplace_back(name, value);
        return name != stop_at;
    });
    return r;
}

}

TEST_CASE("A query is read in order, also twice the same name", "[query]") {
    for (auto const& [target, expected] :
         std::vector<std::pair<std::string_view, parameters>>{{"/a", {}},
                                                              {"/a?", {}},
                                                              {"/a?&&", {}},
                                                              {"/a?x=1", {{"x", "1"}}},
                                                              {"/a?x=1&y=2", {{"x", "1"}, {"y", "2"}}},
                                                              {"/a?&x=1&&y=2&", {{"x", "1"}, {"y", "2"}}},
                                                              {"/a?tag=b&tag=a", {{"tag", "b"}, {"tag", "a"}}},
                                                              {"/a?x", {{"x", ""}}},
                                                              {"/a?x=", {{"x", ""}}},
                                                              {"/a?=x", {{"", "x"}}},
                                                              {"/a?x=a=b", {{"x", "a=b"}}},
                                                              {"/a?x=b?c", {{"x", "b?c"}}},
                                                              {"/x=1&y=2", {}}}) {
        INFO(target);
        auto const r = read(target);
        CHECK(r.whole);
        CHECK(r.seen == expected);
    }
}

TEST_CASE("Names and values are percent-decoded after they were split; a plus stays one", "[query]") {
    auto const r = read("/a?t%61g=user%3A42&a%26b=c%3Dd%26e&p=1+2%2B3&u=%C3%A9");
    CHECK(r.whole);
    CHECK(r.seen == parameters{{"tag", "user:42"}, {"a&b", "c=d&e"}, {"p", "1+2+3"}, {"u", "\xC3\xA9"}});
}

TEST_CASE("A bad escape ends a query, and so does who reads it", "[query]") {
    for (std::string_view const bad : {"%", "%4", "%zz", "x%", "%=1", "x=%", "x=%4", "x=%g1"}) {
        INFO(bad);
        auto const r = read("/a?first=1&" + std::string{bad} + "&last=1");
        CHECK_FALSE(r.whole);
        CHECK(r.seen == parameters{{"first", "1"}});
    }
    auto const stopped = read("/a?first=1&stop=2&last=3");
    CHECK_FALSE(stopped.whole);
    CHECK(stopped.seen == parameters{{"first", "1"}, {"stop", "2"}});
}

}
