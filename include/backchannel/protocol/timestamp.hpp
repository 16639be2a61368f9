// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_TIMESTAMP_HPP
#define BACKCHANNEL_PROTOCOL_TIMESTAMP_HPP

#include <backchannel/config.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

/// A moment of UTC in whole milliseconds.
///
/// The functions below print and read the years 1970 to 9999. Printing takes a moment outside of them for the nearest
/// one inside; reading refuses it, as it refuses a day that the calendar lacks and the second 60. All are pure: no
/// locale, no time zone of the machine, no memory.
using timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// A moment of the system clock as a timestamp, rounded down.
[[nodiscard]] constexpr timestamp to_timestamp(std::chrono::system_clock::time_point moment) noexcept {
    return std::chrono::floor<std::chrono::milliseconds>(moment);
}

/// The text in a buffer that a `format_` function returned; valid as long as the buffer.
template <std::size_t Size>
[[nodiscard]] constexpr std::string_view text_of(std::array<char, Size> const& text) noexcept {
    return {text.data(), Size};
}

/// What `format_iso8601` returns: a text of 20 or 24 characters with its storage.
struct iso8601_text {
    std::array<char, 24> characters{};
    std::size_t size = 0;

    /// The text; valid as long as this object.
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {characters.data(), size}; }
};

/// Prints `2026-11-21T00:59:58.120Z`, or `2026-11-21T00:59:58Z` on a whole second (RFC 3339, section 5.6).
[[nodiscard]] BACKCHANNEL_DECL iso8601_text format_iso8601(timestamp moment) noexcept;

/// Prints `Sat, 21 Nov 2026 01:00:00 GMT`, the IMF-fixdate of RFC 9110, section 5.6.7; the fraction is dropped.
[[nodiscard]] BACKCHANNEL_DECL std::array<char, 29> format_http_date(timestamp moment) noexcept;

/// Prints `20261121T010000Z`, the form of `X-Amz-Date`; the fraction is dropped. Its first eight digits are the date of
/// the credential scope.
[[nodiscard]] BACKCHANNEL_DECL std::array<char, 16> format_amz_date(timestamp moment) noexcept;

/// Reads exactly `YYYYMMDDTHHMMSSZ`.
[[nodiscard]] BACKCHANNEL_DECL std::optional<timestamp> parse_amz_date(std::string_view text) noexcept;

/// Reads the three forms of RFC 9110, section 5.6.7: IMF-fixdate, and the obsolete ones of RFC 850 and asctime.
///
/// The day of the week must be a name of one; whether it's the right one isn't checked. `now` tells the century of the
/// two-digit year of RFC 850: the latest that puts the date at most 50 years after `now`.
[[nodiscard]] BACKCHANNEL_DECL std::optional<timestamp> parse_http_date(std::string_view text, timestamp now) noexcept;

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/timestamp.ipp>
#endif

#endif
