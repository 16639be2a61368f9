// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/dialect/extensions.hpp>

#include "support/catch.hpp"
#include "support/router_fixture.hpp"

#include <backchannel/auth/allow_all.hpp>

#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace dialect_extensions_tests {

using namespace backchannel;

namespace {

using traits = test::still_traits_for<extended_dialect>;

/// Lets everybody in, but to those connections that it knows.
struct choosy {
    std::shared_ptr<std::set<std::string>> forbidden = std::make_shared<std::set<std::string>>();

    auth_decision authorize(request_view const&, operation, std::string_view) const { return auth_decision::allow(); }
    bool permits(request_view const&, principal const&, operation, std::string_view id) const {
        return forbidden->count(std::string{id}) == 0;
    }
};

/// A hub with connection 1 and a router of the dialect.
template <class Auth = allow_all>
struct service : test::router_fixture<Auth, test::direct_transport, traits> {
    using test::router_fixture<Auth, test::direct_transport, traits>::router_fixture;

    static constexpr std::string_view all = "/prod/@connections";
};

/// The same whose Transport knows what has been written. Hub and router have the same clock.
struct timed_service {
    test::test_hub<test::timed_transport> hub;
    session open{hub.open(1)};
    struct moving_traits : traits {
        using clock = test::manual_clock;
    };
    management_router<allow_all, moving_traits> router{*hub.hub, {}, {.stage = "prod"}, hub.clock};
    test::lines answers{};

    [[nodiscard]] std::string path() const { return "/prod/@connections/" + std::string{open.id()}; }
    [[nodiscard]] std::string told(std::string_view method, std::string_view target, std::string_view body) {
        return test::shown(router.handle({.method = method, .target = target, .body = body}).value());
    }
    bool start(std::string_view method, std::string_view body, std::string_view target) {
        return router.async_handle({.method = method, .target = target, .body = body},
                                   [this](response r) { answers.push_back(test::shown(r)); });
    }
};

constexpr std::string_view bad = "400 BadRequestException {\"message\":\"";

}

TEST_CASE("the extensions own what AWS owns, the collection and tags", "[extensions]") {
    service<> s;
    for (std::string const target : {"/prod/@connections", "/prod/@connections?all=true", "/prod/@connections/",
                                     "/prod/%40connections/id", "/prod/@connections/id/tags/a", "/prod//@connections",
                                     "/prod/@connections/id/%74ags/a%3Ab", "/prod/@connections/id/tags/"})
        CHECK(s.router.owns(target));
    for (std::string const target :
         {"/", "/prod", "/dev/@connections", "/dev/@connections/id/tags/a", "/prod/@connections/id/tags",
          "/prod/@connections/id/tags/a/b", "/prod/@connections/id/labels/a", "/prod/@connections//tags/a", "tags/a",
          "/tags/a", "/prod/@connections/id/tags%2Fa"})
        CHECK_FALSE(s.router.owns(target));
}

TEST_CASE("what AWS has is answered as AWS does", "[extensions]") {
    service<> s;
    CHECK(s.told("POST", s.path(), "Hello!") == "200");
    CHECK(s.hub.sent() == test::lines{"send 1 Hello!"});
    CHECK(s.told("DELETE", s.path()) == "204");
    CHECK(s.hub.sent() == test::lines{"close 1 1000 Connection Closed Normally"});
    CHECK(s.told("POST", s.path(), "late") == "410 GoneException {\"message\":\"Gone\"}");
    CHECK(s.told("GET", "/prod/@connections/") == std::string{bad} + "Invalid connectionId: \"}");
    CHECK(s.told("POST", "/prod/@connections/no!id", "x") == std::string{bad} + "Invalid connectionId: no!id\"}");
}

