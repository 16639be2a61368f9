// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// The runnable default: a gateway with signatures, from the command line. `gateway --help` lists the options.

#include "gateway/handlers.hpp"
#include "gateway/how_to_use.hpp"
#include "gateway/local_callers.hpp"
#include "gateway/options.hpp"

#include <backchannel/auth/with_rate_limit.hpp>
#include <backchannel/dialect/extensions.hpp>
#include <backchannel/dialect/yandex.hpp>
#include <backchannel/gateway/gateway.hpp>

#include <asio/signal_set.hpp>

#include <csignal>
#include <iostream>
#include <string>
#include <string_view>

namespace {

using namespace backchannel;

/// Answers GET /metrics on a port of its own, as long as the gateway runs.
class metrics_service {
public:
    template <class Gateway>
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

/// Runs `server` until it is told to stop.
template <class Gateway>
int run(settings const& s, Gateway& server) {
    server.handler().draining = [&server] { return server.draining(); };
    metrics_service metrics{server};
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
    print_how_to_use(s, where);
    std::cout << "listening on " << url << std::endl;

    server.run();
    return 0;
}

/// Serves the first dialect for the callers of `auth`, and Yandex' for those of `tokens` if it is the second.
template <class Dialect, class Auth, class Tokens>
int serve(settings const& s, Auth auth, Tokens tokens) {
    gateway<Auth, default_handler, Dialect> server{s.threads, std::move(auth), default_handler{s.greet, s.echo, s.log},
                                                   s.gateway};
    if (s.dialects.aws() && s.dialects.yandex()) server.template serve<yandex_dialect>(std::move(tokens));
    return run(s, server);
}

template <class Auth, class Tokens>
int serve_aws(settings const& s, Auth auth, Tokens tokens) {
    return s.dialects.extensions ? serve<extended_dialect>(s, std::move(auth), std::move(tokens))
                                 : serve<aws_dialect>(s, std::move(auth), std::move(tokens));
}

}

int main(int argc, char** argv) {
#if defined(SIGPIPE)
    std::signal(SIGPIPE, SIG_IGN); // clients stay when the reader of --log goes
#endif
    settings const s = parse_command_line(argc, argv);
    try {
        auto const tokens = s.dialects.callers();
        if (!s.dialects.aws())
            return s.no_auth ? serve<yandex_dialect>(s, local_callers{}, tokens)
                             : serve<yandex_dialect>(s, tokens, tokens);
        if (s.no_auth) return serve_aws(s, local_callers{}, local_callers{});
        sigv4 auth{static_keys{s.keys}, s.sigv4};
        auto const limited = [&s](auto callers) { return with_rate_limit{std::move(callers), token_buckets{s.rate}}; };
        if (s.policy) return serve_aws(s, limited(with_policy{std::move(auth), *s.policy}), tokens);
        return serve_aws(s, limited(std::move(auth)), tokens);
    } catch (std::exception const& error) {
        std::cerr << "error: " << error.what() << "\n";
        return 1;
    }
}
