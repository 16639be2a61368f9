// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_ANSWERS_HPP
#define BACKCHANNEL_GATEWAY_ANSWERS_HPP

#include <backchannel/http.hpp>
#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/protocol/json_writer.hpp>
#include <backchannel/protocol/parse_error.hpp>
#include <backchannel/protocol/websocket_handshake.hpp>
#include <backchannel/support/outbox.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::gateway_answers {

/// What the gateway answers on its own account: an error type for SDKs, and JSON with a `message`.
[[nodiscard]] inline response problem(int status, std::string_view type, std::string_view text) {
    response r{status};
    r.headers.add("Content-Type", "application/json");
    r.headers.add("x-amzn-ErrorType", type);
    protocol::json_writer{r.body}.begin_object().member("message", text).end_object();
    return r;
}

[[nodiscard]] inline response forbidden() { return problem(403, "ForbiddenException", "Forbidden"); }

[[nodiscard]] inline response internal_error() {
    return problem(500, "InternalServerErrorException", "Internal server error");
}

/// For want of room, or of time to come.
[[nodiscard]] inline response unavailable(std::string_view why) {
    response r = problem(503, "ServiceUnavailableException", why);
    r.headers.add("Retry-After", "1");
    return r;
}

/// What is said of the connection beside the answer.
struct framing {
    bool keep_alive = true;
    bool to_head = false;  ///< the body is not sent
    int minor_version = 1; ///< of the request
};

/// Queues a response. False, and nothing is queued, if its status is none of a final answer or it has a header that is
/// the server's (see `response`).
[[nodiscard]] inline bool append(outbox& out, response const& r, framing f) {
    if (r.status < 200) return false;
    return out.append_by([&](std::string& text) {
        if (!http1::append_response_head(text, r.status, r.headers, r.body.size(), f.keep_alive, f.minor_version))
            return false;
        if (!f.to_head && r.status != 204 && r.status != 304) text.append(r.body);
        return true;
    });
}

/// To a request that breaks HTTP or a limit. RFC 9112.
[[nodiscard]] inline response bad_request(http1::parse_error why) {
    return problem(http1::status_of(why),
                   why == http1::parse_error::body_too_large ? "PayloadTooLargeException" : "BadRequestException",
                   http1::describe(why));
}

/// To a request that opens no WebSocket. RFC 6455 4.2.2 and 4.4, RFC 9110 15.5.6.
[[nodiscard]] inline response bad_handshake(websocket::handshake_error why) {
    int const status = websocket::status_of(why);
    response r =
        problem(status, status == 426 ? "UpgradeRequiredException" : "BadRequestException", websocket::describe(why));
    if (status == 426) {
        r.headers.add("Upgrade", "websocket");
        r.headers.add("Sec-WebSocket-Version", websocket::supported_version);
    }
    if (status == 405) r.headers.add("Allow", "GET");
    return r;
}

}

#endif
