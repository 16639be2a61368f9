// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/iam_policy.hpp>

#include "support/catch.hpp"

#include <string>
#include <utility>
#include <vector>

namespace auth_iam_policy_tests {

using backchannel::iam_effect;
using backchannel::iam_policy;
using backchannel::iam_request;

namespace {

std::string const base = "arn:aws:execute-api:eu-west-1:000000000000:local";
std::string const post_x = base + "/prod/POST/@connections/x=";
std::string const get_x = base + "/prod/GET/@connections/x=";
std::string const delete_x = base + "/prod/DELETE/@connections/x=";
std::string const test_x = base + "/test/POST/@connections/x=";

std::string document(std::string const& statements) {
    return R"({"Version":"2012-10-17","Statement":)" + statements + "}";
}

// A policy of one statement that is an Allow on everything but for what is given.
std::string allow_with(std::string const& elements) { return document(R"({"Effect":"Allow",)" + elements + "}"); }

std::string allow_if(std::string const& condition) {
    return allow_with(R"("Action":"*","Resource":"*","Condition":)" + condition);
}

iam_policy load(std::string const& json) {
    auto result = iam_policy::parse(json);
    INFO(json);
    INFO(result.error().message);
    REQUIRE(result);
    return std::move(result).policy();
}

bool allows(std::string const& json, std::string const& resource) { return load(json).allows({.resource = resource}); }

backchannel::iam_policy_error error_of(std::string const& json) {
    auto const result = iam_policy::parse(json);
    INFO(json);
    REQUIRE_FALSE(result);
    CHECK_FALSE(result.error().message.empty());
    CHECK(result.error().line >= 1);
    CHECK(result.error().column >= 1);
    return result.error();
}

bool allows_from(std::string const& condition, std::string_view source_ip) {
    return load(allow_if(condition)).allows({.resource = post_x, .source_ip = source_ip});
}

bool allows_over(std::string const& condition, std::optional<bool> secure) {
    return load(allow_if(condition)).allows({.resource = post_x, .secure_transport = secure});
}

}

TEST_CASE("a policy without statements grants nothing", "[iam_policy]") {
    CHECK(iam_policy().evaluate({.resource = post_x}) == iam_effect::deny_implicit);
    CHECK_FALSE(iam_policy().allows({.resource = post_x}));
    CHECK(iam_request{}.action == "execute-api:ManageConnections");
}

TEST_CASE("the documented policies grant what they say", "[iam_policy]") {
    std::string const posts = allow_with(R"("Action":["execute-api:ManageConnections"],)"
                                         R"("Resource":["arn:aws:execute-api:*:*:*/prod/POST/@connections/*"])");
    CHECK(allows(posts, post_x));
    CHECK_FALSE(allows(posts, get_x));
    CHECK_FALSE(allows(posts, delete_x));
    CHECK_FALSE(allows(posts, test_x));
    CHECK_FALSE(allows(posts, base + "/prod/POST/@connections"));
    CHECK(allows(posts, base + "/prod/POST/@connections/{connectionId}"));

    std::string const stage =
        allow_with(R"("Action":"execute-api:ManageConnections",)"
                   R"("Resource":"arn:aws:execute-api:eu-west-1:000000000000:local/prod/*/@connections/*")");
    CHECK(allows(stage, post_x));
    CHECK(allows(stage, get_x));
    CHECK(allows(stage, delete_x));
    CHECK_FALSE(allows(stage, test_x));

    std::string const everything = allow_with(R"("Action":"execute-api:*","Resource":"arn:aws:execute-api:*:*:*")");
    CHECK(allows(everything, post_x));
    CHECK(allows(everything, test_x));
    CHECK_FALSE(allows(everything, "arn:aws:s3:eu-west-1:000000000000:local/prod"));
}

TEST_CASE("a policy may have a list of statements, an Id and Sids", "[iam_policy]") {
    auto const policy = load(R"({
      "Version": "2012-10-17",
      "Id": "some policy",
      "Statement": [
        {"Sid": "Posts", "Effect": "Allow", "Action": "execute-api:ManageConnections",
         "Resource": "arn:aws:execute-api:*:*:*/prod/POST/*"},
        {"Sid": "", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"},
        {"Effect": "Allow", "Action": ["s3:PutObject", "execute-api:ManageConnections"],
         "Resource": ["arn:aws:s3:::bucket/*", "arn:aws:execute-api:*:*:*/prod/GET/*"]}
      ]})");
    CHECK(policy.allows({.resource = post_x}));
    CHECK(policy.allows({.resource = get_x}));
    CHECK_FALSE(policy.allows({.resource = delete_x}));
    CHECK(policy.allows({.action = "s3:getobject", .resource = "arn:aws:s3:::bucket/key"}));
    CHECK_FALSE(policy.allows({.action = "s3:DeleteObject", .resource = "arn:aws:s3:::bucket/key"}));
}

TEST_CASE("any Deny that applies wins, wherever it stands", "[iam_policy]") {
    std::string const allow = R"({"Effect":"Allow","Action":"*","Resource":"*"})";
    std::string const deny = R"({"Effect":"Deny","Action":"*","Resource":"arn:*:*:*:*:*/DELETE/*"})";
    for (auto const& json : {document('[' + allow + ',' + deny + ']'), document('[' + deny + ',' + allow + ']')}) {
        auto const policy = load(json);
        CHECK(policy.evaluate({.resource = post_x}) == iam_effect::allow);
        CHECK(policy.evaluate({.resource = delete_x}) == iam_effect::deny_explicit);
        CHECK(policy.allows({.resource = post_x}));
        CHECK_FALSE(policy.allows({.resource = delete_x}));
    }
    auto const policy = load(document(deny));
    CHECK(policy.evaluate({.resource = post_x}) == iam_effect::deny_implicit);
    CHECK(policy.evaluate({.resource = delete_x}) == iam_effect::deny_explicit);
    CHECK_FALSE(policy.allows({.resource = post_x}));
}

TEST_CASE("Action and Resource must both match", "[iam_policy]") {
    auto const policy = load(allow_with(R"("Action":"execute-api:Manage*","Resource":"arn:*:*:*:*:*/POST/*")"));
    CHECK(policy.allows({.resource = post_x}));
    CHECK(policy.allows({.action = "EXECUTE-API:MANAGECONNECTIONS", .resource = post_x}));
    CHECK_FALSE(policy.allows({.action = "execute-api:Invoke", .resource = post_x}));
    CHECK_FALSE(policy.allows({.resource = get_x}));
    CHECK_FALSE(policy.allows({.action = "execute-api:Invoke", .resource = get_x}));
    CHECK_FALSE(policy.allows({.action = "", .resource = post_x}));
    CHECK_FALSE(policy.allows({.resource = ""}));
}

TEST_CASE("NotAction and NotResource are the complements", "[iam_policy]") {
    auto const not_action = load(allow_with(R"("NotAction":["s3:*","execute-api:Invoke"],"Resource":"*")"));
    CHECK(not_action.allows({.resource = post_x}));
    CHECK_FALSE(not_action.allows({.action = "s3:GetObject", .resource = post_x}));
    CHECK_FALSE(not_action.allows({.action = "execute-api:invoke", .resource = post_x}));

    std::string const resources = R"(["arn:*:*:*:*:*/test/*","arn:*:*:*:*:*/DELETE/*"])";
    auto const not_resource = load(allow_with(R"("Action":"*","NotResource":)" + resources));
    CHECK(not_resource.allows({.resource = post_x}));
    CHECK_FALSE(not_resource.allows({.resource = test_x}));
    CHECK_FALSE(not_resource.allows({.resource = delete_x}));

    auto const deny =
        load(document(R"([{"Effect":"Allow","Action":"*","Resource":"*"},)"
                      R"({"Effect":"Deny","NotAction":"execute-api:*","NotResource":"arn:*:*:*:*:*/x"}])"));
    CHECK(deny.evaluate({.resource = post_x}) == iam_effect::allow);
    CHECK(deny.evaluate({.action = "s3:Get", .resource = post_x}) == iam_effect::deny_explicit);
    CHECK(deny.evaluate({.action = "s3:Get", .resource = base + "/x"}) == iam_effect::allow);
}

