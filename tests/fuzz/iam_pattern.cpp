// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Patterns of IAM policies against a matcher that tries everything.

#include "fuzz.hpp"
#include "naive_utf8.hpp"

#include <backchannel/auth/iam_pattern.hpp>

#include <optional>

using namespace backchannel;
using fuzz::require;

namespace {

struct element {
    char literal = 0;
    bool one = false, run = false, crosses_colons = true;
};

// Whether a colon is behind the wildcards that begin here, or nothing.
bool ends_segment(std::string_view pattern, std::size_t at) {
    at = pattern.find_first_not_of('*', at);
    return at == std::string_view::npos || pattern[at] == ':';
}

std::vector<element> elements_of(std::string_view pattern, bool resource) {
    std::vector<element> elements;
    int colons = resource && pattern != "*" ? 0 : 5;
    for (std::size_t at = 0; at != pattern.size(); ++at) {
        char const c = pattern[at];
        element e{c, c == '?', c == '*', colons >= 5};
        if (e.run && ends_segment(pattern, at)) e.crosses_colons = true;
        if (c == ':') ++colons;
        elements.push_back(e);
    }
    return elements;
}

std::size_t character_size(std::string_view name, std::size_t at) {
    std::size_t size = 1;
    while (at + size < name.size() && (static_cast<unsigned char>(name[at + size]) & 0xC0) == 0x80) ++size;
    return size;
}

// `from` holds the places in the name that the pattern may have got to.
bool naive_match(std::vector<element> const& pattern, std::string_view name) {
    std::vector<bool> from(name.size() + 1);
    from[0] = true;
    for (element const& e : pattern) {
        std::vector<bool> to(name.size() + 1);
        for (std::size_t at = 0; at <= name.size(); ++at) {
            if (e.run && (from[at] || (at != 0 && to[at - 1] && (e.crosses_colons || name[at - 1] != ':'))))
                to[at] = true;
            if (at == name.size() || e.run || !from[at]) continue;
            if (e.one && (e.crosses_colons || name[at] != ':')) to[at + character_size(name, at)] = true;
            if (!e.one && name[at] == e.literal) to[at + 1] = true;
        }
        from = to;
    }
    return from[name.size()];
}

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

void check(std::optional<iam_pattern> const& pattern, std::string_view text, std::string_view name, bool resource) {
    std::string const wanted = resource ? std::string{text} : lower(text);
    std::string const given = resource ? std::string{name} : lower(name);
    require(pattern->matches(name) == naive_match(elements_of(wanted, resource), given), "a match is one");
}

}

// The pattern, a NUL, and the name. Both are short, as the slow matcher takes the product of their lengths.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, std::min<std::size_t>(size, 1024)};
    std::string_view text = in.text();
    std::string_view const pattern = fuzz::take_until(text, '\0');
    auto const colons = std::count(pattern.begin(), pattern.end(), ':');
    bool const action = pattern == "*" || (colons == 1 && pattern.front() != ':' && pattern.back() != ':');
    bool const resource = pattern == "*" || (pattern.starts_with("arn:") && colons >= 5);

    auto const of_actions = iam_pattern::for_actions(pattern);
    auto const of_resources = iam_pattern::for_resources(pattern);
    require(of_actions.has_value() == (action && fuzz::is_utf8(pattern)), "patterns of actions have one form");
    require(of_resources.has_value() == (resource && fuzz::is_utf8(pattern)), "patterns of resources have one form");
    if (of_actions) check(of_actions, pattern, text, false);
    if (of_resources) check(of_resources, pattern, text, true);
    return 0;
}
