// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/iam_policy.hpp>

#include "support/at_once.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <string_view>

namespace threading_iam_policy_tests {

// A test for each row of docs/threading.md: IAM policies.

using namespace backchannel;
using test::at_once;

namespace {

constexpr int threads = 3;

constexpr std::string_view document = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Action":"execute-api:ManageConnections","Resource":"arn:aws:execute-api:*:*:*/*/POST/*"}]})";

}

TEST_CASE("iam_policy::parse: threads read documents at once", "[threading]") {
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) { wrong += !iam_policy::parse(document) || iam_policy::parse("{}"); });
    CHECK(wrong == 0);
}

TEST_CASE("iam_policy::evaluate, allows: one policy serves all threads", "[threading]") {
    iam_policy const policy = iam_policy::parse(document).policy();
    std::string_view const post = "arn:aws:execute-api:eu-west-1:1:a/prod/POST/@connections/x";
    std::string_view const get = "arn:aws:execute-api:eu-west-1:1:a/prod/GET/@connections/x";
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) {
        for (int i = 0; i != 100; ++i) {
            wrong += !policy.allows({.resource = post}) || policy.allows({.resource = get});
            wrong += policy.evaluate({.resource = get}) != iam_effect::deny_implicit;
        }
    });
    CHECK(wrong == 0);
}

}
