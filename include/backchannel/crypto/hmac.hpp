// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_CRYPTO_HMAC_HPP
#define BACKCHANNEL_CRYPTO_HMAC_HPP

#include <backchannel/config.hpp>
#include <backchannel/crypto/sha256.hpp>

#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::crypto {

/// HMAC-SHA256 of a message that arrives in pieces (RFC 2104, FIPS 198-1).
///
/// The constructor does all the work that depends on the key alone. A copy of an object that has seen nothing but its
/// key is as good as a new one and costs no hashing, so a key is kept in this form. The key itself isn't in it, but who
/// reads the object can sign: it is as secret as the key, and it is not wiped on destruction. Nothing is allocated. Not
/// thread-safe, but copying an object that no thread changes is.
class hmac_sha256 {
public:
    /// The state of an empty message under a key of any length, the empty one included.
    BACKCHANNEL_DECL explicit hmac_sha256(std::string_view key) noexcept;

    /// Appends bytes to the message.
    void update(std::string_view data) noexcept { inner_.update(data); }

    /// The code of the message, 32 bytes. The object has to be assigned anew before its next use.
    [[nodiscard]] BACKCHANNEL_DECL sha256_digest finish() noexcept;

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

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/crypto/hmac.ipp>
#endif

#endif
