// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_DIALECT_YANDEX_IPP
#define BACKCHANNEL_IMPL_DIALECT_YANDEX_IPP

#include <backchannel/dialect/yandex.hpp>
#include <backchannel/protocol/base64.hpp>
#include <backchannel/protocol/json_reader.hpp>
#include <backchannel/protocol/json_writer.hpp>
#include <backchannel/protocol/timestamp.hpp>
#include <backchannel/protocol/utf8.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

namespace detail_yandex {

/// `google.rpc.Code`, and the HTTP status that goes with it.
struct rpc_status {
    int code, http;
};
inline constexpr rpc_status invalid_argument{3, 400}, deadline_exceeded{4, 504}, not_found{5, 404},
    permission_denied{7, 403}, resource_exhausted{8, 429}, unimplemented{12, 501}, internal{13, 500},
    unavailable{14, 503}, unauthenticated{16, 401};

inline void error(response& r, rpc_status status, std::string_view text) {
    r.status = status.http;
    r.headers.add("Content-Type", "application/json");
    r.body.clear();
    protocol::json_writer{r.body}
        .begin_object()
        .member("code", status.code)
        .member("message", text)
        .key("details")
        .begin_array()
        .begin_object()
        .member("@type", "type.googleapis.com/google.rpc.RequestInfo")
        .member("requestId", r.headers.find(yandex_dialect::request_id_header).value_or(std::string_view{}))
        .end_object()
        .end_array()
        .end_object();
}

/// The members of a `SendToConnectionRequest` as they stand in its JSON form.
struct send_request {
    std::optional<std::string> data{};
    std::optional<message_kind> kind{}; ///< nothing: unspecified
    std::string_view complaint{};

    explicit send_request(std::string_view body) { complaint = read(body); }

private:
    enum member : unsigned { data_member = 1, type_member = 2, id_member = 4, unknown_member = 0 };

    [[nodiscard]] static member member_of(protocol::json_reader const& json) noexcept {
        if (json.equals("data")) return data_member;
        if (json.equals("type")) return type_member;
        return json.equals("connectionId") || json.equals("connection_id") ? id_member : unknown_member;
    }

    [[nodiscard]] std::string_view read(std::string_view body) {
        using enum protocol::json_token;
        constexpr std::string_view not_json = "The request body is not a valid JSON object";
        protocol::json_reader json{body};
        if (json.next() != begin_object) return not_json;
        unsigned seen = 0;
        while (json.next() == name) {
            member const which = member_of(json);
            if ((seen & which) != 0) return "A field occurs twice in the request body";
            seen |= which;
            if (which == unknown_member || which == id_member) { // the id is that of the path
                if (!json.skip_value()) return not_json;
                continue;
            }
            protocol::json_token const value = json.next();
            if (value == error) return not_json;
            if (value == null_value) continue; // as if it were absent
            std::string_view const wrong = which == data_member ? read_data(json, value) : read_type(json, value);
            if (!wrong.empty()) return wrong;
        }
        if (json.token() != end_object || json.next() != end) return not_json;
        return {};
    }

    [[nodiscard]] std::string_view read_data(protocol::json_reader const& json, protocol::json_token value) {
        if (value != protocol::json_token::string) return "data: a base64 string is expected";
        std::string scratch;
        data = protocol::base64_decode_any(json.string(scratch));
        return data ? std::string_view{} : "data: a base64 string is expected";
    }

    [[nodiscard]] std::string_view read_type(protocol::json_reader const& json, protocol::json_token value) {
        bool const is_number = value == protocol::json_token::number;
        auto const is = [&](std::string_view text, std::string_view number) {
            return is_number ? json.raw() == number : json.equals(text);
        };
        if (is_number || value == protocol::json_token::string) {
            if (is("DATA_TYPE_UNSPECIFIED", "0")) return {};
            if (is("BINARY", "1")) return kind = message_kind::binary, std::string_view{};
            if (is("TEXT", "2")) return kind = message_kind::text, std::string_view{};
        }
        return "type: one of DATA_TYPE_UNSPECIFIED, BINARY and TEXT is expected";
    }
};

}

BACKCHANNEL_DECL bool yandex_dialect::owns(std::string_view target, target_form form) const noexcept {
    return protocol::yandex_target::parse(target, form).what() != protocol::yandex_target::kind::foreign;
}

