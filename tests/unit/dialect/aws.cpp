// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/dialect/aws.hpp>

#include "support/capture.hpp"
#include "support/catch.hpp"
#include "support/http_answer.hpp"
#include "support/test_hub.hpp"

#include <backchannel/auth/allow_all.hpp>
#include <backchannel/management_router.hpp>
#include <backchannel/protocol/json_value.hpp>
#include <backchannel/protocol/parse_iso8601.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dialect_aws_tests {

using namespace backchannel;
using protocol::json_kind;
using protocol::json_value;
using test::shown;

namespace {

/// The description of the API in tests/data, and whether answers keep to it.
class description {
public:
    description() {
        auto const text = test::read_file(std::string{BACKCHANNEL_TEST_DATA} + "/connections_openapi.json");
        REQUIRE(text.has_value());
        auto parsed = protocol::parse_json(*text);
        REQUIRE(parsed);
        root_ = std::move(*parsed.value);
    }

    /// What is wrong with an answer; empty if the description has it.
    [[nodiscard]] std::string problem_of(std::string_view method, response const& r) const {
        json_value const* node = &root_;
        for (std::string_view const step : {std::string_view{"paths"}, std::string_view{"/@connections/{connectionId}"},
                                            method, std::string_view{"responses"}}) {
            node = node->find(step);
            REQUIRE(node != nullptr);
        }
        node = node->find(std::to_string(r.status));
        if (node == nullptr) return "status " + std::to_string(r.status) + " is not described";
        json_value const* const content = node->find("content");
        if (content == nullptr) return r.body.empty() ? std::string{} : "there is a body";
        json_value const* const media = content->find(r.headers.find("content-type").value_or(std::string_view{}));
        if (media == nullptr) return "content type";
        auto const body = protocol::parse_json(r.body);
        if (!body) return "body is no JSON: " + body.error.message;
        return problem_of(*body.value, *media->find("schema"), "body");
    }

private:
    [[nodiscard]] std::string problem_of(json_value const& value, json_value const& schema, std::string where) const {
        if (json_value const* const reference = schema.find("$ref")) {
            std::string_view const name = std::string_view{reference->text}.substr(sizeof "#/components/schemas/" - 1);
            return problem_of(value, *root_.find("components")->find("schemas")->find(name), where);
        }
        std::string const& type = schema.find("type")->text;
        if (type == "string") {
            if (value.kind != json_kind::string) return where + " is no string";
            json_value const* const format = schema.find("format");
            bool const bad_date = format != nullptr && !protocol::parse_iso8601(value.text);
            return bad_date ? where + " is no date-time" : std::string{};
        }
        REQUIRE(type == "object"); // nothing else is used
        if (value.kind != json_kind::object) return where + " is no object";
        for (auto const& member : value.members) {
            json_value const* const inner = schema.find("properties")->find(member.name);
            if (inner == nullptr) return where + " has an undescribed member " + member.name;
            if (auto problem = problem_of(member.value, *inner, where + "." + member.name); !problem.empty())
                return problem;
        }
        return {};
    }

    json_value root_;
};

struct served {
    test::test_hub<test::direct_transport> hub;
    session open;
    management_router<allow_all> router;

    explicit served(bool described, hub_options o = {})
        : hub{o}, open{hub.open(1, {"192.0.2.7", "wscat/6", {}})}, router{*hub.hub,
                                                                          allow_all{},
                                                                          {.stage = "prod",
                                                                           .openapi_description = described}} {}

    [[nodiscard]] response ask(std::string_view method, std::string_view id, std::string_view body = {}) {
        std::string const target = "/prod/@connections/" + std::string{id};
        request_view r;
        r.method = method;
        r.target = target;
        r.body = body;
        return router.handle(r).value();
    }
};

constexpr std::string_view never = "AAAAAAAAAAAAAAAA";

}

TEST_CASE("The dialect reads what a request line asks for", "[aws_dialect]") {
    aws_dialect const d{router_options{.stage = "prod"}};
    auto const read = [&](std::string_view method, std::string_view target) {
        return d.read(method, target, target_form::raw);
    };
    CHECK(read("POST", "/prod/@connections/a").what == operation::post);
    CHECK(read("GET", "/prod/@connections/a").what == operation::get);
    CHECK(read("DELETE", "/prod/@connections/a").what == operation::del);
    CHECK_FALSE(read("DELETE", "/prod/@connections/a").refused.has_value());
    CHECK(read("PUT", "/prod/@connections/a").refused == failure::bad_method);
    CHECK(read("GET", "/prod/@connections/").refused == failure::malformed_id);
    CHECK_FALSE(read("GET", "/prod/@connections").ours);
    CHECK_FALSE(read("GET", "/dev/@connections/a").ours);
    CHECK(d.max_body() == 131072);
}

