// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_CRYPTO_CONSTANT_TIME_HPP
#define BACKCHANNEL_CRYPTO_CONSTANT_TIME_HPP

#include <backchannel/config.hpp>
#include <backchannel/crypto/sha256.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::crypto {

/// Whether two byte strings are the same, found in a time that doesn't depend on what they hold.
///
/// Every byte is read wherever the first difference is. The lengths are not secret: strings of different lengths are
/// told apart at once. Thread-safe.
[[nodiscard]] BACKCHANNEL_DECL bool constant_time_equal(std::span<std::uint8_t const> a,
                                                        std::span<std::uint8_t const> b) noexcept;

/// The same for characters.
[[nodiscard]] BACKCHANNEL_DECL bool constant_time_equal(std::string_view a, std::string_view b) noexcept;

/// Overwrites memory with zeros, and the compiler does not leave that out although nobody reads the memory again.
BACKCHANNEL_DECL void secure_zero(void* memory, std::size_t size) noexcept;

/// A message authentication code of 32 bytes that can be compared in constant time only.
///
/// A caller who learned from the time of a comparison how far a forged signature was right could find the signature
/// byte by byte; hence there is no `==`. The bytes are not wiped on destruction.
class signature {
public:
    /// The signature that an HMAC-SHA256 gave.
    explicit signature(sha256_digest const& bytes) noexcept : bytes_(bytes) {}

    /// Whether a text is this signature as requests carry it, 64 lower-case hexadecimal digits; as `matches`.
    [[nodiscard]] BACKCHANNEL_DECL bool matches_hex(std::string_view text) const noexcept;

    /// Whether both are the same, in a time that doesn't depend on either.
    [[nodiscard]] bool matches(signature const& other) const noexcept {
        return constant_time_equal(std::span<std::uint8_t const>(bytes_), std::span<std::uint8_t const>(other.bytes_));
    }

    friend bool operator==(signature const&, signature const&) = delete;

private:
    sha256_digest bytes_;
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/crypto/constant_time.ipp>
#endif

#endif
