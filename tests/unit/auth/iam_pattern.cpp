// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/iam_pattern.hpp>

#include "support/catch.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <string>

namespace auth_iam_pattern_tests {

using backchannel::iam_pattern;

namespace {

bool action(std::string_view pattern, std::string_view name) {
    auto const compiled = iam_pattern::for_actions(pattern);
    REQUIRE(compiled.has_value());
    return compiled->matches(name);
}

bool resource(std::string_view pattern, std::string_view name) {
    auto const compiled = iam_pattern::for_resources(pattern);
    REQUIRE(compiled.has_value());
    return compiled->matches(name);
}

// The rules once more, in the plainest form: every way to split the text is tried.
bool plain_match(std::string_view pattern, std::string_view name, int colons) {
    if (pattern.empty()) return name.empty();
    char const c = pattern[0];
    std::string_view const rest = pattern.substr(1);
    if (c == '*') {
        bool const crosses = colons >= 5 || rest.empty() || rest[0] == ':';
        for (std::size_t taken = 0;; ++taken) {
            if (plain_match(rest, name.substr(taken), colons)) return true;
            if (taken == name.size() || (name[taken] == ':' && !crosses)) return false;
        }
    }
    if (name.empty()) return false;
    if (c == '?') return (colons >= 5 || name[0] != ':') && plain_match(rest, name.substr(1), colons);
    return c == name[0] && plain_match(rest, name.substr(1), colons + (c == ':' ? 1 : 0));
}

std::string const name = "arn:aws:execute-api:eu-west-1:000000000000:local/prod/POST/@connections/L0SM9cOFvHcCIhw=";

}

TEST_CASE("action patterns match in any case", "[iam_pattern]") {
    CHECK(action("execute-api:ManageConnections", "execute-api:ManageConnections"));
    CHECK(action("EXECUTE-API:manageconnections", "execute-api:ManageConnections"));
    CHECK(action("execute-api:ManageConnections", "Execute-Api:MANAGECONNECTIONS"));
    CHECK(action("*", "execute-api:ManageConnections"));
    CHECK(action("execute-api:*", "execute-api:ManageConnections"));
    CHECK(action("execute-api:Manage*", "execute-api:ManageConnections"));
    CHECK(action("execute-api:*Connections", "execute-api:ManageConnections"));
    CHECK(action("execute-api:M?nage*s", "execute-api:ManageConnections"));
    CHECK(action("execute-???:ManageConnections", "execute-api:ManageConnections"));
    CHECK(action("*:*", "execute-api:ManageConnections"));
    CHECK(action("*:manage*", "execute-api:ManageConnections"));
    CHECK_FALSE(action("execute-api:Invoke", "execute-api:ManageConnections"));
    CHECK_FALSE(action("execute-api:Manage", "execute-api:ManageConnections"));
    CHECK_FALSE(action("execute-api:ManageConnections?", "execute-api:ManageConnections"));
    CHECK_FALSE(action("execute-api:?ManageConnections", "execute-api:ManageConnections"));
    CHECK_FALSE(action("execute-api:Manage?Connections", "execute-api:ManageConnections"));
    CHECK_FALSE(action("s3:*", "execute-api:ManageConnections"));
    CHECK_FALSE(action("xecute-api:*", "execute-api:ManageConnections"));
    CHECK_FALSE(action("execute-api:[m]*", "execute-api:{m}"));
    CHECK_FALSE(action("a:@", "a:`"));
    CHECK_FALSE(action("a:[", "a:{"));
}

TEST_CASE("action patterns have one colon or are a lone star", "[iam_pattern]") {
    for (char const* const text : {"", "**", "?", "ManageConnections", "execute-api*", ":", "a:", ":b", "a:b:c", "a::b",
                                   "execute-api:\xff", "execute-api:\xfe"}) {
        INFO(text);
        CHECK_FALSE(iam_pattern::for_actions(text).has_value());
    }
}

TEST_CASE("resource patterns match as AWS documents them", "[iam_pattern]") {
    for (char const* const pattern :
         {"*", "arn:aws:execute-api:*:*:*/prod/POST/@connections/*",
          "arn:aws:execute-api:eu-west-1:000000000000:local/prod/POST/@connections/*",
          "arn:aws:execute-api:eu-west-1:000000000000:local/prod/*/@connections/*",
          "arn:aws:execute-api:eu-west-1:000000000000:local/*", "arn:aws:execute-api:*:*:*", "arn:aws:execute-api:::*",
          "arn:*:*:*:*:*", "arn:aws:execute-api:*:000000000000:*/@connections/*",
          "arn:aws:execute-api:eu-*-1:*:local/*", "arn:aws:execute-api:eu-west-?:*:local/*", "arn:aws:execute-*:*:*:*",
          "arn:aws*:*:*:*:local/*",
          "arn:aws:execute-api:*:0*0:local/prod/?O??"
          "/@connections/*",
          "arn:aws:execute-api:*:*:*=", "arn:aws:execute-api:*:************:local/**"}) {
        INFO(pattern);
        bool const empty_segments = std::string_view(pattern).find(":::") != std::string_view::npos;
        CHECK(resource(pattern, name) == !empty_segments);
    }
    for (char const* const pattern :
         {"arn:aws:execute-api:*:*:*/prod/GET/@connections/*", "arn:aws:execute-api:*:*:*/test/POST/@connections/*",
          "arn:aws:execute-api:*:*:*/prod/POST/@connections", "arn:aws:execute-api:*:*:*/PROD/POST/@connections/*",
          "arn:aws:execute-api:us-*:*:*", "arn:aws:execute-api:*:111111111111:*", "arn:aws:s3:*:*:*",
          "arn:aws-cn:execute-api:*:*:*", "ARN:aws:execute-api:*:*:*/x",
          "arn:aws:execute-api:*:*:*/prod/???"
          "/*",
          "arn:aws:execute-api:*:*:loca", "arn:aws:execute-api:*:*:local/prod/POST/@connections/?"}) {
        INFO(pattern);
        auto const compiled = iam_pattern::for_resources(pattern);
        if (std::string_view(pattern).starts_with("ARN")) {
            CHECK_FALSE(compiled.has_value());
        } else {
            REQUIRE(compiled.has_value());
            CHECK_FALSE(compiled->matches(name));
        }
    }
}

TEST_CASE("wildcards stay inside their segment", "[iam_pattern]") {
    CHECK(resource("arn:a*b:s:r:c:x", "arn:a-b:s:r:c:x"));
    CHECK(resource("arn:a*b:s:r:c:x", "arn:ab:s:r:c:x"));
    CHECK_FALSE(resource("arn:a*b:s:r:c:x", "arn:a:b:s:r:c:x"));
    CHECK_FALSE(resource("arn:a*b:s:r:c:x", "arn:a::b:s:r:c:x"));
    CHECK_FALSE(resource("arn:*b:s:r:c:x", "arn:a:b:s:r:c:x"));
    CHECK(resource("arn:a?b:s:r:c:x", "arn:a-b:s:r:c:x"));
    CHECK_FALSE(resource("arn:a?b:s:r:c:x", "arn:a:b:s:r:c:x"));
    CHECK_FALSE(resource("arn:a?:s:r:c:x", "arn:a::s:r:c:x"));
    CHECK_FALSE(resource("arn:aws:s:*1:c:x", "arn:aws:s:r:1:c:x"));
}

TEST_CASE("a star at the end of a segment may run past the colon", "[iam_pattern]") {
    CHECK(resource("arn:a*:s:r:c:x", "arn:a:b:s:r:c:x"));
    CHECK(resource("arn:*:s:r:c:x", "arn:a:b:c:s:r:c:x"));
    CHECK(resource("arn:a**:s:r:c:x", "arn:a:b:s:r:c:x"));
    CHECK(resource("arn:a?*:s:r:c:x", "arn:ab:c:s:r:c:x"));
    CHECK_FALSE(resource("arn:a*?:s:r:c:x", "arn:ab:c:s:r:c:x"));
    CHECK_FALSE(resource("arn:a*:s:r:c:x", "arn:b:a:s:r:c:x"));
    CHECK_FALSE(resource("arn:a*:s:r:c:x", "arn:a:s:r:c"));
    CHECK(resource("arn:*:b*c:r:c:x", "arn:q:b:c:b-c:r:c:x"));
}

TEST_CASE("wildcards of the resource stand for any characters", "[iam_pattern]") {
    CHECK(resource("arn:p:s:r:c:x/*/z", "arn:p:s:r:c:x/a/b/z"));
    CHECK(resource("arn:p:s:r:c:x/*/z", "arn:p:s:r:c:x//z"));
    CHECK(resource("arn:p:s:r:c:x*", "arn:p:s:r:c:x"));
    CHECK(resource("arn:p:s:r:c:x*z", "arn:p:s:r:c:xy:z"));
    CHECK(resource("arn:p:s:r:c:x?z", "arn:p:s:r:c:x/z"));
    CHECK(resource("arn:p:s:r:c:x?z", "arn:p:s:r:c:x:z"));
    CHECK(resource("arn:p:s:r:c:a:*z", "arn:p:s:r:c:a:b:z"));
    CHECK_FALSE(resource("arn:p:s:r:c:x?", "arn:p:s:r:c:x"));
    CHECK_FALSE(resource("arn:p:s:r:c:x?", "arn:p:s:r:c:xyz"));
    CHECK_FALSE(resource("arn:p:s:r:c:x/*/z", "arn:p:s:r:c:x/z"));
}

TEST_CASE("a question mark stands for one character of UTF-8", "[iam_pattern]") {
    CHECK(resource("arn:p:s:r:c:x?z", "arn:p:s:r:c:x\xe2\x82\xacz"));
    CHECK_FALSE(resource("arn:p:s:r:c:x??z", "arn:p:s:r:c:x\xe2\x82\xacz"));
    CHECK(resource("arn:p?q:s:r:c:x", "arn:p\xc3\xa9q:s:r:c:x"));
    CHECK(resource("arn:p:s:r:c:x\xc3\xa9", "arn:p:s:r:c:x\xc3\xa9"));
}

TEST_CASE("bytes that no UTF-8 has are no wildcards", "[iam_pattern]") {
    CHECK_FALSE(resource("arn:p:s:r:c:*x", "arn:p:s:r:c:y\xff"));
    CHECK_FALSE(resource("arn:p:s:r:c:?x", "arn:p:s:r:c:\xfd"));
    CHECK_FALSE(resource("arn:p:s:r:c:?", "arn:p:s:r:c:"));
    CHECK_FALSE(resource("arn:p*q:s:r:c:x", "arn:p:\xfe"
                                            "q:s:r:c:x"));
    CHECK_FALSE(resource("arn:p?q:s:r:c:x", "arn:p:q:s:r:c:x"));
}

TEST_CASE("nothing behind the end of the name counts", "[iam_pattern]") {
    std::string_view const longer = "arn:p:s:r:c:x\x80";
    CHECK(resource("arn:p:s:r:c:?", longer.substr(0, longer.size() - 1)));
    CHECK_FALSE(resource("arn:p:s:r:c:x?*", longer.substr(0, longer.size() - 1)));
    CHECK_FALSE(resource("arn:p:s:r:c:?*", "arn:p:s:r:c:"));
    CHECK_FALSE(resource("arn:p:s:r:c:xy*", std::string_view("arn:p:s:r:c:xyz").substr(0, 13)));
}

TEST_CASE("a lone star matches everything", "[iam_pattern]") {
    CHECK(resource("*", ""));
    CHECK(resource("*", "a:b"));
    CHECK(resource("*", name));
}

TEST_CASE("a resource pattern that could never match is refused", "[iam_pattern]") {
    for (char const* const text :
         {"", "**", "?", "arn", "arn:", "arn:aws:execute-api:*", "arn:aws:execute-api:r:c", "local/prod/*",
          "*:*:*:*:*:*", "ar?:aws:execute-api:r:c:x", "Arn:p:s:r:c:x", " arn:p:s:r:c:x", "arn:*", "prod:p:s:r:c:x",
          "arn:p:s:r:c:\xff", "arn:p:s:r:c:\x80"}) {
        INFO(text);
        CHECK_FALSE(iam_pattern::for_resources(text).has_value());
    }
    CHECK(iam_pattern::for_resources("arn:::::").has_value());
}

TEST_CASE("matching agrees with trying every split", "[iam_pattern]") {
    test::random_source random;
    auto const next = [&](std::size_t bound) { return random.below(bound); };
    std::string_view const pattern_letters = "aab:**?:";
    std::string_view const name_letters = "aab:b";
    std::size_t matched = 0;
    for (int round = 0; round < 60000; ++round) {
        std::string pattern = "arn:";
        std::string text = "arn:";
        for (std::size_t left = next(12); left > 0; --left) pattern += pattern_letters[next(8)];
        for (std::size_t left = next(14); left > 0; --left) text += name_letters[next(5)];
        while (std::count(pattern.begin(), pattern.end(), ':') < 5) {
            pattern += next(2) == 0 ? ":" : "*:";
            if (next(3) != 0) text += next(2) == 0 ? ":" : "a:";
        }
        std::string collapsed; // the plain matcher looks at one character behind a star only
        for (char const c : pattern) {
            if (c != '*' || !collapsed.ends_with('*')) collapsed += c;
        }
        bool const expected = plain_match(collapsed, text, 0);
        bool const actual = resource(pattern, text);
        matched += expected ? 1u : 0u;
        if (actual != expected) {
            INFO(pattern << " on " << text);
            REQUIRE(actual == expected);
        }
    }
    CHECK(matched > 1000);
}

TEST_CASE("many stars don't take long", "[iam_pattern]") {
    std::string pattern = "arn:p:s:r:c:";
    for (int i = 0; i < 200; ++i) pattern += "*a";
    pattern += "*b";
    CHECK_FALSE(resource(pattern, "arn:p:s:r:c:" + std::string(2000, 'a')));
    std::string inner = "arn:";
    for (int i = 0; i < 100; ++i) inner += "*a";
    inner += "b:s:r:c:*";
    CHECK_FALSE(resource(inner, "arn:" + std::string(2000, 'a') + ":s:r:c:x"));
}

}
