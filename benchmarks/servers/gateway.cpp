// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// gateway PORT [--threads N]   the embedded gateway with all its defaults, signatures included; POST /broadcast sends
//                              the body to everybody

#include "command_line.hpp"

#include <backchannel/gateway/gateway.hpp>

#include <asio/signal_set.hpp>

#include <functional>
#include <iostream>
#include <optional>
#include <string>

namespace {

struct handler {
    std::function<void(backchannel::message const&)> broadcast{};

    void on_open(backchannel::gateway_client& client) {
        (void)client.send({bench::greeting(client.id()), backchannel::message_kind::text});
    }

    std::optional<backchannel::response> on_request(backchannel::request_view const& request) {
        if (request.method != "POST" || request.target != "/broadcast") return std::nullopt;
        broadcast({request.body, backchannel::message_kind::text});
        return backchannel::response{200};
    }
};

}

int main(int argc, char** argv) {
    bench::command_line const given{argc, argv, "[--threads N]"};
    backchannel::sigv4 auth{backchannel::static_keys{std::string{bench::key_id}, std::string{bench::secret}}};
    backchannel::gateway server{
        given.number("--threads", 1), std::move(auth), handler{}, {.router = {.stage = "prod"}}};
    server.handler().broadcast = [&server](backchannel::message const& m) { (void)server.hub().send_tagged({}, m); };
    asio::signal_set signals{server.context(), SIGINT, SIGTERM};
    signals.async_wait([&](std::error_code const&, int) { server.stop(); });

    std::error_code error;
    auto const where = server.listen({asio::ip::address_v4::loopback(), given.port()}, error);
    if (error) return std::cerr << error.message() << "\n", 1;
    bench::tell_port(where.port());
    server.run();
}
