// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/mounted_router.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

#include <backchannel/auth/bearer.hpp>
#include <backchannel/dialect/yandex.hpp>
#include <backchannel/protocol/base64.hpp>

namespace gateway_mounted_router_tests {

using namespace test;
using backchannel::bearer;

namespace {

/// Runs a gateway that somebody else has made.
template <class Gateway>
struct while_running {
    Gateway& server;
    unsigned short port;
    std::thread loop;

    explicit while_running(Gateway& g) : server{g} {
        port = open_port(server);
        loop = std::thread{[this] { server.run(); }};
    }
    ~while_running() {
        server.stop();
        loop.join();
    }
};

/// Both APIs, each with a token of its own.
struct two_clouds {
    backchannel::gateway<bearer, scripted_handler> server{std::size_t{1}, bearer{"aws-token"}, scripted_handler{},
                                                          prod()};
    bool const added =
        (server.serve<backchannel::yandex_dialect>(bearer{"yandex-token"}, {.api_id = "d5d0gateway"}), true);
    while_running<decltype(server)> running{server};
    unsigned short port = running.port;
};

[[nodiscard]] std::string yandex_path(std::string_view id, std::string_view verb = {}) {
    return std::string{"/apigateways/websocket/v1/connections/"}.append(id).append(verb);
}
constexpr std::string_view aws_token = "Authorization: Bearer aws-token\r\n";
constexpr std::string_view yandex_token = "Authorization: Bearer yandex-token\r\n";

}

TEST_CASE("two APIs manage the connections of one gateway", "[mounted_router]") {
    two_clouds g;
    auto const opened = test_client{g.port}.ask(upgrade_request());
    CHECK(opened.header("X-Yc-Apigateway-Websocket-Connection-Id").size() == 16);
    CHECK(opened.header("X-Connection-Id") == opened.header("X-Yc-Apigateway-Websocket-Connection-Id"));

    websocket_client client{g.port};
    std::string const id = client.id;
    test_client caller{g.port};
    auto answer = caller.ask(post(yandex_path(id, ":send"), R"({"data":"SGVsbG8h"})", yandex_token));
    CHECK(answer.status == 200);
    CHECK(answer.body == "{}");
    CHECK(answer.header("x-request-id").size() == 36);
    CHECK(client.read_text() == "Hello!");

    answer = caller.ask(post("/prod/@connections/" + id, "Hello, too!", aws_token));
    CHECK(answer.status == 200);
    CHECK(answer.header("x-amzn-RequestId").size() == 36);
    CHECK(client.read_text() == "Hello, too!");

    answer = caller.ask(get(yandex_path(id), yandex_token));
    CHECK(answer.body.find("\"gatewayId\":\"d5d0gateway\"") != std::string::npos);
}

TEST_CASE("a credential of one API opens nothing of the other", "[mounted_router]") {
    two_clouds g;
    websocket_client const client{g.port};
    std::string const id = client.id;
    test_client caller{g.port};
    CHECK(caller.ask(get(yandex_path(id), aws_token)).status == 401);
    CHECK(caller.ask(get("/prod/@connections/" + id, yandex_token)).status == 403);
    CHECK(g.server.metrics().requests_denied[static_cast<std::size_t>(backchannel::auth_error::unknown_principal)] ==
          2);
}

TEST_CASE("the body of a request goes to the router of its path, however it arrives", "[mounted_router]") {
    two_clouds g;
    websocket_client client{g.port};
    std::string const id = client.id;
    test_client caller{g.port};
    std::string const body = "{\"data\":\"" + backchannel::protocol::base64_encode(std::string(131072, 'x')) + "\"}";
    CHECK(caller.ask(post(yandex_path(id, ":send"), body, yandex_token)).status == 200);
    CHECK(client.read_text() == std::string(131072, 'x'));
    CHECK(caller.ask(post("/prod/@connections/" + id, body, aws_token)).status == 413); // longer than AWS takes
    test_client second{g.port};
    second.send_bytewise(post(yandex_path(id, ":send"), R"({"data":"YQ=="})", yandex_token));
    CHECK(second.read_response().status == 200);
    CHECK(client.read_text() == "a");
    auto const refused =
        test_client{g.port}.ask(post(yandex_path(id, ":send"), std::string(400'000, ' '), yandex_token));
    CHECK(refused.status == 400);
    CHECK(refused.body.find("\"code\":3") != std::string::npos);
}

TEST_CASE("paths of an API that a gateway does not serve are the application's", "[mounted_router]") {
    two_clouds both;
    CHECK(test_client{both.port}.ask(get("/dev/@connections/some-id")).status == 403); // another stage

    backchannel::gateway<bearer, scripted_handler, backchannel::yandex_dialect> server{
        std::size_t{1}, bearer{"yandex-token"}, scripted_handler{}, prod()};
    while_running const g{server};
    auto const answer = test_client{g.port}.ask(get("/prod/@connections/some-id"));
    CHECK(answer.body == "GET /prod/@connections/some-id ");
    CHECK(answer.header("x-request-id").size() == 36); // the gateway's own answers follow its first router
    CHECK(test_client{g.port}.ask(get(yandex_path("some-id"), yandex_token)).status == 404);
}

}