TEST_CASE("GET shows tags and attributes, and of a closed connection how it ended", "[extensions]") {
    test::test_hub<test::direct_transport> hub{{.close_reasons = true}};
    session open = hub.hub->open(1, {"192.0.2.7", "wscat/6", {}, {{"plan", "free \"1\""}, {"empty", ""}}});
    (void)open.tag("room:7");
    management_router<allow_all, traits> router{*hub.hub, allow_all{}, {.stage = "prod"}, test::still()};
    std::string const path = "/prod/@connections/" + std::string{open.id()};
    request_view r;
    r.method = "GET";
    r.target = path;
    std::string const shown = router.handle(r)->body;
    CHECK(shown.find("\"sourceIp\":\"192.0.2.7\"") != std::string::npos);
    CHECK(shown.find("\"tags\":[\"room:7\"],\"attributes\":{\"plan\":\"free \\\"1\\\"\",\"empty\":\"\"}}") !=
          std::string::npos);
    SECTION("by the client") {
        open.closed(4001, "enough");
        CHECK(router.handle(r)->body.find("\"closeCode\":4001,\"reason\":\"enough\",\"closedBy\":\"peer\"}") !=
              std::string::npos);
    }
    SECTION("by a caller") {
        CHECK(hub.hub->close(open.id(), 1012, "restart"));
        CHECK(router.handle(r)->body.find("\"closeCode\":1012,\"reason\":\"restart\",\"closedBy\":\"server\"}") !=
              std::string::npos);
    }
    SECTION("without a reason") {
        open.closed();
        CHECK(router.handle(r)->body.find("\"closeCode\":1006,\"reason\":\"\",\"closedBy\":\"peer\"}") !=
              std::string::npos);
    }
    r.method = "HEAD";
    response const head = *router.handle(r);
    r.method = "GET";
    CHECK(test::shown(head) == test::shown(*router.handle(r))); // a server sends its size only. RFC 9110 9.3.2
}

TEST_CASE("DELETE takes a code, a reason and a last message", "[extensions]") {
    service<> s;
    for (std::string const query : {"code=0", "code=999", "code=1004", "code=1005", "code=1006", "code=1015",
                                    "code=2999", "code=5000", "code=65536", "code=", "code=1e3", "code= 4000"})
        CHECK(s.told("DELETE", s.path() + "?" + query) ==
              std::string{bad} + "code: 1000 to 1003, 1007 to 1014 or 3000 to 4999 is expected\"}");
    CHECK(s.told("DELETE", s.path() + "?code=4000&code=4000").starts_with(std::string{bad} + "code: occurs twice"));
    CHECK(s.told("DELETE", s.path() + "?reason=" + std::string(124, 'r')).starts_with(bad));
    CHECK(s.told("DELETE", s.path() + "?reason=%FF").starts_with(bad));
    CHECK(s.told("DELETE", s.path() + "?reason=%F").starts_with(std::string{bad} + "the query has a bad escape"));
    CHECK(s.hub.sent().empty());

    CHECK(s.told("DELETE", s.path() + "?reason=a+b%20%C3%A4&code=4999", "bye") == "204");
    CHECK(s.hub.sent() == test::lines{"send 1 bye", "close 1 4999 a+b \xC3\xA4"});

    session const second = s.hub.open(2);
    CHECK(s.told("DELETE", std::string{service<>::all} + "/" + std::string{second.id()} + "?code=3000") == "204");
    CHECK(s.hub.sent() == test::lines{"close 2 3000 "}); // the default reason belongs to the default code
}

TEST_CASE("a connection that does not take its last message is not closed", "[extensions]") {
    service<> s;
    for (auto const& [why, answer] : {std::pair{delivery::backpressure, "429 LimitExceededException"},
                                      std::pair{delivery::unknown, "504 GatewayTimeoutException"},
                                      std::pair{delivery::expired, "504 GatewayTimeoutException"}}) {
        s.hub.wire().on_send = [result = why](int, message const&) { return result; };
        CHECK(s.told("DELETE", s.path(), "bye").starts_with(answer));
        CHECK(s.hub.sent() == test::lines{"send 1 bye"});
        CHECK(s.told("GET", s.path()).starts_with("200"));
    }
}

