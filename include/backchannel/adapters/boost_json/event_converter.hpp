// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_BOOST_JSON_EVENT_CONVERTER_HPP
#define BACKCHANNEL_ADAPTERS_BOOST_JSON_EVENT_CONVERTER_HPP

#include <backchannel/adapters/boost_json/json_text.hpp>
#include <backchannel/adapters/boost_json/request_parameters.hpp>
#include <backchannel/connection.hpp>
#include <backchannel/http.hpp>
#include <backchannel/message.hpp>
#include <backchannel/protocol/base64.hpp>
#include <backchannel/protocol/timestamp.hpp>
#include <backchannel/protocol/utf8.hpp>

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Where events say that they come from. A backend builds its callback URL of the first two.
struct event_origin {
    std::string domain_name;      ///< authority (`host` or `host:port`) that the management API can be reached at
    std::string stage{};          ///< as in `router_options`; empty: none in the path
    std::string api_id = "local"; ///< as in `router_options`
};

/// When an event happened, and an id of it that no other event has (`response_stamp::next_id` makes such ids).
struct event_moment {
    wall_time now;
    std::string_view request_id;
};

/// Renders what happens to a connection as the Lambda proxy integration events of AWS API Gateway's WebSocket APIs.
///
/// `requestContext` has `routeKey`, `eventType`, `messageDirection`, `connectionId`, `connectedAt`, `requestTime`,
/// `requestTimeEpoch`, `requestId`, `extendedRequestId` (the same), `domainName`, `stage`, `apiId` and `identity` with
/// `sourceIp` and, if it is known, `userAgent`; times but `requestTime` are milliseconds since 1970. What AWS has
/// besides (authorizer, stage variables, headers of later events) is left out. Bytes that are not UTF-8 become U+FFFD
/// where the event has text.
///
/// Thread safety: all of it, from any thread at the same time.
class event_converter {
public:
    explicit event_converter(event_origin origin) : origin_{std::move(origin)} {}

    /// `$connect`: with `headers` and `multiValueHeaders`, and `queryStringParameters` and
    /// `multiValueQueryStringParameters` if there is a query. The members that have one value show the last one.
    [[nodiscard]] boost::json::object connect(std::string_view id, connection_state const& client,
                                              request_view const& handshake, event_moment const& at) const {
        boost::json::object event;
        add_headers(event, handshake.headers);
        add_query(event, handshake);
        event["requestContext"] = context(id, client, at, "$connect", "CONNECT");
        event["isBase64Encoded"] = false;
        return event;
    }

    /// A message with the key of its route: `body` is its text, or base64 if it is binary. Its `messageId` is the
    /// request's id.
    [[nodiscard]] boost::json::object message_received(std::string_view id, connection_state const& client,
                                                       message const& m, std::string_view route_key,
                                                       event_moment const& at) const {
        boost::json::object request_context = context(id, client, at, route_key, "MESSAGE");
        request_context["messageId"] = json_text(at.request_id);
        bool const encode = m.kind() == message_kind::binary || !protocol::is_valid_utf8(m.data());
        boost::json::object event;
        event["requestContext"] = std::move(request_context);
        event["body"] = json_text(encode ? protocol::base64_encode(m.data()) : m.data());
        event["isBase64Encoded"] = encode;
        return event;
    }

    /// `$disconnect`: with the close code as `disconnectStatusCode` (1005: the client gave none; 1006: there was no
    /// closing handshake) and the reason, perhaps empty, as `disconnectReason`.
    [[nodiscard]] boost::json::object disconnect(std::string_view id, connection_state const& client,
                                                 close_frame const& closed, event_moment const& at) const {
        boost::json::object request_context = context(id, client, at, "$disconnect", "DISCONNECT");
        request_context["disconnectStatusCode"] = closed.code;
        request_context["disconnectReason"] = json_text(closed.reason);
        boost::json::object event;
        event["requestContext"] = std::move(request_context);
        event["isBase64Encoded"] = false;
        return event;
    }

private:
    // 21/Nov/2026:01:00:00 +0000
    [[nodiscard]] static boost::json::string request_time(wall_time now) {
        auto const date = protocol::format_http_date(now); // Sat, 21 Nov 2026 01:00:00 GMT
        std::string_view const text = protocol::text_of(date);
        boost::json::string out;
        out.append(text.substr(5, 2)).append("/").append(text.substr(8, 3)).append("/").append(text.substr(12, 4));
        return out.append(":").append(text.substr(17, 8)).append(" +0000");
    }

    [[nodiscard]] boost::json::object context(std::string_view id, connection_state const& client,
                                              event_moment const& at, std::string_view route_key,
                                              std::string_view type) const {
        boost::json::object identity{{"sourceIp", json_text(client.source_ip)}};
        if (!client.user_agent.empty()) identity["userAgent"] = json_text(client.user_agent);
        return {{"routeKey", json_text(route_key)},
                {"eventType", json_text(type)},
                {"extendedRequestId", json_text(at.request_id)},
                {"requestTime", request_time(at.now)},
                {"messageDirection", "IN"},
                {"stage", json_text(origin_.stage)},
                {"connectedAt", client.connected_at.time_since_epoch().count()},
                {"requestTimeEpoch", at.now.time_since_epoch().count()},
                {"identity", std::move(identity)},
                {"requestId", json_text(at.request_id)},
                {"domainName", json_text(origin_.domain_name)},
                {"connectionId", json_text(id)},
                {"apiId", json_text(origin_.api_id)}};
    }

    event_origin origin_;
};

}

#endif
