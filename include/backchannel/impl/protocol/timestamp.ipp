// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_TIMESTAMP_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_TIMESTAMP_IPP

#include <backchannel/protocol/timestamp.hpp>

#include <algorithm>
#include <cstdint>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

namespace detail_timestamp {

inline constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
inline constexpr std::array<std::string_view, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
inline constexpr std::array<std::string_view, 7> long_weekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                               "Thursday", "Friday", "Saturday"};

inline constexpr timestamp first_moment{};
inline constexpr timestamp last_moment =
    timestamp(std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) + std::chrono::days(1)) -
    std::chrono::milliseconds(1);

struct calendar_time {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millisecond = 0;
    unsigned weekday = 0; // used for printing only
};

[[nodiscard]] inline calendar_time split(timestamp moment) noexcept {
    moment = std::clamp(moment, first_moment, last_moment);
    auto const day = std::chrono::floor<std::chrono::days>(moment);
    std::chrono::year_month_day const date(day);
    auto const rest = static_cast<int>((moment - day).count());
    return {.year = static_cast<int>(date.year()),
            .month = static_cast<int>(static_cast<unsigned>(date.month())),
            .day = static_cast<int>(static_cast<unsigned>(date.day())),
            .hour = rest / 3'600'000,
            .minute = rest / 60'000 % 60,
            .second = rest / 1000 % 60,
            .millisecond = rest % 1000,
            .weekday = std::chrono::weekday(day).c_encoding()};
}

[[nodiscard]] inline std::optional<timestamp> join(calendar_time const& time) noexcept {
    if (time.year < 1970 || time.year > 9999 || time.hour > 23 || time.minute > 59 || time.second > 59)
        return std::nullopt;
    std::chrono::year_month_day const date(std::chrono::year(time.year),
                                           std::chrono::month(static_cast<unsigned>(time.month)),
                                           std::chrono::day(static_cast<unsigned>(time.day)));
    if (!date.ok()) return std::nullopt;
    return timestamp(std::chrono::sys_days(date)) + std::chrono::hours(time.hour) + std::chrono::minutes(time.minute) +
           std::chrono::seconds(time.second) + std::chrono::milliseconds(time.millisecond);
}

// Writes one piece after the other into a buffer that is known to be long enough.
struct writer {
    char* at;

    void text(std::string_view piece) noexcept { at = std::copy(piece.begin(), piece.end(), at); }
    template <int Digits>
    void number(int value) noexcept {
        auto const rest = static_cast<unsigned>(value);
        if constexpr (Digits > 2) { // two by two, as no digit of a pair waits for another pair
            number<Digits - 2>(static_cast<int>(rest / 100));
            number<2>(static_cast<int>(rest % 100));
        } else {
            if constexpr (Digits == 2) *at++ = static_cast<char>('0' + rest / 10);
            *at++ = static_cast<char>('0' + rest % 10);
        }
    }
};

// Takes one piece after the other off the front of a text.
struct reader {
    std::string_view rest;

    [[nodiscard]] bool text(std::string_view piece) noexcept {
        if (!rest.starts_with(piece)) return false;
        rest.remove_prefix(piece.size());
        return true;
    }
    [[nodiscard]] bool text(char c) noexcept {
        if (rest.empty() || rest[0] != c) return false;
        rest.remove_prefix(1);
        return true;
    }
    [[nodiscard]] bool at_digit() const noexcept { return !rest.empty() && rest[0] >= '0' && rest[0] <= '9'; }
    template <std::size_t Digits>
    [[nodiscard]] bool number(int& value) noexcept {
        if (rest.size() < Digits) return false;
        unsigned sum = 0;
        bool good = true;
        for (std::size_t i = 0; i != Digits; ++i) {
            unsigned const digit = static_cast<unsigned char>(rest[i]) - unsigned{'0'};
            good = good && digit <= 9;
            sum = sum * 10 + digit;
        }
        value = static_cast<int>(sum);
        rest.remove_prefix(Digits);
        return good;
    }
    [[nodiscard]] bool month(int& value) noexcept {
        for (value = 1; value <= 12; ++value)
            if (text(months[static_cast<std::size_t>(value - 1)])) return true;
        return false;
    }
    [[nodiscard]] bool weekday(std::array<std::string_view, 7> const& names, std::string_view after) noexcept {
        for (std::string_view const name : names) {
            if (rest.starts_with(name) && rest.substr(name.size()).starts_with(after)) {
                rest.remove_prefix(name.size() + after.size());
                return true;
            }
        }
        return false;
    }
    [[nodiscard]] bool clock(calendar_time& time) noexcept {
        return number<2>(time.hour) && text(':') && number<2>(time.minute) && text(':') && number<2>(time.second);
    }
};

