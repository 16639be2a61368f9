// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_SIGNER_HPP
#define BACKCHANNEL_TESTS_SUPPORT_SIGNER_HPP

// Signs requests with SigV4, also in ways that no honest client would. tests/unit/auth/sigv4.cpp checks it against
// signatures of other makers.

#include "support/capture.hpp"
#include "support/digest_text.hpp"

#include <backchannel/completion.hpp>
#include <backchannel/crypto/hmac.hpp>
#include <backchannel/crypto/sha256.hpp>
#include <backchannel/protocol/connection_target.hpp>
#include <backchannel/protocol/percent.hpp>
#include <backchannel/protocol/sigv4_canonical.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace test {

inline constexpr std::string_view example_date = "20261121T010000Z";

[[nodiscard]] inline bc::access_key example_key() {
    return {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
}
[[nodiscard]] inline bc::access_key example_session_key() {
    bc::access_key key = example_key();
    key.session_token = "FwoGZXIvYXdzEXAMPLEsessiontoken//////////wEaDEXAMPLE+/==";
    return key;
}

/// Knows that key, and may take its time to tell, but does not.
struct prompt_keys {
    void async_find(std::string_view id, bc::completion<std::optional<bc::access_key>> done) {
        done(id == example_key().id ? std::optional{example_key()} : std::nullopt);
    }
};

/// How to sign. What is left empty is taken from the request.
struct signing {
    bc::access_key key = example_key();
    std::string date{example_date};
    std::string region = "us-east-1", service = "execute-api";
    std::string scope_date{};                   ///< else the date's first eight digits
    std::string payload{};                      ///< else the hash of the body
    std::string path{};                         ///< canonical path; else the path, encoded once more
    std::string host{};                         ///< host to sign, if not the Host header's
    std::vector<std::string> signed_headers{};  ///< else host, and in the header form every x-amz-* header
    std::string signed_list{};                  ///< the list as it is written, if not those names
    std::string date_header = "X-Amz-Date";     ///< of the header form
    std::optional<std::string> expires = "300"; ///< of the query form
    std::string algorithm = "AWS4-HMAC-SHA256";
    bool send_token = true; ///< the key's session token is sent, and signed
};

[[nodiscard]] inline std::string hex_sha256(std::string_view text) { return hex_of(bc::crypto::sha256::digest(text)); }

namespace detail_signer {

[[nodiscard]] inline std::string joined(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    std::string list;
    for (std::string const& name : names) list += (list.empty() ? "" : ";") + name;
    return list;
}

[[nodiscard]] inline std::string scope_of(signing const& s) {
    return (s.scope_date.empty() ? s.date.substr(0, 8) : s.scope_date) + "/" + s.region + "/" + s.service +
           "/aws4_request";
}

[[nodiscard]] inline std::string list_for(http_request const& r, signing const& s, bool header_form) {
    if (!s.signed_list.empty()) return s.signed_list;
    if (!s.signed_headers.empty()) return joined(s.signed_headers);
    std::vector<std::string> names{"host"};
    if (header_form && s.date_header == "Date") names.push_back("date");
    for (auto const& [name, value] : r.headers) {
        std::string lower = name;
        for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        if (lower.starts_with("x-amz-") && std::find(names.begin(), names.end(), lower) == names.end())
            names.push_back(lower);
    }
    return joined(names);
}

[[nodiscard]] inline std::string signature_of(http_request const& r, signing const& s, std::string const& list) {
    std::string const scope_text = s.key.id + "/" + scope_of(s);
    bc::protocol::sigv4_scope scope;
    (void)bc::protocol::parse_sigv4_scope(scope_text, scope);
    std::vector<bc::protocol::query_parameter> parameters;
    (void)bc::protocol::parse_query(bc::protocol::query_of(r.target), parameters, 1000);
    std::string const query = bc::protocol::canonical_query(parameters);
    std::string path = s.path;
    if (path.empty()) bc::protocol::append_percent_encoded_path(path, bc::protocol::path_of(r.target));
    std::vector<bc::header_view> headers;
    for (auto const& [name, value] : r.headers) headers.push_back({name, value});
    std::string const* const host = r.find("host");
    std::string const payload = s.payload.empty() ? hex_sha256(r.body) : s.payload;
    std::string canonical, to_sign;
    (void)bc::protocol::write_canonical_request(
        {r.method, query, headers, list, payload}, [&](auto& sink) { sink(std::string_view{path}); },
        s.host.empty() && host != nullptr ? std::string_view{*host} : std::string_view{s.host},
        [&](std::string_view piece) { canonical.append(piece); });
    bc::protocol::write_string_to_sign(s.date, scope.text, hex_sha256(canonical),
                                       [&](std::string_view piece) { to_sign.append(piece); });
    auto mac = bc::protocol::sigv4_signing_key<bc::crypto::hmac_sha256>(s.key.secret, scope);
    mac.update(to_sign);
    return hex_of(mac.finish());
}

}

/// Adds date, token and `Authorization`.
inline void sign(http_request& r, signing const& s = {}) {
    if (!s.date_header.empty()) r.set(s.date_header, s.date);
    if (s.send_token && !s.key.session_token.empty()) r.set("X-Amz-Security-Token", s.key.session_token);
    std::string const list = detail_signer::list_for(r, s, true);
    r.set("Authorization", s.algorithm + " Credential=" + s.key.id + "/" + detail_signer::scope_of(s) +
                               ", SignedHeaders=" + list + ", Signature=" + detail_signer::signature_of(r, s, list));
}

/// Adds the parameters of a presigned URL.
inline void presign(http_request& r, signing const& s = {}) {
    std::string const list = detail_signer::list_for(r, s, false);
    bool first = r.target.find('?') == std::string::npos;
    auto const add = [&](std::string_view name, std::string_view value) {
        r.target.append(std::exchange(first, false) ? "?" : "&").append(name).append("=");
        bc::protocol::append_percent_encoded(r.target, value);
    };
    add("X-Amz-Algorithm", s.algorithm);
    add("X-Amz-Credential", s.key.id + "/" + detail_signer::scope_of(s));
    add("X-Amz-Date", s.date);
    if (s.expires) add("X-Amz-Expires", *s.expires);
    if (s.send_token && !s.key.session_token.empty()) add("X-Amz-Security-Token", s.key.session_token);
    add("X-Amz-SignedHeaders", list);
    add("X-Amz-Signature", detail_signer::signature_of(r, s, list));
}

/// An unsigned POST of some text to a connection.
[[nodiscard]] inline http_request example_post(std::string_view target = "/prod/@connections/R0oXAdfD0kwCH6w%3D",
                                               std::string_view body = "Hello") {
    http_request r;
    r.method = "POST";
    r.target = target;
    r.headers = {{"Host", "api.example.org"}, {"Content-Length", std::to_string(body.size())}};
    r.body = body;
    return r;
}

}

#endif
