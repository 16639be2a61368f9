// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_TLS_STREAM_HPP
#define BACKCHANNEL_GATEWAY_TLS_STREAM_HPP

// Only who includes this header or gateway/tls.hpp has to link OpenSSL's libssl and libcrypto.

#include <backchannel/gateway/stream.hpp>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl/error.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/opensslv.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "backchannel/gateway/tls_stream.hpp needs OpenSSL 3.0 or newer"
#endif

namespace backchannel::inline BACKCHANNEL_ABI {

namespace detail_tls {

struct deleter {
    void operator()(BIO* p) const noexcept { BIO_free_all(p); }
    void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
    void operator()(SSL* p) const noexcept { SSL_free(p); }
    void operator()(SSL_CTX* p) const noexcept { SSL_CTX_free(p); }
    void operator()(X509* p) const noexcept { X509_free(p); }
};

template <class T>
using owned = std::unique_ptr<T, deleter>;

/// What the thread's error queue says first; empties the queue, which is everybody's on this thread.
[[nodiscard]] inline std::error_code take_error() {
    unsigned long const first = ERR_get_error();
    ERR_clear_error();
    if (first == 0) return asio::ssl::error::unspecified_system_error;
    if (ERR_SYSTEM_ERROR(first)) return {ERR_GET_REASON(first), std::system_category()};
    return {static_cast<int>(first), asio::error::get_ssl_category()};
}

}

/// TLS on TCP, the server's side of it. Made by `tls_context::make_stream`.
///
/// OpenSSL reads and writes the socket itself and never waits, so an idle connection has no buffers. One `write_some`
/// makes one record of at most 16 KiB out of the first pieces.
///
/// Errors: `asio::error::eof` is the peer's close_notify. An end of the TCP connection without it is
/// `asio::ssl::error::stream_truncated`: somebody else may have cut the rest off. What OpenSSL refuses has the category
/// of `asio::error::get_ssl_category()`.
class tls_stream : public tcp_stream {
public:
    static constexpr bool secure = true;

    /// Precondition: the socket is connected and non-blocking. `std::bad_alloc` if OpenSSL has no memory.
    tls_stream(asio::ip::tcp::socket socket, SSL_CTX& context)
        : tcp_stream{std::move(socket)}, ssl_{SSL_new(&context)} {
        BIO* const bio = ssl_ ? BIO_new(bio_method()) : nullptr;
        if (bio == nullptr) {
            ERR_clear_error();
            throw std::bad_alloc{};
        }
        SSL_set_bio(ssl_.get(), bio, bio);
        SSL_set_accept_state(ssl_.get());
    }

    [[nodiscard]] bool established() const noexcept { return established_; }
    [[nodiscard]] bool has_more() const noexcept { return has_more_; }
    [[nodiscard]] bool read_wants_write() const noexcept { return read_wants_write_; }

    std::size_t read_some(std::span<char> room, std::error_code& error) {
        std::size_t size = 0;
        unread_budget_ = read_budget;
        int const outcome = call([&](SSL* ssl) { return SSL_read_ex(ssl, room.data(), room.size(), &size); }, error);
        read_wants_write_ = outcome == SSL_ERROR_WANT_WRITE;
        // a part of a record is of no use: there is more only as long as reading gives something
        has_more_ = outcome == SSL_ERROR_NONE && SSL_has_pending(ssl_.get()) != 0;
        if (!established_) established_ = SSL_is_init_finished(ssl_.get()) != 0;
        return size;
    }

    std::size_t write_some(std::span<std::string_view const> pieces, std::error_code& error) {
        std::array<char, record_size> scratch; // not the connection's: many of them are idle
        std::string_view const bytes = first_record(pieces, scratch);
        error = {};
        if (bytes.empty()) return 0;
        std::size_t size = 0;
        // OpenSSL has made the record already when it cannot send it all. What it wants then is at least as many bytes,
        // and there are: the pieces begin with the same ones.
        int const outcome = call([&](SSL* ssl) { return SSL_write_ex(ssl, bytes.data(), bytes.size(), &size); }, error);
        write_blocked_ = outcome == SSL_ERROR_WANT_WRITE;
        if (outcome == SSL_ERROR_WANT_READ) {
            // A peer that sends a handshake message in pieces after the handshake. Nobody does but to make us wait for
            // a socket that is writable all the time.
            failed_ = true;
            error = asio::ssl::error::unexpected_result;
        }
        return size;
    }

    /// Whether a record has been sent in part, so that what it was made of cannot be taken back.
    [[nodiscard]] bool write_blocked() const noexcept { return write_blocked_; }

    /// Sends close_notify, and ends the socket's side then. Precondition: no write is to be tried again; if one is, the
    /// peer sees a connection that has been cut off, as it has.

    void end_sending(std::error_code& error) {
        if (established_ && !failed_ && !write_blocked_) {
            // 0: the peer's close_notify has not come yet
            int const outcome = call([](SSL* ssl) { return SSL_shutdown(ssl) < 0 ? -1 : 1; }, error);
            if (outcome == SSL_ERROR_WANT_WRITE) return;
        }
        socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
    }

