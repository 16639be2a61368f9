// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_CRYPTO_ENTROPY_HPP
#define BACKCHANNEL_CRYPTO_ENTROPY_HPP

#include <backchannel/config.hpp>

#include <cstddef>

namespace backchannel::inline BACKCHANNEL_ABI::crypto {

/// Fills a buffer from the operating system's cryptographic random source.
///
/// False if that source fails; the buffer's contents must not be used then. Thread-safe.
[[nodiscard]] BACKCHANNEL_DECL bool fill_random(void* buffer, std::size_t size) noexcept;

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/crypto/entropy.ipp>
#endif

#endif
