// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_TLS_PEER_HPP
#define BACKCHANNEL_TESTS_SUPPORT_TLS_PEER_HPP

#include "test_certificates.hpp"

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace test {

/// Two ends of a TCP connection, both non-blocking. `small`: the system holds a few KiB in all.
inline std::pair<asio::ip::tcp::socket, asio::ip::tcp::socket> socket_pair(asio::io_context& io, bool small = false) {
    asio::ip::tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
    asio::ip::tcp::socket near{io}, far{io};
    far.open(asio::ip::tcp::v4());
    if (small) far.set_option(asio::socket_base::receive_buffer_size{2048});
    far.connect(acceptor.local_endpoint());
    acceptor.accept(near);
    if (small)
        for (auto* s : {&near, &far}) s->set_option(asio::socket_base::send_buffer_size{2048});
    for (auto* s : {&near, &far}) {
        s->non_blocking(true);
        s->set_option(asio::ip::tcp::no_delay{true});
    }
    return {std::move(near), std::move(far)};
}

struct tls_client_settings {
    int oldest = TLS1_2_VERSION;
    int newest = TLS1_3_VERSION;
    std::string ciphers{};   ///< of TLS 1.2, empty: OpenSSL's default
    std::string protocols{}; ///< ALPN as on the wire: each name after its length
    identity own{};          ///< empty: no certificate
    SSL_SESSION* session = nullptr;
};

/// A TLS client whose bytes pass through the test's hands: nothing goes to or comes from the socket but in `pump`.
class tls_client {
public:
    tls_client(asio::ip::tcp::socket socket, std::string const& root, tls_client_settings const& settings = {})
        : socket_{std::move(socket)}, context_{SSL_CTX_new(TLS_client_method())} {
        SSL_CTX* const c = context_.get();
        SSL_CTX_set_security_level(c, 0); // to offer what is to be refused
        SSL_CTX_set_min_proto_version(c, settings.oldest);
        SSL_CTX_set_max_proto_version(c, settings.newest);
        SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        if (!settings.ciphers.empty()) check(SSL_CTX_set_cipher_list(c, settings.ciphers.c_str()) == 1);
        if (!settings.own.certificate.empty()) {
            auto const x = read_certificate(settings.own.certificate);
            bio_ptr const text{BIO_new_mem_buf(settings.own.key.data(), static_cast<int>(settings.own.key.size()))};
            std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const key{
                PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free};
            check(SSL_CTX_use_certificate(c, x.get()) == 1 && SSL_CTX_use_PrivateKey(c, key.get()) == 1);
        }
        check(X509_STORE_add_cert(SSL_CTX_get_cert_store(c), read_certificate(root).get()) == 1);
        SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
        ssl_.reset(SSL_new(c));
        in_ = BIO_new(BIO_s_mem());
        out_ = BIO_new(BIO_s_mem());
        BIO_set_mem_eof_return(in_, -1);
        SSL_set_bio(ssl_.get(), in_, out_);
        SSL_set_connect_state(ssl_.get());
        SSL_set_app_data(ssl_.get(), this);
        SSL_set_info_callback(ssl_.get(), [](SSL const* ssl, int where, int value) {
            if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
                static_cast<tls_client*>(SSL_get_app_data(ssl))->alert_ = value & 0xFF;
        });
        if (!settings.protocols.empty())
            check(SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<unsigned char const*>(settings.protocols.data()),
                                      static_cast<unsigned>(settings.protocols.size())) == 0);
        if (settings.session != nullptr) check(SSL_set_session(ssl_.get(), settings.session) == 1);
    }

    tls_client(tls_client const&) = delete; // OpenSSL has its address
    tls_client& operator=(tls_client const&) = delete;

    [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }
    [[nodiscard]] asio::ip::tcp::socket& socket() noexcept { return socket_; }

    /// Goes on with the handshake; whether it is done.
    bool handshake() {
        ERR_clear_error();
        return SSL_do_handshake(ssl_.get()) == 1;
    }

    /// Moves at most `most` bytes each way between TLS and the socket; how many went.
    std::size_t pump(std::size_t most = 64 * 1024) { return push(most) + pull(most); }

    std::size_t push(std::size_t most = 64 * 1024) {
        while (kept_.size() < most) {
            std::array<char, 4096> block;
            int const n = BIO_read(out_, block.data(), static_cast<int>(block.size()));
            if (n <= 0) break;
            kept_.append(block.data(), static_cast<std::size_t>(n));
        }
        std::error_code error;
        std::size_t const sent = socket_.write_some(asio::buffer(kept_.data(), std::min(most, kept_.size())), error);
        kept_.erase(0, sent);
        return sent;
    }

    std::size_t pull(std::size_t most = 64 * 1024) {
        std::array<char, 16 * 1024> block;
        std::error_code error;
        std::size_t const n = socket_.read_some(asio::buffer(block.data(), std::min(most, block.size())), error);
        if (n != 0) BIO_write(in_, block.data(), static_cast<int>(n));
        if (error && error != asio::error::would_block) socket_end_ = error;
        return n;
    }

    /// Bytes that wait to be pushed, some of which may be cut off by the test.
    [[nodiscard]] std::size_t unsent() const { return kept_.size() + static_cast<std::size_t>(BIO_pending(out_)); }

    void write(std::string_view bytes) {
        ERR_clear_error();
        check(SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size()));
    }

    /// What has come, without waiting.
    std::string read() {
        std::string all;
        for (;;) {
            std::array<char, 16 * 1024> block;
            std::size_t n = 0;
            ERR_clear_error();
            if (SSL_read_ex(ssl_.get(), block.data(), block.size(), &n) != 1) return all;
            ++records_;
            all.append(block.data(), n);
        }
    }

    void close_notify() { (void)SSL_shutdown(ssl_.get()); }
    [[nodiscard]] bool got_close_notify() const {
        return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0 && alert_ == SSL3_AD_CLOSE_NOTIFY;
    }
    /// The last alert that came, -1: none.
    [[nodiscard]] int alert() const noexcept { return alert_; }
    /// What the socket said at last; nothing: it is open.
    [[nodiscard]] std::error_code socket_end() const noexcept { return socket_end_; }
    /// With data of the application in them.
    [[nodiscard]] std::size_t records() const noexcept { return records_; }

    [[nodiscard]] std::string version() const { return SSL_get_version(ssl_.get()); }
    [[nodiscard]] std::string protocol() const {
        unsigned char const* name = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(ssl_.get(), &name, &size);
        return size == 0 ? std::string{} : std::string{reinterpret_cast<char const*>(name), size};
    }
    [[nodiscard]] std::string server_name() const {
        std::array<char, 256> name{};
        X509* const x = SSL_get0_peer_certificate(ssl_.get());
        if (x != nullptr)
            X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, name.data(),
                                      static_cast<int>(name.size()));
        return name.data();
    }

