// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/connection_target.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace protocol_connection_target_tests {

using namespace backchannel;
using protocol::connection_target;
using kind = connection_target::kind;

namespace {

[[nodiscard]] kind read(std::string_view target, std::string_view stage = "prod", target_form form = target_form::raw) {
    return connection_target::parse(target, stage, form).what();
}
[[nodiscard]] std::string id_of(std::string_view target, std::string_view stage = "prod",
                                target_form form = target_form::raw) {
    auto const t = connection_target::parse(target, stage, form);
    return t.what() == kind::connection ? std::string{t.id()} : "no connection";
}

}

TEST_CASE("Path and query of a target", "[connection_target]") {
    STATIC_REQUIRE(protocol::path_of("/a?b?c") == "/a");
    STATIC_REQUIRE(protocol::query_of("/a?b?c") == "b?c");
    STATIC_REQUIRE(protocol::path_of("/a") == "/a");
    STATIC_REQUIRE(protocol::query_of("/a").empty());
    STATIC_REQUIRE(protocol::query_of("/a?").empty());
}

TEST_CASE("An id is decoded once, after the path has been split", "[connection_target]") {
    CHECK(id_of("/prod/@connections/R0oX=") == "R0oX=");
    CHECK(id_of("/prod/@connections/R0oX%3D") == "R0oX=");
    CHECK(id_of("/prod/@connections/R0oX%3d") == "R0oX=");
    CHECK(id_of("/prod/%40connections/%52") == "R");
    CHECK(id_of("/prod/@%63onnections/R") == "R");
    CHECK(id_of("/%70rod/@connections/R") == "R");
    CHECK(id_of("/prod/@connections/a%2Fb") == "a/b");
    CHECK(id_of("/prod/@connections/a+b") == "a+b");
    CHECK(id_of("/prod/@connections/a%20b") == "a b");
    CHECK(id_of("/prod/@connections/id?x=/y") == "id");
    CHECK(id_of("/prod/@connections/id/") == "id");
    CHECK(id_of("//prod///@connections//id//") == "id");
    CHECK(id_of("/@connections/id", "") == "id");
    CHECK(id_of("/a/b/@connections/id", "a/b") == "id");
    CHECK(id_of("/a/b/@connections/id", "/a//b/") == "id");
    CHECK(id_of("/prod/@connections/@connections") == "@connections");
    CHECK(id_of("/prod/@connections/...") == "...");
    // where the server has decoded, nothing is decoded again
    CHECK(id_of("/prod/@connections/a=b", "prod", target_form::decoded) == "a=b");
    CHECK(read("/prod/@connections/a%3Db", "prod", target_form::decoded) == kind::invalid);
}

TEST_CASE("Ids with two readings are refused", "[connection_target]") {
    for (std::string_view const id :
         {"%",    "%4",  "%zz", "a%",       "a%4",    "%25", "a%253D", "%5C", "\\",     "%00",  "%1F",
          "\x01", "%7F", "%80", "\xC3\xA9", "%C3%A9", ".",   "..",     "%2e", "%2E%2e", ".%2e", "%0D%0A"}) {
        INFO(id);
        CHECK(read("/prod/@connections/" + std::string{id}) == kind::invalid);
        CHECK(connection_target::parse("/prod/@connections/" + std::string{id}, "prod", target_form::raw).id().empty());
    }
    CHECK(id_of("/prod/@connections/" + std::string(128, 'a')).size() == 128);
    CHECK(read("/prod/@connections/" + std::string(129, 'a')) == kind::invalid);
}

TEST_CASE("Only the configured stage is meant", "[connection_target]") {
    for (std::string_view const target : {"/dev/@connections/id",
                                          "/@connections/id",
                                          "/prod/dev/@connections/id",
                                          "/dev/prod/@connections/id",
                                          "/Prod/@connections/id",
                                          "/prod%2Fdev/@connections/id",
                                          "/prod%/@connections/id",
                                          "/prod%20/@connections/id",
                                          "/pr\xC3\xB6"
                                          "d/@connections/id",
                                          "/prod",
                                          "/prod/",
                                          "/",
                                          "",
                                          "*",
                                          "prod/@connections/id",
                                          "http://h/prod/@connections/id",
                                          "?/prod/@connections/id",
                                          "/prod/@connections/id/more",
                                          "/prod/@Connections/id",
                                          "/prod/connections/id",
                                          "/prod/%2540connections/id"}) {
        INFO(target);
        CHECK(read(target) == kind::foreign);
    }
    CHECK(read("/prod/@connections/id", "") == kind::foreign);
    CHECK(read("/a/@connections/id", "a/b") == kind::foreign);
    CHECK(read("/prod/@connections") == kind::collection);
    CHECK(read("/prod/@connections?x") == kind::collection);
    CHECK(read("/prod/@connections/") == kind::empty_id);
    CHECK(read("/prod/@connections///?x") == kind::empty_id);
    CHECK(read("/@connections/", "") == kind::empty_id);
}

TEST_CASE("Dot segments in front are refused, not resolved", "[connection_target]") {
    for (std::string_view const target :
         {"/./prod/@connections/id", "/prod/./@connections/id", "/dev/../prod/@connections/id",
          "/prod/%2e/@connections/id", "/%2E%2E/prod/@connections/id", "/../@connections/id"})
        CHECK(read(target) == kind::invalid);
    CHECK(read("/prod/@connections/id/.") == kind::foreign);
    CHECK(read("/prod/@connections/id/..") == kind::foreign);
    CHECK(read("/prod/@connections/../id") == kind::foreign);
}

TEST_CASE("Of any stage, the path in front is told", "[connection_target]") {
    auto const read_any = [](std::string_view target) {
        return connection_target::parse_any_stage(target, target_form::raw);
    };
    CHECK(read_any("/a/b/@connections/id").what() == kind::connection);
    CHECK(read_any("/a/b/@connections/id").stage_path() == "/a/b/");
    CHECK(read_any("/@connections/id").stage_path() == "/");
    CHECK(read_any("/%70//@connections/id").stage_path() == "/%70//");
    for (std::string_view const target : {"/a%2Fb/@connections/id", "/a%25/@connections/id", "/%/@connections/id",
                                          "/./@connections/id", "/\xC3\xA9/@connections/id", "/a\\b/@connections/id"})
        CHECK(read_any(target).what() == kind::invalid);
    CHECK(read_any("/a/b").what() == kind::foreign);
}

}
