// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/tls_stream.hpp>

#include "support/catch.hpp"
#include "support/tls_link.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gateway_tls_ends_tests {

using namespace test;

namespace {

/// What the keys for one label are made of (RFC 8446 section 7.1), for at most 32 bytes.
std::string expand_label(std::string const& secret, std::string_view label, std::size_t size) {
    std::string info{'\0', static_cast<char>(size), static_cast<char>(6 + label.size())};
    info.append("tls13 ").append(label).append({'\0', '\1'});
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned out_size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<unsigned char const*>(info.data()), info.size(), out.data(), &out_size);
    return {reinterpret_cast<char const*>(out.data()), size};
}

/// The first record of an application's keys, with any content: no library sends some of those that are good here.
std::string sealed_record(std::string const& secret, std::string const& content, char content_type) {
    auto const bytes = [](std::string const& s) { return reinterpret_cast<unsigned char const*>(s.data()); };
    std::string const key = expand_label(secret, "key", 16), iv = expand_label(secret, "iv", 12);
    std::string const inner = content + content_type;
    std::string const head{'\x17', '\3', '\3', '\0', static_cast<char>(inner.size() + 16)};
    std::vector<unsigned char> out(inner.size() + 16);
    std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> const c{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
    int n = 0;
    EVP_EncryptInit_ex(c.get(), EVP_aes_128_gcm(), nullptr, bytes(key), bytes(iv));
    EVP_EncryptUpdate(c.get(), nullptr, &n, bytes(head), static_cast<int>(head.size()));
    EVP_EncryptUpdate(c.get(), out.data(), &n, bytes(inner), static_cast<int>(inner.size()));
    EVP_EncryptFinal_ex(c.get(), out.data() + n, &n);
    EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_AEAD_GET_TAG, 16, out.data() + inner.size());
    return head + std::string{out.begin(), out.end()};
}

/// Collects the secret that the client's keys are made of.
void keep_secret(tls_client& client, std::string& secret) {
    SSL_CTX* const context = SSL_get_SSL_CTX(client.ssl());
    SSL_CTX_set_app_data(context, &secret);
    SSL_CTX_set_keylog_callback(context, [](SSL const* ssl, char const* text) {
        std::string_view line{text};
        if (!line.starts_with("CLIENT_TRAFFIC_SECRET_0 ")) return;
        line.remove_prefix(line.rfind(' ') + 1);
        auto& kept = *static_cast<std::string*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
        for (; line.size() >= 2; line.remove_prefix(2))
            kept += static_cast<char>(std::stoi(std::string{line.substr(0, 2)}, nullptr, 16));
    });
}

}

TEST_CASE("a client that stops in the handshake is waited for", "[tls]") {
    tls_link link{*context_of(server_options())};
    (void)link.client->handshake();
    link.client->push(100); // some of the ClientHello
    for (int i = 0; i != 10; ++i) {
        CHECK_FALSE(link.read());
        CHECK(link.blocked());
    }
    CHECK_FALSE(link.stream->established());
    CHECK_FALSE(link.stream->has_more());
    CHECK_FALSE(link.stream->read_wants_write());
    link.stream->end_sending(link.error); // no close_notify before the handshake is done
    CHECK_FALSE(link.error);
    CHECK(rounds([&] {
        link.client->pull();
        return link.client->socket_end() == asio::error::eof;
    }));
}

TEST_CASE("what is no TLS ends the handshake with an error", "[tls]") {
    auto const bytes = GENERATE(std::string{"GET /prod HTTP/1.1\r\nHost: here\r\n\r\n"}, std::string(100, '\0'),
                                std::string(100, '\xFF'), std::string("\x16\x03\x01\x50\x00", 5),
                                std::string("\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00", 10));
    tls_link link{*context_of(server_options())};
    (void)link.client->socket().send(asio::buffer(bytes));
    CHECK(rounds([&] { return link.read() || !link.blocked(); }));
    CHECK(&link.error.category() == &asio::error::get_ssl_category());
    CHECK(link.error.message() != "asio.ssl error");
    CHECK_FALSE(link.stream->established());
    CHECK_FALSE(link.stream->has_more());
    CHECK(ERR_peek_error() == 0); // others on this thread use OpenSSL too
    CHECK_FALSE(link.read());
    CHECK((link.error && !link.blocked())); // and it stays so
}

TEST_CASE("the client's close_notify is the end, and the server may go on sending", "[tls]") {
    int const version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    tls_link link{*context_of(server_options()), only(version)};
    REQUIRE(link.handshake());
    link.client->write("last");
    link.client->close_notify();
    CHECK(link.receive(4));
    CHECK(rounds([&] { return link.read() || !link.blocked(); }));
    CHECK(link.error == asio::error::eof);
    CHECK_FALSE(link.read());
    CHECK(link.error == asio::error::eof);
    CHECK(link.write("answer") == 6);
    link.stream->end_sending(link.error);
    CHECK_FALSE(link.error);
    CHECK(rounds([&] {
        link.client->pull();
        return link.client->socket_end() == asio::error::eof;
    }));
    if (version == TLS1_3_VERSION) CHECK(link.client->read() == "answer");
    (void)link.client->read();
    CHECK(link.client->got_close_notify());
}

TEST_CASE("the server's close_notify comes after what was sent, and the client may go on sending", "[tls]") {
    int const version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    tls_link link{*context_of(server_options()), only(version)};
    REQUIRE(link.handshake());
    CHECK(link.write("bye") == 3);
    link.stream->end_sending(link.error);
    CHECK_FALSE(link.error);
    CHECK(rounds([&] {
        link.client->pull();
        return link.client->socket_end() == asio::error::eof;
    }));
    CHECK(link.client->read() == "bye");
    CHECK(link.client->got_close_notify());
    if (version == TLS1_2_VERSION) return; // where a client answers with its own at once
    link.client->write("late");
    CHECK(link.receive(4));
    CHECK(link.received == "late");
}

