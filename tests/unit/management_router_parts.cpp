// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/management_router.hpp>

#include "support/catch.hpp"
#include "support/router_fixture.hpp"

#include <backchannel/auth/allow_all.hpp>
#include <backchannel/dialect/resource_arn.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace management_router_parts_tests {

// What a router is put together from: hooks, anything that executes commands, and other routers beside it.

using namespace backchannel;
using test::lines;
using test::shown;

TEST_CASE("Denials are shown to the hooks, with the operation and the id", "[management_router]") {
    struct denial_hooks {
        std::shared_ptr<lines> seen = std::make_shared<lines>();
        void on_denied(auth_decision const& why, operation op, std::string_view id) noexcept {
            seen->push_back(std::to_string(static_cast<int>(why.error)) + " " + std::string{method_of(op)} + " " +
                            std::string{id});
        }
    };
    struct hooked_traits : default_router_traits {
        using hooks = denial_hooks;
    };
    test::test_hub<test::direct_transport> hub;
    denial_hooks hooks;
    management_router<test::fixed_sigv4, hooked_traits> router{
        *hub.hub, test::fixed_sigv4{static_keys{test::example_key()}, {}, test::still()}, {}, {}, hooks};
    request_view r;
    r.method = "DELETE";
    r.target = "/@connections/abc";
    CHECK(router.handle(r)->status == 403);
    CHECK(*hooks.seen == lines{"1 DELETE abc"});
}

TEST_CASE("A router takes anything that executes its commands for a hub", "[management_router]") {
    struct elsewhere {
        lines seen;
        outcome next{};
        void execute(command const& c, completion<outcome> done) {
            seen.push_back(std::to_string(static_cast<int>(c.what)) + " " + std::string{c.id});
            done(next);
        }
    };
    elsewhere hub;
    management_router<allow_all, test::still_traits> router{hub, allow_all{}, {.stage = "prod"}, test::still()};
    auto const told = [&](delivery result, bool malformed = false, bool was_open = false) {
        hub.next = {result, false, malformed};
        if (was_open) hub.next.closed.emplace();
        request_view r;
        r.method = "POST";
        r.target = "/prod/@connections/node-1-abc";
        return shown(*router.handle(r));
    };
    CHECK(told(delivery::accepted) == "200");
    CHECK(hub.seen == lines{"0 node-1-abc"});
    CHECK(told(delivery::gone, false, true) == R"(410 GoneException {"message":"Gone"})");
    CHECK(told(delivery::gone, true) == R"(400 BadRequestException {"message":"Invalid connectionId: node-1-abc"})");
    CHECK(told(delivery::unavailable) == R"(503 ServiceUnavailableException {"message":"Service unavailable"})");
    CHECK(told(delivery::unknown) ==
          R"(504 GatewayTimeoutException {"message":"It is not known whether the message was sent"})");
    CHECK(told(delivery::backpressure).starts_with("429 LimitExceededException"));
}

TEST_CASE("Two routers may serve one hub, each with its own stage and authorizer", "[management_router]") {
    test::test_hub<test::direct_transport> hub;
    auto const open = hub.open(1);
    management_router<allow_all> first{*hub.hub, allow_all{}, {.stage = "one"}};
    management_router second{*hub.hub, test::fixed_sigv4{static_keys{test::example_key()}}, {.stage = "two"}};
    request_view r;
    r.method = "GET";
    std::string target = "/one/@connections/" + std::string{open.id()};
    r.target = target;
    CHECK(first.handle(r)->status == 200);
    CHECK_FALSE(second.handle(r).has_value());
    target = "/two/@connections/" + std::string{open.id()};
    r.target = target;
    CHECK_FALSE(first.handle(r).has_value());
    CHECK(second.handle(r)->status == 403);
}

TEST_CASE("A body that came in its own memory is kept there by the message", "[management_router]") {
    struct keeper {
        shared_message kept{};
        void execute(command const& c, completion<outcome> done) {
            if (c.body != nullptr) kept = c.body->share();
            done({delivery::accepted});
        }
    };
    auto const run = [](auto const& send) {
        keeper hub;
        std::string const text(1000, 'x');
        auto const [memory, status] = send(hub, text);
        CHECK(status == 200);
        CHECK(hub.kept.data() == text);
        CHECK(hub.kept.kind() == message_kind::text);
        return hub.kept.data().data() == memory;
    };
    request_view r;
    r.method = "POST";
    r.target = "/prod/@connections/abc";
    using answered = std::pair<char const*, int>;
    CHECK(run([&](keeper& hub, std::string_view text) -> answered {
        management_router<allow_all> router{hub, allow_all{}, {.stage = "prod"}};
        message_buffer body;
        body.append(text);
        request_view whole = r;
        whole.body = body.data();
        whole.body_memory = &body;
        return {body.data().data(), router.handle(whole)->status};
    }));
    CHECK(run([&](keeper& hub, std::string_view text) -> answered { // what is only a part of the memory is copied
              management_router<allow_all> router{hub, allow_all{}, {.stage = "prod"}};
              message_buffer body;
              body.append(text);
              body.append("behind it");
              request_view part = r;
              part.body = body.data().substr(0, text.size());
              part.body_memory = &body;
              return {nullptr, router.handle(part)->status};
          }) == false);
    CHECK(run([&](keeper& hub, std::string_view text) -> answered {
        management_router<allow_all> router{hub, allow_all{}, {.stage = "prod"}};
        auto incoming = router.begin(r, text.size());
        std::span<char> const room = incoming.room();
        REQUIRE(room.size() >= text.size());
        CHECK(incoming.append(text.substr(0, 400))); // copied there
        CHECK(incoming.room().data() == room.data() + 400);
        std::copy(text.begin() + 400, text.end(), room.begin() + 400);
        CHECK(incoming.append({room.data() + 400, text.size() - 400})); // received there
        int status = 0;
        incoming.finish([&](response const& answer) { status = answer.status; });
        return {room.data(), status};
    }));
}

}
