// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_SIGV4_REQUEST_HPP
#define BACKCHANNEL_AUTH_SIGV4_REQUEST_HPP

#include <backchannel/auth.hpp>
#include <backchannel/auth/access_keys.hpp>
#include <backchannel/protocol/sigv4_canonical.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Which ways to write the canonical path are tried.
enum class sigv4_candidates : std::uint8_t {
    aws, ///< what AWS itself computes: the path on the wire, encoded once more. Serves every SDK.
    all  ///< also what older curl, JS SDK v3 with a slash at the endpoint's end, and proxies that rewrite paths need
};

/// What to do with requests whose signature does not cover the body (`x-amz-content-sha256: UNSIGNED-PAYLOAD`).
enum class unsigned_payload : std::uint8_t {
    refuse,
    allow_over_tls ///< only where `request_view::secure` says so
};

struct sigv4_options {
    std::string service = "execute-api";
    std::string region{};                    ///< required in the scope if set; empty: the router's, or any
    std::vector<std::string> public_hosts{}; ///< authorities that clients dial; empty: the router's, or the Host header
    sigv4_candidates candidates = sigv4_candidates::aws;
    unsigned_payload payload = unsigned_payload::refuse;
    std::chrono::seconds window = std::chrono::minutes{5}; ///< how far the request's date may be off, either way
    bool uniform_refusals = false;           ///< one text for unknown keys, wrong signatures and wrong times
    bool echo_canonical_request = false;     ///< a mismatch shows what should have been signed, less the session token
};

/// What the head of a signed request says, read once; used for every later check. Borrows from the request. Move-only.
class sigv4_request {
public:
    sigv4_request(sigv4_request&&) noexcept = default;
    sigv4_request& operator=(sigv4_request&&) = delete;
    sigv4_request(sigv4_request const&) = delete; // claims of the query form are views of `parameters_`
    sigv4_request& operator=(sigv4_request const&) = delete;
    ~sigv4_request() = default;

    /// Reads the claims. What is wrong with them is in `refusal`.
    [[nodiscard]] BACKCHANNEL_DECL static sigv4_request read(request_view const& head, sigv4_options const& options);

    /// Why the request cannot be verified at all.
    [[nodiscard]] std::optional<auth_decision> const& refusal() const noexcept { return refusal_; }

    [[nodiscard]] protocol::sigv4_scope const& scope() const noexcept { return claims_.scope; }

    /// Checks scope, time and session token against a key that is known. nullopt: nothing is wrong so far.
    [[nodiscard]] BACKCHANNEL_DECL std::optional<auth_decision>
    check(access_key const& key, sigv4_options const& options, wall_time now) const;

    /// What takes the place of the body's hash in the canonical request; nullopt if it contradicts that hash.
    [[nodiscard]] std::optional<std::string_view> payload_line(std::string_view body_hash) const noexcept {
        if (declared_payload_.empty()) return body_hash;
        if (payload_is_unsigned() || declared_payload_ == body_hash) return declared_payload_;
        return std::nullopt;
    }
    [[nodiscard]] bool payload_is_unsigned() const noexcept { return declared_payload_ == "UNSIGNED-PAYLOAD"; }

    /// Tries path and host candidates until `matches(path writer, host)` is true.
    template <class Matches>
    [[nodiscard]] bool any_candidate(sigv4_options const& options, Matches&& matches) const;

    [[nodiscard]] std::string_view signature() const noexcept { return claims_.signature; }
    [[nodiscard]] std::string_view date() const noexcept { return {date_.data(), date_.size()}; }
    [[nodiscard]] protocol::canonical_parts parts(std::string_view payload) const noexcept {
        return {head_.method, query_, head_.headers, claims_.signed_headers, payload};
    }

    /// The mismatch answer's text.
    [[nodiscard]] BACKCHANNEL_DECL std::string mismatch_text(sigv4_options const& options, std::string_view payload,
                                                             std::string_view request_hash) const;

    /// The host that AWS would take for the canonical request, in lower case.
    [[nodiscard]] std::string_view first_host() const noexcept {
        return lower_host_.empty() ? first_host_ : std::string_view{lower_host_};
    }

private:
    sigv4_request() = default;

    BACKCHANNEL_DECL void read_headers();
    BACKCHANNEL_DECL void read_query_form();
    BACKCHANNEL_DECL void read_header_form();
    [[nodiscard]] BACKCHANNEL_DECL bool read_date(std::string_view text) noexcept;
    BACKCHANNEL_DECL void check_signed_headers();
    BACKCHANNEL_DECL void check_declared_payload(unsigned_payload which);
    BACKCHANNEL_DECL void find_first_host(std::vector<std::string> const& public_hosts);
    [[nodiscard]] BACKCHANNEL_DECL std::vector<std::string> hosts(std::vector<std::string> const& public_hosts) const;
    [[nodiscard]] BACKCHANNEL_DECL std::vector<std::string> further_paths(sigv4_candidates which) const;
    [[nodiscard]] BACKCHANNEL_DECL std::optional<auth_decision> check_time(sigv4_options const& options,
                                                                           wall_time now) const;
    BACKCHANNEL_DECL void refuse(auth_error why, std::string_view text, std::string_view about = {});

    request_view head_;
    std::string_view path_; // of the target
    std::optional<auth_decision> refusal_;
    protocol::sigv4_claims claims_;
    std::array<char, 16> date_{};   // YYYYMMDDTHHMMSSZ
    wall_time time_{};
    std::optional<std::chrono::seconds> expires_;
    std::string_view session_token_, declared_payload_;
    std::string_view authorization_, amz_date_, http_date_, host_;
    bool has_authorization_ = false, has_amz_date_ = false, has_http_date_ = false, has_token_ = false;
    bool presigned_ = false;
    std::string query_;                                // canonical
    std::vector<protocol::query_parameter> parameters_; // what claims of the query form are views of
    std::string_view first_host_;
    std::string lower_host_; // only if `first_host_` has upper-case letters
};

template <class Matches>
bool sigv4_request::any_candidate(sigv4_options const& options, Matches&& matches) const {
    auto const as_sent = [&](auto& sink) { protocol::percent_encode_path(path_, sink); };
    bool const raw = head_.form == target_form::raw;
    if (raw && matches(as_sent, first_host())) return true; // what nearly every client signs
    std::vector<std::string> const all_hosts = hosts(options.public_hosts);
    if (raw)
        for (std::string const& host : all_hosts)
            if (host != first_host() && matches(as_sent, host)) return true;
    for (std::string const& candidate : further_paths(options.candidates)) {
        auto const ready = [&](auto& sink) { sink(std::string_view{candidate}); };
        for (std::string const& host : all_hosts)
            if (matches(ready, host)) return true;
    }
    return false;
}

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/auth/sigv4_candidates.ipp>
#include <backchannel/impl/auth/sigv4_request.ipp>
#endif

#endif
