// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_EXAMPLES_GATEWAY_HOW_TO_USE_HPP
#define BACKCHANNEL_EXAMPLES_GATEWAY_HOW_TO_USE_HPP

#include "options.hpp"

#include <asio/ip/tcp.hpp>

#include <iostream>
#include <string>

inline std::string url_of(asio::ip::tcp::endpoint const& where, std::string const& stage, bool secure = false) {
    std::string const address = where.address().to_string();
    return (secure ? "https://" : "http://") + (where.address().is_v6() ? "[" + address + "]" : address) + ":" +
           std::to_string(where.port()) + (stage.empty() ? "" : "/" + stage);
}

/// Tells on stderr how to call a gateway that has made its credentials itself.
inline void print_how_to_use(settings const& s, asio::ip::tcp::endpoint const& where) {
    if (s.no_auth) std::cerr << "warning: everybody on this machine can manage connections (--auth none)\n";
    if (!s.random_key && !s.dialects.random_token) return;
    std::cerr << "no credentials were given; these are made for this run:\n\n";
    if (s.random_key) {
        std::string const region = s.gateway.router.region.empty() ? "us-east-1" : s.gateway.router.region;
        std::cerr << "export AWS_ACCESS_KEY_ID=" << s.keys[0].id << " AWS_SECRET_ACCESS_KEY=" << s.keys[0].secret
                  << "\naws apigatewaymanagementapi post-to-connection --endpoint-url "
                  << url_of(where, s.gateway.router.stage, s.tls.enabled()) << " --region " << region
                  << " --cli-binary-format raw-in-base64-out --data 'Hello!' --connection-id ID\n\n";
    }
    if (s.dialects.random_token)
        std::cerr << "curl -H 'Authorization: Bearer " << s.dialects.bearer_token
                  << "' --data '{\"data\":\"SGVsbG8h\"}' " << url_of(where, "", s.tls.enabled())
                  << "/apigateways/websocket/v1/connections/ID:send\n\n";
    std::cerr << "ID is in the X-Connection-Id header of a client's 101 answer"
              << (s.greet ? ", and in its first message" : "; with --greet also in its first message") << ".\n";
}

#endif
