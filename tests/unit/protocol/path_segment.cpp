// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/path_segment.hpp>

#include "support/catch.hpp"

#include <string>

namespace protocol_path_segment_tests {

using backchannel::target_form;
using backchannel::protocol::path_segment;
using backchannel::protocol::take_segment;

TEST_CASE("a path is taken apart segment by segment", "[path_segment]") {
    std::string_view path = "//prod/%40x//last/";
    CHECK(take_segment(path) == "prod");
    CHECK(take_segment(path) == "%40x");
    CHECK(path == "//last/");
    CHECK(take_segment(path) == "last");
    CHECK(path == "/");
    CHECK_FALSE(take_segment(path));
    CHECK_FALSE(take_segment(path));
}

TEST_CASE("a segment is decoded once", "[path_segment]") {
    path_segment s;
    s.decode("a%40b%3a%2F", target_form::raw);
    CHECK(s.allowed());
    CHECK(s.text() == "a@b:/");
    CHECK(s.has_slash());
    s.decode("plain", target_form::raw);
    CHECK(s.allowed());
    CHECK(s.text() == "plain");
    CHECK_FALSE(s.has_slash());
    s.decode("a%40b", target_form::decoded);
    CHECK_FALSE(s.allowed());
}

TEST_CASE("what a segment may not hold", "[path_segment]") {
    path_segment s;
    for (std::string const raw : {"%", "%4", "%4g", "%g4", "%25", "%5C", "\\", "%00", "%7F", "%80", "\xC3\xA4", ".",
                                  "..", "%2e", "%2E.", "a%"}) {
        s.decode(raw, target_form::raw);
        INFO(raw);
        CHECK_FALSE(s.allowed());
    }
    s.decode(std::string(path_segment::capacity, 'x'), target_form::raw);
    CHECK(s.allowed());
    s.decode(std::string(path_segment::capacity + 1, 'x'), target_form::raw);
    CHECK_FALSE(s.allowed());
    s.decode("...", target_form::raw);
    CHECK(s.allowed());
}

}
