// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_WITH_POLICY_HPP
#define BACKCHANNEL_AUTH_WITH_POLICY_HPP

#include <backchannel/auth/iam_policy.hpp>
#include <backchannel/auth/revising_authorizer.hpp>
#include <backchannel/dialect/resource_arn.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A policy of one's own: `bool permits(principal const&, iam_request const&)`.
template <class P>
concept permits_principals = requires(P const& policy, principal const& who, iam_request const& r) {
    { policy.permits(who, r) } -> std::same_as<bool>;
};

/// The same without the words of IAM: `bool permits(principal const&, operation, std::string_view id)`.
template <class P>
concept permits_operations = requires(P const& policy, principal const& who, operation op, std::string_view id) {
    { policy.permits(who, op, id) } -> std::same_as<bool>;
};

/// Refuses those whom a policy does not grant what they ask for.
template <class Policy>
class policy_judge {
    static_assert(std::same_as<Policy, iam_policy> || permits_principals<Policy> || permits_operations<Policy>,
                  "the policy of with_policy must be backchannel::iam_policy or have `bool "
                  "permits(backchannel::principal const&, backchannel::iam_request const&) const` or `bool "
                  "permits(backchannel::principal const&, backchannel::operation, std::string_view id) const`");

public:
    explicit policy_judge(Policy policy) : policy_{std::move(policy)} {}

    void configure(router_options const& options) { options_ = options; }

    [[nodiscard]] auth_decision operator()(auth_decision decision, request_view const& request, operation op,
                                           std::string_view id) const {
        if (decision.allowed() && !grants(request, decision.who, op, id))
            return auth_decision::refuse(auth_error::not_permitted, {}, std::move(decision.who));
        return decision;
    }

    [[nodiscard]] bool grants(request_view const& request, principal const& who, operation op,
                              std::string_view id) const {
        if constexpr (permits_operations<Policy>) {
            return policy_.permits(who, op, id);
        } else {
            std::string const resource = resource_arn(options_, op, id);
            iam_request const asked{"execute-api:ManageConnections", resource, request.source_ip, request.secure};
            if constexpr (std::same_as<Policy, iam_policy>) return policy_.allows(asked);
            else return policy_.permits(who, asked);
        }
    }

private:
    Policy policy_;
    router_options options_{};
};

/// An authorizer, and a policy that is asked about everybody it lets in.
///
/// Authentication says who is asking, the policy whether it may: without a grant nobody enters, whatever has
/// authenticated the caller. `Policy` is `iam_policy`, one for all callers, or a type with
/// `bool permits(principal const&, iam_request const&) const` or `bool permits(principal const&, operation,
/// std::string_view id) const`, such as `yandex_roles`. Thread-safe as far as `Auth` and `Policy` are, but for
/// `configure`.
template <class Auth, class Policy = iam_policy>
class with_policy : public revising_authorizer<Auth, policy_judge<Policy>> {
public:
    with_policy(Auth auth, Policy policy)
        : with_policy::revising_authorizer{std::move(auth), policy_judge<Policy>{std::move(policy)}} {}

    /// Whether both grant one more target of the same request.
    [[nodiscard]] bool permits(request_view const& request, principal const& who, operation op, std::string_view id)
        requires has_permits<Auth>
    {
        return this->auth_.permits(request, who, op, id) && this->revise_.grants(request, who, op, id);
    }
};

}

#endif
