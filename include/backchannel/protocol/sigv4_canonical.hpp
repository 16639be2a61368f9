// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_SIGV4_CANONICAL_HPP
#define BACKCHANNEL_PROTOCOL_SIGV4_CANONICAL_HPP

// The texts of AWS Signature Version 4: what a request claims, and the canonical request and string to sign that are
// derived from it. Pure functions; every text goes piece by piece into a sink, `sink(std::string_view)`, which may be a
// hash, so no string need be built.

#include <backchannel/http.hpp>
#include <backchannel/protocol/http1_syntax.hpp>
#include <backchannel/protocol/percent.hpp>
#include <backchannel/support/byte_words.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

/// The scope of a signing key: `{access key}/{date}/{region}/{service}/aws4_request`.
struct sigv4_scope {
    std::string_view access_key, date, region, service;
    std::string_view text; ///< from the date on, as it was written
};

/// What a signed request claims. Views of the request.
struct sigv4_claims {
    sigv4_scope scope;
    std::string_view signed_headers; ///< as written, names separated by ';'
    std::string_view signature;      ///< as written
};

/// Why the claims of a request cannot be read.
enum class sigv4_mistake : std::uint8_t {
    none,
    other_scheme,     ///< not AWS4-HMAC-SHA256
    missing_part,     ///< Credential, SignedHeaders or Signature is absent
    unknown_part,     ///< a parameter of another name, or without '='
    repeated_part,    ///< a parameter twice
    bad_credential    ///< not `key/date/region/service/aws4_request`
};

/// Splits a credential from the right (an access key may hold '/'). The date is 8 digits, the terminator exact.
[[nodiscard]] BACKCHANNEL_DECL bool parse_sigv4_scope(std::string_view credential, sigv4_scope& out) noexcept;

/// Reads the value of an `Authorization` header. On `missing_part` what is there has been read.
[[nodiscard]] BACKCHANNEL_DECL sigv4_mistake parse_sigv4_authorization(std::string_view value,
                                                                       sigv4_claims& out) noexcept;

/// The next name of a `;`-separated list; takes it off.
[[nodiscard]] constexpr std::string_view take_signed_header(std::string_view& list) noexcept {
    std::size_t const found = list.find(';'), end = found < list.size() ? found : list.size();
    std::string_view const name{list.data(), end};
    list.remove_prefix(end == list.size() ? end : end + 1);
    return name;
}

namespace detail_sigv4 {

// Bytes of a name in a list of signed headers.
inline constexpr std::array<bool, 256> name_chars = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = 0x21; c != 0x7F; ++c) table[c] = !(c >= 'A' && c <= 'Z') && c != ':' && c != ',' && c != ';';
    return table;
}();

}

/// Calls `visit(name)` for each name of a list that is lower-case tokens, sorted, without repetition, and not empty.
/// False if it is not, after those in front.
template <class Visit>
[[nodiscard]] bool for_each_signed_header(std::string_view list, Visit&& visit) {
    char const* at = list.data();
    char const* const end = at + list.size();
    for (std::string_view before;; ++at) {
        char const* const begin = at;
        while (at != end && detail_sigv4::name_chars[static_cast<unsigned char>(*at)]) ++at;
        std::string_view const name{begin, static_cast<std::size_t>(at - begin)};
        // the first letter tells of most
        if (name.empty() || (!before.empty() && name.front() <= before.front() && name <= before)) return false;
        visit(name);
        if (at == end) return true;
        if (*at != ';') return false;
        before = name;
    }
}

/// Whether that is such a list.
[[nodiscard]] BACKCHANNEL_DECL bool is_signed_header_list(std::string_view list) noexcept;

/// Whether a name is in the list; letters without case.
[[nodiscard]] BACKCHANNEL_DECL bool is_signed_header(std::string_view list, std::string_view name) noexcept;

/// One parameter of a query: decoded, and as it stands in a canonical query.
struct query_parameter {
    std::string name, value;                 ///< decoded; '+' stays '+'
    std::string canonical_name, canonical_value; ///< encoded anew
};

/// Parameters of a query that are read: a batch may name as many ids as its target has room for, some 400 in 8 KiB, and
/// what each parameter takes in memory is many times what it takes in a query.
inline constexpr std::size_t max_query_parameters = 512;

/// Takes a query apart at '&' and the first '='. False if an escape is bad, or there are more than `max` parameters:
/// then there is one more in `out`.
[[nodiscard]] BACKCHANNEL_DECL bool parse_query(std::string_view query, std::vector<query_parameter>& out,
                                                std::size_t max = max_query_parameters);