TEST_CASE("IpAddress asks for a source in one of its blocks", "[iam_policy]") {
    std::string const one = R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})";
    CHECK(allows_from(one, "10.1.2.3"));
    CHECK(allows_from(one, "::ffff:10.1.2.3"));
    CHECK(allows_from(one, "0000:0000:0000:0000:0000:ffff:0a01:0203"));
    CHECK_FALSE(allows_from(one, "11.1.2.3"));
    CHECK_FALSE(allows_from(one, "2001:db8::1"));
    CHECK_FALSE(allows_from(one, ""));
    CHECK_FALSE(allows_from(one, "unix:/run/socket"));
    CHECK_FALSE(allows_from(one, "10.1.2.3:80"));

    std::string const several = R"({"IpAddress":{"AWS:sourceip":["192.0.2.7","203.0.113.0/24","2001:db8::/32"]}})";
    CHECK(allows_from(several, "192.0.2.7"));
    CHECK(allows_from(several, "203.0.113.200"));
    CHECK(allows_from(several, "2001:DB8:1::2"));
    CHECK_FALSE(allows_from(several, "192.0.2.8"));
    CHECK_FALSE(allows_from(several, "2001:db9::"));

    std::string const mapped = R"({"IpAddress":{"aws:SourceIp":"::ffff:10.0.0.0/104"}})";
    CHECK(allows_from(mapped, "10.1.2.3"));
    CHECK_FALSE(allows_from(mapped, "11.1.2.3"));
}

