// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_BASE64_HPP
#define BACKCHANNEL_PROTOCOL_BASE64_HPP

#include <backchannel/config.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

/// The length of `size` bytes as padded base64.
[[nodiscard]] constexpr std::size_t base64_encoded_size(std::size_t size) noexcept {
    return size / 3 * 4 + (size % 3 == 0 ? 0 : 4);
}

/// The length of `size` bytes as unpadded base64url.
[[nodiscard]] constexpr std::size_t base64url_encoded_size(std::size_t size) noexcept {
    return size / 3 * 4 + (size % 3 == 0 ? 0 : size % 3 + 1);
}

/// An upper bound of the bytes that `size` characters of either alphabet, padded or not, decode to.
///
/// Exact for unpadded text of a possible length; at most two bytes too large for padded text.
[[nodiscard]] constexpr std::size_t base64_decoded_size(std::size_t size) noexcept {
    return size / 4 * 3 + size % 4 * 3 / 4;
}

/// Encodes with the standard alphabet and padding (RFC 4648, section 4).
[[nodiscard]] BACKCHANNEL_DECL std::string base64_encode(std::string_view bytes);

/// Encodes with the URL and file name safe alphabet, without padding (RFC 4648, section 5).
[[nodiscard]] BACKCHANNEL_DECL std::string base64url_encode(std::string_view bytes);

/// Encodes like the string form into a buffer of the caller's; the number of characters written is returned.
///
/// Precondition: `out` has room for `base64url_encoded_size(bytes.size())` characters. No terminating zero is written.
BACKCHANNEL_DECL std::size_t base64url_encode(std::span<std::uint8_t const> bytes, char* out) noexcept;

/// Decodes the standard alphabet with its padding (RFC 4648, section 4).
///
/// Nothing if the text isn't the one encoding of its bytes: a foreign character or blank, a line break, missing or
/// surplus padding, or bits other than zero after the last byte.
[[nodiscard]] BACKCHANNEL_DECL std::optional<std::string> base64_decode(std::string_view text);

/// Decodes text of either alphabet (RFC 4648, sections 4 and 5), even mixed, with padding or without.
///
/// Padding must be right where there is any; everything else is refused as in `base64_decode`.
[[nodiscard]] BACKCHANNEL_DECL std::optional<std::string> base64_decode_any(std::string_view text);

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/base64.ipp>
#endif

#endif
