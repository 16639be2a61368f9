// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// The runnable default: a gateway with signatures, from the command line. `gateway --help` lists the options.

#include "gateway/options.hpp"

#include <backchannel/gateway/gateway.hpp>

#include <asio/signal_set.hpp>

#include <iostream>
#include <string>
#include <string_view>

namespace {

using namespace backchannel;

/// Greets, and echoes, if asked to.
struct default_handler {
    bool greet = false, echo = false;

    void on_open(gateway_client& client) {
        if (!greet) return;
        std::string const text = "{\"connectionId\":\"" + std::string{client.id()} + "\"}";
        (void)client.send({text, message_kind::text});
    }

    void on_message(gateway_client& client, message const& m) {
        if (echo && client.send(m) != delivery::accepted) client.close(1013, "Queue limit");
    }

    std::optional<response> on_request(request_view const& request) {
        if (!echo || request.target != "/echo/http") return std::nullopt;
        if (request.method == "GET") return response{200, "text/plain", "echo\n"};
        if (request.method == "POST") return response{200, "application/octet-stream", std::string{request.body}};
        response wrong{405};
        wrong.headers.add("Allow", "GET, POST");
        return wrong;
    }
};

/// --auth none: everybody on this machine, but no web page in a browser on it.
class local_callers {
public:
    void configure(router_options const& options) { public_hosts_ = options.public_hosts; }

    auth_decision authorize(request_view const& request, operation, std::string_view) const {
        for (std::string_view const name : {"Origin", "Sec-Fetch-Site"})
            if (find_header(request.headers, name) != nullptr)
                return auth_decision::refuse(auth_error::not_permitted, "Not for web pages");
        header_view const* const host = find_header(request.headers, "Host");
        if (host == nullptr || !is_known(host->value))
            return auth_decision::refuse(auth_error::not_permitted, "Not for this Host");
        return auth_decision::allow();
    }

private:
    bool is_known(std::string_view authority) const {
        for (std::string const& known : public_hosts_)
            if (equal_ignoring_case(known, authority)) return true;
        auto const bracket = authority.rfind(']');
        auto const colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
        std::string_view host = authority.substr(0, colon);
        if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
        std::error_code error;
        auto const address = asio::ip::make_address(std::string{host}, error);
        return equal_ignoring_case(host, "localhost") || (!error && address.is_loopback());
    }

    std::vector<std::string> public_hosts_;
};

std::string url_of(asio::ip::tcp::endpoint const& where, std::string const& stage) {
    std::string const address = where.address().to_string();
    return "http://" + (where.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(where.port()) +
           (stage.empty() ? "" : "/" + stage);
}

void print_how_to_use(settings const& s, std::string const& url) {
    if (s.no_auth) std::cerr << "warning: everybody on this machine can manage connections (--auth none)\n";
    if (!s.random_key) return;
    std::string const region = s.gateway.router.region.empty() ? "us-east-1" : s.gateway.router.region;
    std::cerr << "no credentials were given; these are made for this run:\n\n"
              << "export AWS_ACCESS_KEY_ID=" << s.keys[0].id << " AWS_SECRET_ACCESS_KEY=" << s.keys[0].secret << "\n"
              << "aws apigatewaymanagementapi post-to-connection --endpoint-url " << url << " --region " << region
              << " --cli-binary-format raw-in-base64-out --data 'Hello!' --connection-id ID\n\n"
              << "ID is in the X-Connection-Id header of a client's 101 answer"
              << (s.greet ? ", and in its first message" : "; with --greet also in its first message") << ".\n";
}

template <class Auth>
int serve(settings const& s, Auth auth) {
    gateway<Auth, default_handler> server{s.threads, std::move(auth), default_handler{s.greet, s.echo}, s.gateway};
    asio::signal_set signals{server.context(), SIGINT, SIGTERM};
    signals.async_wait([&](std::error_code const& failed, int) {
        if (failed) return;
        signals.clear(); // a second signal ends the process at once
        server.stop();
    });
    std::error_code error;
    auto const where = server.listen(s.listen, error);
    std::string const url = url_of(where, s.gateway.router.stage);
    if (error) {
        std::cerr << "cannot listen on " << url_of(s.listen, "") << ": " << error.message() << "\n";
        return 1;
    }
    print_how_to_use(s, url);
    std::cout << "listening on " << url << std::endl;

    server.run();
    return 0;
}

}

int main(int argc, char** argv) {
    settings const s = parse_command_line(argc, argv);
    try {
        if (s.no_auth) return serve(s, local_callers{});
        sigv4 auth{static_keys{s.keys}, s.sigv4};
        if (s.policy) return serve(s, with_policy{std::move(auth), *s.policy});
        return serve(s, std::move(auth));
    } catch (std::exception const& error) {
        std::cerr << "error: " << error.what() << "\n";
        return 1;
    }
}
