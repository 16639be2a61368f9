// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_PARSE_ISO8601_HPP
#define BACKCHANNEL_PROTOCOL_PARSE_ISO8601_HPP

#include <backchannel/protocol/timestamp.hpp>

#include <optional>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

/// Reads `YYYY-MM-DDTHH:MM:SS`, a fraction of any length after '.', cut to milliseconds, and `Z` or an offset like
/// `+01:00` (RFC 3339, section 5.6, with upper-case letters only).
[[nodiscard]] BACKCHANNEL_DECL std::optional<timestamp> parse_iso8601(std::string_view text) noexcept;

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/parse_iso8601.ipp>
#endif

#endif