private:
    struct deleter {
        void operator()(BIO* p) const noexcept { BIO_free_all(p); }
        void operator()(SSL* p) const noexcept { SSL_free(p); }
        void operator()(SSL_CTX* p) const noexcept { SSL_CTX_free(p); }
        void operator()(X509* p) const noexcept { X509_free(p); }
    };
    using bio_ptr = std::unique_ptr<BIO, deleter>;

    static void check(bool good) {
        if (!good) throw std::runtime_error{"the TLS client of the test failed"};
    }
    static std::unique_ptr<X509, deleter> read_certificate(std::string const& pem) {
        bio_ptr const text{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
        return std::unique_ptr<X509, deleter>{PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)};
    }

    asio::ip::tcp::socket socket_;
    std::unique_ptr<SSL_CTX, deleter> context_;
    std::unique_ptr<SSL, deleter> ssl_;
    BIO* in_ = nullptr;
    BIO* out_ = nullptr;
    std::string kept_;
    std::error_code socket_end_;
    std::size_t records_ = 0;
    int alert_ = -1;
};

/// Calls `round` until it gives true; false: it did not in good time.
template <class F>
[[nodiscard]] bool rounds(F&& round) {
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds{15};
    while (!round()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::yield();
    }
    return true;
}

}

#endif
