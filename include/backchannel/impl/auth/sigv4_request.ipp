// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_AUTH_SIGV4_REQUEST_IPP
#define BACKCHANNEL_IMPL_AUTH_SIGV4_REQUEST_IPP

#include <backchannel/auth/sigv4_request.hpp>
#include <backchannel/crypto/constant_time.hpp>
#include <backchannel/protocol/connection_target.hpp>
#include <backchannel/protocol/http1_syntax.hpp>
#include <backchannel/protocol/timestamp.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace backchannel::inline BACKCHANNEL_ABI {

namespace detail_sigv4_request {

[[nodiscard]] inline std::string_view view(std::array<char, 16> const& date) noexcept {
    return {date.data(), date.size()};
}

}

BACKCHANNEL_DECL void sigv4_request::refuse(auth_error why, std::string_view text, std::string_view about) {
    if (!refusal_) refusal_ = auth_decision::refuse(why, std::string{text}.append(about));
}

BACKCHANNEL_DECL sigv4_request sigv4_request::read(request_view const& head, sigv4_options const& options) {
    sigv4_request r;
    r.head_ = head;
    r.path_ = protocol::path_of(head.target);
    std::string_view const query = head.target.substr(std::min(r.path_.size() + 1, head.target.size()));
    if (!query.empty() && !protocol::parse_query(query, r.parameters_)) {
        bool const too_many = r.parameters_.size() > protocol::max_query_parameters;
        r.refuse(auth_error::bad_request,
                 too_many ? "The query string has more than 512 parameters" : "The query string cannot be read");
    }
    r.read_headers();
    bool const in_query = std::any_of(r.parameters_.begin(), r.parameters_.end(), [](auto const& p) {
        return p.name == "X-Amz-Algorithm" || p.name == "X-Amz-Signature" || p.name == "X-Amz-Credential";
    });
    if (!in_query && !r.has_authorization_) { // whatever else is wrong with it
        r.refusal_ = auth_decision::refuse(auth_error::missing_token);
        return r;
    }
    if (!r.refusal_ && in_query && r.has_authorization_)
        r.refuse(auth_error::bad_request, "Credentials must be in the Authorization header or in the query string, "
                                          "not in both");
    if (!r.refusal_ && in_query)
        r.read_query_form();
    else if (!r.refusal_)
        r.read_header_form();
    if (!r.refusal_) r.check_signed_headers();
    if (!r.refusal_) r.check_declared_payload(options.payload);
    if (!r.refusal_) {
        if (!r.parameters_.empty()) r.query_ = protocol::canonical_query(r.parameters_);
        r.find_first_host(options.public_hosts);
    }
    return r;
}

BACKCHANNEL_DECL void sigv4_request::read_headers() {
    bool has_host = false, has_payload = false, has_length = false;
    auto const once = [&](bool& seen, std::string_view& place, header_view const& h) {
        if (std::exchange(seen, true)) refuse(auth_error::bad_request, "Repeated header: ", h.name);
        place = h.value;
    };
    std::string_view length;
    for (header_view const& h : head_.headers) {
        if (!http1::is_field_value(h.value))
            refuse(auth_error::bad_request, "A header value has a control character in it");
        auto const is = [&](auto const& name) { return byte_words::same_name(h.name, name); };
        switch (h.name.size()) {
        case 4:
            if (is("host")) once(has_host, host_, h);
            else if (is("date")) once(has_http_date_, http_date_, h);
            break;
        case 10:
            if (is("x-amz-date")) once(has_amz_date_, amz_date_, h);
            break;
        case 13:
            if (is("authorization")) once(has_authorization_, authorization_, h);
            break;
        case 14:
            if (is("content-length")) once(has_length, length, h);
            break;
        case 20:
            if (is("x-amz-security-token")) once(has_token_, session_token_, h);
            if (!is("x-amz-content-sha256")) break;
            once(has_payload, declared_payload_, h);
            if (h.value.empty()) refuse(auth_error::bad_request, "x-amz-content-sha256 is empty");
            break;
        default:
            break;
        }
    }
    if (!has_host) refuse(auth_error::bad_request, "The request has no Host header");
}

