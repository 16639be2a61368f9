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
    char const* const end = text.data() + text.size();
    char const* const slash = byte_words::find_last(text.data(), end, '/');
    if (slash == end) return false;
    part = {slash + 1, end};
    text = {text.data(), slash};
    return true;
}

}

BACKCHANNEL_DECL bool parse_sigv4_scope(std::string_view credential, sigv4_scope& out) noexcept {
    constexpr std::size_t end_size = 13, date_size = 8;
    if (credential.size() < end_size) return false;
    std::string_view key{credential.data(), credential.size() - end_size};
    if (!byte_words::same({key.data() + key.size(), end_size}, "/aws4_request")) return false;
    if (!detail_sigv4::take_back(key, out.service) || !detail_sigv4::take_back(key, out.region)) return false;
    if (key.size() <= date_size + 1 || key[key.size() - date_size - 1] != '/') return false;
    out.date = {key.data() + key.size() - date_size, date_size};
    out.access_key = {key.data(), key.size() - date_size - 1};
    out.text = {out.date.data(), credential.size() - out.access_key.size() - 1};
    return std::all_of(out.date.begin(), out.date.end(), [](char c) { return c >= '0' && c <= '9'; });
}

BACKCHANNEL_DECL sigv4_mistake parse_sigv4_authorization(std::string_view value, sigv4_claims& out) noexcept {
    constexpr std::size_t scheme_size = 16;
    std::string_view rest = http1::detail_syntax::trim(value);
    if (rest.size() < scheme_size || !byte_words::same({rest.data(), scheme_size}, "AWS4-HMAC-SHA256"))
        return sigv4_mistake::other_scheme;
    rest.remove_prefix(scheme_size);
    if (!rest.empty() && rest.front() != ' ' && rest.front() != '\t') return sigv4_mistake::other_scheme;

    std::string_view credential;
    bool has_credential = false, has_headers = false, has_signature = false;
    while (!rest.empty()) {
        std::size_t const comma = std::min(rest.find(','), rest.size());
        std::string_view const part = http1::detail_syntax::trim({rest.data(), comma});
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        bool repeated = false;
        auto const take = [&](auto const& name, bool& has, std::string_view& place) {
            std::size_t const size = sizeof name - 1;
            if (part.size() < size || !byte_words::same({part.data(), size}, name)) return false;
            repeated = std::exchange(has, true);
            place = {part.data() + size, part.size() - size};
            return true;
        };
        if (!take("Credential=", has_credential, credential) &&
            !take("SignedHeaders=", has_headers, out.signed_headers) &&
            !take("Signature=", has_signature, out.signature))
            return sigv4_mistake::unknown_part;
        if (repeated) return sigv4_mistake::repeated_part;
    }
    if (has_credential && !parse_sigv4_scope(credential, out.scope)) return sigv4_mistake::bad_credential;
    return has_credential && has_headers && has_signature ? sigv4_mistake::none : sigv4_mistake::missing_part;
}

BACKCHANNEL_DECL bool is_signed_header_list(std::string_view list) noexcept {
    return for_each_signed_header(list, [](std::string_view) {});
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
        query_parameter& p = out.emplace_back();
        if (out.size() > max) return false;
        auto const equals = part.find('=');
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
