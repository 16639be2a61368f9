// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_TLS_HPP
#define BACKCHANNEL_GATEWAY_TLS_HPP

// No other header includes this one: only who includes it has to link OpenSSL's libssl and libcrypto.

#include <backchannel/gateway/tls_options.hpp>
#include <backchannel/gateway/tls_stream.hpp>

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

namespace detail_tls {

/// Builds OpenSSL's context; after the first failure the other steps do nothing.
class context_builder {
public:
    explicit context_builder(tls_options const& options) : options_{options} {}

    /// Null: `error` is set and `problem`, unless null, says it for an operator.
    [[nodiscard]] std::shared_ptr<SSL_CTX> build(std::error_code& error, std::string* problem) {
        ERR_clear_error();
        context_.reset(SSL_CTX_new(TLS_server_method()));
        step("TLS", context_ != nullptr);
        set_protocol();
        set_sessions();
        load_certificates();
        load_key();
        load_client_roots();
        error = error_;
        if (problem != nullptr) *problem = error_ ? where_ + ": " + error_.message().append(hint_) : std::string{};
        if (error_) return nullptr;
        return std::shared_ptr<SSL_CTX>{std::move(context_)};
    }

private:
    bool step(std::string_view where, bool good) {
        if (!error_ && !good) {
            error_ = take_error();
            where_ = where;
        }
        return !error_;
    }

    void set_protocol() {
        if (error_) return;
        SSL_CTX* const c = context_.get();
        SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
        SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
        SSL_CTX_set_read_ahead(c, 1); // a record's head and its body in one call of the system
        bool const old = options_.minimum_version == tls_version::tls_1_2;
        step("minimum version", SSL_CTX_set_min_proto_version(c, old ? TLS1_2_VERSION : TLS1_3_VERSION) == 1);
        step("ciphers " + options_.ciphers, SSL_CTX_set_cipher_list(c, options_.ciphers.c_str()) == 1);
        // Without finite fields, whose exchange costs a client nothing and a server a lot. The first of these lists is
        // for OpenSSL 3.5 and later.
        if (SSL_CTX_set1_groups_list(c, "X25519MLKEM768:X25519:P-256:P-384") != 1) {
            ERR_clear_error();
            step("groups", SSL_CTX_set1_groups_list(c, "X25519:P-256:P-384") == 1);
        }
        SSL_CTX_set_alpn_select_cb(c, choose_protocol, nullptr);
    }

