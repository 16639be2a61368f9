// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_AUTH_IAM_POLICY_IPP
#define BACKCHANNEL_IMPL_AUTH_IAM_POLICY_IPP

#include <backchannel/auth/iam_policy.hpp>
#include <backchannel/protocol/json_value.hpp>

#include <algorithm>

namespace backchannel::inline BACKCHANNEL_ABI {

namespace detail_iam_policy {

[[nodiscard]] inline std::string quote(std::string_view name) { return '"' + std::string(name) + '"'; }

// Condition keys are the same in any case; `lower` has no capitals.
[[nodiscard]] inline bool same_key(std::string_view name, std::string_view lower) noexcept {
    return std::equal(name.begin(), name.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

[[nodiscard]] inline bool any_match(std::vector<iam_pattern> const& patterns, std::string_view name) noexcept {
    return std::any_of(patterns.begin(), patterns.end(), [name](auto const& pattern) { return pattern.matches(name); });
}

[[nodiscard]] inline bool holds(condition const& condition, std::optional<ip_address> const& source,
                                std::optional<bool> secure, bool if_unknown) noexcept {
    if (condition.what == condition::test::transport_is)
        return secure ? (*secure ? condition.takes_true : condition.takes_false) : if_unknown;
    bool const inside = source && std::any_of(condition.networks.begin(), condition.networks.end(),
                                              [&source](auto const& network) { return network.contains(*source); });
    return inside == (condition.what == condition::test::source_in);
}

// Turns the JSON of a policy into statements. Every function answers false once it has met the first error.
struct loader {
    using json = protocol::json_value;
    using kind = protocol::json_kind;
    using member = protocol::json_member;

    std::string_view document;
    iam_policy policy{};
    iam_policy_error error{};

    bool fail(std::size_t offset, std::string message, std::string_view unsupported = {}) {
        auto const position = protocol::json_position_of(document, offset);
        error = {std::move(message), std::string(unsupported), position.line, position.column};
        return false;
    }
    bool refuse(std::size_t offset, std::string_view what, std::string_view name) {
        return fail(offset, std::string(what) + ' ' + quote(name) + " is not implemented", name);
    }

    bool load() {
        auto const parsed = protocol::parse_json(document);
        if (!parsed) return fail(parsed.error.offset, parsed.error.message);
        json const& root = *parsed.value;
        if (root.kind != kind::object) return fail(root.offset, "a policy must be a JSON object");
        for (member const& m : root.members) {
            if (m.name == "Version" || m.name == "Statement") continue;
            if (m.name != "Id") return refuse(m.offset, "the policy element", m.name);
            if (!want_string(m)) return false;
        }
        return load_version(root) && load_statements(root);
    }

    bool load_version(json const& root) {
        json const* const version = root.find("Version");
        if (version == nullptr) {
            return fail(root.offset,
                        "the policy needs \"Version\": \"2012-10-17\"; without it AWS takes it for the "
                        "version 2008-10-17, which is not implemented",
                        "2008-10-17");
        }
        if (version->kind != kind::string) return fail(version->offset, "\"Version\" must be a string");
        return version->text == "2012-10-17" || refuse(version->offset, "the version", version->text);
    }

    bool load_statements(json const& root) {
        json const* const statements = root.find("Statement");
        if (statements == nullptr) return fail(root.offset, "the policy has no \"Statement\"");
        if (statements->kind == kind::object) return load_statement(*statements);
        if (statements->kind != kind::array || statements->items.empty())
            return fail(statements->offset, "\"Statement\" must be an object or a list of objects");
        for (json const& one : statements->items) {
            if (one.kind != kind::object) return fail(one.offset, "a statement must be an object");
            if (!load_statement(one)) return false;
        }
        return true;
    }

    bool load_statement(json const& from) {
        statement to;
        for (member const& m : from.members)
            if (!load_element(m, to)) return false;
        if (from.find("Effect") == nullptr) return fail(from.offset, "the statement has no \"Effect\"");
        if (!want_one_of(from, "Action", "NotAction") || !want_one_of(from, "Resource", "NotResource")) return false;
        policy.statements_.push_back(std::move(to));
        return true;
    }

    bool load_element(member const& m, statement& to) {
        if (m.name == "Sid") return want_string(m);
        if (m.name == "Effect") return load_effect(m.value, to);
        if (m.name == "Action" || m.name == "NotAction") {
            to.other_actions = m.name == "NotAction";
            return load_patterns(m, to.actions, &iam_pattern::for_actions,
                                 "is no action: it must be \"*\" or have the form service:name, or it can never match");
        }
        if (m.name == "Resource" || m.name == "NotResource") {
            to.other_resources = m.name == "NotResource";
            return load_patterns(m, to.resources, &iam_pattern::for_resources,
                                 "is no resource: it must be \"*\" or an ARN of the form "
                                 "arn:partition:service:region:account:resource, or it can never match");
        }
        if (m.name == "Condition") return load_condition(m.value, to);
        if (m.name == "Principal" || m.name == "NotPrincipal") {
            return fail(m.offset,
                        quote(m.name) + " belongs into policies of resources; this is a policy of an identity", m.name);
        }
        return refuse(m.offset, "the statement element", m.name);
    }

    bool load_effect(json const& from, statement& to) {
        to.allow = from.text == "Allow";
        if (from.kind == kind::string && (to.allow || from.text == "Deny")) return true;
        return fail(from.offset, "\"Effect\" must be \"Allow\" or \"Deny\"");
    }

    bool want_string(member const& m) {
        return m.value.kind == kind::string || fail(m.value.offset, quote(m.name) + " must be a string");
    }

    bool want_one_of(json const& from, std::string_view name, std::string_view opposite) {
        bool const has_name = from.find(name) != nullptr;
        bool const has_opposite = from.find(opposite) != nullptr;
        if (has_name != has_opposite) return true;
        return fail(from.offset, std::string(has_name ? "the statement has both " : "the statement has neither ") +
                                     quote(name) + (has_name ? " and " : " nor ") + quote(opposite));
    }

    // Calls `each` with the values of a member that is one value or a list of at least one.
    template <class Each>
    bool for_values(member const& m, Each each) {
        if (m.value.kind != kind::array) return each(m.value);
        if (m.value.items.empty()) return fail(m.value.offset, quote(m.name) + " has no values");
        return std::all_of(m.value.items.begin(), m.value.items.end(), each);
    }

    bool want_plain_string(member const& m, json const& value) {
        if (value.kind != kind::string) return fail(value.offset, quote(m.name) + " must hold strings");
        std::size_t const variable = value.text.find("${");
        if (variable == std::string::npos) return true;
        std::size_t const end = value.text.find('}', variable);
        std::size_t const size = end == std::string::npos ? end : end + 1 - variable;
        return refuse(value.offset, "the policy variable", std::string_view(value.text).substr(variable, size));
    }

    bool load_patterns(member const& m, std::vector<iam_pattern>& to,
                       std::optional<iam_pattern> (*compile)(std::string_view), std::string_view complaint) {
        return for_values(m, [&](json const& value) {
            if (!want_plain_string(m, value)) return false;
            auto pattern = compile(value.text);
            if (!pattern) return fail(value.offset, quote(value.text) + ' ' + std::string(complaint));
            to.push_back(std::move(*pattern));
            return true;
        });
    }

    bool load_condition(json const& from, statement& to) {
        if (from.kind != kind::object) return fail(from.offset, "\"Condition\" must be an object");
        if (from.members.empty()) return fail(from.offset, "\"Condition\" has no operators");
        return std::all_of(from.members.begin(), from.members.end(),
                           [&](member const& m) { return load_operator(m, to); });
    }

    bool load_operator(member const& m, statement& to) {
        condition made;
        bool const transport = m.name == "Bool";
        if (transport) {
            made.what = condition::test::transport_is;
        } else if (m.name == "NotIpAddress") {
            made.what = condition::test::source_not_in;
        } else if (m.name != "IpAddress") {
            return refuse(m.offset, "the condition operator", m.name);
        }
        if (m.value.kind != kind::object) return fail(m.value.offset, quote(m.name) + " must be an object");
        if (m.value.members.empty()) return fail(m.value.offset, quote(m.name) + " has no keys");
        for (member const& key : m.value.members) {
            if (!same_key(key.name, transport ? "aws:securetransport" : "aws:sourceip"))
                return refuse(key.offset, "with " + quote(m.name) + " the condition key", key.name);
            if (&key != &m.value.members.front()) {
                return fail(key.offset, "the condition key " + quote(key.name) + " occurs twice");
            }
            if (transport ? !load_truths(key, made) : !load_networks(key, made)) return false;
        }
        to.conditions.push_back(std::move(made));
        return true;
    }

    bool load_networks(member const& key, condition& to) {
        return for_values(key, [&](json const& value) {
            if (!want_plain_string(key, value)) return false;
            auto const network = ip_network::parse(value.text);
            if (!network) return fail(value.offset, quote(value.text) + " is neither an IP address nor a CIDR block");
            to.networks.push_back(*network);
            return true;
        });
    }

    bool load_truths(member const& key, condition& to) {
        return for_values(key, [&](json const& value) {
            bool const literal = value.kind == kind::boolean;
            if (!literal && !want_plain_string(key, value)) return false;
            bool const truth = literal ? value.boolean : value.text == "true";
            if (!literal && !truth && value.text != "false")
                return fail(value.offset, quote(value.text) + " is neither \"true\" nor \"false\"");
            (truth ? to.takes_true : to.takes_false) = true;
            return true;
        });
    }
};

}

BACKCHANNEL_DECL iam_policy_result iam_policy::parse(std::string_view json) {
    detail_iam_policy::loader loader{json};
    if (!loader.load()) return iam_policy_result(std::move(loader.error));
    return iam_policy_result(std::move(loader.policy));
}

BACKCHANNEL_DECL iam_effect iam_policy::evaluate(iam_request const& request) const noexcept {
    auto const source = ip_address::parse(request.source_ip);
    iam_effect effect = iam_effect::deny_implicit;
    for (detail_iam_policy::statement const& statement : statements_) {
        bool const applies =
            detail_iam_policy::any_match(statement.actions, request.action) != statement.other_actions &&
            detail_iam_policy::any_match(statement.resources, request.resource) != statement.other_resources &&
            std::all_of(statement.conditions.begin(), statement.conditions.end(), [&](auto const& condition) {
                return detail_iam_policy::holds(condition, source, request.secure_transport, !statement.allow);
            });
        if (!applies) continue;
        if (!statement.allow) return iam_effect::deny_explicit;
        effect = iam_effect::allow;
    }
    return effect;
}

}

#endif