TEST_CASE("POST takes the kind of the message", "[extensions]") {
    service<> s;
    std::string kinds;
    s.hub.wire().on_send = [&](int, message const& m) {
        kinds += m.kind() == message_kind::text ? 't' : 'b';
        return delivery::accepted;
    };
    for (std::string const query : {"", "?type=text", "?type=binary", "?ack=queued", "?X-Amz-Date=x&type=binary"})
        CHECK(s.told("POST", s.path() + query, "x") == "200");
    CHECK(s.told("POST", s.path(), "\xff") == "200");
    CHECK(kinds == "ttbtbb");
    CHECK(s.told("POST", s.path() + "?type=text", "\xff") == std::string{bad} + "type: a text must be valid UTF-8\"}");
    CHECK(s.told("POST", s.path() + "?type=", "x").starts_with(bad));
    CHECK(s.told("POST", s.path() + "?ack=maybe", "x").starts_with(bad));
    CHECK(kinds.size() == 6);
}

TEST_CASE("ack=written and ttl are 501 before anything is sent, where they cannot be kept", "[extensions]") {
    service<> s;
    constexpr std::string_view unsupported = "501 NotImplementedException";
    for (std::string const query : {"?ack=written", "?ttl=1", "?ack=queued&ttl=1"}) {
        CHECK(s.told("POST", s.path() + query, "x").starts_with(unsupported));
        CHECK(s.start("POST", "x", s.path() + query));
        CHECK(s.answers.back().starts_with(unsupported));
    }
    CHECK(s.told("POST", "/prod/@connections?all=true&ttl=1", "x").starts_with(unsupported));
    CHECK(s.hub.sent().empty());
}

TEST_CASE("ack and ttl are read to the letter", "[extensions]") {
    timed_service s;
    for (std::string const query : {"?ttl=0", "?ttl=86401", "?ttl=", "?ttl=1.5", "?ttl=-1", "?ttl=1&ttl=1", "?ack=Written",
                                    "?ack=written&ttl=31", "?ttl=31&ack=written"})
        CHECK(s.told("POST", s.path() + query, "x").starts_with(bad));
    CHECK(s.told("POST", "/prod/@connections?all=true&ack=written", "x").starts_with(bad));
    CHECK(s.hub.sent().empty());
    CHECK(s.told("POST", s.path() + "?ttl=86400", "x") == "200");
    CHECK(s.told("POST", "/prod/@connections?all=true&ttl=1", "x") ==
          R"(200 {"matched":1,"accepted":1,"refused":0,"errors":[]})");
    CHECK(s.hub.sent() == test::lines(2, "send 1 x"));
    // handle() never waits
    CHECK(s.told("POST", s.path() + "?ack=written", "x").starts_with("501 NotImplementedException"));
    CHECK(s.hub.sent().empty());
}

TEST_CASE("ack=written is answered when the message has left, or why it has not", "[extensions]") {
    timed_service s;
    struct row {
        delivery what;
        std::string_view answer;
    };
    for (row const& r :
         {row{delivery::accepted, "200"}, row{delivery::gone, "410 GoneException {\"message\":\"Gone\"}"},
          row{delivery::expired, "504 GatewayTimeoutException "
                                 "{\"message\":\"The message was not sent: its time was over\"}"},
          row{delivery::unknown, "504 GatewayTimeoutException "
                                 "{\"message\":\"It is not known whether the message was sent\"}"}}) {
        auto& waiting = *s.hub.transport.waiting;
        s.answers.clear();
        CHECK(s.start("POST", "x", s.path() + "?ack=written&ttl=2"));
        CHECK(s.answers.empty());
        REQUIRE(waiting.size() == 1);
        auto const told = std::make_unique<completion<delivery>>(std::move(waiting.front()));
        waiting.clear();
        (*told)(r.what);
        REQUIRE(s.answers.size() == 1);
        CHECK(s.answers[0] == r.answer);
    }
    CHECK(s.start("POST", "x", "/prod/@connections/no!id?ack=written"));
    CHECK(s.answers.back() == std::string{bad} + "Invalid connectionId: no!id\"}");
    CHECK(s.start("POST", "x", "/prod/@connections/AAAAAAAAAAAAAAAA?ack=written"));
    CHECK(s.answers.back().starts_with("410 GoneException"));
}

