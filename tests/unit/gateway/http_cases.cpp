// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/http_session.hpp>

#include "support/catch.hpp"
#include "support/http_case_run.hpp"

#include <future>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace gateway_http_cases_tests {

using namespace test;
using namespace test::http_cases;

namespace {

std::vector<http_case> const& all_cases() {
    static auto const cases = loader::load(BACKCHANNEL_TEST_DATA "/http_cases.json");
    return cases;
}

bool has_deadline(http_case const& c) {
    for (auto const& option : c.options)
        if (option.first.find("timeout") != std::string::npos) return true;
    return false;
}

std::vector<cut> cuts_of(http_case const& c) {
    if (c.then == ending::waits) return {cut::whole, cut::bytewise}; // what is behind would be its end
    return {cut::whole, cut::bytewise, cut::followed};
}

std::string joined(std::vector<std::string> const& texts) {
    std::string all;
    for (std::string const& t : texts) all += t + "\n";
    return all;
}

http_case const& find_case(std::string const& name) {
    for (http_case const& c : all_cases())
        if (c.name == name) return c;
    throw std::runtime_error{"no case " + name};
}

std::vector<std::string> problems_of(http_case const& c, cut how) {
    case_server server{c.options};
    return conversation{server, c, how}.play();
}

}

TEST_CASE("each case has a name of its own and says where its rule comes from", "[http_cases]") {
    std::set<std::string> names;
    for (http_case const& c : all_cases()) {
        CAPTURE(c.name);
        CHECK(names.insert(c.name).second);
        CHECK(c.rfc.rfind("RFC ", 0) == 0);
    }
    CHECK(names.size() >= 150);
}

TEST_CASE("HTTP cases are answered as they should be, however their bytes are cut", "[http_cases]") {
    std::map<std::vector<std::pair<std::string, std::size_t>>, std::unique_ptr<case_server>> servers;
    for (http_case const& c : all_cases()) {
        if (has_deadline(c)) continue;
        auto& server = servers[c.options];
        if (server == nullptr) server = std::make_unique<case_server>(c.options);
        for (cut const how : cuts_of(c)) {
            CAPTURE(c.name, c.rfc, name_of(how));
            CHECK(joined(conversation{*server, c, how}.play()) == "");
        }
    }
}

TEST_CASE("HTTP cases with deadlines are answered in time", "[http_cases]") {
    struct running {
        http_case const* what;
        cut how;
        std::future<std::vector<std::string>> problems;
    };
    std::vector<running> all; // at once, as they only wait
    for (http_case const& c : all_cases())
        if (has_deadline(c))
            for (cut const how : cuts_of(c))
                all.push_back({&c, how, std::async(std::launch::async, [&c, how] { return problems_of(c, how); })});
    CHECK(!all.empty());
    for (running& r : all) {
        CAPTURE(r.what->name, name_of(r.how));
        CHECK(joined(r.problems.get()) == "");
    }
}

TEST_CASE("a case that is not answered as it says is noticed", "[http_cases]") {
    http_case const& good = find_case("a GET request");
    http_case const& bad = find_case("no Host in HTTP/1.1");
    for (cut const how : {cut::whole, cut::bytewise, cut::followed}) {
        CAPTURE(name_of(how));
        CHECK(problems_of(good, how).empty());
        CHECK(problems_of(bad, how).empty());

        http_case other = good;
        other.answers[0].status = 204;
        CHECK(!problems_of(other, how).empty());

        other = good;
        other.reached = {"GET /other"};
        CHECK(!problems_of(other, how).empty());

        other = good;
        other.never = {"GET"};
        CHECK(!problems_of(other, how).empty());

        other = good;
        other.answers[0].headers = {{"Date", ""}};
        CHECK(!problems_of(other, how).empty());

        other = bad;
        other.then = ending::kept;
        CHECK(!problems_of(other, how).empty());

        other = bad;
        other.answers.clear();
        CHECK(!problems_of(other, how).empty());
    }
}

}