TEST_CASE("NotIpAddress asks for a source in none of its blocks", "[iam_policy]") {
    std::string const several = R"({"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","2001:db8::/32"]}})";
    CHECK(allows_from(several, "192.0.2.7"));
    CHECK(allows_from(several, "2001:db9::1"));
    CHECK_FALSE(allows_from(several, "10.0.0.1"));
    CHECK_FALSE(allows_from(several, "::ffff:10.0.0.1"));
    CHECK_FALSE(allows_from(several, "2001:db8::1"));
    // without a source the negated operator is true
    CHECK(allows_from(several, ""));
    CHECK(allows_from(several, "nowhere"));

    auto const deny = load(document(R"([{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*",)"
                                    R"("Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}])"));
    CHECK(deny.evaluate({.resource = post_x, .source_ip = "10.0.0.1"}) == iam_effect::allow);
    CHECK(deny.evaluate({.resource = post_x, .source_ip = "11.0.0.1"}) == iam_effect::deny_explicit);
    CHECK(deny.evaluate({.resource = post_x}) == iam_effect::deny_explicit);
}

TEST_CASE("Bool asks for a transport of its kind", "[iam_policy]") {
    for (char const* const condition :
         {R"({"Bool":{"aws:SecureTransport":"true"}})", R"({"Bool":{"aws:SecureTransport":true}})",
          R"({"Bool":{"AWS:SECURETRANSPORT":["true"]}})"}) {
        INFO(condition);
        CHECK(allows_over(condition, true));
        CHECK_FALSE(allows_over(condition, false));
        CHECK_FALSE(allows_over(condition, std::nullopt));
    }
    for (char const* const condition :
         {R"({"Bool":{"aws:SecureTransport":"false"}})", R"({"Bool":{"aws:SecureTransport":false}})"}) {
        INFO(condition);
        CHECK_FALSE(allows_over(condition, true));
        CHECK(allows_over(condition, false));
        CHECK_FALSE(allows_over(condition, std::nullopt));
    }
    std::string const either = R"({"Bool":{"aws:SecureTransport":["true",false]}})";
    CHECK(allows_over(either, true));
    CHECK(allows_over(either, false));
    CHECK_FALSE(allows_over(either, std::nullopt));
}