BACKCHANNEL_DECL yandex_dialect::call yandex_dialect::read(std::string_view method, std::string_view target,
                                                           target_form form) const {
    using kind = protocol::yandex_target::kind;
    call c;
    c.target = protocol::yandex_target::parse(target, form);
    kind const what = c.target.what();
    c.ours = what != kind::foreign;
    if (what == kind::invalid)
        c.refused = failure::malformed_id;
    else if (what == kind::send && method == "POST")
        c.what = operation::post;
    else if (what == kind::connection && method == "GET")
        c.what = operation::get;
    else if (what == kind::connection && method == "DELETE")
        c.what = operation::del;
    else
        c.refused = failure::bad_method;
    return c;
}

BACKCHANNEL_DECL yandex_dialect::content yandex_dialect::read_body(call const& c, std::string_view body) const {
    content result;
    if (c.what != operation::post) return result;
    detail_yandex::send_request request{body};
    result.complaint_ = request.complaint;
    if (!result.complaint_.empty()) return result;
    if (!request.data || request.data->empty()) {
        result.complaint_ = "data: Field is required";
    } else if (request.data->size() > max_message_) {
        result.complaint_ = "data: the message is too long";
    } else {
        bool const is_text = protocol::is_valid_utf8(*request.data);
        if (request.kind == message_kind::text && !is_text) result.complaint_ = "data: a text must be valid UTF-8";
        result.kind_ = request.kind.value_or(is_text ? message_kind::text : message_kind::binary);
        result.data_ = std::move(*request.data);
    }
    return result;
}

BACKCHANNEL_DECL void yandex_dialect::succeed(response& r, operation what, connection_state const* state,
                                              std::string_view id) const {
    r.status = 200;
    r.headers.add("Content-Type", "application/json");
    if (what != operation::get || state == nullptr) {
        r.body = "{}";
        return;
    }
    auto const connected = protocol::format_iso8601(state->connected_at);
    auto const active = protocol::format_iso8601(state->last_active_at);
    protocol::json_writer{r.body}
        .begin_object()
        .member("id", id)
        .member("gatewayId", std::string_view{gateway_id_})
        .key("identity")
        .begin_object()
        .member("sourceIp", std::string_view{state->source_ip})
        .member("userAgent", std::string_view{state->user_agent})
        .end_object()
        .member("connectedAt", connected.view())
        .member("lastActiveAt", active.view())
        .end_object();
}

BACKCHANNEL_DECL void yandex_dialect::fail(response& r, failure why, std::string_view id) const {
    using namespace detail_yandex;
    switch (why) {
    case failure::malformed_id:
        if (id.empty()) return error(r, invalid_argument, "connectionId: a valid id is expected");
        [[fallthrough]]; // not an id of this hub, but another gateway may have given it
    case failure::gone:
    case failure::never_open:
        return error(r, not_found,
                     id.empty() ? "Connection not found" : std::string{"Connection "}.append(id).append(" not found"));
    case failure::unsupported:
    case failure::bad_method:
        return error(r, unimplemented, "Method not implemented");
    case failure::bad_body:
        return error(r, invalid_argument, id);
    case failure::too_large:
        return error(r, invalid_argument, "data: the message is too long");
    case failure::backpressure:
        return error(r, resource_exhausted, "The client's send buffer is full");
    case failure::unavailable:
        r.headers.add("Retry-After", "1");
        return error(r, unavailable, "Service unavailable");
    case failure::unknown:
        return error(r, deadline_exceeded, "It is not known whether the message was sent");
    case failure::expired:
        return error(r, deadline_exceeded, "The message was not sent: its time was over");
    case failure::internal:
        break;
    }
    error(r, internal, "Internal error");
}

BACKCHANNEL_DECL void yandex_dialect::deny(response& r, auth_decision const& why, operation,
                                           std::string_view id) const {
    using namespace detail_yandex;
    auto const text_or = [&](std::string_view otherwise) {
        return why.message.empty() ? otherwise : std::string_view{why.message};
    };
    switch (why.error) {
    case auth_error::missing_token:
        return error(r, unauthenticated, text_or("The request has no credentials"));
    case auth_error::incomplete:
    case auth_error::unknown_principal:
    case auth_error::expired_token:
    case auth_error::bad_signature:
        return error(r, unauthenticated, text_or("Token is invalid or has expired."));
    case auth_error::payload_mismatch:
    case auth_error::bad_request:
        return error(r, invalid_argument, text_or("Bad request"));
    case auth_error::not_permitted:
        return error(r, permission_denied, text_or("Permission denied"));
    case auth_error::throttled:
        r.headers.add("Retry-After", std::to_string(std::max(why.retry_after, std::chrono::seconds{1}).count()));
        return error(r, resource_exhausted, text_or("Rate exceeded"));
    case auth_error::unavailable:
        return fail(r, failure::unavailable, id);
    case auth_error::none:
    case auth_error::internal:
        break;
    }
    fail(r, failure::internal, id);
}

}

#endif
