// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_DIALECT_AWS_IPP
#define BACKCHANNEL_IMPL_DIALECT_AWS_IPP

#include <backchannel/dialect/aws.hpp>
#include <backchannel/dialect/resource_arn.hpp>
#include <backchannel/protocol/timestamp.hpp>
#include <backchannel/support/byte_words.hpp>

#include <algorithm>
#include <chrono>
#include <string>

namespace backchannel::inline BACKCHANNEL_ABI {

BACKCHANNEL_DECL bool aws_dialect::owns(std::string_view target, target_form form) const noexcept {
    using kind = protocol::connection_target::kind;
    kind const what = protocol::connection_target::parse(target, options_.stage, form).what();
    return what != kind::foreign && what != kind::collection;
}

BACKCHANNEL_DECL bool aws_dialect::reserves(std::string_view target) noexcept {
    auto const what = protocol::connection_target::parse_any_stage(target, target_form::raw).what();
    return what != protocol::connection_target::kind::foreign;
}

BACKCHANNEL_DECL aws_dialect::call aws_dialect::read(std::string_view method, std::string_view target,
                                                     target_form form) const {
    using kind = protocol::connection_target::kind;
    call c;
    c.target = protocol::connection_target::parse(target, options_.stage, form);
    c.ours = c.target.what() != kind::foreign && c.target.what() != kind::collection;
    if (!c.ours) return c;
    if (c.target.what() != kind::connection) c.refused = failure::malformed_id;
    else if (byte_words::same(method, "POST")) c.what = operation::post;
    else if (byte_words::same(method, "GET")) c.what = operation::get;
    else if (byte_words::same(method, "DELETE")) c.what = operation::del;
    else c.refused = failure::bad_method;
    return c;
}

BACKCHANNEL_DECL void aws_dialect::succeed(response& r, operation what, connection_state const* state,
                                           std::string_view) const {
    if (what == operation::del) {
        r.status = 204;
        return;
    }
    r.status = 200;
    r.headers.add_line("Content-Type: application/json\r\n");
    if (what == operation::post || state == nullptr) return;
    constexpr std::size_t names_and_times = 160;
    r.body.reserve(names_and_times + state->source_ip.size() + state->user_agent.size());
    protocol::json_writer json{r.body};
    write_members(json.begin_object(), *state);
    json.end_object();
}

BACKCHANNEL_DECL void aws_dialect::write_members(protocol::json_writer& json, connection_state const& state) const {
    bool const capital = options_.openapi_description;
    auto const connected = protocol::format_iso8601(state.connected_at);
    auto const active = protocol::format_iso8601(state.last_active_at);
    json.member(capital ? "ConnectedAt" : "connectedAt", connected.view())
        .key(capital ? "Identity" : "identity")
        .begin_object()
        .member(capital ? "SourceIp" : "sourceIp", std::string_view{state.source_ip})
        .member(capital ? "UserAgent" : "userAgent", std::string_view{state.user_agent})
        .end_object()
        .member(capital ? "LastActiveAt" : "lastActiveAt", active.view());
}

BACKCHANNEL_DECL void aws_dialect::fail(response& r, failure why, std::string_view id) const {
    switch (why) {
    case failure::gone: return error(r, 410, "GoneException", "Gone");
    case failure::never_open:
        if (options_.openapi_description)
            return error(r, 404, "NotFoundException", "The specified connection does not exist");
        return error(r, 410, "GoneException", "Gone");
    case failure::malformed_id:
        return error(r, 400, "BadRequestException", std::string{"Invalid connectionId: "}.append(id));
    case failure::bad_method:
        r.headers.add("Allow", "DELETE, GET, POST");
        return error(r, 405, "MethodNotAllowedException", "Method not allowed");
    case failure::bad_body: return error(r, 400, "BadRequestException", id);
    case failure::unsupported:
        return error(r, 501, "NotImplementedException", "Not supported by this server");
    case failure::expired:
        return error(r, 504, "GatewayTimeoutException", "The message was not sent: its time was over");
    case failure::too_large: return error(r, 413, "PayloadTooLargeException", "Message too long");
    case failure::backpressure:
        return error(r, 429, "LimitExceededException", "The client's send buffer is full");
    case failure::unavailable:
        r.headers.add("Retry-After", "1");
        return error(r, 503, "ServiceUnavailableException", "Service unavailable");
    case failure::unknown: return error(r, 504, "GatewayTimeoutException", "It is not known whether the message was sent");
    case failure::internal: break;
    }
    error(r, 500, "InternalServerErrorException", "Internal server error");
}

BACKCHANNEL_DECL void aws_dialect::deny(response& r, auth_decision const& why, operation what,
                                        std::string_view id) const {
    auto const text_or = [&](std::string_view otherwise) {
        return why.message.empty() ? otherwise : std::string_view{why.message};
    };
    switch (why.error) {
    case auth_error::missing_token:
        return error(r, 403, "MissingAuthenticationTokenException", text_or("Missing Authentication Token"));
    case auth_error::incomplete:
        return error(r, 403, "IncompleteSignatureException", text_or("The request signature is incomplete"));
    case auth_error::unknown_principal:
        return error(r, 403, "UnrecognizedClientException",
                     text_or("The security token included in the request is invalid."));
    case auth_error::expired_token:
        return error(r, 403, "ExpiredTokenException",
                     text_or("The security token included in the request is expired"));
    case auth_error::bad_signature:
        return error(r, 403, "InvalidSignatureException", text_or("The request signature is not valid"));
    case auth_error::payload_mismatch:
        return error(r, 400, "XAmzContentSHA256Mismatch",
                     text_or("The provided 'x-amz-content-sha256' header does not match what was computed."));
    case auth_error::bad_request: return error(r, 400, "BadRequestException", text_or("Bad Request"));
    case auth_error::not_permitted: {
        std::string text{why.message};
        if (text.empty()) {
            std::string_view const who = why.who.arn.empty() ? why.who.name.view() : std::string_view{why.who.arn};
            text = std::string{"User: "}
                       .append(who)
                       .append(" is not authorized to perform: execute-api:ManageConnections on resource: ")
                       .append(resource_arn(options_, what, id, true));
        }
        return error(r, 403, options_.forbidden_is_modelled_type ? "ForbiddenException" : "AccessDeniedException", text);
    }
    case auth_error::throttled:
        r.headers.add("Retry-After", std::to_string(std::max(why.retry_after, std::chrono::seconds{1}).count()));
        return error(r, 429, "LimitExceededException", text_or("Rate exceeded"));
    case auth_error::unavailable: return fail(r, failure::unavailable, id);
    case auth_error::none:
    case auth_error::internal: break;
    }
    fail(r, failure::internal, id);
}

BACKCHANNEL_DECL void aws_dialect::error(response& r, int status, std::string_view type, std::string_view text) const {
    r.status = status;
    r.headers.add("Content-Type", "application/json");
    r.headers.add("x-amzn-ErrorType", type);
    r.body.clear();
    protocol::json_writer{r.body}
        .begin_object()
        .member(options_.openapi_description ? "Message" : "message", text)
        .end_object();
}

}

#endif