TEST_CASE("every operator of a Condition must hold", "[iam_policy]") {
    auto const policy = load(allow_if(R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},)"
                                      R"("NotIpAddress":{"aws:SourceIp":"10.9.0.0/16"},)"
                                      R"("Bool":{"aws:SecureTransport":"true"}})"));
    CHECK(policy.allows({.resource = post_x, .source_ip = "10.1.0.1", .secure_transport = true}));
    CHECK_FALSE(policy.allows({.resource = post_x, .source_ip = "10.1.0.1", .secure_transport = false}));
    CHECK_FALSE(policy.allows({.resource = post_x, .source_ip = "10.9.0.1", .secure_transport = true}));
    CHECK_FALSE(policy.allows({.resource = post_x, .source_ip = "11.1.0.1", .secure_transport = true}));
    CHECK_FALSE(policy.allows({.resource = post_x, .secure_transport = true}));
    CHECK_FALSE(policy.allows({.resource = post_x, .source_ip = "10.1.0.1"}));
}

TEST_CASE("where nobody knows whether a request came over TLS, what is denied without TLS is denied", "[iam_policy]") {
    auto const policy = load(document(R"([{"Effect":"Allow","Action":"*","Resource":"*"},)"
                                      R"({"Effect":"Deny","Action":"*","Resource":"*",)"
                                      R"("Condition":{"Bool":{"aws:SecureTransport":"false"}}}])"));
    CHECK(policy.allows({.resource = post_x, .secure_transport = true}));
    CHECK_FALSE(policy.allows({.resource = post_x, .secure_transport = false}));
    CHECK_FALSE(policy.allows({.resource = post_x}));
}

TEST_CASE("a Condition belongs to its statement alone", "[iam_policy]") {
    auto const policy = load(document(R"([{"Effect":"Allow","Action":"*","Resource":"arn:*:*:*:*:*/POST/*"},)"
                                      R"({"Effect":"Allow","Action":"*","Resource":"*",)"
                                      R"("Condition":{"Bool":{"aws:SecureTransport":"true"}}}])"));
    CHECK(policy.allows({.resource = post_x}));
    CHECK_FALSE(policy.allows({.resource = get_x}));
    CHECK(policy.allows({.resource = get_x, .secure_transport = true}));
}

TEST_CASE("what isn't implemented is refused by its name", "[iam_policy]") {
    std::string const rest = R"("Action":"*","Resource":"*")";
    std::vector<std::pair<std::string, std::string>> const table{
        {allow_if(R"({"StringEquals":{"aws:username":"x"}})"), "StringEquals"},
        {allow_if(R"({"IpAddressIfExists":{"aws:SourceIp":"10.0.0.0/8"}})"), "IpAddressIfExists"},
        {allow_if(R"({"BoolIfExists":{"aws:SecureTransport":"true"}})"), "BoolIfExists"},
        {allow_if(R"({"ForAnyValue:IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})"), "ForAnyValue:IpAddress"},
        {allow_if(R"({"ForAllValues:Bool":{"aws:SecureTransport":"true"}})"), "ForAllValues:Bool"},
        {allow_if(R"({"Null":{"aws:SourceIp":"true"}})"), "Null"},
        {allow_if(R"({"ipaddress":{"aws:SourceIp":"10.0.0.0/8"}})"), "ipaddress"},
        {allow_if(R"({"":{"aws:SourceIp":"10.0.0.0/8"}})"), ""},
        {allow_if(R"({"IpAddress":{"aws:VpcSourceIp":"10.0.0.0/8"}})"), "aws:VpcSourceIp"},
        {allow_if(R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/8","aws:VpcSourceIp":"10.0.0.0/8"}})"), "aws:VpcSourceIp"},
        {allow_if(R"({"IpAddress":{"aws:SecureTransport":"true"}})"), "aws:SecureTransport"},
        {allow_if(R"({"Bool":{"aws:SourceIp":"10.0.0.0/8"}})"), "aws:SourceIp"},
        {allow_if(R"({"Bool":{"aws:MultiFactorAuthPresent":"true"}})"), "aws:MultiFactorAuthPresent"},
        {allow_if(R"({"IpAddress":{"aws:SourceIp":"${aws:VpcSourceIp}"}})"), "${aws:VpcSourceIp}"},
        {allow_if(R"({"Bool":{"aws:SecureTransport":"${x}"}})"), "${x}"},
        {allow_with(R"("Action":"*","Resource":"arn:aws:execute-api:*:*:*/${aws:username}/*")"), "${aws:username}"},
        {allow_with(R"("Action":"*","Resource":["*","arn:aws:execute-api:*:*:*/a${*}b"])"), "${*}"},
        {allow_with(R"("Action":"*","NotResource":"arn:aws:execute-api:*:*:*/${open")"), "${open"},
        {allow_with(R"("Action":"execute-api:${x}","Resource":"*")"), "${x}"},
        {document(R"([{"Effect":"Allow","Action":"*","Resource":"*"},{"Extra":1}])"), "Extra"},
        {allow_with(rest + R"(,"Principal":"*")"), "Principal"},
        {allow_with(rest + R"(,"NotPrincipal":{"AWS":"*"})"), "NotPrincipal"},
        {allow_with(rest + R"(,"Comment":"x")"), "Comment"},
        {allow_with(rest + R"(,"condition":{})"), "condition"},
        {R"({"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})", "2008-10-17"},
        {R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})", "2008-10-17"},
        {R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"},"x":1})", "x"},
        {R"({"Version":"2012-10-17 ","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})", "2012-10-17 "},
        {"{}", "2008-10-17"},
        {R"({"version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})", "version"},
    };
    for (auto const& [json, name] : table) {
        INFO(json);
        auto const error = error_of(json);
        CHECK(error.unsupported == name);
        CHECK(error.message.find(name) != std::string::npos);
    }
}

