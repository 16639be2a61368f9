// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_CRYPTO_CONSTANT_TIME_IPP
#define BACKCHANNEL_IMPL_CRYPTO_CONSTANT_TIME_IPP

#include <backchannel/crypto/constant_time.hpp>
#include <backchannel/protocol/hex.hpp>

#include <array>
#include <cstring>

namespace backchannel::inline BACKCHANNEL_ABI::crypto {

namespace detail_constant_time {

[[nodiscard]] inline std::uint64_t load_word(std::uint8_t const* from) noexcept {
    std::uint64_t word;
    std::memcpy(&word, from, sizeof(word));
    return word;
}

[[nodiscard]] inline std::span<std::uint8_t const> as_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<std::uint8_t const*>(text.data()), text.size()};
}

}

BACKCHANNEL_DECL bool constant_time_equal(std::span<std::uint8_t const> a, std::span<std::uint8_t const> b) noexcept {
    if (a.size() != b.size()) return false;
    // Each access to a volatile object has to happen, and with the right value: the loops can't end early.
    std::uint64_t volatile difference = 0;
    std::size_t at = 0;
    for (; a.size() - at >= sizeof(std::uint64_t); at += sizeof(std::uint64_t)) {
        difference = difference |
                     (detail_constant_time::load_word(a.data() + at) ^ detail_constant_time::load_word(b.data() + at));
    }
    for (; at < a.size(); ++at) difference = difference | std::uint64_t{static_cast<std::uint8_t>(a[at] ^ b[at])};
    return difference == 0;
}

BACKCHANNEL_DECL bool constant_time_equal(std::string_view a, std::string_view b) noexcept {
    return constant_time_equal(detail_constant_time::as_bytes(a), detail_constant_time::as_bytes(b));
}

BACKCHANNEL_DECL void secure_zero(void* memory, std::size_t size) noexcept {
    auto volatile* bytes = static_cast<unsigned char volatile*>(memory);
    for (std::size_t at = 0; at < size; ++at) bytes[at] = 0;
}

BACKCHANNEL_DECL bool signature::matches_hex(std::string_view text) const noexcept {
    std::array<char, 2 * std::tuple_size_v<sha256_digest>> digits;
    protocol::hex_encode(bytes_, digits.data());
    return constant_time_equal(text, {digits.data(), digits.size()});
}

}

#endif
