// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_HTTP1_SYNTAX_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_HTTP1_SYNTAX_IPP

#include <backchannel/protocol/http1_syntax.hpp>

#include <algorithm>

namespace backchannel::inline BACKCHANNEL_ABI::http1 {

namespace detail_syntax {

// A number of at most `max`, and nothing else.
[[nodiscard]] inline bool is_number(std::string_view text, unsigned max) noexcept {
    unsigned value = 0;
    for (char const c : text) {
        if (!is(c, digit)) return false;
        value = value * 10 + static_cast<unsigned>(c - '0');
        if (value > max) return false;
    }
    return !text.empty();
}

[[nodiscard]] inline bool is_ipv4(std::string_view text) noexcept {
    for (int dots = 0; dots != 3; ++dots) {
        std::size_t const dot = text.find('.');
        std::string_view const octet = text.substr(0, dot);
        if (dot == text.npos || !is_number(octet, 255) || (octet.size() > 1 && octet[0] == '0')) return false;
        text.remove_prefix(dot + 1);
    }
    return is_number(text, 255) && (text.size() == 1 || text[0] != '0');
}

[[nodiscard]] inline bool is_ipv6(std::string_view text) noexcept {
    int groups = 0;
    bool shortened = false;
    if (text.starts_with("::")) {
        shortened = true;
        text.remove_prefix(2);
    }
    while (!text.empty()) {
        std::size_t digits = 0;
        while (digits != text.size() && is(text[digits], hex)) ++digits;
        bool const dotted = digits != text.size() && text[digits] == '.';
        if (dotted && !is_ipv4(text)) return false;
        if (!dotted && (digits == 0 || digits > 4)) return false;
        groups += dotted ? 2 : 1;
        if (dotted || digits == text.size()) break;
        if (text[digits] != ':' || digits + 1 == text.size()) return false;
        text.remove_prefix(digits + 1);
        if (text[0] != ':') continue;
        if (shortened) return false;
        shortened = true;
        text.remove_prefix(1);
    }
    return shortened ? groups <= 7 : groups == 8;
}

[[nodiscard]] inline bool is_ip_literal(std::string_view text) noexcept {
    if (text.empty() || (text[0] != 'v' && text[0] != 'V')) return is_ipv6(text);
    std::size_t const dot = text.find('.');
    if (dot == text.npos || dot < 2 || dot + 1 == text.size() || !all(text.substr(1, dot - 1), hex)) return false;
    for (char const c : text.substr(dot + 1))
        if (!is(c, host_char) && c != ':') return false;
    return true;
}

[[nodiscard]] inline bool is_name(std::string_view text) noexcept {
    for (std::size_t i = 0; i != text.size(); ++i) {
        if (is(text[i], host_char)) continue;
        if (text[i] != '%' || text.size() - i < 3 || !is(text[i + 1], hex) || !is(text[i + 2], hex)) return false;
        i += 2;
    }
    return !text.empty();
}

}

BACKCHANNEL_DECL bool is_token(std::string_view text) noexcept {
    return !text.empty() && detail_syntax::skip_token(text, 0) == text.size();
}

BACKCHANNEL_DECL bool is_field_value(std::string_view text) noexcept {
    return !byte_words::may_have_controls(text) || detail_syntax::skip_value(text, 0) == text.size();
}

BACKCHANNEL_DECL bool is_host_and_port(std::string_view text) noexcept {
    bool const literal = text.starts_with('[');
    std::size_t const end = literal ? text.find(']') : text.find(':');
    if (literal && end == text.npos) return false;
    if (!(literal ? detail_syntax::is_ip_literal(text.substr(1, end - 1))
                  : detail_syntax::is_name({text.data(), std::min(end, text.size())})))
        return false;
    std::string_view rest = text;
    rest.remove_prefix(end == text.npos ? text.size() : end + (literal ? 1 : 0));
    // the colon may stand there with no digits behind it
    return rest.empty() || (rest[0] == ':' &&
                            (rest.size() == 1 || detail_syntax::is_number({rest.data() + 1, rest.size() - 1}, 65535)));
}

BACKCHANNEL_DECL bool next_list_element(std::string_view& list, std::string_view& element) noexcept {
    while (!list.empty()) {
        std::size_t const comma = list.find(',');
        element = detail_syntax::trim(list.substr(0, comma));
        list.remove_prefix(comma == list.npos ? list.size() : comma + 1);
        if (!element.empty()) return true;
    }
    return false;
}

}

#endif
