// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_BEARER_HPP
#define BACKCHANNEL_AUTH_BEARER_HPP

#include <backchannel/auth.hpp>
#include <backchannel/crypto/constant_time.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A token and who is meant by it.
struct bearer_token {
    std::string token;
    std::string name{}; ///< the principal's name
    std::string arn{};  ///< shown to a caller who is denied
};

/// Tokens that callers send as `Authorization: {scheme} {token}`, see `bearer` and `api_key`.
///
/// Every known token is compared in constant time, so the time of an answer tells nothing about them. Thread-safe.
class authorization_tokens {
public:
    /// Every caller may reach every connection; see `with_policy`.
    [[nodiscard]] bool permits(request_view const&, principal const&, operation, std::string_view) const noexcept {
        return true;
    }

protected:
    /// Precondition: no token is empty.
    explicit authorization_tokens(std::vector<bearer_token> tokens) : tokens_{std::move(tokens)} {}

    /// `scheme` ends with a space.
    [[nodiscard]] auth_decision decide(request_view const& request, std::string_view scheme) const {
        header_view const* credentials = nullptr;
        for (header_view const& h : request.headers) {
            if (!equal_ignoring_case(h.name, "authorization")) continue;
            if (credentials != nullptr)
                return auth_decision::refuse(auth_error::bad_request, "Repeated header: Authorization");
            credentials = &h;
        }
        if (credentials == nullptr || credentials->value.size() < scheme.size() ||
            !equal_ignoring_case(credentials->value.substr(0, scheme.size()), scheme))
            return auth_decision::refuse(auth_error::missing_token);
        std::string_view token = credentials->value.substr(scheme.size());
        while (!token.empty() && token.front() == ' ') token.remove_prefix(1);
        bearer_token const* found = nullptr;
        for (bearer_token const& known : tokens_)
            if (crypto::constant_time_equal(known.token, token) && !known.token.empty()) found = &known;
        if (found == nullptr) return auth_decision::refuse(auth_error::unknown_principal);
        return auth_decision::allow({std::string_view{found->name}, found->arn});
    }

private:
    std::vector<bearer_token> tokens_;
};

/// Takes `Authorization: Bearer {token}` (RFC 6750 2.1).
///
/// A bearer token is as good as a password and travels with every request: use it over TLS or on loopback only.
class bearer : public authorization_tokens {
public:
    /// Precondition: no token is empty.
    explicit bearer(std::vector<bearer_token> tokens) : authorization_tokens{std::move(tokens)} {}
    explicit bearer(std::string token) : bearer{std::vector{bearer_token{std::move(token), "bearer", {}}}} {}

    [[nodiscard]] auth_decision authorize(request_view const& request, operation, std::string_view) const {
        return decide(request, "bearer ");
    }
};

/// Takes `Authorization: Api-Key {key}`, as services of Yandex Cloud do. The rest is as with `bearer`.
class api_key : public authorization_tokens {
public:
    /// Precondition: no key is empty.
    explicit api_key(std::vector<bearer_token> keys) : authorization_tokens{std::move(keys)} {}
    explicit api_key(std::string key) : api_key{std::vector{bearer_token{std::move(key), "api-key", {}}}} {}

    [[nodiscard]] auth_decision authorize(request_view const& request, operation, std::string_view) const {
        return decide(request, "api-key ");
    }
};

}

#endif
