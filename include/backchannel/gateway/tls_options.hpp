// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_TLS_OPTIONS_HPP
#define BACKCHANNEL_GATEWAY_TLS_OPTIONS_HPP

#include <backchannel/config.hpp>

#include <string>

namespace backchannel::inline BACKCHANNEL_ABI {

enum class tls_version { tls_1_2, tls_1_3 };

/// How a `tls_context` speaks TLS. Everything that is read from files is PEM; where a text is given too, it stands for
/// the file, which is not read then.
struct tls_options {
    std::string certificate_file{}; ///< the server's certificate, followed by those between it and its root
    std::string certificate_text{};

    std::string key_file{}; ///< the certificate's private key, not encrypted
    std::string key_text{};

    /// The roots that clients' certificates lead to. None: clients are not asked for certificates.
    std::string client_ca_file{};
    std::string client_ca_text{};
    /// With roots: whether clients without a certificate are refused. One that leads to none of the roots always is.
    bool require_client_certificate = true;

    tls_version minimum_version = tls_version::tls_1_2;

    /// For TLS 1.2, as `openssl ciphers` knows them; those of TLS 1.3 are all good. By default forward secrecy and
    /// authenticated encryption; the client's order counts, as it knows whether its processor has AES.
    std::string ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
                          "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

    /// Whether clients that come back are spared the full handshake (RFC 8446 section 4.6.1, RFC 5077). Nothing is kept
    /// per client: what is needed is in the ticket, which is good for one hour and sealed with keys that exist in this
    /// process only, until the next reload. Who has these keys can read the TLS 1.2 connections that tickets were given
    /// to. There are no tickets where clients are asked for certificates: these are looked at each time.
    bool session_tickets = true;
};

}

#endif