    /// RFC 7301 section 3.2: a client that names protocols, none of which is ours, is told so by an alert.
    static int choose_protocol(SSL*, unsigned char const** chosen, unsigned char* chosen_size,
                               unsigned char const* offered, unsigned size, void*) noexcept {
        static constexpr std::string_view ours = "http/1.1";
        std::string_view rest{reinterpret_cast<char const*>(offered), size};
        while (!rest.empty()) {
            std::string_view const one = rest.substr(1, static_cast<unsigned char>(rest.front()));
            rest.remove_prefix(1 + one.size());
            if (one != ours) continue;
            *chosen = reinterpret_cast<unsigned char const*>(ours.data());
            *chosen_size = static_cast<unsigned char>(ours.size());
            return SSL_TLSEXT_ERR_OK;
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }

    [[nodiscard]] bool asks_for_certificates() const noexcept {
        return !options_.client_ca_file.empty() || !options_.client_ca_text.empty();
    }

    void set_sessions() {
        if (error_) return;
        SSL_CTX* const c = context_.get();
        SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_timeout(c, 60 * 60);
        // A session that is taken up again has no look at the client's certificate, which may have expired meanwhile.
        bool const tickets = options_.session_tickets && !asks_for_certificates();
        step("tickets", SSL_CTX_set_num_tickets(c, tickets ? 1 : 0) == 1);
        if (!tickets) SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
    }

    void load_certificates() {
        std::string const where = name_of("certificate", options_.certificate_file, options_.certificate_text);
        auto const pem = open(where, options_.certificate_file, options_.certificate_text);
        if (!pem) return;
        owned<X509> own{PEM_read_bio_X509_AUX(pem.get(), nullptr, no_password, nullptr)};
        if (!step(where, own && SSL_CTX_use_certificate(context_.get(), own.get()) == 1)) return;
        for_each_certificate(where, *pem, [&](owned<X509> next) {
            if (SSL_CTX_add0_chain_cert(context_.get(), next.get()) != 1) return false;
            (void)next.release();
            return true;
        });
    }

    void load_key() {
        std::string const where = name_of("key", options_.key_file, options_.key_text);
        auto const pem = open(where, options_.key_file, options_.key_text);
        if (!pem) return;
        owned<EVP_PKEY> const key{PEM_read_bio_PrivateKey(pem.get(), nullptr, no_password, nullptr)};
        if (!step(where, key != nullptr))
            hint_ = "; a private key in PEM that is not encrypted is needed"; // OpenSSL's words do not say so
        else
            step(where, SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1);
    }

    void load_client_roots() {
        if (!asks_for_certificates()) return;
        std::string const where = name_of("client CA", options_.client_ca_file, options_.client_ca_text);
        auto const pem = open(where, options_.client_ca_file, options_.client_ca_text);
        if (!pem) return;
        bool any = false;
        X509_STORE* const store = SSL_CTX_get_cert_store(context_.get());
        bool const read = for_each_certificate(where, *pem, [&](owned<X509> root) {
            any = true;
            return X509_STORE_add_cert(store, root.get()) == 1 &&
                   SSL_CTX_add_client_CA(context_.get(), root.get()) == 1;
        });
        if (read && !any) {
            ERR_raise(ERR_LIB_PEM, PEM_R_NO_START_LINE);
            step(where, false);
        }
        SSL_CTX_set_verify(
            context_.get(),
            SSL_VERIFY_PEER | (options_.require_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
    }

    /// Up to the end of the text; false after a failure.
    template <class F>
    bool for_each_certificate(std::string const& where, BIO& pem, F&& use) {
        for (;;) {
            owned<X509> next{PEM_read_bio_X509(&pem, nullptr, no_password, nullptr)};
            if (!next) {
                if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) return step(where, false);
                ERR_clear_error();
                return true;
            }
            if (!step(where, use(std::move(next)))) return false;
        }
    }

    /// Null after a failure, of this step or of an earlier one.
    [[nodiscard]] owned<BIO> open(std::string const& where, std::string const& file, std::string const& text) {
        if (error_) return nullptr;
        std::size_t const limit = std::numeric_limits<int>::max();
        int const size = static_cast<int>(std::min(text.size(), limit));
        owned<BIO> pem{text.empty() ? BIO_new_file(file.c_str(), "rb") : BIO_new_mem_buf(text.data(), size)};
        step(where, pem != nullptr);
        return pem;
    }

    [[nodiscard]] static std::string name_of(std::string_view what, std::string const& file, std::string const& text) {
        std::string name{what};
        if (text.empty()) name.append(" file ").append(file.empty() ? "(none given)" : file);
        return name;
    }

    /// OpenSSL would ask on the terminal.
    static int no_password(char*, int, int, void*) noexcept { return -1; }

    tls_options const& options_;
    owned<SSL_CTX> context_;
    std::error_code error_;
    std::string where_;
    std::string_view hint_;
};

}

/// What the TLS connections of a listener have in common: certificate, key, and who may connect.
///
///     auto const tls = tls_context::make({.certificate_file = "chain.pem", .key_file = "key.pem"}, error, &problem);
///     if (tls) server.listen(endpoint, tls, error);
///
/// Clients that name protocols (ALPN, RFC 7301) have to name `http/1.1`. There is no renegotiation, no compression and
/// no early data. Without files for clients' certificates, everybody may connect.
///
/// Thread-safe. Any number of listeners and gateways may share one.
class tls_context {
public:
    using stream_type = tls_stream;

    /// Reads the files. Null after a failure: `error` tells the reason and `problem` says it for an operator, with the
    /// name of the file.
    [[nodiscard]] static std::shared_ptr<tls_context> make(tls_options options, std::error_code& error,
                                                           std::string* problem = nullptr) {
        std::shared_ptr<tls_context> made{new tls_context{std::move(options)}};
        return made->reload(error, problem) ? std::move(made) : nullptr;
    }

    /// Reads the files anew, for connections that are made from now on; those that there are go on as they are. Tickets
    /// of earlier sessions are not accepted any more. False after a failure: nothing changes, and `error` and `problem`
    /// are as for `make`.
    bool reload(std::error_code& error, std::string* problem = nullptr) {
        std::lock_guard const one_at_a_time{reload_mutex_}; // or what was read first might be used last
        auto fresh = detail_tls::context_builder{options_}.build(error, problem);
        if (!fresh) return false;
        std::lock_guard const lock{mutex_};
        context_.swap(fresh);
        return true;
    }

    /// The server's side of a new connection. Precondition: the socket is connected and non-blocking.
    [[nodiscard]] tls_stream make_stream(asio::ip::tcp::socket socket) const {
        auto const context = current();
        return tls_stream{std::move(socket), *context}; // which shares the ownership
    }

private:
    explicit tls_context(tls_options options) : options_{std::move(options)} {}

    [[nodiscard]] std::shared_ptr<SSL_CTX> current() const {
        std::lock_guard const lock{mutex_};
        return context_;
    }

    tls_options const options_;
    std::mutex reload_mutex_;
    mutable std::mutex mutex_;
    std::shared_ptr<SSL_CTX> context_;
};

}

#endif
