// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// The runnable default: a gateway with signatures, from the command line. `gateway --help` lists the options.

#include "gateway/handlers.hpp"
#include "gateway/local_callers.hpp"
#include "gateway/options.hpp"

#include <backchannel/gateway/gateway.hpp>

#include <asio/signal_set.hpp>

#include <iostream>
#include <string>
#include <string_view>

namespace {

using namespace backchannel;

std::string url_of(asio::ip::tcp::endpoint const& where, std::string const& stage, bool secure = false) {
    std::string const address = where.address().to_string();
    return (secure ? "https://" : "http://") + (where.address().is_v6() ? "[" + address + "]" : address) + ":" +
           std::to_string(where.port()) + (stage.empty() ? "" : "/" + stage);
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

/// Answers GET /metrics on a port of its own, as long as the gateway runs.
template <class Gateway>
class metrics_service {
public:
    explicit metrics_service(Gateway& observed)
        : server_{
              observed.context(),
              nobody{},
              metrics_handler{[&observed] { return observed.metrics(); }, [&observed] { return observed.draining(); }},
              {}} {}

    bool listen(asio::ip::tcp::endpoint const& where) {
        std::error_code error;
        auto const bound = server_.listen(where, error);
        if (error)
            std::cerr << "cannot listen on " << url_of(where, "") << ": " << error.message() << "\n";
        else
            std::cerr << "metrics on " << url_of(bound, "metrics") << "\n";
        return !error;
    }

    void stop() { server_.stop(); }

private:
    gateway<nobody, metrics_handler> server_;
};

template <class Auth>
int serve(settings const& s, Auth auth) {
    using server_type = gateway<Auth, default_handler>;
    server_type server{s.threads, std::move(auth), default_handler{s.greet, s.echo, s.log}, s.gateway};
    server.handler().draining = [&server] { return server.draining(); };
    metrics_service<server_type> metrics{server};
    asio::signal_set signals{server.context(), SIGINT, SIGTERM}, hangup{server.context(), SIGHUP};
    s.tls.reload_on(hangup);
    signals.async_wait([&](std::error_code const& failed, int) {
        if (failed) return;
        hangup.cancel();
        signals.clear(); // a second signal ends the process at once
        server.drain(s.drain_timeout, [&] { metrics.stop(); });
    });
    std::error_code error;
    auto const where = s.tls.listen(server, s.listen, error);
    std::string const url = url_of(where, s.gateway.router.stage, s.tls.enabled());
    if (error) {
        std::cerr << "cannot listen on " << url_of(s.listen, "") << ": " << error.message() << "\n";
        return 1;
    }
    if (s.metrics_listen && !metrics.listen(*s.metrics_listen)) return 1;
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