TEST_CASE("PUT and DELETE of a tag", "[extensions]") {
    service<> s;
    CHECK(s.told("PUT", s.path() + "/tags/user%3A42?x=y") == "204");
    CHECK(s.told("PUT", s.path() + "/tags/b") == "204");
    CHECK(s.told("DELETE", s.path() + "/tags/b") == "204");
    CHECK(s.told("DELETE", s.path() + "/tags/b") == "204"); // it has it not, which is what was asked for
    CHECK(s.told("GET", s.path()).find("\"tags\":[\"user:42\"]") != std::string::npos);
    for (std::string const tag : {"", "%20", "%7F", "%C3%A4", "a%", "a%2"})
        CHECK(s.told("PUT", s.path() + "/tags/" + tag).starts_with(std::string{bad} + "tag:"));
    CHECK(s.told("PUT", s.path() + "/tags/" + std::string(64, 't')) == "204");
    CHECK(s.told("PUT", s.path() + "/tags/" + std::string(65, 't')).starts_with(bad));
    for (int i = 0; i != 30; ++i) CHECK(s.told("PUT", s.path() + "/tags/" + std::to_string(i)) == "204");
    CHECK(s.told("PUT", s.path() + "/tags/x") ==
          std::string{bad} + "tag: the connection has as many as it may have\"}");
    CHECK(s.told("GET", s.path() + "/tags/x").starts_with("405"));
    CHECK(test::header_of(*s.ask("GET", s.path() + "/tags/x"), "Allow") == "DELETE, PUT");
    s.open.closed();
    CHECK(s.told("PUT", s.path() + "/tags/late").starts_with("410"));
}

TEST_CASE("a call on the collection has exactly one kind of selector", "[extensions]") {
    service<> s;
    std::string const refusal = std::string{bad}.append("exactly one of id, tag and all=true is expected\"}");
    for (std::string const method : {"POST", "DELETE"})
        for (std::string const query : {"", "?all=false", "?all=true&tag=a", "?all=true&id=x", "?tag=a&id=x", "?x=y"})
            CHECK(s.told(method, std::string{service<>::all} + query, "x") == refusal);
    for (std::string const query : {"?all=1", "?tag=", "?tag=a&tag=b", "?all=true&all=true"})
        CHECK(s.told("POST", std::string{service<>::all} + query, "x").starts_with(bad));
    CHECK(s.hub.sent().empty());
    for (std::string const method : {"PUT", "HEAD", "PATCH"})
        CHECK(test::header_of(*s.ask(method, service<>::all), "Allow") == "DELETE, GET, POST");
}

TEST_CASE("a parameter that may occur once says so, and nothing more if its values are good", "[extensions]") {
    service<> s;
    auto const complaint = [&](std::string_view text) { return std::string{bad}.append(text).append("\"}"); };
    CHECK(s.told("POST", s.path() + "?type=text&type=binary", "x") == complaint("type: occurs twice"));
    CHECK(s.told("POST", s.path() + "?type=text&type=x", "x") ==
          complaint("type: occurs twice; type: text or binary is expected"));
    auto const list = [&](std::string_view query) { return s.told("GET", std::string{service<>::all}.append(query)); };
    CHECK(list("?limit=1&limit=2") == complaint("limit: occurs twice"));
    for (std::string_view const good : {"?events", "?events="}) CHECK(list(good).starts_with("501")); // none are kept
    for (std::string_view const query : {"?events=true", "?events=false", "?events=0"})
        CHECK(list(query) == complaint("events: no value is expected"));
    for (std::string_view const query : {"?events&events", "?events=&events", "?events&events="})
        CHECK(list(query) == complaint("events: occurs twice"));
    CHECK(list("?events&events=1") == complaint("events: occurs twice; events: no value is expected"));
}