    /// Who the client's certificate is for, such as `CN=device 7,O=Example` (RFC 2253); empty: it has given none.
    /// Precondition: `established()`.
    [[nodiscard]] std::string peer_subject() const {
        X509 const* const certificate = SSL_get0_peer_certificate(ssl_.get());
        detail_tls::owned<BIO> const text{certificate != nullptr ? BIO_new(BIO_s_mem()) : nullptr};
        if (!text) return {};
        X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
        char* data = nullptr;
        auto const size = BIO_get_mem_data(text.get(), &data);
        return size > 0 ? std::string{data, static_cast<std::size_t>(size)} : std::string{};
    }

private:
    static constexpr std::size_t record_size = std::size_t{16} * 1024; // RFC 8446 section 5.1

    // What one read may take off the socket without giving a byte to the caller. A peer could send messages that are
    // for TLS alone (KeyUpdate) as fast as they are dealt with, and no other connection of the loop would have a turn.
    static constexpr std::size_t read_budget = 2 * record_size;

    [[nodiscard]] static std::string_view first_record(std::span<std::string_view const> pieces,
                                                       std::span<char> scratch) noexcept {
        while (!pieces.empty() && pieces.front().empty()) pieces = pieces.subspan(1);
        if (pieces.empty()) return {};
        if (pieces.size() == 1 || pieces.front().size() >= scratch.size())
            return pieces.front().substr(0, scratch.size());
        std::size_t filled = 0;
        for (std::string_view const piece : pieces) {
            std::size_t const n = std::min(piece.size(), scratch.size() - filled);
            if (n != 0) std::memcpy(scratch.data() + filled, piece.data(), n);
            filled += n;
        }
        return {scratch.data(), filled};
    }

    /// Calls OpenSSL and tells what came of it as `SSL_get_error` does.
    template <class F>
    int call(F&& act, std::error_code& error) {
        ERR_clear_error(); // what others have left there would be taken for ours
        socket_error_ = {};
        BIO_set_data(SSL_get_rbio(ssl_.get()), this); // the stream may have been moved
        int const result = act(ssl_.get());
        int const outcome = SSL_get_error(ssl_.get(), result);
        switch (outcome) {
        case SSL_ERROR_NONE:
            error = {};
            break;
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            error = asio::error::would_block;
            break;
        case SSL_ERROR_ZERO_RETURN:
            error = asio::error::eof;
            break;
        default:
            failed_ = true;
            error = detail_tls::take_error();
            if (socket_error_)
                error = socket_error_ == asio::error::eof ? make_error_code(asio::ssl::error::stream_truncated)
                                                          : socket_error_;
        }
        return outcome;
    }

    // ------------------------------------------------------------------------------- the socket as OpenSSL sees it

    /// Lives as long as the process: OpenSSL's own cleanup at exit could come first.
    [[nodiscard]] static BIO_METHOD const* bio_method() noexcept {
        static BIO_METHOD const* const method = []() noexcept -> BIO_METHOD* {
            BIO_METHOD* const m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "backchannel socket");
            if (m == nullptr) return nullptr;
            BIO_meth_set_create(m, [](BIO* bio) {
                BIO_set_init(bio, 1);
                return 1;
            });
            BIO_meth_set_read(m, [](BIO* bio, char* data, int size) { return self(bio).socket_read(bio, data, size); });
            BIO_meth_set_write(
                m, [](BIO* bio, char const* data, int size) { return self(bio).socket_write(bio, data, size); });
            // the socket has no buffer to flush; all other questions are about things that it does not have
            BIO_meth_set_ctrl(m, [](BIO*, int what, long, void*) -> long { return what == BIO_CTRL_FLUSH ? 1 : 0; });
            return m;
        }();
        return method;
    }

    [[nodiscard]] static tls_stream& self(BIO* bio) noexcept { return *static_cast<tls_stream*>(BIO_get_data(bio)); }

    int socket_read(BIO* bio, char* data, int size) noexcept {
        BIO_clear_retry_flags(bio);
        std::error_code error = asio::error::would_block;
        std::size_t n = 0;
        if (unread_budget_ != 0) n = socket_.read_some(asio::buffer(data, static_cast<std::size_t>(size)), error);
        unread_budget_ -= std::min(unread_budget_, n);
        if (!error) return static_cast<int>(n);
        if (is_retry(error))
            BIO_set_retry_read(bio);
        else
            socket_error_ = error;
        return -1;
    }

    int socket_write(BIO* bio, char const* data, int size) noexcept {
        BIO_clear_retry_flags(bio);
        std::error_code error;
        std::size_t const n = socket_.write_some(asio::buffer(data, static_cast<std::size_t>(size)), error);
        if (!error) return static_cast<int>(n);
        if (is_retry(error))
            BIO_set_retry_write(bio);
        else
            socket_error_ = error;
        return -1;
    }

    detail_tls::owned<SSL> ssl_;
    std::error_code socket_error_; // of the call under way
    std::size_t unread_budget_ = 0;
    bool established_ = false;
    bool has_more_ = false;
    bool read_wants_write_ = false;
    bool write_blocked_ = false; // a record has been sent in part
    bool failed_ = false;        // nothing more can be said in TLS
};

static_assert(gateway_stream<tls_stream>);

}

#endif