TEST_CASE("close_notify is tried again when the socket is full", "[tls]") {
    auto options = server_options();
    options.session_tickets = false; // nothing on the way after the handshake
    tls_link link{*context_of(options), {}, true};
    REQUIRE(link.handshake());
    std::string const block(1000, 'x');
    std::size_t stuffed = 0; // past TLS, so that no record is left half sent
    for (ssize_t n = 0; n >= 0; stuffed += static_cast<std::size_t>(std::max<ssize_t>(n, 0)))
        n = ::send(link.server_socket, block.data(), block.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    link.stream->end_sending(link.error);
    CHECK(link.blocked());
    std::size_t drained = 0;
    std::error_code end;
    CHECK(rounds([&] {
        if (link.blocked()) link.stream->end_sending(link.error);
        std::array<char, 512> room;
        drained += link.client->socket().read_some(asio::buffer(room), end);
        return end && end != asio::error::would_block;
    }));
    CHECK_FALSE(link.error);
    CHECK(end == asio::error::eof);
    CHECK(drained == stuffed + 24); // a record with an alert in TLS 1.3
}

TEST_CASE("an end behind a record that is half sent is a cut, and seen as one", "[tls]") {
    tls_link link{*context_of(server_options()), {}, true};
    REQUIRE(link.handshake());
    std::string const block = some_bytes(16 * 1024);
    do (void)link.write(block);
    while (!link.blocked());
    link.stream->end_sending(link.error);
    CHECK_FALSE(link.error);
    CHECK(rounds([&] {
        link.client->pull();
        (void)link.client->read();
        return link.client->socket_end() == asio::error::eof;
    }));
    CHECK_FALSE(link.client->got_close_notify());
}

TEST_CASE("a connection that ends without close_notify was cut off", "[tls]") {
    int const version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    tls_link link{*context_of(server_options()), only(version)};
    SECTION("in the handshake") {
        (void)link.client->handshake();
        link.client->push(50);
    }
    SECTION("before the handshake") {}
    SECTION("between two records") {
        REQUIRE(link.handshake());
        link.client->write("all");
        CHECK(link.receive(3));
    }
    SECTION("inside a record") {
        REQUIRE(link.handshake());
        link.client->write("all");
        link.client->push(10);
    }
    link.client->socket().shutdown(asio::ip::tcp::socket::shutdown_send);
    CHECK(rounds([&] { return link.read() || !link.blocked(); }));
    CHECK(link.error == make_error_code(asio::ssl::error::stream_truncated));
    link.stream->end_sending(link.error);
    CHECK_FALSE(link.error);
}

TEST_CASE("a reset is what the system calls it", "[tls]") {
    tls_link link{*context_of(server_options())};
    REQUIRE(link.handshake());
    link.client->socket().set_option(asio::socket_base::linger{true, 0});
    link.client->socket().close();
    CHECK(rounds([&] { return link.read() || !link.blocked(); }));
    CHECK(link.error == asio::error::connection_reset);
    CHECK(link.write("x") == 0);
    CHECK(link.error == asio::error::broken_pipe); // and no signal
}

TEST_CASE("bytes that were changed on the way end the connection with an alert", "[tls]") {
    tls_link link{*context_of(server_options())};
    REQUIRE(link.handshake());
    std::string record("\x17\x03\x03\x00\x20", 5);
    (void)link.client->socket().send(asio::buffer(record + std::string(32, 'z')));
    CHECK(rounds([&] { return link.read() || !link.blocked(); }));
    CHECK(&link.error.category() == &asio::error::get_ssl_category());
    CHECK(rounds([&] {
        link.client->pull();
        (void)link.client->read();
        return link.client->alert() != -1;
    }));
    CHECK(link.client->alert() == SSL_AD_BAD_RECORD_MAC);
}

TEST_CASE("half a message for TLS alone does not keep a loop busy with writing", "[tls]") {
    tls_link link{*context_of(server_options())};
    std::string secret;
    keep_secret(*link.client, secret);
    REQUIRE(SSL_set_ciphersuites(link.client->ssl(), "TLS_AES_128_GCM_SHA256") == 1);
    REQUIRE(link.handshake());
    SECTION("a whole one") {
        (void)link.client->socket().send(asio::buffer(sealed_record(secret, std::string("\x18\0\0\x01\0", 5), 22)));
        for (int i = 0; i != 3; ++i) {
            CHECK_FALSE(link.read());
            CHECK(link.blocked());
        }
        CHECK(link.write("x") == 1);
    }
    SECTION("its head only") {
        (void)link.client->socket().send(asio::buffer(sealed_record(secret, std::string("\x18\0\0\x01", 4), 22)));
        std::size_t calls = 0;
        CHECK(rounds([&] {
            (void)link.read();
            CHECK(link.blocked());
            (void)link.write("x");
            return link.error || ++calls == 1000;
        }));
        CHECK(link.error);
        CHECK_FALSE(link.blocked()); // the socket is writable: waiting for that would end at once, again and again
    }
}

TEST_CASE("close ends the waits", "[tls]") {
    tls_link link{*context_of(server_options())};
    std::vector<std::error_code> ends;
    link.stream->wait_readable([&](std::error_code const& error) { ends.push_back(error); });
    link.stream->close();
    link.io.run_for(std::chrono::seconds{10});
    CHECK(ends == std::vector<std::error_code>{asio::error::operation_aborted});
    link.stream->close(); // again
}

}