TEST_CASE("The third-party description's answers keep to the description", "[aws_dialect]") {
    description const api;
    served s{true};
    std::string const id{s.open.id()};
    auto const check = [&](std::string_view method, std::string_view asked, std::string_view answer) {
        std::string upper{method};
        for (char& c : upper) c = static_cast<char>(c - 32);
        response const r = s.ask(upper, asked, "x");
        CHECK(shown(r) == answer);
        CHECK(api.problem_of(method, r) == "");
    };
    check("get", id,
          R"(200 {"ConnectedAt":"2026-09-21T14:13:20Z","Identity":{"SourceIp":"192.0.2.7","UserAgent":"wscat/6"},)"
          R"("LastActiveAt":"2026-09-21T14:13:20Z"})");
    check("post", id, "200");
    constexpr std::string_view unknown =
        R"(404 NotFoundException {"Message":"The specified connection does not exist"})";
    for (std::string_view const method : {"get", "post", "delete"}) check(method, never, unknown);
    check("delete", id, "204");
    for (std::string_view const method : {"get", "post", "delete"})
        check(method, id, R"(410 GoneException {"Message":"Gone"})");

    // what is outside of it keeps the form of AWS, with the member's name in capitals
    CHECK(shown(s.ask("PUT", id)) == R"(405 MethodNotAllowedException {"Message":"Method not allowed"})");
    CHECK(shown(s.ask("GET", "short")) == R"(400 BadRequestException {"Message":"Invalid connectionId: short"})");
    CHECK(shown(s.ask("POST", never, std::string(131073, 'x')))
              .starts_with(R"(413 PayloadTooLargeException {"Message":)"));
    s.hub.wire().on_send = [](int, message const&) { return delivery::backpressure; };
    auto const second = s.hub.open(2);
    CHECK(shown(s.ask("POST", second.id(), "x")).starts_with(R"(429 LimitExceededException {"Message":)"));
}

TEST_CASE("The default form is what SDKs read, and not the description's", "[aws_dialect]") {
    description const api;
    served s{false};
    CHECK(api.problem_of("get", s.ask("GET", s.open.id())) != "");
    CHECK(shown(s.ask("GET", never)) == R"(410 GoneException {"message":"Gone"})");
    CHECK(api.problem_of("get", s.ask("GET", never)) != "");
}

TEST_CASE("Of closed ids at least the last 1024 are still known", "[aws_dialect]") {
    served s{true};
    std::vector<std::string> ids;
    for (int i = 0; i != 1500; ++i) {
        session const one = s.hub.open(i + 2);
        ids.emplace_back(one.id());
    }
    for (std::size_t i = ids.size() - 1024; i != ids.size(); ++i) {
        int const status = s.ask("GET", ids[i]).status;
        if (status != 410) CHECK(status == 410);
    }
    CHECK(s.ask("GET", ids.back()).status == 410);
    int const first = s.ask("GET", ids.front()).status;
    CHECK((first == 410 || first == 404)); // no longer promised
}

TEST_CASE("Texts with unusual characters stay JSON", "[aws_dialect]") {
    test::test_hub<test::direct_transport> hub;
    auto const odd = hub.open(1, {"192.0.2.7", "a\"b\\c\n\xC3\xA9\xFF", {}});
    for (bool const described : {false, true}) {
        management_router<allow_all> router{*hub.hub, allow_all{}, {.openapi_description = described}};
        std::string const target = "/@connections/" + std::string{odd.id()};
        request_view r;
        r.method = "GET";
        r.target = target;
        auto const body = protocol::parse_json(router.handle(r)->body);
        REQUIRE(body);
        auto const* const agent =
            body.value->find(described ? "Identity" : "identity")->find(described ? "UserAgent" : "userAgent");
        REQUIRE(agent != nullptr);
        CHECK(agent->text == "a\"b\\c\n\xC3\xA9\xEF\xBF\xBD");
    }
}

}
