// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// A gateway whose application is a backend behind a webhook: what happens to a WebSocket goes there as an event of AWS
// API Gateway's, and the backend answers through the management API. See docs/events.md and event_backend/backend.mjs.
//
//     05_events --backend http://127.0.0.1:3000/ [--listen 127.0.0.1:8080] [--stage prod] [--domain ws.example.org]

#include "event_backend/webhook.hpp"
#include "gateway/credentials.hpp"

#include <backchannel/adapters/boost_json.hpp>
#include <backchannel/gateway/gateway.hpp>

#include <asio/signal_set.hpp>
#include <boost/json/serialize.hpp>

#include <functional>
#include <map>
#include <sstream>

namespace {

using namespace backchannel;

struct forwarded {}; // every route leads to the backend, which is told its key

struct event_handler {
    webhook& backend;
    event_converter const& convert;
    message_router<forwarded> const& routes;
    response_stamp& ids;
    std::map<std::string, connection_state, std::less<>> clients{};
    std::function<std::optional<connection_state>(std::string_view id)> find{};

    bool send(auto&& render) {
        auto const id = ids.next_id();
        return backend.post(
            boost::json::serialize(render(event_moment{system_clocks{}.wall(), {id.data(), id.size()}})));
    }

    connect_answer on_connect(gateway_client& client, request_view const& handshake) {
        header_view const* const agent = find_header(handshake.headers, "User-Agent");
        bool const queued = send([&](event_moment const& at) {
            connection_state const now{at.now, at.now, std::string{client.source_ip()},
                                       std::string{agent == nullptr ? std::string_view{} : agent->value}};
            return convert.connect(client.id(), now, handshake, at);
        });
        return queued ? connect_answer::accept() : connect_answer::refuse(503);
    }

    void on_open(gateway_client& client) {
        if (auto state = find(client.id())) clients.insert_or_assign(std::string{client.id()}, std::move(*state));
    }

    void on_message(gateway_client& client, message const& m) {
        auto const known = clients.find(client.id());
        auto const* const route = routes.select(m);
        if (known == clients.end() || route == nullptr) return;
        bool const queued = send([&](event_moment const& at) {
            return convert.message_received(client.id(), known->second, m, route->key, at);
        });
        if (!queued) client.close(1013, "Try again later");
    }

    void on_disconnect(std::string_view id, std::uint16_t code, std::string_view reason) {
        auto const known = clients.find(id);
        if (known == clients.end()) return;
        if (!send([&](event_moment const& at) { return convert.disconnect(id, known->second, {code, reason}, at); }))
            std::cerr << "the backend missed that " << id << " left\n";
        clients.erase(known);
    }
};

}

int main(int argc, char** argv) try {
    bool const once = argc == 2 && std::string_view{argv[1]} == "--once"; // for a test: start, and end at once
    std::map<std::string, std::string> given{{"--listen", "127.0.0.1:0"}, {"--backend", "http://127.0.0.1:3000/"}};
    for (int i = 1; i + 1 < argc; i += 2) given[argv[i]] = argv[i + 1];
    auto const keys = environment_credentials();
    if (!keys && !once) throw std::runtime_error{"AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"};

    std::string const& listen = given["--listen"];
    std::size_t const colon = listen.rfind(':');
    auto const port = static_cast<unsigned short>(std::stoi(listen.substr(colon + 1)));
    std::string const host = listen.substr(0, colon), stage = given["--stage"], domain = given["--domain"];

    asio::io_context io;
    webhook backend{io, given["--backend"]};
    event_converter convert{{}};
    response_stamp ids;
    message_router<forwarded> routes{"$request.body.action"};
    routes.on("echo", {}).on("whoami", {}).on("leave", {}).on("$default", {});

    gateway_options options{.router = {.stage = stage}};
    if (!domain.empty()) options.router.public_hosts = {domain}; // what callers sign for, behind a proxy
    gateway server{io, sigv4{static_keys{keys.value_or(access_key{"none", "none"})}},
                   event_handler{backend, convert, routes, ids}, options};
    server.handler().find = [&server](std::string_view id) { return server.hub().find(id); };

    std::error_code error;
    auto const where = server.listen({asio::ip::make_address(host), port}, error);
    if (error) throw std::system_error{error};
    std::string const address = (std::ostringstream{} << where).str();
    convert = event_converter{{.domain_name = domain.empty() ? address : domain, .stage = stage}};
    std::cout << "listening on http://" << address << (stage.empty() ? "" : "/" + stage) << std::endl;

    asio::signal_set signals{io};
    if (once) return server.stop(), io.run(), 0;
    signals.add(SIGINT);
    signals.add(SIGTERM);
    signals.async_wait([&](std::error_code const&, int) { server.drain(std::chrono::seconds{5}); });
    io.run();
} catch (std::exception const& problem) {
    std::cerr << "error: " << problem.what() << "\n";
    return 1;
}
