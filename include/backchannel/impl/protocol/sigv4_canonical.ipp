// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_SIGV4_CANONICAL_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_SIGV4_CANONICAL_IPP

#include <backchannel/protocol/sigv4_canonical.hpp>

#include <algorithm>
#include <array>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

namespace detail_sigv4 {

/// Takes the part behind the last '/' off.
[[nodiscard]] inline bool take_back(std::string_view& text, std::string_view& part) noexcept {
    std::size_t begin = text.size();
    while (begin != 0 && text[begin - 1] != '/') --begin;
    if (begin == 0) return false;
    part = {text.data() + begin, text.size() - begin};
    text.remove_suffix(part.size() + 1);
    return true;
}

// Bytes of a name in a list of signed headers.
inline constexpr std::array<bool, 256> name_chars = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = 0x21; c != 0x7F; ++c) table[c] = !(c >= 'A' && c <= 'Z') && c != ':' && c != ',';
    return table;
}();

[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}

BACKCHANNEL_DECL bool parse_sigv4_scope(std::string_view credential, sigv4_scope& out) noexcept {
    using detail_sigv4::take_back;
    std::string_view key = credential, terminator;
    if (!take_back(key, terminator) || !take_back(key, out.service) || !take_back(key, out.region) ||
        !take_back(key, out.date))
        return false;
    out.access_key = key;
    out.text = credential.substr(key.size() + 1);
    return !key.empty() && byte_words::same(terminator, "aws4_request") && out.date.size() == 8 &&
           std::all_of(out.date.begin(), out.date.end(), [](char c) { return c >= '0' && c <= '9'; });
}

BACKCHANNEL_DECL sigv4_mistake parse_sigv4_authorization(std::string_view value, sigv4_claims& out) noexcept {
    constexpr std::string_view scheme = "AWS4-HMAC-SHA256";
    std::string_view rest = detail_sigv4::trimmed(value);
    if (!rest.starts_with(scheme)) return sigv4_mistake::other_scheme;
    rest.remove_prefix(scheme.size());
    if (!rest.empty() && rest.front() != ' ' && rest.front() != '\t') return sigv4_mistake::other_scheme;

    std::string_view credential;
    bool has_credential = false, has_headers = false, has_signature = false;
    rest = detail_sigv4::trimmed(rest);
    while (!rest.empty()) {
        std::size_t const comma = std::min(rest.find(','), rest.size());
        std::string_view const part = detail_sigv4::trimmed({rest.data(), comma});
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        std::size_t equals = 0;
        while (equals != part.size() && part[equals] != '=') ++equals;
        if (equals == part.size()) return sigv4_mistake::unknown_part;
        std::string_view const name{part.data(), equals}, text{part.data() + equals + 1, part.size() - equals - 1};
        auto const take = [&](bool& has, std::string_view& place) {
            if (std::exchange(has, true)) return sigv4_mistake::repeated_part;
            place = text;
            return sigv4_mistake::none;
        };
        sigv4_mistake const mistake = byte_words::same(name, "Credential")      ? take(has_credential, credential)
                                      : byte_words::same(name, "SignedHeaders") ? take(has_headers, out.signed_headers)
                                      : byte_words::same(name, "Signature")     ? take(has_signature, out.signature)
                                                                : sigv4_mistake::unknown_part;
        if (mistake != sigv4_mistake::none) return mistake;
    }
    if (has_credential && !parse_sigv4_scope(credential, out.scope)) return sigv4_mistake::bad_credential;
    return has_credential && has_headers && has_signature ? sigv4_mistake::none : sigv4_mistake::missing_part;
}

BACKCHANNEL_DECL bool is_signed_header_list(std::string_view list) noexcept {
    std::string_view before;
    if (list.empty() || list.back() == ';') return false;
    while (!list.empty()) {
        std::string_view const name = take_signed_header(list);
        if (name.empty() || name <= before) return false;
        for (char const c : name)
            if (!detail_sigv4::name_chars[static_cast<unsigned char>(c)]) return false;
        before = name;
    }
    return true;
}

BACKCHANNEL_DECL bool is_signed_header(std::string_view list, std::string_view name) noexcept {
    while (!list.empty())
        if (equal_ignoring_case(take_signed_header(list), name)) return true;
    return false;
}

BACKCHANNEL_DECL bool parse_query(std::string_view query, std::vector<query_parameter>& out, std::size_t max) {
    while (!query.empty()) {
        auto const end = query.find('&');
        std::string_view const part = query.substr(0, end);
        query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
        if (part.empty()) continue;
        if (out.size() == max) return false;
        auto const equals = part.find('=');
        query_parameter& p = out.emplace_back();
        if (!append_percent_decoded(p.name, part.substr(0, equals))) return false;
        if (equals != std::string_view::npos && !append_percent_decoded(p.value, part.substr(equals + 1))) return false;
        append_percent_encoded(p.canonical_name, p.name);
        append_percent_encoded(p.canonical_value, p.value);
    }
    return true;
}

BACKCHANNEL_DECL std::string canonical_query(std::vector<query_parameter> const& parameters,
                                             std::string_view left_out) {
    std::vector<query_parameter const*> sorted;
    for (query_parameter const& p : parameters)
        if (p.name != "X-Amz-Signature" && (left_out.empty() || p.name != left_out)) sorted.push_back(&p);
    std::sort(sorted.begin(), sorted.end(), [](query_parameter const* a, query_parameter const* b) {
        int const names = a->canonical_name.compare(b->canonical_name);
        return names != 0 ? names < 0 : a->canonical_value < b->canonical_value;
    });
    std::string text;
    for (query_parameter const* p : sorted) {
        if (!text.empty()) text += '&';
        text.append(p->canonical_name).append("=").append(p->canonical_value);
    }
    return text;
}

BACKCHANNEL_DECL std::string normalised_path(std::string_view path) {
    std::string result;
    bool ends_in_slash = true;
    while (!path.empty()) {
        if (path.front() == '/') {
            path.remove_prefix(1);
            ends_in_slash = true;
            continue;
        }
        std::string_view const segment = path.substr(0, path.find('/'));
        path.remove_prefix(segment.size());
        ends_in_slash = segment == "." || segment == "..";
        if (segment == "..") result.erase(result.empty() ? 0 : result.rfind('/'));
        else if (segment != ".") result.append("/").append(segment);
    }
    if (ends_in_slash) result += '/';
    return result;
}

}

#endif
