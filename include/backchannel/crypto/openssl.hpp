// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_CRYPTO_OPENSSL_HPP
#define BACKCHANNEL_CRYPTO_OPENSSL_HPP

// No other header includes this one: only who includes it has to link OpenSSL's libcrypto.

#include <backchannel/config.hpp>
#include <backchannel/crypto/entropy.hpp>
#include <backchannel/crypto/sha256.hpp>
#include <backchannel/impl/crypto/hmac_pads.ipp>

#include <openssl/evp.h>
#include <openssl/opensslv.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string_view>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "backchannel/crypto/openssl.hpp needs OpenSSL 3.0 or newer"
#endif

namespace backchannel::inline BACKCHANNEL_ABI::crypto {

/// A crypto provider like `builtin` that hashes with OpenSSL 3.
///
/// OpenSSL allocates for every new object and every copy. A failure of OpenSSL neither ends the process nor shows until
/// `finish`, which then gives 32 fresh random bytes: a digest that nobody can foresee, so that no signature matches it.
/// Only if the operating system's random source fails at the same time the process is aborted. OpenSSL's reason stays
/// in the error queue of the thread.
struct openssl {
    /// SHA-256 of a message that arrives in pieces.
    ///
    /// A copy goes on from where its original was; an assignment reuses what the target has allocated. A moved-from
    /// object counts as failed until it is assigned anew. Not thread-safe, but copying an object that no thread changes
    /// is.
    class sha256 {
    public:
        /// The state of an empty message.
        sha256() noexcept : context_(EVP_MD_CTX_new()) {
            EVP_MD const* const md = algorithm();
            if (context_ && (md == nullptr || EVP_DigestInit_ex2(context_.get(), md, nullptr) != 1)) context_.reset();
        }

        sha256(sha256 const& other) noexcept { copy_from(other); }
        sha256& operator=(sha256 const& other) noexcept {
            if (this != &other) copy_from(other);
            return *this;
        }
        sha256(sha256&&) noexcept = default;
        sha256& operator=(sha256&&) noexcept = default;
        ~sha256() = default;

        /// Appends bytes to the message.
        void update(std::string_view data) noexcept {
            if (context_ && EVP_DigestUpdate(context_.get(), data.data(), data.size()) != 1) context_.reset();
        }

        /// The digest of the message. The object has to be assigned anew before its next use.
        [[nodiscard]] sha256_digest finish() noexcept {
            sha256_digest result{};
            if (context_ && EVP_DigestFinal_ex(context_.get(), result.data(), nullptr) == 1) return result;
            context_.reset();
            if (!fill_random(result.data(), result.size())) std::abort();
            return result;
        }

        /// The digest of a message that is there as a whole.
        [[nodiscard]] static sha256_digest digest(std::string_view message) noexcept {
            sha256 hash;
            hash.update(message);
            return hash.finish();
        }

    private:
        struct deleter {
            void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
        };

        // Looked up once per process, as a lookup costs more than hashing a short message. It is never freed: the
        // library's own cleanup at exit could come first.
        [[nodiscard]] static EVP_MD const* algorithm() noexcept {
            static constinit std::atomic<EVP_MD*> cached{nullptr};
            EVP_MD* known = cached.load(std::memory_order_acquire);
            if (known != nullptr) return known;
            EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
            if (fetched == nullptr) return nullptr; // the next object tries again
            if (cached.compare_exchange_strong(known, fetched, std::memory_order_acq_rel)) return fetched;
            EVP_MD_free(fetched);
            return known;
        }

        void copy_from(sha256 const& other) noexcept {
            if (!other.context_) {
                context_.reset();
                return;
            }
            if (!context_) context_.reset(EVP_MD_CTX_new());
            if (context_ && EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()) != 1) context_.reset();
        }

        std::unique_ptr<EVP_MD_CTX, deleter> context_; // null after a failure
    };

    /// HMAC-SHA256 of a message that arrives in pieces (RFC 2104).
    ///
    /// The constructor does all the work that depends on the key alone; a copy of an object that has seen nothing but
    /// its key is as good as a new one. Copies, moves, failures and threads are as for `sha256`.
    class hmac_sha256 {
    public:
        /// The state of an empty message under a key of any length, the empty one included.
        explicit hmac_sha256(std::string_view key) noexcept { detail_hmac::absorb_key(key, inner_, outer_); }

        /// Appends bytes to the message.
        void update(std::string_view data) noexcept { inner_.update(data); }

        /// The code of the message, 32 bytes. The object has to be assigned anew before its next use.
        [[nodiscard]] sha256_digest finish() noexcept { return detail_hmac::finish(inner_, outer_); }

        /// The code of a message that is there as a whole.
        [[nodiscard]] static sha256_digest digest(std::string_view key, std::string_view message) noexcept {
            hmac_sha256 mac(key);
            mac.update(message);
            return mac.finish();
        }

    private:
        sha256 inner_;
        sha256 outer_;
    };
};

}

#endif
