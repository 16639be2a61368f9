// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_IAM_POLICY_HPP
#define BACKCHANNEL_AUTH_IAM_POLICY_HPP

#include <backchannel/auth/iam_pattern.hpp>
#include <backchannel/config.hpp>
#include <backchannel/support/ip_text.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What a principal wants to do, as an `iam_policy` looks at it.
struct iam_request {
    std::string_view action = "execute-api:ManageConnections";

    /// `arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{METHOD}/@connections/{id}`
    std::string_view resource{};

    /// `aws:SourceIp`; empty, or anything but an address, if it isn't known.
    std::string_view source_ip{};

    /// `aws:SecureTransport`; nothing if it isn't known: a condition on it holds then where it denies.
    std::optional<bool> secure_transport{};
};

/// What a policy says about a request.
enum class iam_effect : std::uint8_t {
    deny_implicit, ///< no statement applies
    allow,         ///< an Allow applies and no Deny
    deny_explicit, ///< a Deny applies
};

namespace detail_iam_policy {

// One operator of a Condition with its one key.
struct condition {
    enum class test : std::uint8_t { source_in, source_not_in, transport_is };

    test what = test::source_in;
    bool takes_true = false;
    bool takes_false = false;
    std::vector<ip_network> networks{};
};

struct statement {
    bool allow = false;
    bool other_actions = false;   // NotAction
    bool other_resources = false; // NotResource
    std::vector<iam_pattern> actions{};
    std::vector<iam_pattern> resources{};
    std::vector<condition> conditions{};
};

struct loader;

}

class iam_policy_result;

/// An identity policy in the JSON of AWS IAM (IAM User Guide, "IAM JSON policy reference").
///
/// Understood are Version `2012-10-17`, Id, and statements of Sid, Effect, Action or NotAction, Resource or
/// NotResource, and a Condition of `IpAddress` and `NotIpAddress` on `aws:SourceIp` and `Bool` on
/// `aws:SecureTransport`. A policy with anything else, policy variables (`${...}`) among it, is refused as a whole: a
/// part that is left out could make it grant more than it says. So is one without Version, which AWS reads as
/// `2008-10-17`, where variables mean nothing.
///
/// Immutable, so one policy may serve several threads. A default-made policy has no statements and grants nothing.
class iam_policy {
public:
    iam_policy() = default;

    /// Reads a policy document; the result holds the policy or says what is wrong with it.
    [[nodiscard]] BACKCHANNEL_DECL static iam_policy_result parse(std::string_view json);

    /// Tells the effect on a request: that of any Deny that applies, else of any Allow, else an implicit denial.
    ///
    /// A statement applies if its actions, its resources and every operator of its Condition do. Where the request
    /// doesn't know the value of a key, `IpAddress` and `Bool` are false and `NotIpAddress` is true (IAM User Guide,
    /// "IAM JSON policy elements: Condition operators"). An operator with several values asks for one of them,
    /// `NotIpAddress` for none of them. Needs no memory.
    [[nodiscard]] BACKCHANNEL_DECL iam_effect evaluate(iam_request const& request) const noexcept;

    /// Whether the effect on a request is `iam_effect::allow`.
    [[nodiscard]] bool allows(iam_request const& request) const noexcept {
        return evaluate(request) == iam_effect::allow;
    }

private:
    friend struct detail_iam_policy::loader;

    std::vector<detail_iam_policy::statement> statements_;
};

/// Why a policy was refused.
struct iam_policy_error {
    std::string message;     ///< a sentence without its full stop, for the one who writes the policy
    std::string unsupported; ///< the name of what isn't implemented, such as `StringEquals`; empty for other errors
    std::size_t line = 0;    ///< from 1
    std::size_t column = 0;  ///< from 1, in characters
};

/// What `iam_policy::parse` returns: a policy, or an error if there is none.
class iam_policy_result {
public:
    explicit iam_policy_result(iam_policy policy) noexcept : policy_(std::move(policy)) {}
    explicit iam_policy_result(iam_policy_error error) noexcept : error_(std::move(error)) {}

    [[nodiscard]] explicit operator bool() const noexcept { return policy_.has_value(); }

    /// The policy. Precondition: there is one.
    [[nodiscard]] iam_policy const& policy() const& noexcept { return *policy_; }
    [[nodiscard]] iam_policy policy() && noexcept { return std::move(*policy_); }

    /// What is wrong; empty if there is a policy.
    [[nodiscard]] iam_policy_error const& error() const noexcept { return error_; }

private:
    std::optional<iam_policy> policy_;
    iam_policy_error error_;
};
}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/auth/iam_policy.ipp>
#endif

#endif
