// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_CRYPTO_SHA1_HPP
#define BACKCHANNEL_CRYPTO_SHA1_HPP

#include <backchannel/config.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::crypto {

/// The 20 bytes of a SHA-1 digest, in the order in which they are written.
using sha1_digest = std::array<std::uint8_t, 20>;

/// SHA-1 of a message that arrives in pieces (FIPS 180-4, RFC 3174).
///
/// SHA-1 is broken as a signature; it is here for the opening handshake alone (RFC 6455, section 4.2.2), where it
/// guards nothing. A copy goes on from where its original was. Nothing is allocated. Messages are below 2^61 bytes. Not
/// thread-safe, but copying an object that no thread changes is.
class sha1 {
public:
    /// The state of an empty message.
    sha1() noexcept = default;

    /// Appends bytes to the message.
    BACKCHANNEL_DECL void update(std::string_view data) noexcept;

    /// The digest of the message. The object has to be assigned anew before its next use.
    [[nodiscard]] BACKCHANNEL_DECL sha1_digest finish() noexcept;

    /// The digest of a message that is there as a whole.
    [[nodiscard]] static sha1_digest digest(std::string_view message) noexcept {
        sha1 hash;
        hash.update(message);
        return hash.finish();
    }

private:
    std::array<std::uint32_t, 5> state_{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    std::uint64_t size_ = 0;
    std::array<std::uint8_t, 64> pending_{};
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/crypto/sha1.ipp>
#endif

#endif