TEST_CASE("what isn't a policy is refused", "[iam_policy]") {
    std::string const good = R"("Action":"*","Resource":"*")";
    for (std::string const& json : std::vector<std::string>{
             "",
             "[]",
             "\"x\"",
             "null",
             "{",
             document("[]"),
             document("{}"),
             document("\"x\""),
             document("[[]]"),
             document("[\"x\"]"),
             document("null"),
             R"({"Version":"2012-10-17"})",
             R"({"Version":20121017,"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})",
             R"({"Version":["2012-10-17"],"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})",
             R"({"Version":"2012-10-17","Id":1,"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})",
             allow_with(good) + "x",
             document('{' + good + '}'),
             document(R"({"Effect":"allow",)" + good + '}'),
             document(R"({"Effect":"ALLOW",)" + good + '}'),
             document(R"({"Effect":"",)" + good + '}'),
             document(R"({"Effect":["Allow"],)" + good + '}'),
             document(R"({"Effect":true,)" + good + '}'),
             allow_with(good + R"(,"Sid":1)"),
             allow_with(good + R"(,"Effect":"Allow")"),
             allow_with(good + R"(,"Action":"*")"),
             allow_with(good + R"(,"Condition":{},"Condition":{})"),
             allow_with(R"("Action":"*")"),
             allow_with(R"("Resource":"*")"),
             allow_with(R"("Action":"*","NotAction":"s3:*","Resource":"*")"),
             allow_with(R"("Action":"*","Resource":"*","NotResource":"*")"),
             allow_with(R"("Action":[],"Resource":"*")"),
             allow_with(R"("Action":"*","Resource":[])"),
             allow_with(R"("Action":1,"Resource":"*")"),
             allow_with(R"("Action":[["*"]],"Resource":"*")"),
             allow_with(R"("Action":["*",null],"Resource":"*")"),
             allow_with(R"("Action":{"a":"*"},"Resource":"*")"),
             allow_with(R"("Action":"*","Resource":null)"),
             allow_with(R"("Action":"","Resource":"*")"),
             allow_with(R"("Action":"ManageConnections","Resource":"*")"),
             allow_with(R"("Action":"*","Resource":"")"),
             allow_with(R"("Action":"*","Resource":"**")"),
             allow_with(R"("Action":"*","Resource":"prod/POST/@connections/*")"),
             allow_with(R"("Action":"*","Resource":"arn:aws:execute-api:*")"),
             allow_with(R"("Action":"*","Resource":["*","arn:aws:execute-api:*:*"])"),
             allow_with(R"("Action":"*","NotResource":"execute-api:*:*:*:*:*")"),
             allow_if("{}"),
             allow_if("[]"),
             allow_if("null"),
             allow_if("\"x\""),
             allow_if(R"({"IpAddress":{}})"),
             allow_if(R"({"IpAddress":[]})"),
             allow_if(R"({"IpAddress":"10.0.0.0/8"})"),
             allow_if(R"({"IpAddress":{"aws:SourceIp":[]}})"),
             allow_if(R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}})"),
             allow_if(R"({"IpAddress":{"aws:SourceIp":"10.*"}})"),
             allow_if(R"({"IpAddress":{"aws:SourceIp":""}})"),
             allow_if(R"({"IpAddress":{"aws:SourceIp":true}})"),
             allow_if(R"({"IpAddress":{"aws:SourceIp":["::1",1]}})"),
             allow_if(R"({"IpAddress":{"aws:SourceIp":"::1","AWS:SourceIp":"::2"}})"),
             allow_if(R"({"IpAddress":{"aws:SourceIp":"::1","aws:SourceIp":"::1"}})"),
             allow_if(R"({"IpAddress":{"aws:SourceIp":"::1"},"IpAddress":{"aws:SourceIp":"::1"}})"),
             allow_if(R"({"Bool":{}})"),
             allow_if(R"({"Bool":true})"),
             allow_if(R"({"Bool":{"aws:SecureTransport":[]}})"),
             allow_if(R"({"Bool":{"aws:SecureTransport":"True"}})"),
             allow_if(R"({"Bool":{"aws:SecureTransport":"yes"}})"),
             allow_if(R"({"Bool":{"aws:SecureTransport":1}})"),
             allow_if(R"({"Bool":{"aws:SecureTransport":null}})"),
             allow_if(R"({"Bool":{"aws:SecureTransport":""}})"),
             allow_if(R"({"Bool":{"aws:SecureTransport":["true","x"]}})")}) {
        CHECK(error_of(json).unsupported.empty());
    }
}

TEST_CASE("an error tells its line and column", "[iam_policy]") {
    auto const error = error_of("{\n \"Version\": \"2012-10-17\",\n \"Statement\": {\n  \"Effect\": \"Allow\",\n"
                                "  \"Action\": \"*\", \"Resource\": \"*\",\n"
                                "  \"Condition\": { \"StringLike\": {\"a\": \"b\"} }\n }\n}");
    CHECK(error.message == "the condition operator \"StringLike\" is not implemented");
    CHECK(error.line == 6);
    CHECK(error.column == 18);
    auto const broken = error_of("{\n \"Version\": \"2012-10-17\",\n}");
    CHECK(broken.message == "the name of a member is expected");
    CHECK(broken.line == 3);
    CHECK(broken.column == 1);
    auto const resource = error_of(allow_with(R"("Action":"*","Resource":"arn:aws:execute-api:*")"));
    CHECK(resource.message.find("can never match") != std::string::npos);
    CHECK(resource.message.find("\"arn:aws:execute-api:*\"") != std::string::npos);
}

TEST_CASE("a policy cut short anywhere is refused", "[iam_policy]") {
    std::string const json = allow_if(R"({"IpAddress":{"aws:SourceIp":["10.0.0.0/8"]}})");
    REQUIRE(iam_policy::parse(json));
    for (std::size_t length = 0; length < json.size(); ++length) {
        INFO(length);
        CHECK_FALSE(iam_policy::parse(json.substr(0, length)));
    }
}

TEST_CASE("a policy can be copied and outlives its text", "[iam_policy]") {
    iam_policy copy;
    {
        std::string json = allow_with(R"("Action":"*","Resource":"arn:*:*:*:*:*/POST/*")");
        auto const result = iam_policy::parse(json);
        REQUIRE(result);
        copy = result.policy();
        json.assign(json.size(), 'x');
    }
    CHECK(copy.allows({.resource = post_x}));
    CHECK_FALSE(copy.allows({.resource = get_x}));
}

}
