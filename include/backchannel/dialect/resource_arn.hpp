// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_DIALECT_RESOURCE_ARN_HPP
#define BACKCHANNEL_DIALECT_RESOURCE_ARN_HPP

#include <backchannel/auth.hpp>

#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The HTTP method of an operation.
[[nodiscard]] constexpr std::string_view method_of(operation op) noexcept {
    switch (op) {
    case operation::post: return "POST";
    case operation::get: return "GET";
    case operation::put: return "PUT";
    case operation::del: break;
    }
    return "DELETE";
}

/// `arn:{partition}:execute-api:{region}:{account}:{api-id}/{stage}/{METHOD}/@connections/{id}`, the resource that IAM
/// policies grant; without an id that of all connections together. With `masked`, only the last
/// four digits of the account are shown, as AWS does in denials.
[[nodiscard]] inline std::string resource_arn(router_options const& options, operation op, std::string_view id,
                                              bool masked = false) {
    std::string arn = "arn:";
    arn.append(options.partition).append(":execute-api:").append(options.region).append(":");
    std::string_view account = options.account;
    if (masked && account.size() > 4) {
        arn.append(account.size() - 4, '*');
        account = account.substr(account.size() - 4);
    }
    arn.append(account).append(":").append(options.api_id);
    if (!options.stage.empty()) arn.append("/").append(options.stage);
    arn.append("/").append(method_of(op)).append("/@connections");
    if (!id.empty()) arn.append("/").append(id);
    return arn;
}

}

#endif