TEST_CASE("POST to many reaches each once, and tells of those that were not", "[extensions]") {
    service<choosy> s;
    session second = s.hub.open(2), third = s.hub.open(3);
    for (session const* tagged : {&s.open, &third}) (void)tagged->tag("room:7");
    auto const told = [&](std::string_view query) {
        return s.told("POST", std::string{service<>::all}.append(query), "x");
    };
    CHECK(told("?tag=room:7") == R"(200 {"matched":2,"accepted":2,"refused":0,"errors":[]})");
    CHECK(s.hub.sent() == test::lines{"send 1 x", "send 3 x"});
    std::string const id{second.id()};
    CHECK(told("?id=" + id + "&id=" + id) == R"(200 {"matched":1,"accepted":1,"refused":0,"errors":[]})");
    CHECK(s.hub.sent() == test::lines{"send 2 x"});
    CHECK(told("?tag=nobody") == R"(200 {"matched":0,"accepted":0,"refused":0,"errors":[]})");

    s.hub.wire().on_send = [](int handle, message const&) {
        return handle == 1 ? delivery::backpressure : delivery::accepted;
    };
    third.closed();
    CHECK(told("?all=true") == "200 {\"matched\":2,\"accepted\":1,\"refused\":1,\"errors\":[{\"connectionId\":\"" +
                                   std::string{s.open.id()} + "\",\"error\":\"LimitExceededException\"}]}");
    std::string const gone{third.id()};
    CHECK(told("?id=" + gone) == "200 {\"matched\":1,\"accepted\":0,\"refused\":1,\"errors\":[{\"connectionId\":\"" +
                                     gone + "\",\"error\":\"GoneException\"}]}");
}

TEST_CASE("each target of a batch is asked for by itself", "[extensions]") {
    choosy const auth;
    service<choosy> s{auth};
    session const second = s.hub.open(2);
    auth.forbidden->emplace(s.open.id());
    CHECK(s.told("DELETE", "/prod/@connections?all=true&code=4000") ==
          "200 {\"matched\":2,\"accepted\":1,\"refused\":1,\"errors\":[{\"connectionId\":\"" +
              std::string{s.open.id()} + "\",\"error\":\"AccessDeniedException\"}]}");
    CHECK(s.hub.sent() == test::lines{"close 2 4000 "});
}

namespace {

struct denial_log {
    static inline test::lines seen{};
    void on_denied(auth_decision const&, operation what, std::string_view id) noexcept {
        seen.push_back((what == operation::post ? "POST " : "other ") + std::string{id});
    }
};

struct logging_traits : test::still_traits_for<extended_dialect> {
    using hooks = denial_log;
};

}

TEST_CASE("who may only close connections cannot send by it", "[extensions]") {
    struct may_close {
        auth_decision authorize(request_view const&, operation what, std::string_view) const {
            return what == operation::post ? auth_decision::refuse(auth_error::not_permitted) : auth_decision::allow();
        }
        bool permits(request_view const&, principal const&, operation what, std::string_view) const {
            return what != operation::post;
        }
    };
    denial_log::seen.clear();
    test::router_fixture<may_close, test::direct_transport, logging_traits> s;
    std::string const all{std::string{service<>::all} + "?all=true"};
    std::string const denied = "403 AccessDeniedException {\"message\":\"User:  is not authorized to perform: "
                               "execute-api:ManageConnections on resource: " +
                               resource_arn({.stage = "prod"}, operation::post, s.open.id(), true) + "\"}";
    CHECK(s.told("DELETE", s.path(), "a message") == denied);
    CHECK(s.start("DELETE", "a message"));
    CHECK(s.answers == test::lines{denied});
    CHECK(denial_log::seen == test::lines(2, "POST " + std::string{s.open.id()})); // as of every answer 403
    CHECK(s.told("DELETE", all, "a message").starts_with("200 {\"matched\":1,\"accepted\":0,\"refused\":1,"));
    CHECK(s.hub.sent().empty());
    CHECK(s.told("DELETE", all).starts_with("200 {\"matched\":1,\"accepted\":1,"));
    CHECK(s.hub.sent() == test::lines{"close 1 1000 Connection Closed Normally"});
}