/// The canonical query: sorted by encoded name and value; `X-Amz-Signature` and `left_out` are not part of it.
[[nodiscard]] BACKCHANNEL_DECL std::string canonical_query(std::vector<query_parameter> const& parameters,
                                                           std::string_view left_out = {});

/// The path with its empty and dot segments resolved (RFC 3986 5.2.4), as some signers do before they encode it.
[[nodiscard]] BACKCHANNEL_DECL std::string normalised_path(std::string_view path);

/// Writes a header value as it is signed: blanks and folds at both ends dropped, inner runs of them made one space.
template <class Sink>
void write_canonical_value(std::string_view value, Sink& sink) {
    if (!byte_words::may_have_blanks(value)) return sink(value); // most values are one piece
    auto const blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    std::size_t at = 0, end = value.size();
    while (at != end && blank(value[at])) ++at;
    while (end != at && blank(value[end - 1])) --end;
    while (at != end) {
        std::size_t run = at;
        while (run != end && !blank(value[run])) ++run;
        // a single space inside is kept as it is
        while (run != end && value[run] == ' ' && !blank(value[run + 1])) {
            ++run;
            while (run != end && !blank(value[run])) ++run;
        }
        sink(value.substr(at, run - at));
        at = run;
        if (at == end) break;
        while (blank(value[at])) ++at;
        sink(std::string_view{" "});
    }
}

/// Writes the canonical headers, each line with its '\n'. `host` stands in for the value of the Host header.
/// False if a header of the list is not in the request.
template <class Sink>
[[nodiscard]] bool write_canonical_headers(std::span<header_view const> headers, std::string_view list,
                                           std::string_view host, Sink& sink) {
    for (std::string_view rest = list; !rest.empty();) {
        std::string_view const name = take_signed_header(rest);
        sink(name);
        sink(std::string_view{":"});
        bool first = true;
        if (byte_words::same(name, "host")) {
            write_canonical_value(host, sink);
            first = false;
        } else {
            for (header_view const& h : headers) {
                if (!equal_ignoring_case(h.name, name)) continue;
                if (!first) sink(std::string_view{","});
                write_canonical_value(h.value, sink);
                first = false;
            }
        }
        sink(std::string_view{"\n"});
        if (first) return false;
    }
    return true;
}

/// The parts of a canonical request that do not depend on what is tried.
struct canonical_parts {
    std::string_view method;
    std::string_view query; ///< canonical
    std::span<header_view const> headers;
    std::string_view signed_headers;
    std::string_view payload; ///< hex hash, or what stands for it
};

/// Writes the canonical request. `write_path(sink)` writes the canonical path.
template <class WritePath, class Sink>
[[nodiscard]] bool write_canonical_request(canonical_parts const& parts, WritePath&& write_path, std::string_view host,
                                           Sink&& sink) {
    sink(parts.method);
    sink(std::string_view{"\n"});
    write_path(sink);
    sink(std::string_view{"\n"});
    sink(parts.query);
    sink(std::string_view{"\n"});
    if (!write_canonical_headers(parts.headers, parts.signed_headers, host, sink)) return false;
    sink(std::string_view{"\n"});
    sink(parts.signed_headers);
    sink(std::string_view{"\n"});
    sink(parts.payload);
    return true;
}

/// Writes the string to sign.
template <class Sink>
void write_string_to_sign(std::string_view amz_date, std::string_view scope, std::string_view request_hash,
                          Sink&& sink) {
    sink(std::string_view{"AWS4-HMAC-SHA256\n"});
    sink(amz_date);
    sink(std::string_view{"\n"});
    sink(scope);
    sink(std::string_view{"\n"});
    sink(request_hash);
}

/// Derives the key of a scope and prepares it: the copy of the result signs a string without hashing the key again.
template <class Hmac>
[[nodiscard]] Hmac sigv4_signing_key(std::string_view secret, sigv4_scope const& scope) {
    std::string const seed = std::string{"AWS4"}.append(secret);
    auto const step = [](std::string_view key, std::string_view text) { return Hmac::digest(key, text); };
    auto const view = [](auto const& digest) {
        return std::string_view{reinterpret_cast<char const*>(digest.data()), digest.size()};
    };
    auto const date = step(seed, scope.date);
    auto const region = step(view(date), scope.region);
    auto const service = step(view(region), scope.service);
    auto const key = step(view(service), "aws4_request");
    return Hmac{view(key)};
}

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/sigv4_canonical.ipp>
#endif

#endif
