// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_AUTH_IAM_PATTERN_IPP
#define BACKCHANNEL_IMPL_AUTH_IAM_PATTERN_IPP

#include <backchannel/auth/iam_pattern.hpp>
#include <backchannel/protocol/utf8.hpp>

#include <algorithm>
#include <cstddef>

namespace backchannel::inline BACKCHANNEL_ABI {

namespace detail_iam_pattern {

[[nodiscard]] constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The bytes of the character at `at`: the first one and all that continue it.
[[nodiscard]] inline std::size_t character_size(std::string_view text, std::size_t at) noexcept {
    std::size_t end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
    return end - at;
}

}

BACKCHANNEL_DECL std::optional<iam_pattern> iam_pattern::for_actions(std::string_view text) {
    bool const one_colon = std::count(text.begin(), text.end(), ':') == 1;
    bool const whole = one_colon && !text.starts_with(':') && !text.ends_with(':');
    if ((text != "*" && !whole) || !protocol::is_valid_utf8(text)) return std::nullopt;
    iam_pattern pattern(true);
    for (char const c : text) {
        char const folded = detail_iam_pattern::to_lower(c);
        pattern.add(c == '*' ? any_run : c == '?' ? any_one : static_cast<unsigned char>(folded));
    }
    return pattern;
}

BACKCHANNEL_DECL std::optional<iam_pattern> iam_pattern::for_resources(std::string_view text) {
    bool const everything = text == "*";
    bool const arn = text.starts_with("arn:") && std::count(text.begin(), text.end(), ':') >= 5;
    if ((!everything && !arn) || !protocol::is_valid_utf8(text)) return std::nullopt;
    iam_pattern pattern(false);
    int colons = everything ? 5 : 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        char const c = text[at];
        bool const in_resource = colons >= 5;
        if (c == '*') {
            std::size_t const next = text.find_first_not_of('*', at);
            bool const ends_segment = next == std::string_view::npos || text[next] == ':';
            pattern.add(in_resource || ends_segment ? any_run : segment_run);
        } else if (c == '?') {
            pattern.add(in_resource ? any_one : segment_one);
        } else {
            if (c == ':') ++colons;
            pattern.add(static_cast<unsigned char>(c));
        }
    }
    return pattern;
}

BACKCHANNEL_DECL void iam_pattern::add(unsigned char what) {
    char const code = static_cast<char>(what);
    bool const run = what == any_run || what == segment_run;
    if (run && code_.ends_with(code)) return; // two of them in a row match what one does
    code_ += code;
}

// A mismatch goes back to the latest run that can take one character more. Of two runs that may cross colons, only the
// later is worth trying: the earlier one has already found the first place for what stands between them. The same holds
// for two runs that may not cross, as long as no run that may has come between.
BACKCHANNEL_DECL bool iam_pattern::matches(std::string_view name) const noexcept {
    struct retry {
        std::size_t code = std::string_view::npos; // what follows the run; npos without one
        std::size_t name = 0;                      // where the run ends at the moment
    };
    retry crossing;
    retry staying;
    std::size_t code = 0;
    std::size_t at = 0;
    for (;;) {
        if (code == code_.size()) {
            if (at == name.size()) return true;
        } else {
            auto const what = static_cast<unsigned char>(code_[code]);
            bool const more = at < name.size();
            if (what == any_run) {
                if (++code == code_.size()) return true;
                crossing = {code, at};
                staying = {};
                continue;
            }
            if (what == segment_run) {
                staying = {++code, at};
                continue;
            }
            if (more && (what == any_one || (what == segment_one && name[at] != ':'))) {
                ++code;
                at += detail_iam_pattern::character_size(name, at);
                continue;
            }
            if (more && code_[code] == (fold_case_ ? detail_iam_pattern::to_lower(name[at]) : name[at])) {
                ++code;
                ++at;
                continue;
            }
        }
        if (staying.code != std::string_view::npos && staying.name < name.size() && name[staying.name] != ':') {
            code = staying.code;
            at = ++staying.name;
        } else if (crossing.code != std::string_view::npos && crossing.name < name.size()) {
            code = crossing.code; // `staying` is stuck for good until the pattern sets it anew
            at = ++crossing.name;
        } else {
            return false;
        }
    }
}

}

#endif
