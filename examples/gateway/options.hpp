// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_EXAMPLES_GATEWAY_OPTIONS_HPP
#define BACKCHANNEL_EXAMPLES_GATEWAY_OPTIONS_HPP

#include "credentials.hpp"
#include "dialects.hpp"
#include "tls.hpp"

#include <backchannel/auth/token_buckets.hpp>
#include <backchannel/auth/with_policy.hpp>
#include <backchannel/gateway/gateway.hpp>
#if defined(EXAMPLE_HAS_ZLIB)
#include <backchannel/gateway/deflate.hpp>
#endif

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What the command line says.
struct settings {
    asio::ip::tcp::endpoint listen;
    std::optional<asio::ip::tcp::endpoint> metrics_listen;
    std::vector<backchannel::access_key> keys;
    bool random_key = false, no_auth = false, greet = false, echo = false, log = false;
    std::chrono::milliseconds drain_timeout{};
    std::optional<backchannel::iam_policy> policy;
    backchannel::token_bucket_options rate; // without --rate-limit: no limit
    backchannel::sigv4_options sigv4{.candidates = backchannel::sigv4_candidates::all};
    backchannel::gateway_options gateway;
    std::size_t threads = 1;
    tls_settings tls;
    dialect_settings dialects;
};

/// `HOST:PORT`, an IPv6 address in brackets.
inline asio::ip::tcp::endpoint parse_endpoint(std::string const& option, std::string const& text) {
    auto const colon = text.rfind(':');
    std::string host = text.substr(0, colon);
    unsigned port = 0;
    bool good = colon != std::string::npos && colon + 1 != text.size();
    if (good) {
        auto const read = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
        good = read.ec == std::errc{} && read.ptr == text.data() + text.size() && port <= 65535;
    }
    if (host == "localhost") host = "127.0.0.1";
    bool const brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (brackets) host = host.substr(1, host.size() - 2);
    std::error_code error;
    auto const address = asio::ip::make_address(host, error);
    if (!good || error || brackets != address.is_v6())
        throw CLI::ValidationError{option, "expected HOST:PORT (an IPv6 address in brackets), got '" + text + "'"};
    return {address, static_cast<unsigned short>(port)};
}

/// A number of bytes: digits only, so that neither a sign nor an overflow goes unnoticed.
inline CLI::Validator const bytes{[](std::string& text) -> std::string {
                                      std::uint32_t n = 0;
                                      auto const end = text.data() + text.size();
                                      auto const read = std::from_chars(text.data(), end, n);
                                      if (!text.empty() && read.ec == std::errc{} && read.ptr == end && n != 0)
                                          return {};
                                      return "expected a number of bytes from 1 to 4294967295, got '" + text + "'";
                                  },
                                  ""};

/// Seconds, with a fraction if need be.
inline CLI::Option* add_seconds(CLI::App& app, std::string const& name, std::chrono::milliseconds& target,
                                std::string const& text, double least = 0.001) {
    auto const set = [=, &target](double const& seconds) {
        if (!(seconds >= least && seconds <= 1e9)) // no comparison holds for what is not a number
            throw CLI::ValidationError{name, std::string{"expected a number of seconds from "} +
                                                 (least == 0 ? "0" : "0.001") + " to 1e9"};
        target = std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)};
    };
    return app.add_option_function<double>(name, set, text)
        ->type_name("SECONDS")
        ->default_str(std::to_string(std::chrono::duration_cast<std::chrono::seconds>(target).count()));
}

/// `HOST` or `HOST:PORT`, as it stands in a Host header.
inline CLI::Validator const authority{[](std::string& text) -> std::string {
                                          if (backchannel::http1::is_host_and_port(text)) return {};
                                          return "expected HOST or HOST:PORT, got '" + text + "'";
                                      },
                                      ""};

