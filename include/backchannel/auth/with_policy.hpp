// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_WITH_POLICY_HPP
#define BACKCHANNEL_AUTH_WITH_POLICY_HPP

#include <backchannel/auth/iam_policy.hpp>
#include <backchannel/concepts.hpp>
#include <backchannel/dialect/resource_arn.hpp>

#include <optional>
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

/// An authorizer, and a policy that is asked about everybody it lets in.
///
/// Authentication says who is asking, the policy whether it may: without a grant nobody enters, whatever has
/// authenticated the caller. `Policy` is `iam_policy`, one for all callers, or a type with
/// `bool permits(principal const&, iam_request const&) const` or `bool permits(principal const&, operation,
/// std::string_view id) const`, such as `yandex_roles`. Thread-safe as far as `Auth` and `Policy`
/// are, but for `configure`.
template <class Auth, class Policy = iam_policy>
class with_policy {
    static_assert(check_authorizer<Auth>());
    static_assert(std::same_as<Policy, iam_policy> || permits_principals<Policy> || permits_operations<Policy>,
                  "the policy of with_policy must be backchannel::iam_policy or have `bool "
                  "permits(backchannel::principal const&, backchannel::iam_request const&) const` or `bool "
                  "permits(backchannel::principal const&, backchannel::operation, std::string_view id) const`");

public:
    with_policy(Auth auth, Policy policy) : auth_{std::move(auth)}, policy_{std::move(policy)} {}

    void configure(router_options const& options) {
        options_ = options;
        if constexpr (has_configure<Auth>) auth_.configure(options);
    }

    [[nodiscard]] auth_decision authorize(request_view const& request, operation op,
                                          std::string_view id) requires has_authorize<Auth> {
        return judged(auth_.authorize(request, op, id), request, op, id);
    }

    void async_authorize(request_view const& request, operation op, std::string_view id,
                         completion<auth_decision> done) requires has_async_authorize<Auth> {
        auth_.async_authorize(request, op, id,
                              [this, &request, op, id, done = std::move(done)](auth_decision decision) mutable {
                                  done(judged(std::move(decision), request, op, id));
                              });
    }

    [[nodiscard]] auto begin(request_view const& head, operation op, std::string_view id) requires has_begin<Auth> {
        using inner = decltype(auth_.begin(head, op, id));
        struct state {
            with_policy* self;
            request_view head;
            operation op;
            std::string_view id;
            inner waiting;

            void append(std::string_view piece) { waiting.append(piece); }
            void finish(completion<auth_decision> done) {
                waiting.finish([self_ = self, head_ = head, op_ = op, id_ = id,
                                done_ = std::move(done)](auth_decision decision) mutable {
                    done_(self_->judged(std::move(decision), head_, op_, id_));
                });
            }
        };
        return state{this, head, op, id, auth_.begin(head, op, id)};
    }

    /// Whether the policy, and the authorizer if it has a `permits`, grant one more target of the same request, for each
    /// target of a batch.
    [[nodiscard]] bool permits(request_view const& request, principal const& who, operation op, std::string_view id) {
        if constexpr (has_permits<Auth>)
            if (!auth_.permits(request, who, op, id)) return false;
        return grants(request, who, op, id);
    }

private:
    [[nodiscard]] bool grants(request_view const& request, principal const& who, operation op,
                              std::string_view id) const {
        if constexpr (permits_operations<Policy>) {
            return policy_.permits(who, op, id);
        } else {
            std::string const resource = resource_arn(options_, op, id);
            iam_request const asked{"execute-api:ManageConnections", resource, request.source_ip, request.secure};
            if constexpr (std::same_as<Policy, iam_policy>)
                return policy_.allows(asked);
            else
                return policy_.permits(who, asked);
        }
    }

    [[nodiscard]] auth_decision judged(auth_decision decision, request_view const& request, operation op,
                                       std::string_view id) const {
        if (decision.allowed() && !grants(request, decision.who, op, id))
            return auth_decision::refuse(auth_error::not_permitted, {}, std::move(decision.who));
        return decision;
    }

    Auth auth_;
    Policy policy_;
    router_options options_{};
};

}

#endif
