// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Policies: what is accepted decides as a plain reading of its JSON does.

#include "fuzz.hpp"

#include <backchannel/auth/iam_policy.hpp>
#include <backchannel/protocol/json_value.hpp>

using namespace backchannel;
using fuzz::require;
using protocol::json_kind;
using protocol::json_value;

namespace {

// Calls `each` with a value, or with those of a list.
template <class Each>
bool any_of(json_value const& one_or_more, Each each) {
    if (one_or_more.kind != json_kind::array) return each(one_or_more);
    return std::any_of(one_or_more.items.begin(), one_or_more.items.end(), each);
}

bool names(json_value const& patterns, std::optional<iam_pattern> (*compile)(std::string_view), std::string_view name) {
    return any_of(patterns, [&](json_value const& v) {
        auto const pattern = compile(v.text);
        require(v.kind == json_kind::string && pattern.has_value(), "an accepted policy has good patterns");
        return pattern->matches(name);
    });
}

bool applies(json_value const& statement, iam_request const& request) {
    auto const member = [&](std::string_view name) { return statement.find(name); };
    json_value const *const action = member("Action"), *const resource = member("Resource");
    require((action == nullptr) != (member("NotAction") == nullptr), "a statement has Action or NotAction");
    require((resource == nullptr) != (member("NotResource") == nullptr), "a statement has Resource or NotResource");
    bool const action_named = names(action ? *action : *member("NotAction"), &iam_pattern::for_actions, request.action);
    bool const resource_named =
        names(resource ? *resource : *member("NotResource"), &iam_pattern::for_resources, request.resource);
    if (action_named != (action != nullptr) || resource_named != (resource != nullptr)) return false;
    if (member("Condition") == nullptr) return true;
    for (auto const& [test, offset, keys] : member("Condition")->members) {
        require(keys.members.size() == 1, "an operator has one key");
        json_value const& values = keys.members[0].value;
        if (test == "Bool") {
            auto const takes = [&](json_value const& v) {
                bool const wanted = v.kind == json_kind::boolean ? v.boolean : v.text == "true";
                return wanted == *request.secure_transport;
            };
            bool const denies = member("Effect")->text == "Deny"; // whose condition holds where nobody knows
            if (!(request.secure_transport ? any_of(values, takes) : denies)) return false;
            continue;
        }
        require(test == "IpAddress" || test == "NotIpAddress", "an accepted policy has known operators");
        auto const source = ip_address::parse(request.source_ip);
        bool const inside = source && any_of(values, [&](json_value const& v) {
                                auto const network = ip_network::parse(v.text);
                                require(network.has_value(), "an accepted policy has good networks");
                                return network->contains(*source);
                            });
        if (inside != (test == "IpAddress")) return false;
    }
    return true;
}

iam_effect plain_reading(std::string_view document, iam_request const& request) {
    auto const json = protocol::parse_json(document);
    require(json.value && json.value->find("Statement") && json.value->find("Version"), "a policy is a JSON object");
    bool allowed = false, denied = false;
    auto const read = [&](json_value const& statement) {
        json_value const* const effect = statement.find("Effect");
        require(effect && (effect->text == "Allow" || effect->text == "Deny"), "a statement has an effect");
        if (applies(statement, request)) (effect->text == "Deny" ? denied : allowed) = true;
        return false;
    };
    (void)any_of(*json.value->find("Statement"), read);
    return denied ? iam_effect::deny_explicit : allowed ? iam_effect::allow : iam_effect::deny_implicit;
}

}

// The document, and behind a NUL each the action, the resource and the address of a request.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, std::min<std::size_t>(size, 16 * 1024)};
    std::uint8_t const choice = in.byte();
    std::string_view rest = in.text();
    std::string_view const document = fuzz::take_until(rest, '\0');
    iam_request request;
    if (std::string_view const action = fuzz::take_until(rest, '\0'); !action.empty()) request.action = action;
    request.resource = fuzz::take_until(rest, '\0');
    request.source_ip = fuzz::take_until(rest, '\0');
    if (choice % 3 != 0) request.secure_transport = choice % 3 == 1;

    auto const result = iam_policy::parse(document);
    auto const again = iam_policy::parse(std::string{document}.append(" \n"));
    require(static_cast<bool>(result) == static_cast<bool>(again), "blanks behind a policy change nothing");
    if (!result) {
        iam_policy_error const& error = result.error();
        auto const lines = static_cast<std::size_t>(std::count(document.begin(), document.end(), '\n')) + 1;
        require(!error.message.empty(), "a refusal says why");
        require(error.line >= 1 && error.line <= lines && error.column >= 1 && error.column <= document.size() + 1,
                "a refusal is about a place in the document");
        return 0;
    }
    require(result.error().message.empty(), "there is a policy or an error");
    iam_effect const effect = result.policy().evaluate(request);
    require(effect == again.policy().evaluate(request), "a policy decides the same when it is read again");
    require(effect == plain_reading(document, request), "a policy decides as its JSON says");
    return 0;
}