[[nodiscard]] inline std::optional<timestamp> parse_imf_fixdate(std::string_view text) noexcept {
    reader in{text};
    calendar_time time;
    if (!in.weekday(weekdays, ", ") || !in.number<2>(time.day) || !in.text(' ') || !in.month(time.month) ||
        !in.text(' ') || !in.number<4>(time.year) || !in.text(' ') || !in.clock(time) || in.rest != " GMT")
        return std::nullopt;
    return join(time);
}

[[nodiscard]] inline std::optional<timestamp> parse_rfc850(std::string_view text, timestamp now) noexcept {
    reader in{text};
    calendar_time time;
    if (!in.weekday(long_weekdays, ", ") || !in.number<2>(time.day) || !in.text('-') || !in.month(time.month) ||
        !in.text('-') || !in.number<2>(time.year) || !in.text(' ') || !in.clock(time) || in.rest != " GMT")
        return std::nullopt;
    calendar_time limit = split(now);
    limit.year += 50;
    auto const order = [](calendar_time const& t) {
        return ((((std::int64_t{t.year} * 16 + t.month) * 32 + t.day) * 32 + t.hour) * 64 + t.minute) * 64 + t.second;
    };
    time.year += limit.year / 100 * 100;
    if (order(time) > order(limit)) time.year -= 100;
    return join(time);
}

[[nodiscard]] inline std::optional<timestamp> parse_asctime(std::string_view text) noexcept {
    reader in{text};
    calendar_time time;
    if (!in.weekday(weekdays, " ") || !in.month(time.month) || !in.text(' ')) return std::nullopt;
    // a day of one digit has a blank in front
    bool const day = in.text(' ') ? in.number<1>(time.day) : in.number<2>(time.day);
    if (!day || !in.text(' ') || !in.clock(time) || !in.text(' ') || !in.number<4>(time.year) || !in.rest.empty())
        return std::nullopt;
    return join(time);
}

}

BACKCHANNEL_DECL iso8601_text format_iso8601(timestamp moment) noexcept {
    auto const time = detail_timestamp::split(moment);
    iso8601_text text;
    detail_timestamp::writer out{text.characters.data()};
    out.number<4>(time.year);
    out.text("-");
    out.number<2>(time.month);
    out.text("-");
    out.number<2>(time.day);
    out.text("T");
    out.number<2>(time.hour);
    out.text(":");
    out.number<2>(time.minute);
    out.text(":");
    out.number<2>(time.second);
    if (time.millisecond != 0) {
        out.text(".");
        out.number<3>(time.millisecond);
    }
    out.text("Z");
    text.size = static_cast<std::size_t>(out.at - text.characters.data());
    return text;
}

BACKCHANNEL_DECL std::array<char, 29> format_http_date(timestamp moment) noexcept {
    auto const time = detail_timestamp::split(moment);
    std::array<char, 29> text{};
    detail_timestamp::writer out{text.data()};
    out.text(detail_timestamp::weekdays[time.weekday]);
    out.text(", ");
    out.number<2>(time.day);
    out.text(" ");
    out.text(detail_timestamp::months[static_cast<std::size_t>(time.month - 1)]);
    out.text(" ");
    out.number<4>(time.year);
    out.text(" ");
    out.number<2>(time.hour);
    out.text(":");
    out.number<2>(time.minute);
    out.text(":");
    out.number<2>(time.second);
    out.text(" GMT");
    return text;
}

BACKCHANNEL_DECL std::array<char, 16> format_amz_date(timestamp moment) noexcept {
    auto const time = detail_timestamp::split(moment);
    std::array<char, 16> text{};
    detail_timestamp::writer out{text.data()};
    out.number<4>(time.year);
    out.number<2>(time.month);
    out.number<2>(time.day);
    out.text("T");
    out.number<2>(time.hour);
    out.number<2>(time.minute);
    out.number<2>(time.second);
    out.text("Z");
    return text;
}

BACKCHANNEL_DECL std::optional<timestamp> parse_amz_date(std::string_view text) noexcept {
    if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
    unsigned largest = 0;
    auto const two = [&](std::size_t at) {
        unsigned const tens = static_cast<unsigned char>(text[at]) - unsigned{'0'};
        unsigned const ones = static_cast<unsigned char>(text[at + 1]) - unsigned{'0'};
        largest = std::max({largest, tens, ones});
        return static_cast<int>(tens * 10 + ones);
    };
    detail_timestamp::calendar_time const time{.year = two(0) * 100 + two(2),
                                               .month = two(4),
                                               .day = two(6),
                                               .hour = two(9),
                                               .minute = two(11),
                                               .second = two(13)};
    return largest <= 9 ? detail_timestamp::join(time) : std::nullopt;
}

BACKCHANNEL_DECL std::optional<timestamp> parse_http_date(std::string_view text, timestamp now) noexcept {
    if (auto const moment = detail_timestamp::parse_imf_fixdate(text)) return moment;
    if (auto const moment = detail_timestamp::parse_rfc850(text, now)) return moment;
    return detail_timestamp::parse_asctime(text);
}

}

#endif
