// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_UTF8_HPP
#define BACKCHANNEL_PROTOCOL_UTF8_HPP

#include <backchannel/config.hpp>

#include <cstdint>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

/// Checks UTF-8 that arrives in pieces, cut anywhere.
///
/// Exact RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. Three bytes of state; copyable; no
/// synchronisation of its own.
class utf8_validator {
public:
    /// Takes the next bytes; false from the first byte on after which no valid text can follow, until `reset()`.
    BACKCHANNEL_DECL bool feed(std::string_view bytes) noexcept;

    /// Whether the bytes so far are valid and end with a whole character.
    [[nodiscard]] bool complete() const noexcept { return remaining_ == 0 && lower_ <= upper_; }

    void reset() noexcept { *this = utf8_validator{}; }

private:
    // True as well for a byte that opens a longer character; false, for good, for any other.
    [[nodiscard]] BACKCHANNEL_DECL bool begin_character(std::uint8_t byte) noexcept;
    void expect(std::uint8_t remaining, std::uint8_t lower, std::uint8_t upper) noexcept {
        remaining_ = remaining;
        lower_ = lower;
        upper_ = upper;
    }

    // The next byte's range: the second byte of some characters has a narrower one. Empty after a failure.
    std::uint8_t remaining_ = 0;
    std::uint8_t lower_ = 0x80;
    std::uint8_t upper_ = 0xBF;
};

/// Whether `text` is UTF-8 (RFC 3629) that ends with a whole character. Empty text is.
[[nodiscard]] BACKCHANNEL_DECL bool is_valid_utf8(std::string_view text) noexcept;

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/utf8.ipp>
#endif

#endif
