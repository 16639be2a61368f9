// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_CRYPTO_HMAC_PADS_IPP
#define BACKCHANNEL_IMPL_CRYPTO_HMAC_PADS_IPP

// HMAC over any SHA-256 class with the members of crypto::sha256 (RFC 2104, section 2).

#include <backchannel/config.hpp>
#include <backchannel/crypto/constant_time.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::crypto::detail_hmac {

inline constexpr std::uint8_t inner_pad = 0x36;
inline constexpr std::uint8_t outer_pad = 0x5c;

using key_block = std::array<std::uint8_t, 64>;

template <std::size_t Size>
[[nodiscard]] std::string_view as_text(std::array<std::uint8_t, Size> const& bytes) noexcept {
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

inline void flip(key_block& block, std::uint8_t bits) noexcept {
    for (std::uint8_t& byte : block) byte = static_cast<std::uint8_t>(byte ^ bits);
}

// Gives both hashes, which are empty before, their first block.
template <class Hash>
void absorb_key(std::string_view key, Hash& inner, Hash& outer) noexcept {
    key_block block{};
    if (key.size() > block.size()) {
        auto hashed = Hash::digest(key);
        std::memcpy(block.data(), hashed.data(), hashed.size());
        secure_zero(hashed.data(), hashed.size());
    } else if (!key.empty()) { // an empty key's pointer may be null, which memcpy doesn't take
        std::memcpy(block.data(), key.data(), key.size());
    }
    flip(block, inner_pad);
    inner.update(as_text(block));
    flip(block, inner_pad ^ outer_pad);
    outer.update(as_text(block));
    secure_zero(block.data(), block.size());
}

template <class Hash>
[[nodiscard]] sha256_digest finish(Hash& inner, Hash& outer) noexcept {
    sha256_digest const inner_digest = inner.finish();
    outer.update(as_text(inner_digest));
    return outer.finish();
}

}

#endif
