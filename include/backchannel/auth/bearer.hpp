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

/// Takes `Authorization: Bearer {token}` (RFC 6750 2.1).
///
/// A bearer token is as good as a password and travels with every request: use it over TLS or on loopback only. Every
/// known token is compared in constant time, so the time of an answer tells nothing about them. Thread-safe.
class bearer {
public:
    /// Precondition: no token is empty.
    explicit bearer(std::vector<bearer_token> tokens) : tokens_{std::move(tokens)} {}
    explicit bearer(std::string token) { tokens_.push_back({std::move(token), "bearer", {}}); }

    [[nodiscard]] auth_decision authorize(request_view const& request, operation, std::string_view) const {
        header_view const* credentials = nullptr;
        for (header_view const& h : request.headers) {
            if (!equal_ignoring_case(h.name, "authorization")) continue;
            if (credentials != nullptr)
                return auth_decision::refuse(auth_error::bad_request, "Repeated header: Authorization");
            credentials = &h;
        }
        constexpr std::string_view scheme = "bearer ";
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

}

#endif
