// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/dialect/resource_arn.hpp>

#include "support/catch.hpp"

namespace dialect_resource_arn_tests {

using namespace backchannel;

TEST_CASE("The resource of an operation is its ARN", "[resource_arn]") {
    router_options o;
    CHECK(resource_arn(o, operation::post, "id=") == "arn:aws:execute-api::000000000000:local/POST/@connections/id=");
    o.stage = "prod";
    o.partition = "aws-cn";
    o.region = "cn-north-1";
    o.account = "123456789012";
    o.api_id = "abc";
    CHECK(resource_arn(o, operation::get, "id") ==
          "arn:aws-cn:execute-api:cn-north-1:123456789012:abc/prod/GET/@connections/id");
    CHECK(resource_arn(o, operation::del, "id", true) ==
          "arn:aws-cn:execute-api:cn-north-1:********9012:abc/prod/DELETE/@connections/id");
    o.account = "1234";
    CHECK(resource_arn(o, operation::del, "id", true) ==
          "arn:aws-cn:execute-api:cn-north-1:1234:abc/prod/DELETE/@connections/id");
}

TEST_CASE("Without an id, the resource is all connections together", "[resource_arn]") {
    router_options o;
    CHECK(resource_arn(o, operation::post, "") == "arn:aws:execute-api::000000000000:local/POST/@connections");
    o.stage = "prod";
    o.account = "123456789012";
    CHECK(resource_arn(o, operation::get, {}) == "arn:aws:execute-api::123456789012:local/prod/GET/@connections");
    CHECK(resource_arn(o, operation::put, {}, true) == "arn:aws:execute-api::********9012:local/prod/PUT/@connections");
    CHECK(resource_arn(o, operation::put, "id") == "arn:aws:execute-api::123456789012:local/prod/PUT/@connections/id");
}

TEST_CASE("Operations have the methods of the API", "[resource_arn]") {
    STATIC_REQUIRE(method_of(operation::post) == "POST");
    STATIC_REQUIRE(method_of(operation::get) == "GET");
    STATIC_REQUIRE(method_of(operation::del) == "DELETE");
    STATIC_REQUIRE(method_of(operation::put) == "PUT");
}

}