inline CLI::Validator const web_origin{[](std::string& text) -> std::string {
                                           auto const mark = text.find("://");
                                           bool const good =
                                               mark != std::string::npos && mark != 0 &&
                                               backchannel::http1::is_host_and_port(text.substr(mark + 3));
                                           if (good || text == "*") return {};
                                           return "expected SCHEME://HOST[:PORT] or '*', got '" + text + "'";
                                       },
                                       ""};

/// What `read` makes of the file that an option names.
template <class Read>
auto read_named(char const* option, std::string const& path, Read read) {
    try {
        return read(path);
    } catch (std::runtime_error const& error) {
        throw CLI::ValidationError{option, error.what()};
    }
}

inline backchannel::iam_policy read_policy(std::string const& path) {
    auto result = backchannel::iam_policy::parse(read_named("--policy", path, read_file));
    if (!result)
        throw CLI::ValidationError{"--policy", path + ":" + std::to_string(result.error().line) + ":" +
                                                   std::to_string(result.error().column) + ": " +
                                                   result.error().message};
    return std::move(result).policy();
}

/// `PER_SECOND` or `PER_SECOND:BURST`, each at least 1.
inline backchannel::token_bucket_options parse_rate(std::string const& text) {
    auto const number = [&](std::string_view digits) {
        std::uint32_t n = 0;
        auto const end = digits.data() + digits.size();
        auto const read = std::from_chars(digits.data(), end, n);
        if (read.ec != std::errc{} || read.ptr != end || n == 0)
            throw CLI::ValidationError{"--rate-limit", "expected PER_SECOND[:BURST], got '" + text + "'"};
        return n;
    };
    std::string_view const all = text;
    auto const colon = all.find(':');
    if (colon == all.npos) return {.per_second = number(all)};
    return {.per_second = number(all.substr(0, colon)), .burst = number(all.substr(colon + 1))};
}

