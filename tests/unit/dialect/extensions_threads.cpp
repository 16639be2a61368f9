// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/dialect/extensions.hpp>

#include "support/catch.hpp"
#include "support/router_fixture.hpp"
#include "support/shared_hub.hpp"

#include <backchannel/auth/allow_all.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dialect_extensions_threads_tests {

// Calls that send to connections of other threads, whose answers are those threads'.

using namespace backchannel;
using test::lines;

namespace {

/// Connection 1 lives on loop 1, as 3 does, and 2 on loop 0. The caller's thread has none.
struct service : test::router_fixture<allow_all, test::looping_transport, test::still_traits_for<extended_dialect>> {
    session two{hub.open(2)}, three{hub.open(3)};
    std::set<int> full;

    service() {
        hub.wire().on_send = [this](int h, message const&) {
            return full.contains(h) ? delivery::backpressure : delivery::accepted;
        };
    }
    [[nodiscard]] lines answered() { return std::exchange(answers, {}); }
    [[nodiscard]] std::string refused(session const& s) {
        return "{\"connectionId\":\"" + std::string{s.id()} + "\",\"error\":\"LimitExceededException\"}";
    }
};

constexpr std::string_view everybody = "/prod/@connections?all=true";

}

TEST_CASE("a batch is answered when all threads have answered, and says who was full", "[extensions]") {
    service s;
    s.full = {1};
    CHECK(s.start("POST", "x", std::string{everybody}));
    CHECK(s.hub.sent().empty());
    (void)s.hub.wire().loops[0].run();
    CHECK(s.answers.empty()); // the other loop has not answered
    (void)s.hub.wire().loops[1].run();
    CHECK(s.answered() ==
          lines{"200 {\"matched\":3,\"accepted\":2,\"refused\":1,\"errors\":[" + s.refused(s.open) + "]}"});
    CHECK(s.hub.sent() == lines{"send 2 x", "send 1 x", "send 3 x"});
    CHECK(s.told("GET", s.path()).starts_with("200")); // it is refused, and stays
}

TEST_CASE("those that are waited for take no place among the refusals that are told", "[extensions]") {
    struct all_but_the_last {
        std::shared_ptr<std::string> last = std::make_shared<std::string>();
        auth_decision authorize(request_view const&, operation, std::string_view) const { return auth_decision::allow(); }
        bool permits(request_view const&, principal const&, operation, std::string_view id) const { return id != *last; }
    };
    all_but_the_last const auth;
    test::router_fixture<all_but_the_last, test::looping_transport, test::still_traits_for<extended_dialect>> s{auth};
    std::vector<session> others;
    for (std::size_t i = 0; i != extended_dialect::max_listed; ++i)
        others.push_back(s.hub.open(2 + static_cast<int>(i)));
    *auth.last = others.back().id();
    CHECK(s.start("POST", "x", std::string{everybody}));
    (void)s.hub.run();
    CHECK(s.answers == lines{"200 {\"matched\":1001,\"accepted\":1000,\"refused\":1,\"errors\":[{\"connectionId\":\"" +
                             *auth.last + "\",\"error\":\"AccessDeniedException\"}]}"});
}

TEST_CASE("a last message is taken or refused by the connection's own thread before it is closed", "[extensions]") {
    service s;
    SECTION("one") {
        s.full = {1};
        CHECK(s.start("DELETE", "bye", s.path() + "?code=4001"));
        CHECK(s.hub.run() == 1);
        CHECK(s.answered() == lines{"429 LimitExceededException {\"message\":\"The client's send buffer is full\"}"});
        CHECK(s.hub.sent() == lines{"send 1 bye"});
        CHECK(s.told("GET", s.path()).starts_with("200"));
        s.full = {};
        CHECK(s.start("DELETE", "bye", s.path() + "?code=4001"));
        CHECK(s.told("GET", s.path()).starts_with("200")); // not before the message
        (void)s.hub.run();
        CHECK(s.answered() == lines{"204"});
        CHECK(s.hub.sent() == lines{"send 1 bye", "close 1 4001 "});
    }
    SECTION("many") {
        s.full = {1};
        CHECK(s.start("DELETE", "bye", std::string{everybody} + "&reason=done"));
        (void)s.hub.run();
        CHECK(s.answered() ==
              lines{"200 {\"matched\":3,\"accepted\":2,\"refused\":1,\"errors\":[" + s.refused(s.open) + "]}"});
        CHECK(s.hub.sent() ==
              lines{"send 2 bye", "close 2 1000 done", "send 1 bye", "send 3 bye", "close 3 1000 done"});
    }
    SECTION("one that goes meanwhile") {
        CHECK(s.start("DELETE", "bye", s.path()));
        s.hub.on_loop(1, [&] { s.open.closed(1001); });
        (void)s.hub.run();
        CHECK(s.answered().at(0).starts_with("410 GoneException"));
    }
}

TEST_CASE("a batch whose loop is gone says so", "[extensions]") {
    service s;
    s.hub.wire().on_dispatch = [](int, task) {}; // dropped
    CHECK(s.start("POST", "x", "/prod/@connections?id=" + std::string{s.two.id()}));
    CHECK(s.answered() == lines{"200 {\"matched\":1,\"accepted\":0,\"refused\":1,\"errors\":[{\"connectionId\":\"" +
                                std::string{s.two.id()} + "\",\"error\":\"ServiceUnavailableException\"}]}"});
}

TEST_CASE("batches from many threads reach connections of several loops, and each is answered once", "[threading]") {
    constexpr int threads = 3, rounds = 30;
    test::looped_hub h;
    session two = h.open(2), three = h.open(3);
    management_router<allow_all, test::still_traits_for<extended_dialect>> router{
        h.hub, allow_all{}, {.stage = "prod"}, test::still()};
    std::string const target =
        std::string{"/prod/@connections?id="}.append(two.id()).append("&id=").append(three.id()).append("&id=nobody");
    std::atomic<int> answered{0}, other{0};
    h.start();
    test::at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            router.async_handle({.method = "POST", .target = target, .body = "x"}, [&](response const& r) {
                ++(r.body.starts_with("{\"matched\":3,\"accepted\":2,\"refused\":1,") ? answered : other);
            });
        }
    });
    h.stop();
    CHECK(answered == threads * rounds);
    CHECK(other == 0);
    lines const told = h.told("send ");
    CHECK(std::count(told.begin(), told.end(), "2 x") == threads * rounds);
    CHECK(std::count(told.begin(), told.end(), "3 x") == threads * rounds);
    h.end(2, two);
    h.end(3, three);
}

}
