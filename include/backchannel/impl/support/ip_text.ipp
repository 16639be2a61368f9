// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_SUPPORT_IP_TEXT_IPP
#define BACKCHANNEL_IMPL_SUPPORT_IP_TEXT_IPP

#include <backchannel/support/ip_text.hpp>

#include <algorithm>
#include <cstddef>

namespace backchannel::inline BACKCHANNEL_ABI {

namespace detail_ip_text {

inline constexpr unsigned v4_prefix_bits = 96;

// Takes a decimal number without leading zeros off the front of the text; nothing if it's missing or too large.
[[nodiscard]] inline std::optional<unsigned> take_decimal(std::string_view& text, unsigned largest) noexcept {
    unsigned value = 0;
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
        value = value * 10 + static_cast<unsigned>(text[digits] - '0');
        if (value > largest) return std::nullopt;
        ++digits;
    }
    if (digits == 0 || (digits > 1 && text[0] == '0')) return std::nullopt;
    text.remove_prefix(digits);
    return value;
}

[[nodiscard]] inline bool parse_v4(std::string_view text, std::uint8_t* out) noexcept {
    for (int number = 0; number < 4; ++number) {
        if (number != 0) {
            if (!text.starts_with('.')) return false;
            text.remove_prefix(1);
        }
        auto const value = take_decimal(text, 255);
        if (!value) return false;
        out[number] = static_cast<std::uint8_t>(*value);
    }
    return text.empty();
}

// Takes a group of one to four hexadecimal digits off the front of the text.
[[nodiscard]] inline bool take_group(std::string_view& text, std::uint8_t* out) noexcept {
    unsigned value = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && digits < 4; ++digits) {
        char const c = text[digits];
        unsigned digit = 0;
        if (c >= '0' && c <= '9') {
            digit = static_cast<unsigned>(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            digit = static_cast<unsigned>(c - 'a') + 10;
        } else if (c >= 'A' && c <= 'F') {
            digit = static_cast<unsigned>(c - 'A') + 10;
        } else {
            break;
        }
        value = value << 4 | digit;
    }
    if (digits == 0) return false;
    out[0] = static_cast<std::uint8_t>(value >> 8);
    out[1] = static_cast<std::uint8_t>(value & 0xff);
    text.remove_prefix(digits);
    return true;
}

[[nodiscard]] inline bool parse_v6(std::string_view text, std::array<std::uint8_t, 16>& out) noexcept {
    std::array<std::uint8_t, 16> bytes{};
    std::size_t size = 0;
    std::optional<std::size_t> gap; // where "::" stands
    if (text.starts_with("::")) {
        gap = 0;
        text.remove_prefix(2);
    }
    while (!text.empty()) {
        std::size_t const separator = text.find_first_of(":.");
        if (separator != std::string_view::npos && text[separator] == '.') {
            if (size > 12 || !parse_v4(text, bytes.data() + size)) return false;
            size += 4;
            break;
        }
        if (size == 16 || !take_group(text, bytes.data() + size)) return false;
        size += 2;
        if (text.empty()) break;
        if (!text.starts_with(':') || text.size() == 1) return false;
        text.remove_prefix(1);
        if (text.starts_with(':')) {
            if (gap) return false;
            gap = size;
            text.remove_prefix(1);
        }
    }
    if (gap ? size > 14 : size != 16) return false; // a gap stands for one group or more
    out = {};
    std::size_t const front = gap.value_or(16);
    std::copy_n(bytes.begin(), front, out.begin());
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(front), size - std::min(size, front),
                out.end() - static_cast<std::ptrdiff_t>(size - std::min(size, front)));
    return true;
}

inline void append_decimal(std::string& out, unsigned value) {
    if (value >= 10) append_decimal(out, value / 10);
    out += static_cast<char>('0' + value % 10);
}

inline void append_group(std::string& out, unsigned value) {
    if (value >= 16) append_group(out, value >> 4);
    out += "0123456789abcdef"[value & 15];
}

[[nodiscard]] inline std::string print_v6(std::array<std::uint8_t, 16> const& bytes) {
    auto const group = [&bytes](std::size_t i) { return unsigned{bytes[2 * i]} << 8 | bytes[2 * i + 1]; };
    std::size_t gap = 8; // the first of the longest runs of zero groups, if it has more than one
    std::size_t gap_size = 1;
    for (std::size_t i = 0, run = 0; i < 8; ++i) {
        run = group(i) == 0 ? run + 1 : 0;
        if (run > gap_size) {
            gap_size = run;
            gap = i + 1 - run;
        }
    }
    std::string text;
    for (std::size_t i = 0; i < 8;) {
        if (i == gap) {
            text += "::";
            i += gap_size;
            continue;
        }
        if (!text.empty() && text.back() != ':') text += ':';
        append_group(text, group(i));
        ++i;
    }
    return text;
}

}

BACKCHANNEL_DECL std::optional<ip_address> ip_address::parse(std::string_view text) noexcept {
    ip_address address;
    if (text.find(':') != std::string_view::npos) {
        if (!detail_ip_text::parse_v6(text, address.bytes_)) return std::nullopt;
        return address;
    }
    address.bytes_[10] = 0xff;
    address.bytes_[11] = 0xff;
    if (!detail_ip_text::parse_v4(text, address.bytes_.data() + 12)) return std::nullopt;
    return address;
}

BACKCHANNEL_DECL bool ip_address::is_v4() const noexcept {
    return std::all_of(bytes_.begin(), bytes_.begin() + 10, [](std::uint8_t byte) { return byte == 0; }) &&
           bytes_[10] == 0xff && bytes_[11] == 0xff;
}

BACKCHANNEL_DECL std::string ip_address::to_string() const {
    if (!is_v4()) return detail_ip_text::print_v6(bytes_);
    std::string text;
    for (std::size_t i = 12; i < 16; ++i) {
        if (i != 12) text += '.';
        detail_ip_text::append_decimal(text, bytes_[i]);
    }
    return text;
}

BACKCHANNEL_DECL std::string normalise_ip(std::string_view text) {
    auto const address = ip_address::parse(text);
    return address ? address->to_string() : std::string(text);
}

BACKCHANNEL_DECL std::optional<ip_network> ip_network::parse(std::string_view text) noexcept {
    std::size_t const slash = text.find('/');
    std::string_view const host = text.substr(0, slash);
    auto const base = ip_address::parse(host);
    if (!base) return std::nullopt;
    if (slash == std::string_view::npos) return ip_network(*base, 128);
    bool const dotted = host.find(':') == std::string_view::npos;
    unsigned const first_bit = dotted ? detail_ip_text::v4_prefix_bits : 0;
    text.remove_prefix(slash + 1);
    auto const bits = detail_ip_text::take_decimal(text, 128 - first_bit);
    if (!bits || !text.empty()) return std::nullopt;
    return ip_network(*base, first_bit + *bits);
}

BACKCHANNEL_DECL bool ip_network::contains(ip_address const& address) const noexcept {
    if (bits_ < detail_ip_text::v4_prefix_bits && address.is_v4()) return false;
    auto const& base = base_.bytes();
    auto const& bytes = address.bytes();
    std::size_t const whole = bits_ / 8;
    if (!std::equal(base.begin(), base.begin() + static_cast<std::ptrdiff_t>(whole), bytes.begin())) return false;
    unsigned const rest = bits_ % 8;
    return rest == 0 || (base[whole] ^ bytes[whole]) >> (8 - rest) == 0;
}

}

#endif