/// Reads the command line; ends the process for --help, --version (0) and mistakes (2).
inline settings parse_command_line(int argc, char** argv) {
    settings s;
    CLI::App app{"Serves WebSockets, and the API that AWS API Gateway has for them:\n"
                 "POST, GET and DELETE /STAGE/@connections/ID, signed with SigV4;\n"
                 "with --dialect yandex that of Yandex API Gateway."};
    app.set_version_flag("--version", "backchannel gateway " BACKCHANNEL_VERSION);
    app.get_formatter()->column_width(34);

    std::string listen = "127.0.0.1:8080", credentials, auth = "sigv4", candidates = "all", policy;
    std::optional<std::string> rate;
    backchannel::access_key typed;
    std::vector<std::string> proxies;
    std::size_t queue_limit = 0;
    std::string metrics_listen;
    s.drain_timeout = std::chrono::seconds{10};
    backchannel::gateway_options& g = s.gateway;
    g.router.stage = "prod";

    app.add_option("--listen", listen, "address and port; port 0 picks one")
        ->type_name("HOST:PORT")
        ->capture_default_str();
    app.add_option("--stage", g.router.stage, "first segment of the paths; may be empty")->capture_default_str();
    app.add_option("--region", g.router.region, "the only region that signatures may name; default: any");
    app.add_option("--credentials", credentials, "key pairs, in the format of ~/.aws/credentials")->type_name("FILE");
    app.add_option("--access-key", typed.id, "one access key id (default: AWS_ACCESS_KEY_ID)");
    app.add_option("--secret-key", typed.secret, "its secret; anybody can see it in the output of ps");
    app.add_option("--session-token", typed.session_token, "the token that belongs to it");
    app.add_option("--policy", policy, "IAM policy document that every caller must satisfy")->type_name("FILE");
    app.add_option("--rate-limit", rate, "requests that each access key may make; 429 beyond")
        ->type_name("PER_SECOND[:BURST]");
    app.add_option("--auth", auth, "none: whoever reaches the port may manage connections")
        ->check(CLI::IsMember({"sigv4", "none"}))
        ->capture_default_str();
    s.dialects.add_options(app);
    app.add_option("--api-id", g.router.api_id, "in the resources of policies; Yandex' gatewayId")
        ->capture_default_str();
    app.add_option("--public-host", g.router.public_hosts, "authority that clients dial, if a proxy changes Host")
        ->check(authority)
        ->type_name("HOST[:PORT]");
    app.add_option("--trusted-proxy", proxies, "proxy whose X-Forwarded-For is believed")->type_name("CIDR");
    app.add_option("--sigv4-candidates", candidates, "aws: only the canonical path that AWS computes")
        ->check(CLI::IsMember({"all", "aws"}))
        ->capture_default_str();
    app.add_option("--threads", s.threads, "event loops")->check(CLI::Range(1, 1024))->capture_default_str();
    app.add_flag("--greet", s.greet, "each client's first message tells its connection id");
    app.add_flag("--echo", s.echo, "messages go back to their client; /echo/http answers");
    app.add_option("--allowed-origin", g.allowed_origins, "origin of web pages that may connect; '*' for any")
        ->check(web_origin)
        ->type_name("ORIGIN");
#if defined(EXAMPLE_HAS_OPENSSL)
    app.add_option("--tls-certificate", s.tls.options.certificate_file,
                   "serve TLS: certificate, then those that lead to its root")
        ->type_name("FILE");
    app.add_option("--tls-key", s.tls.options.key_file, "its private key; both files are read anew on SIGHUP")
        ->type_name("FILE");
    app.add_option("--tls-client-ca", s.tls.options.client_ca_file,
                   "roots that the certificate of every client must lead to")
        ->type_name("FILE");
#endif
#if defined(EXAMPLE_HAS_ZLIB)
    bool deflate = false;
    backchannel::deflate_options compression;
    app.add_flag("--deflate", deflate, "compress messages with clients that can (permessage-deflate)");
    app.add_flag("--deflate-context-takeover", compression.parameters.server_context_takeover,
                 "with the help of those before: smaller, and about 300 KiB for each client")
        ->needs("--deflate");
#endif
    app.add_option("--max-frame", g.frames.frame, "bytes of a frame from a client")
        ->check(bytes)
        ->type_name("BYTES")
        ->capture_default_str();
    app.add_option("--max-message", g.frames.message, "bytes of a message from a client")
        ->check(bytes)
        ->type_name("BYTES")
        ->capture_default_str();
    app.add_option("--max-body", g.router.max_body, "bytes of a POST")
        ->check(bytes)
        ->type_name("BYTES")
        ->capture_default_str();
    app.add_option("--queue-limit", queue_limit, "bytes that may wait for one client [1048576]")
        ->check(bytes)
        ->type_name("BYTES");
    add_seconds(app, "--idle-timeout", g.hub.idle_timeout, "without a message; 0: no limit", 0);
    add_seconds(app, "--max-lifetime", g.hub.max_lifetime, "that a client may stay; 0: no limit", 0);
    add_seconds(app, "--header-timeout", g.header_timeout, "for the head of a request to arrive");
    add_seconds(app, "--request-timeout", g.request_timeout, "for a whole request to arrive");
    add_seconds(app, "--write-timeout", g.write_timeout, "for a client to take some of what waits for it");
    add_seconds(app, "--ping-interval", g.ping_interval, "between two pings to a client; 0: none", 0);
    add_seconds(app, "--pong-timeout", g.pong_timeout, "for anything to come after a ping");
    app.add_option("--max-connections", g.max_connections, "connections of all kinds")
        ->check(CLI::Range(1, 10'000'000))
        ->capture_default_str();
    app.add_option("--max-connections-per-address", g.max_connections_per_address,
                   "of one address, trusted proxies excepted; 0: no limit")
        ->check(CLI::Range(0, 10'000'000))
        ->capture_default_str();
    add_seconds(app, "--drain-timeout", s.drain_timeout, "for clients to leave after SIGTERM or SIGINT");
    app.add_option("--metrics-listen", metrics_listen, "where GET /metrics and /healthz are answered; default: nowhere")
        ->type_name("HOST:PORT");
    app.add_flag("--log", s.log, "one line of JSON on stderr for each event");

    try {
        app.parse(argc, argv);
        s.listen = parse_endpoint("--listen", listen);
        s.tls.read();
#if defined(EXAMPLE_HAS_ZLIB)
        compression.parameters.client_context_takeover = compression.parameters.server_context_takeover;
        if (deflate) g.compression = std::make_shared<backchannel::permessage_deflate>(compression);
#endif
        if (!metrics_listen.empty()) s.metrics_listen = parse_endpoint("--metrics-listen", metrics_listen);
        for (char const c : g.router.stage)
            if (c != '-' && c != '_' && c != '.' && std::isalnum(static_cast<unsigned char>(c)) == 0)
                throw CLI::ValidationError{"--stage", "may hold letters, digits, '-', '_' and '.' only"};
        if (g.router.stage == "." || g.router.stage == "..") throw CLI::ValidationError{"--stage", "is a dot segment"};
        for (std::string const& text : proxies) {
            auto const network = backchannel::ip_network::parse(text);
            if (!network) throw CLI::ValidationError{"--trusted-proxy", "expected ADDRESS/BITS, got '" + text + "'"};
            g.trusted_proxies.push_back(*network);
        }
        g.hub.queue_limit = queue_limit != 0 ? queue_limit : std::max<std::size_t>(1024 * 1024, 2 * g.frames.message);
        g.max_request_body = std::max(g.max_request_body, g.router.max_body);
        g.hub.close_reasons = s.dialects.extensions;
        if (s.dialects.extensions) g.hub.changes_kept = 10'000;
        if (candidates == "aws") s.sigv4.candidates = backchannel::sigv4_candidates::aws;

        s.no_auth = auth == "none";
        if (s.no_auth && !s.listen.address().is_loopback())
            throw CLI::ValidationError{"--auth", "'none' needs a --listen address that is loopback"};
        s.dialects.check(s.no_auth, s.listen.address().is_loopback() || s.tls.enabled());
        if (s.dialects.yandex() && !policy.empty())
            throw CLI::ValidationError{"--policy",
                                       "does not bind the callers of --dialect yandex: needs --dialect aws"};
        if (s.no_auth && !policy.empty())
            throw CLI::ValidationError{"--policy", "needs callers that are known; not with --auth none"};
        if (rate && (s.no_auth || !s.dialects.aws()))
            throw CLI::ValidationError{"--rate-limit", "needs callers with access keys: --dialect aws, --auth sigv4"};
        if (rate) s.rate = parse_rate(*rate);
        if (!policy.empty()) s.policy = read_policy(policy);
        if (typed.id.empty() != typed.secret.empty())
            throw CLI::ValidationError{typed.id.empty() ? "--access-key" : "--secret-key",
                                       "is missing beside the other"};
        if (!typed.session_token.empty() && typed.id.empty())
            throw CLI::ValidationError{"--session-token", "needs --access-key and --secret-key"};
        if (!typed.id.empty()) {
            std::cerr << "warning: anybody on this machine can see --secret-key in the output of ps\n";
            s.keys.push_back(typed);
        }
        if (!credentials.empty())
            for (auto& key : read_named("--credentials", credentials, read_credentials))
                s.keys.push_back(std::move(key));
        if (s.keys.empty())
            if (auto const key = environment_credentials()) s.keys.push_back(*key);
        s.random_key = s.keys.empty() && !s.no_auth && s.dialects.aws();
        if (s.random_key) s.keys.push_back(random_credentials());
    } catch (CLI::ParseError const& error) {
        int const code = app.exit(error, std::cout, std::cerr);
        std::exit(code == 0 ? 0 : 2);
    }
    return s;
}

#endif