TEST_CASE("an Auth that throws in the middle of a batch refuses that target, and the answer is that of the others",
          "[extensions]") {
    struct throws_once {
        auth_decision authorize(request_view const&, operation, std::string_view) { return auth_decision::allow(); }
        bool permits(request_view const&, principal const&, operation, std::string_view) {
            if (++asked == 2) throw 1;
            return true;
        }
        int asked = 0;
    };
    service<throws_once> s;
    session const second = s.hub.open(2), third = s.hub.open(3);
    CHECK(s.told("POST", "/prod/@connections?all=true", "x") ==
          "200 {\"matched\":3,\"accepted\":2,\"refused\":1,\"errors\":[{\"connectionId\":\"" +
              std::string{second.id()} + "\",\"error\":\"AccessDeniedException\"}]}");
    CHECK(s.hub.sent() == test::lines{"send 1 x", "send 3 x"});
}

TEST_CASE("a list shows and counts what its caller may get, and no other", "[extensions]") {
    choosy const auth;
    service<choosy> s{auth};
    session const second = s.hub.open(2);
    auth.forbidden->emplace(s.open.id());
    std::string const list = s.told("GET", service<>::all);
    CHECK(list.find(s.open.id()) == std::string::npos);
    CHECK(list.find(second.id()) != std::string::npos);
    CHECK(s.told("GET", "/prod/@connections?count=true") == R"(200 {"count":1})");
}

TEST_CASE("paths of another stage are the API's, tags too", "[extensions]") {
    for (std::string const target : {"/dev/@connections/x", "/dev/@connections", "/dev/@connections/x/tags/a"})
        CHECK(extended_dialect::reserves(target));
    for (std::string const target : {"/dev/x", "/dev/x/tags/a", "/tags/a", "/dev/@connections/x/labels/a"})
        CHECK_FALSE(extended_dialect::reserves(target));
}

TEST_CASE("no more refusals are told one by one than the limit", "[extensions]") {
    service<> s;
    s.hub.wire().on_send = [](int, message const&) { return delivery::backpressure; };
    std::vector<session> others;
    for (int i = 0; i != 1100; ++i) others.push_back(s.hub.open(2 + i));
    std::string const answer = s.told("POST", "/prod/@connections?all=true", "x");
    CHECK(answer.starts_with(R"(200 {"matched":1101,"accepted":0,"refused":1101,"errors":[{)"));
    std::size_t told = 0;
    for (auto at = answer.find("connectionId"); at != std::string::npos; at = answer.find("connectionId", at + 1))
        ++told;
    CHECK(told == extended_dialect::max_listed);
}

TEST_CASE("lists have pages, and counts do not", "[extensions]") {
    service<> s;
    session second = s.hub.open(2), third = s.hub.open(3);
    (void)third.tag("a");
    auto const told = [&](std::string_view query) { return s.told("GET", std::string{service<>::all}.append(query)); };
    CHECK(told("?count=true") == R"(200 {"count":3})");
    CHECK(told("?count=true&tag=a") == R"(200 {"count":1})");
    CHECK(told("?tag=a&count=true&limit=1") == R"(200 {"count":1})");
    CHECK(told("?count=false&limit=1").ends_with("],\"cursor\":\"1\"}"));
    CHECK(told("?count=1") == std::string{bad} + "count: true or false is expected\"}");
    CHECK(told("?count=true&count=true").starts_with(std::string{bad} + "count: occurs twice"));
    for (std::string_view const query : {"?count=true&limit=no", "?limit=no&count=true"})
        CHECK(told(query).starts_with(std::string{bad} + "limit:"));
    CHECK(told("?limit=2").find(std::string{second.id()}) != std::string::npos);
    CHECK(told("?limit=2").find(std::string{third.id()}) == std::string::npos);
    CHECK(told("?limit=2").ends_with("],\"cursor\":\"2\"}"));
    CHECK(told("?limit=2&cursor=2").find(std::string{third.id()}) != std::string::npos);
    CHECK(told("?limit=2&cursor=2").ends_with("]}"));
    CHECK(told("?cursor=4294967295") == R"(200 {"connections":[]})");
    CHECK(told("?tag=a").find(std::string{third.id()}) != std::string::npos);
    CHECK(told("?tag=a").find(std::string{second.id()}) == std::string::npos);
    for (std::string const query : {"?limit=0", "?limit=1001", "?limit=", "?cursor=", "?cursor=4294967296", "?tag=%20"})
        CHECK(told(query).starts_with(bad));
}

}
