// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/tls.hpp>

#include "support/catch.hpp"
#include "support/tls_link.hpp"

#include <atomic>
#include <thread>

namespace gateway_tls_context_tests {

using namespace test;

namespace {

std::string protocols(std::initializer_list<std::string_view> names) {
    std::string all;
    for (std::string_view const name : names) all.append(1, static_cast<char>(name.size())).append(name);
    return all;
}

tls_client_settings newest(int version) {
    tls_client_settings settings;
    settings.oldest = TLS1_VERSION;
    settings.newest = version;
    return settings;
}

/// The client's session after a connection that was closed in order.
struct session_holder {
    std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> session{nullptr, &SSL_SESSION_free};

    explicit session_holder(tls_context const& context, tls_client_settings const& settings) {
        tls_link link{context, settings};
        REQUIRE(link.handshake());
        CHECK(link.write("x") == 1);
        CHECK(link.client_receives(1) == "x"); // and the tickets before it
        link.client->close_notify();
        session.reset(SSL_get1_session(link.client->ssl()));
    }

    bool taken(tls_context const& context, tls_client_settings settings) const {
        settings.session = session.get();
        tls_link link{context, settings};
        REQUIRE(link.handshake());
        return SSL_session_reused(link.client->ssl()) == 1;
    }
};

}

TEST_CASE("versions that are too old are refused", "[tls]") {
    auto options = server_options();
    int offered = TLS1_1_VERSION;
    SECTION("TLS 1.1 always") {}
    SECTION("TLS 1.2 if so configured") {
        options.minimum_version = backchannel::tls_version::tls_1_3;
        offered = TLS1_2_VERSION;
    }
    auto const context = context_of(options);
    tls_link link{*context, newest(offered)};
    CHECK_FALSE(link.handshake());
    CHECK(&link.error.category() == &asio::error::get_ssl_category());
    CHECK(link.client->alert() == SSL_AD_PROTOCOL_VERSION);
    tls_link good{*context, newest(TLS1_3_VERSION)};
    CHECK(good.handshake());
    CHECK(good.client->version() == "TLSv1.3");
}

TEST_CASE("ciphers without forward secrecy or authentication of what is encrypted are refused", "[tls]") {
    auto settings = newest(TLS1_2_VERSION);
    settings.ciphers = GENERATE("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "DHE-RSA-AES128-GCM-SHA256");
    tls_link link{*context_of(server_options()), settings};
    CHECK_FALSE(link.handshake());
    CHECK(link.client->alert() == SSL_AD_HANDSHAKE_FAILURE);
}

TEST_CASE("finite fields are no groups", "[tls]") {
    tls_link link{*context_of(server_options()), newest(TLS1_3_VERSION)};
    REQUIRE(SSL_set1_groups_list(link.client->ssl(), "ffdhe8192:ffdhe2048") == 1);
    CHECK_FALSE(link.handshake());
}

TEST_CASE("ALPN", "[tls]") {
    auto settings = newest(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
    std::string chosen;
    bool good = true;
    SECTION("nothing is offered") {}
    SECTION("http/1.1") {
        settings.protocols = protocols({"http/1.1"});
        chosen = "http/1.1";
    }
    SECTION("h2 is preferred") {
        settings.protocols = protocols({"h2", "http/1.1", "http/1.0"});
        chosen = "http/1.1";
    }
    SECTION("h2 only") {
        settings.protocols = protocols({"h2"});
        good = false;
    }
    SECTION("others, one of which only begins like ours") {
        settings.protocols = protocols({"http/1.0", "http/1.1x", "http/1."});
        good = false;
    }
    tls_link link{*context_of(server_options()), settings};
    CHECK(link.handshake() == good);
    if (good)
        CHECK(link.client->protocol() == chosen);
    else
        CHECK(link.client->alert() == SSL_AD_NO_APPLICATION_PROTOCOL);
}

TEST_CASE("certificates of clients", "[tls]") {
    certificate_authority const clients{"root of clients"}, strangers{"root of clients"};
    auto options = server_options();
    options.client_ca_text = clients.pem();
    auto settings = newest(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
    bool const required = GENERATE(true, false);
    options.require_client_certificate = required;
    bool good = true;
    int alert = -1;
    std::string subject;
    SECTION("none") {
        good = !required;
        alert = settings.newest == TLS1_3_VERSION ? SSL_AD_CERTIFICATE_REQUIRED : SSL_AD_HANDSHAKE_FAILURE;
    }
    SECTION("a good one") {
        settings.own = clients.issue("device, 7");
        subject = "CN=device\\, 7";
    }
    SECTION("one of another root with the same name") {
        settings.own = strangers.issue("device 7");
        good = false;
        alert = SSL_AD_DECRYPT_ERROR;
    }
    SECTION("one of another root") {
        settings.own = test_root().issue("device 7"); // the server's own is not one for clients
        good = false;
        alert = SSL_AD_UNKNOWN_CA;
    }
    tls_link link{*context_of(options), settings};
    CHECK(link.handshake() == good);
    if (good) {
        CHECK(link.stream->peer_subject() == subject);
    } else {
        CHECK(rounds([&] {
            link.client->pull();
            (void)link.client->read();
            return link.client->alert() != -1;
        }));
        CHECK(link.client->alert() == alert);
        CHECK_FALSE(link.stream->established());
    }
}

TEST_CASE("clients' certificates are not asked for without roots", "[tls]") {
    tls_client_settings settings;
    settings.own = test_root().issue("device 7");
    tls_link link{*context_of(server_options()), settings};
    CHECK(link.handshake());
    CHECK(link.stream->peer_subject().empty());
}

TEST_CASE("a reload is for new connections", "[tls]") {
    temporary_folder const folder;
    identity const first = test_root().issue("first"), second = test_root().issue("second");
    tls_options options;
    options.certificate_file = folder.write("certificate.pem", first.certificate);
    options.key_file = folder.write("key.pem", first.key);
    auto const context = context_of(options);
    tls_link old{*context};
    tls_link on_the_way{*context};
    REQUIRE(old.handshake());
    (void)on_the_way.client->handshake();
    on_the_way.client->push(50);
    (void)on_the_way.read();

    folder.write("certificate.pem", second.certificate);
    std::error_code error;
    std::string problem;
    SECTION("that succeeds") {
        folder.write("key.pem", second.key);
        CHECK(context->reload(error, &problem));
        CHECK_FALSE(error);
        CHECK(problem.empty());
        tls_link fresh{*context};
        REQUIRE(fresh.handshake());
        CHECK(fresh.client->server_name() == "second");
    }
    SECTION("that fails") {
        CHECK_FALSE(context->reload(error, &problem)); // the key is the first's
        CHECK(error);
        CHECK(problem == "key file " + options.key_file + ": " + error.message());
        CHECK(context->reload(error) == false); // needs no problem
        tls_link fresh{*context};
        REQUIRE(fresh.handshake());
        CHECK(fresh.client->server_name() == "first");
    }
    REQUIRE(on_the_way.handshake());
    CHECK(on_the_way.client->server_name() == "first");
    CHECK(old.write("still here") == 10);
    CHECK(old.client_receives(10) == "still here");
}

TEST_CASE("what cannot be used is named", "[tls]") {
    temporary_folder const folder;
    identity const own = test_root().issue("server"), other = test_root().issue("other");
    std::string const broken = own.certificate.substr(0, own.certificate.size() / 2) + "\n-----END CERTIFICATE-----\n";
    tls_options options;
    options.certificate_file = folder.write("certificate.pem", own.certificate);
    options.key_file = folder.write("key.pem", own.key);
    options.client_ca_file = folder.write("roots.pem", test_root().pem());
    auto const problem_with = [&](std::string const& what) {
        std::error_code error;
        std::string problem;
        CHECK(tls_context::make(options, error, &problem) == nullptr);
        CHECK(error);
        CAPTURE(problem);
        CHECK(problem.find(what + ": " + error.message()) == 0);
        CHECK(problem.find("asio.ssl error") == std::string::npos);
        CHECK(ERR_peek_error() == 0);
        return error;
    };
    std::string const missing = options.certificate_file + ".missing";
    SECTION("certificate") {
        std::string const name = "certificate file " + options.certificate_file;
        for (std::string const& content : {std::string{}, std::string{"nonsense"}, own.key, broken,
                                           own.certificate + broken, broken + own.certificate}) {
            folder.write("certificate.pem", content);
            problem_with(name);
        }
        options.certificate_file = missing;
        CHECK(problem_with("certificate file " + missing) == std::errc::no_such_file_or_directory);
        options.certificate_file.clear();
        problem_with("certificate file (none given)");
        options.certificate_text = broken;
        problem_with("certificate");
    }
    SECTION("key") {
        std::string const name = "key file " + options.key_file;
        for (std::string const& content : {std::string{}, own.certificate, other.key}) {
            folder.write("key.pem", content);
            problem_with(name);
        }
        identity const locked = test_root().issue_with_encrypted_key("server");
        folder.write("certificate.pem", locked.certificate);
        folder.write("key.pem", locked.key);
        problem_with(name); // and no question for a password on the terminal
        options.key_file = missing;
        CHECK(problem_with("key file " + missing) == std::errc::no_such_file_or_directory);
    }
    SECTION("roots of clients") {
        std::string const name = "client CA file " + options.client_ca_file;
        for (std::string const& content : {std::string{}, own.key, test_root().pem() + broken}) {
            folder.write("roots.pem", content);
            problem_with(name);
        }
        options.client_ca_file = missing;
        CHECK(problem_with("client CA file " + missing) == std::errc::no_such_file_or_directory);
    }
    SECTION("ciphers") {
        options.ciphers = "NO-SUCH-CIPHER";
        problem_with("ciphers NO-SUCH-CIPHER");
    }
}

TEST_CASE("certificates between the server's and its root are sent, and no others", "[tls]") {
    identity const own = test_root().issue("server");
    certificate_authority const middle{"between"};
    auto options = server_options();
    options.certificate_text += middle.pem();
    options.client_ca_text = test_root().pem();
    options.require_client_certificate = false;
    tls_link link{*context_of(options)};
    REQUIRE(link.handshake());
    CHECK(sk_X509_num(SSL_get_peer_cert_chain(link.client->ssl())) == 2);

    options.certificate_text = server_options().certificate_text; // its root is there, but for clients
    tls_link alone{*context_of(options)};
    REQUIRE(alone.handshake());
    CHECK(sk_X509_num(SSL_get_peer_cert_chain(alone.client->ssl())) == 1);
}

TEST_CASE("a client that comes back is spared the full handshake", "[tls]") {
    auto settings = newest(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
    certificate_authority const clients{"root of clients"};
    auto options = server_options();
    bool taken = false;
    SECTION("by a ticket") { taken = true; }
    SECTION("not without tickets") { options.session_tickets = false; }
    SECTION("not if it has a certificate, which is looked at again") {
        options.client_ca_text = clients.pem();
        settings.own = clients.issue("device 7");
    }
    auto const context = context_of(options);
    session_holder const first{*context, settings}, second{*context, settings}; // a ticket is for one use
    CHECK(first.taken(*context, settings) == taken);
    std::error_code error;
    REQUIRE(context->reload(error));
    CHECK_FALSE(second.taken(*context, settings));
}

TEST_CASE("the client cannot renegotiate", "[tls]") {
    tls_link link{*context_of(server_options()), newest(TLS1_2_VERSION)};
    REQUIRE(link.handshake());
    REQUIRE(SSL_renegotiate(link.client->ssl()) == 1);
    (void)link.client->handshake();
    CHECK(rounds([&] {
        link.client->pump();
        (void)link.read();
        (void)link.client->handshake();
        return link.client->alert() != -1 || !link.blocked();
    }));
    CHECK(link.client->alert() == SSL_AD_NO_RENEGOTIATION);
}

TEST_CASE("reloads while connections are made", "[tls][threads]") {
    auto const context = context_of(server_options());
    std::atomic<bool> stop{false};
    std::atomic<int> failures{0};
    std::thread others[2];
    for (std::thread& t : others)
        t = std::thread{[&] {
            while (!stop) {
                std::error_code error;
                if (!context->reload(error)) ++failures;
            }
        }};
    for (int i = 0; i != 30; ++i) {
        tls_link link{*context};
        CHECK(link.handshake());
    }
    stop = true;
    for (std::thread& t : others) t.join();
    CHECK(failures == 0);
}

}
