// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_PARSE_ISO8601_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_PARSE_ISO8601_IPP

#include <backchannel/impl/protocol/timestamp.ipp>
#include <backchannel/protocol/parse_iso8601.hpp>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

BACKCHANNEL_DECL std::optional<timestamp> parse_iso8601(std::string_view text) noexcept {
    detail_timestamp::reader in{text};
    detail_timestamp::calendar_time time;
    if (!in.number<4>(time.year) || !in.text('-') || !in.number<2>(time.month) || !in.text('-') ||
        !in.number<2>(time.day) || !in.text('T') || !in.clock(time))
        return std::nullopt;
    if (in.text('.')) {
        if (!in.at_digit()) return std::nullopt;
        for (int weight = 100; in.at_digit(); weight /= 10) { // a weight of zero cuts the digits past the third
            time.millisecond += (in.rest[0] - '0') * weight;
            in.rest.remove_prefix(1);
        }
    }
    auto moment = detail_timestamp::join(time);
    if (!moment || in.rest == "Z") return moment;
    int const sign = in.text('-') ? -1 : in.text('+') ? 1 : 0;
    int hours = 0;
    int minutes = 0;
    if (sign == 0 || !in.number<2>(hours) || !in.text(':') || !in.number<2>(minutes) || !in.rest.empty() ||
        hours > 23 || minutes > 59)
        return std::nullopt;
    *moment -= std::chrono::minutes(sign * (hours * 60 + minutes));
    if (*moment < detail_timestamp::first_moment || *moment > detail_timestamp::last_moment) return std::nullopt;
    return moment;
}

}

#endif