BACKCHANNEL_DECL void sigv4_request::read_header_form() {
    using protocol::sigv4_mistake;
    sigv4_mistake const mistake = protocol::parse_sigv4_authorization(authorization_, claims_);
    bool const has_date = has_amz_date_ || has_http_date_;
    switch (mistake) {
    case sigv4_mistake::none:
        break;
    case sigv4_mistake::repeated_part:
        return refuse(auth_error::incomplete, "Authorization header has a repeated parameter.");
    case sigv4_mistake::unknown_part:
        return refuse(auth_error::incomplete,
                      "Authorization header may hold 'Credential', 'SignedHeaders' and 'Signature' only.");
    case sigv4_mistake::bad_credential:
        return refuse(auth_error::incomplete,
                      "Credential must have 5 parts separated by '/': access key, date, region, "
                      "service and 'aws4_request'.");
    case sigv4_mistake::other_scheme:
        if (authorization_.starts_with("AWS4-"))
            return refuse(auth_error::incomplete, "Only the algorithm AWS4-HMAC-SHA256 is supported.");
        [[fallthrough]];
    case sigv4_mistake::missing_part:
        break;
    }
    std::string missing;
    auto const need = [&](bool there, std::string_view text) {
        if (!there) missing.append(missing.empty() ? "" : " ").append(text);
    };
    need(!claims_.scope.access_key.empty(), "Authorization header requires 'Credential' parameter.");
    need(!claims_.signature.empty(), "Authorization header requires 'Signature' parameter.");
    need(!claims_.signed_headers.empty(), "Authorization header requires 'SignedHeaders' parameter.");
    need(has_date, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
    if (!missing.empty()) return refuse(auth_error::incomplete, missing);

    std::string_view const date = has_amz_date_ ? amz_date_ : http_date_;
    if (read_date(date)) return;
    // the year that an obsolete two-digit one means depends on today; the scope's date, checked below, settles it
    wall_time const about{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
    auto const http = has_amz_date_ ? std::nullopt : protocol::parse_http_date(http_date_, about);
    if (!http) return refuse(auth_error::incomplete, "Date must be in ISO-8601 'basic format'.");
    time_ = *http;
    date_ = protocol::format_amz_date(time_);
}

// The form of X-Amz-Date, which is the one that is signed too.
BACKCHANNEL_DECL bool sigv4_request::read_date(std::string_view text) noexcept {
    auto const time = protocol::parse_amz_date(text);
    if (!time) return false;
    time_ = *time;
    std::memcpy(date_.data(), text.data(), date_.size());
    return true;
}

BACKCHANNEL_DECL void sigv4_request::read_query_form() {
    presigned_ = true;
    std::string_view algorithm, credential, expires;
    bool has_payload = false;
    struct place {
        std::string_view name;
        std::string_view* value;
        bool seen;
    } places[] = {{"X-Amz-Algorithm", &algorithm, false},
                  {"X-Amz-Credential", &credential, false},
                  {"X-Amz-Date", &amz_date_, false},
                  {"X-Amz-Expires", &expires, false},
                  {"X-Amz-SignedHeaders", &claims_.signed_headers, false},
                  {"X-Amz-Signature", &claims_.signature, false},
                  {"X-Amz-Security-Token", &session_token_, has_token_},
                  {"X-Amz-Content-Sha256", &declared_payload_, !declared_payload_.empty()}};
    amz_date_ = {};
    for (protocol::query_parameter const& p : parameters_)
        for (place& known : places) {
            if (!equal_ignoring_case(p.name, known.name)) continue;
            if (p.name != known.name || std::exchange(known.seen, true))
                return refuse(auth_error::bad_request, "Query parameter repeated or misspelt: ", known.name);
            *known.value = p.value;
        }
    has_token_ = places[6].seen;
    has_payload = places[7].seen;
    if (has_payload && declared_payload_.empty())
        return refuse(auth_error::bad_request, "X-Amz-Content-Sha256 is empty");
    if (!algorithm.empty() && algorithm != "AWS4-HMAC-SHA256")
        return refuse(auth_error::incomplete, "Only the algorithm AWS4-HMAC-SHA256 is supported.");
    std::string missing;
    for (std::size_t const i : {std::size_t{0}, std::size_t{1}, std::size_t{5}, std::size_t{4}, std::size_t{2}})
        if (places[i].value->empty())
            missing.append(missing.empty() ? "" : " ")
                .append("AWS query-string parameters must include '")
                .append(places[i].name)
                .append("'.");
    if (!missing.empty()) return refuse(auth_error::incomplete, missing);
    if (!protocol::parse_sigv4_scope(credential, claims_.scope))
        return refuse(auth_error::incomplete,
                      "Credential must have 5 parts separated by '/': access key, date, region, "
                      "service and 'aws4_request'.");
    if (!read_date(amz_date_)) return refuse(auth_error::incomplete, "Date must be in ISO-8601 'basic format'.");
    if (places[3].seen) {
        std::uint32_t seconds = 0;
        auto const end = expires.data() + expires.size();
        auto const read = std::from_chars(expires.data(), end, seconds);
        if (read.ec != std::errc{} || read.ptr != end || seconds < 1 || seconds > 604800)
            return refuse(auth_error::bad_request, "X-Amz-Expires must be a number of seconds from 1 to 604800");
        expires_ = std::chrono::seconds{seconds};
    }
}

BACKCHANNEL_DECL void sigv4_request::check_signed_headers() {
    std::string_view const list = claims_.signed_headers;
    bool has_host = false, has_amz_date = false, has_http_date = false;
    std::string_view absent;
    bool const well_formed = protocol::for_each_signed_header(list, [&](std::string_view name) {
        if (byte_words::same(name, "host")) has_host = true; // a request without it was refused
        else if (has_amz_date_ && byte_words::same(name, "x-amz-date")) has_amz_date = true;
        else if (has_http_date_ && byte_words::same(name, "date")) has_http_date = true;
        else if (find_header(head_.headers, name) == nullptr) absent = name;
    });
    bool const has_date = presigned_ || (has_amz_date_ ? has_amz_date : has_http_date);
    if (!well_formed)
        return refuse(auth_error::incomplete, "SignedHeaders must be lower-case names in order, separated by ';'.");
    if (!has_host)
        return refuse(auth_error::bad_signature, "'Host' must be a 'SignedHeader' in the AWS Authorization.");
    if (!has_date)
        return refuse(auth_error::bad_signature,
                      "'X-Amz-Date' or 'Date' must be a 'SignedHeader' in the AWS Authorization.");
    if (!absent.empty())
        return refuse(auth_error::bad_signature, "A signed header is not in the request: ", absent);
    // the body's hash is bound by the payload line, the token by the comparison with the stored one
    for (header_view const& h : head_.headers)
        if (h.name.size() > 6 && byte_words::same_name({h.name.data(), 6}, "x-amz-") &&
            !(has_amz_date && byte_words::same_name(h.name, "x-amz-date")) &&
            !byte_words::same_name(h.name, "x-amz-content-sha256") &&
            !byte_words::same_name(h.name, "x-amz-security-token") && !protocol::is_signed_header(list, h.name))
            return refuse(auth_error::bad_signature,
                          "There were headers present in the request which were not signed: ", h.name);
}

BACKCHANNEL_DECL void sigv4_request::check_declared_payload(unsigned_payload which) {
    if (declared_payload_.empty()) return;
    bool const is_hash = declared_payload_.size() == 64 &&
                         declared_payload_.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    bool const allowed =
        payload_is_unsigned() && which == unsigned_payload::allow_over_tls && head_.secure.value_or(false);
    if (!is_hash && !allowed)
        refuse(auth_error::bad_request, "x-amz-content-sha256 must be the hex-encoded SHA-256 of the body");
}

BACKCHANNEL_DECL std::optional<auth_decision> sigv4_request::check(access_key const& key, sigv4_options const& options,
                                                                   wall_time now) const {
    auto const wrong = [](std::string text) {
        return auth_decision::refuse(auth_error::bad_signature, std::move(text));
    };
    if (claims_.scope.service != options.service)
        return wrong("Credential should be scoped to correct service: '" + options.service + "'.");
    if (!options.region.empty() && claims_.scope.region != options.region)
        return wrong("Credential should be scoped to a valid Region, not '" +
                     std::string{claims_.scope.region.substr(0, 64)} + "'.");
    if (claims_.scope.date != date().substr(0, 8))
        return wrong("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
                     std::string{claims_.scope.date} + "' != '" + std::string{date().substr(0, 8)} + "'.");
    if (auto late = check_time(options, now)) return late;
    bool const token_matches = crypto::constant_time_equal(key.session_token, session_token_);
    if (!token_matches || has_token_ == key.session_token.empty())
        return auth_decision::refuse(auth_error::unknown_principal);
    if (key.expires_at && now >= *key.expires_at) return auth_decision::refuse(auth_error::expired_token);
    return std::nullopt;
}

BACKCHANNEL_DECL std::optional<auth_decision> sigv4_request::check_time(sigv4_options const& options,
                                                                        wall_time now) const {
    auto const text = [](wall_time t) { return std::string{detail_sigv4_request::view(protocol::format_amz_date(t))}; };
    auto const length = [](std::chrono::seconds s) {
        return s.count() % 60 == 0 ? std::to_string(s.count() / 60) + " min.)" : std::to_string(s.count()) + " sec.)";
    };
    auto const now_s = std::chrono::floor<std::chrono::seconds>(now);
    std::chrono::seconds const validity = expires_.value_or(options.window);
    if (time_ < now_s - validity)
        return auth_decision::refuse(auth_error::bad_signature, "Signature expired: " + text(time_) +
                                                                    " is now earlier than " + text(now_s - validity) +
                                                                    " (" + text(now_s) + " - " + length(validity));
    if (time_ > now_s + options.window)
        return auth_decision::refuse(auth_error::bad_signature, "Signature not yet current: " + text(time_) +
                                                                    " is still later than " +
                                                                    text(now_s + options.window) + " (" + text(now_s) +
                                                                    " + " + length(options.window));
    return std::nullopt;
}

BACKCHANNEL_DECL std::string sigv4_request::mismatch_text(sigv4_options const& options, std::string_view payload,
                                                          std::string_view request_hash) const {
    std::string text = "The request signature we calculated does not match the signature you provided. Check your AWS "
                       "Secret Access Key and signing method. Consult the service documentation for details.";
    if (!options.echo_canonical_request) return text;
    std::vector<header_view> headers{head_.headers.begin(), head_.headers.end()};
    for (header_view& h : headers)
        if (equal_ignoring_case(h.name, "x-amz-security-token")) h.value = "***";
    std::vector<protocol::query_parameter> parameters = parameters_;
    for (protocol::query_parameter& p : parameters)
        if (p.name == "X-Amz-Security-Token") p.canonical_value = "***";
    protocol::canonical_parts shown = parts(payload);
    std::string const query = protocol::canonical_query(parameters);
    shown.query = query;
    shown.headers = headers;
    auto const append = [&](std::string_view piece) { text.append(piece); };
    text.append("\n\nThe Canonical String for this request should have been\n'");
    (void)protocol::write_canonical_request(
        shown, [&](auto& sink) { protocol::percent_encode_path(path_, sink); }, first_host(), append);
    text.append("'\n\nThe String-to-Sign should have been\n'");
    protocol::write_string_to_sign(date(), claims_.scope.text, request_hash, append);
    text.append("'\n");
    return text;
}

}

#endif
