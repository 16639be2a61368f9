// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_HPP
#define BACKCHANNEL_AUTH_HPP

#include <backchannel/completion.hpp>
#include <backchannel/http.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What is asked of one connection.
enum class operation : std::uint8_t {
    post, ///< PostToConnection: send to the client
    get,  ///< GetConnection: show it
    del,  ///< DeleteConnection: disconnect it
    put   ///< mark it with a tag
};

/// A text of at most 128 bytes, kept without an allocation; what is longer is cut off.
class short_text {
public:
    static constexpr std::size_t capacity = 128;

    short_text() noexcept = default;
    short_text(std::string_view text) noexcept // implicit: it stands in for a string
        : size_{static_cast<std::uint8_t>(text.size() < capacity ? text.size() : capacity)} {
        std::char_traits<char>::copy(bytes_.data(), text.data(), size_);
    }
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<char, capacity> bytes_;
    std::uint8_t size_ = 0;
};

/// Who is asking.
struct principal {
    short_text name{};  ///< access key id, or what the authorizer calls its callers
    std::string arn{};  ///< shown in a denial, where there is one
    std::uint32_t via = 0; ///< which of several authorizers knows it; `any_of` sets and reads it
};

/// Why a request was refused. The dialect makes the status and the error type of it.
enum class auth_error : std::uint8_t {
    none,                ///< not refused
    missing_token,       ///< no credentials in the request
    incomplete,          ///< credentials of another scheme, or parts of them missing
    unknown_principal,   ///< an access key, token or session token that nobody has
    expired_token,       ///< the caller's session is over
    bad_signature,       ///< wrong signature, or one that is not valid now or not for this service
    payload_mismatch,    ///< the declared hash of the body is not the body's
    bad_request,         ///< the request is ambiguous or not allowed to be sent
    not_permitted,       ///< authenticated, but no policy grants it
    throttled,           ///< authenticated, but asks too often
    unavailable,         ///< the decision could not be made now; the caller may try again
    internal             ///< the authorizer failed
};

/// The name of a reason, as it stands above, for logs and metrics.
[[nodiscard]] constexpr std::string_view name_of(auth_error why) noexcept {
    switch (why) {
    case auth_error::none: return "none";
    case auth_error::missing_token: return "missing_token";
    case auth_error::incomplete: return "incomplete";
    case auth_error::unknown_principal: return "unknown_principal";
    case auth_error::expired_token: return "expired_token";
    case auth_error::bad_signature: return "bad_signature";
    case auth_error::payload_mismatch: return "payload_mismatch";
    case auth_error::bad_request: return "bad_request";
    case auth_error::not_permitted: return "not_permitted";
    case auth_error::throttled: return "throttled";
    case auth_error::unavailable: return "unavailable";
    case auth_error::internal: return "internal";
    }
    return "unknown";
}

/// The answer of an authorizer. Default constructed it refuses.
struct auth_decision {
    auth_error error = auth_error::internal;
    principal who{};       ///< set when the caller was authenticated, also if it then was not permitted
    std::string message{}; ///< shown to the caller; empty: the dialect's own text
    std::chrono::seconds retry_after{}; ///< with `throttled`: how long to wait, 1 if less

    [[nodiscard]] static auth_decision allow(principal who = {}) { return {auth_error::none, std::move(who), {}}; }
    [[nodiscard]] static auth_decision refuse(auth_error why, std::string text = {}, principal who = {}) {
        return {why, std::move(who), std::move(text)};
    }

    [[nodiscard]] bool allowed() const noexcept { return error == auth_error::none; }
};

/// What a router and its authorizer agree on.
struct router_options {
    std::string stage{};                       ///< path segment in front of `@connections`; empty: none
    std::string partition = "aws";             ///< `aws`, `aws-cn`, `aws-us-gov`; for resource ARNs
    std::string region{};                      ///< required in credential scopes if set; empty: any region
    std::string account = "000000000000";      ///< for resource ARNs
    std::string api_id = "local";              ///< for resource ARNs
    std::vector<std::string> public_hosts{};   ///< authorities (`host` or `host:port`) that clients dial; see `sigv4`
    std::size_t max_body = 131072;             ///< bytes of a message; a longer body is 413
    bool forbidden_is_modelled_type = false;   ///< a policy's denial is ForbiddenException, not AccessDeniedException
    bool echo_canonical_request = false;       ///< the mismatch answer shows what should have been signed
    bool openapi_description = false;          ///< answer as the third-party OpenAPI description says, see dialect/aws.hpp
};

}

#endif
