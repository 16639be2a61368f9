// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_CRYPTO_SHA256_HPP
#define BACKCHANNEL_CRYPTO_SHA256_HPP

#include <backchannel/config.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::crypto {

/// The 32 bytes of a SHA-256 digest, in the order in which they are written.
using sha256_digest = std::array<std::uint8_t, 32>;

/// The ways in which this library hashes a block.
enum class sha256_engine : std::uint8_t {
    portable, ///< plain C++, on every machine
    sha_ni    ///< the SHA extensions of x86-64
};

/// Whether an engine has been compiled in and this processor can run it. Thread-safe.
[[nodiscard]] BACKCHANNEL_DECL bool sha256_engine_available(sha256_engine engine) noexcept;

/// The fastest engine that is available. It is looked for once; afterwards a call is one relaxed load. Thread-safe.
[[nodiscard]] BACKCHANNEL_DECL sha256_engine sha256_best_engine() noexcept;

/// Hashes `count` blocks of 64 bytes into a state of eight words (FIPS 180-4, section 6.2.2).
///
/// Neither pointer needs an alignment beyond its type's; no block is read if `count` is zero. Precondition: the engine
/// is available.
BACKCHANNEL_DECL void sha256_compress(sha256_engine engine, std::uint32_t* state, std::uint8_t const* blocks,
                                      std::size_t count) noexcept;

/// The same for `count` blocks of each of two messages. With SHA-NI this is faster than one after the other: the
/// instructions for one message don't wait for those for the other.
BACKCHANNEL_DECL void sha256_compress_two(sha256_engine engine, std::uint32_t* state_a, std::uint8_t const* blocks_a,
                                          std::uint32_t* state_b, std::uint8_t const* blocks_b,
                                          std::size_t count) noexcept;

/// SHA-256 of a message that arrives in pieces (FIPS 180-4).
///
/// A copy goes on from where its original was, which makes an object a prepared state: a prefix that many messages
/// share is hashed once. Nothing is allocated; whole blocks are read from the caller's memory without a copy. Up to 63
/// bytes of the message stay in the object until it is overwritten, as in any copy. Messages are below 2^61 bytes. Not
/// thread-safe, but copying an object that no thread changes is.
class sha256 {
public:
    /// The state of an empty message, with the best engine of this machine.
    sha256() noexcept : sha256(sha256_best_engine()) {}

    /// The same with a given engine. Precondition: the engine is available.
    explicit sha256(sha256_engine engine) noexcept : engine_(engine) {}

    /// Appends bytes to the message.
    BACKCHANNEL_DECL void update(std::string_view data) noexcept;

    /// Appends to two messages side by side, by `sha256_compress_two`, and takes what was appended off the front of
    /// both pieces: afterwards one of them has less than a block. Precondition: `a` and `b` are not the same.
    BACKCHANNEL_DECL static void update_two(sha256& a, std::string_view& piece_a, sha256& b,
                                            std::string_view& piece_b) noexcept;

    /// The digest of the message. The object has to be assigned anew before its next use.
    [[nodiscard]] BACKCHANNEL_DECL sha256_digest finish() noexcept;

    /// The digest of a message that is there as a whole.
    [[nodiscard]] static sha256_digest digest(std::string_view message) noexcept {
        sha256 hash;
        hash.update(message);
        return hash.finish();
    }

private:
    /// Completes the block that has begun, if the piece is long enough. False: it is not.
    [[nodiscard]] BACKCHANNEL_DECL bool fill_block(std::string_view& piece) noexcept;

    std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::uint64_t size_ = 0;
    std::array<std::uint8_t, 64> pending_{};
    sha256_engine engine_;
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/crypto/sha256.ipp>
#endif

#endif
