// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "support/websocket_case_runner.hpp"

#include "support/catch.hpp"

#include <fstream>
#include <iterator>
#include <set>

#if !defined(BACKCHANNEL_TEST_DATA)
#error "BACKCHANNEL_TEST_DATA must be the path of tests/data"
#endif

namespace gateway_websocket_cases_tests {

using namespace test;

namespace {

// Every case of a file, whole and byte by byte; how many there were.
[[nodiscard]] std::size_t run_all(char const* file) {
    std::ifstream in{std::string{BACKCHANNEL_TEST_DATA} + "/" + file, std::ios::binary};
    std::string const text{std::istreambuf_iterator<char>{in}, {}};
    websocket_case_runner runner;
    std::set<std::string> names;
    for_each_websocket_case(text, [&](websocket_case const& c) {
        CAPTURE(c.group, c.name);
        CHECK(names.insert(c.group + ": " + c.name).second);
        for (bool const bytewise : {false, true}) {
            if (bytewise && !c.bytewise) continue;
            CAPTURE(bytewise);
            CHECK(runner.run(c, bytewise) == "");
        }
    });
    return names.size();
}

}

TEST_CASE("what RFC 6455 says of frames, messages, closes and handshakes, and the limits", "[websocket_cases]") {
    CHECK(run_all("websocket_cases.json") >= 150);
}

TEST_CASE("the families of the public conformance suite", "[websocket_cases]") {
    CHECK(run_all("websocket_families.json") >= 301);
}

TEST_CASE("a case that is not met is told", "[websocket_cases]") {
    // each of these must fail, or the others prove nothing
    char const* const wrong = R"({"groups": [{"group": "wrong", "cases": [
        {"name": "another payload", "send": [{"text": "a"}], "receive": [{"text": "b"}]},
        {"name": "another kind", "send": [{"text": "a"}], "receive": [{"binary": "a"}]},
        {"name": "one too many", "send": [{"text": "a", "times": 2}], "receive": [{"text": "a"}]},
        {"name": "no error", "send": [{"ping": "a"}], "close": 1002},
        {"name": "another code", "send": [{"text": "a", "rsv": 1}], "close": 1003},
        {"name": "a code", "send": [{"close": 1000}], "close": "empty"},
        {"name": "an error", "send": [{"text": "a", "rsv": 1}]},
        {"name": "does not wait", "send": [{"text": "a"}], "close": "waits"},
        {"name": "nothing seen", "send": [{"text": "a"}], "receive": [{"text": "a"}], "saw": []},
        {"name": "told", "send": [{"close": 1000}], "close": 1000, "disconnect": 1006},
        {"name": "status", "request": ["GET /alive HTTP/1.1", "Host: here"], "status": 404},
        {"name": "header", "request": ["GET /alive HTTP/1.1", "Host: here"], "status": 200, "headers": {"X": "y"}},
        {"name": "ends", "request": ["GET /alive HTTP/1.1", "Host: here"], "status": 200}]}]})";
    websocket_case_runner runner;
    for_each_websocket_case(wrong, [&](websocket_case const& c) {
        CAPTURE(c.name);
        for (bool const bytewise : {false, true}) CHECK(runner.run(c, bytewise) != "");
    });
}

}
