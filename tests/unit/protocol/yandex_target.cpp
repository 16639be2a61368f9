// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/yandex_target.hpp>

#include "support/catch.hpp"

#include <string>

namespace protocol_yandex_target_tests {

using backchannel::target_form;
using backchannel::protocol::yandex_target;
using kind = yandex_target::kind;

namespace {

std::string const base = "/apigateways/websocket/v1/connections/";

[[nodiscard]] yandex_target parse(std::string const& target) { return yandex_target::parse(target, target_form::raw); }

/// What it is, and which id, on one line.
[[nodiscard]] std::string told(std::string const& target) {
    static constexpr std::string_view names[] = {"foreign", "connection", "send", "other_verb", "invalid"};
    auto const parsed = parse(target);
    return std::string{names[static_cast<std::size_t>(parsed.what())]}.append(" ").append(parsed.id());
}

}

TEST_CASE("every spelling of a connection's target is read", "[yandex_target]") {
    std::string const id = "d20438soh73hn36u5srtfji21qg7eb04b";
    CHECK(told(base + id) == "connection " + id);
    CHECK(told(base + id + "/") == "connection " + id);
    CHECK(told(base + id + "?x=:send") == "connection " + id);
    for (std::string const verb :
         {":send", "/:send", "%3Asend", "%3asend", "/%3Asend", "//:send", ":send/", "/:send/", ":send?a=b", ":%73end"})
        CHECK(told(base + id + verb) == "send " + id);
    CHECK(told("//apigateways//websocket/v1/connections//" + id + ":send") == "send " + id);
    CHECK(told("/%61pigateways/websocket/v1/connections/" + id) == "connection " + id);
    CHECK(told(base + "L0SM9cOFvHcCIhw%3D:send") == "send L0SM9cOFvHcCIhw=");
    CHECK(told(base + "ab%2B%2Fcd:send") == "send ab+/cd");
    CHECK(told(base + "a:b:send") == "send a:b");
}

TEST_CASE("other verbs, ids that are refused, and other paths are told apart", "[yandex_target]") {
    CHECK(told(base + "id:close") == "other_verb id");
    CHECK(told(base + "id:") == "other_verb id");
    CHECK(told(base + "id/:Send") == "other_verb id");
    for (std::string const id :
         {"", "/", ":send", "//", "%", "%2", "%25", "a%00b", "a%5Cb", "..", "%2e%2E", "\xC3\xA4"}) {
        INFO(id);
        CHECK(told(base + id) == "invalid ");
    }
    CHECK(told(base + std::string(50, 'x')) == "connection " + std::string(50, 'x'));
    CHECK(told(base + std::string(51, 'x')) == "invalid ");
    CHECK(told(base + std::string(50, 'x') + ":send") == "send " + std::string(50, 'x'));
    CHECK(told(base + std::string(51, 'x') + ":send") == "invalid ");
    for (std::string const path :
         {"/", "", "apigateways/websocket/v1/connections/x", "/apigateways/websocket/v1/connection/x",
          "/apigateways/websocket/v2/connections/x", "/prod/@connections/x",
          "/x/apigateways/websocket/v1/connections/x", "/apigateways%2Fwebsocket/v1/connections/x"})
        CHECK(told(path) == "foreign ");
    for (std::string const behind : {"id/x", "id/x/:send", "id:send/x", "id:send/:send", "id/:send/x"})
        CHECK(told(base + behind) == "foreign ");
}

TEST_CASE("a target that the server has decoded is not decoded again", "[yandex_target]") {
    auto const parsed = yandex_target::parse(base + "a+b:send", target_form::decoded);
    CHECK(parsed.what() == kind::send);
    CHECK(parsed.id() == "a+b");
    CHECK(yandex_target::parse(base + "a%3Asend", target_form::decoded).what() == kind::invalid);
}

}
