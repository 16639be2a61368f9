// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_EXAMPLES_GATEWAY_TLS_HPP
#define BACKCHANNEL_EXAMPLES_GATEWAY_TLS_HPP

#include <asio/ip/tcp.hpp>
#include <asio/signal_set.hpp>

#include <iostream>
#include <memory>
#include <string>
#include <system_error>

#if defined(EXAMPLE_HAS_OPENSSL)

#include <backchannel/gateway/tls.hpp>

#include <CLI/CLI.hpp>

/// The --tls- options.
struct tls_settings {
    backchannel::tls_options options;
    std::shared_ptr<backchannel::tls_context> context; // none: no TLS

    bool enabled() const { return context != nullptr; }

    /// Reads the files, if any were named.
    void read() {
        auto const& o = options;
        if (o.certificate_file.empty() && o.key_file.empty() && o.client_ca_file.empty()) return;
        if (o.certificate_file.empty()) throw CLI::ValidationError{"--tls-certificate", "is missing"};
        if (o.key_file.empty()) throw CLI::ValidationError{"--tls-key", "is missing"};
        std::error_code error;
        std::string problem;
        context = backchannel::tls_context::make(o, error, &problem);
        if (!context) throw CLI::ValidationError{"--tls-certificate, --tls-key, --tls-client-ca", problem};
    }

    template <class Gateway>
    asio::ip::tcp::endpoint listen(Gateway& server, asio::ip::tcp::endpoint const& where,
                                   std::error_code& error) const {
        return context ? server.listen(where, context, error) : server.listen(where, error);
    }

    /// Reads the files anew each time that the signal comes.
    void reload_on(asio::signal_set& hangup) const {
        hangup.async_wait([this, &hangup](std::error_code const& failed, int) {
            if (failed) return;
            std::error_code error;
            std::string problem;
            if (context && !context->reload(error, &problem))
                std::cerr << "the certificates stay as they were: " << problem << "\n";
            else if (context)
                std::cerr << "the certificates were read anew\n";
            reload_on(hangup);
        });
    }
};

#else

/// Built without OpenSSL: there are no --tls- options.
struct tls_settings {
    bool enabled() const { return false; }
    void read() {}

    template <class Gateway>
    asio::ip::tcp::endpoint listen(Gateway& server, asio::ip::tcp::endpoint const& where,
                                   std::error_code& error) const {
        return server.listen(where, error);
    }

    void reload_on(asio::signal_set&) const {}
};

#endif

#endif
