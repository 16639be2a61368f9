// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_DIALECT_YANDEX_HPP
#define BACKCHANNEL_DIALECT_YANDEX_HPP

#include <backchannel/auth.hpp>
#include <backchannel/connection.hpp>
#include <backchannel/dialect/failure.hpp>
#include <backchannel/message.hpp>
#include <backchannel/protocol/yandex_target.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The REST form of the WebSocket Connection Service of Yandex API Gateway, version 1: Get, Send and Disconnect.
///
/// `GET|DELETE /apigateways/websocket/v1/connections/{connectionId}` and `POST .../{connectionId}:send` with a body of
/// `{"data": base64, "type": "TEXT" or "BINARY"}`. Bodies are read by the rules of ProtoJSON: either base64 alphabet,
/// with or without padding; `type` by name or number; unknown members are ignored. Without a type, a message is a text
/// if it is UTF-8. Errors are `google.rpc.Status` objects with the HTTP status that belongs to their code; a closed
/// connection is 404, code 5. `router_options::api_id` is shown as `gatewayId`; there is no stage.
///
/// A dialect is immutable and thread-safe.
class yandex_dialect {
public:
    explicit yandex_dialect(router_options const& options)
        : gateway_id_{options.api_id}, max_message_{options.max_body} {}

    /// What a request line asks for.
    struct call {
        bool ours = false;                ///< false: the application's own path
        std::optional<failure> refused{}; ///< what is wrong with it
        operation what = operation::get;
        protocol::yandex_target target{};
    };

    [[nodiscard]] BACKCHANNEL_DECL call read(std::string_view method, std::string_view target, target_form form) const;

    /// Whether the router of this dialect answers for the target.
    [[nodiscard]] BACKCHANNEL_DECL bool owns(std::string_view target, target_form form) const noexcept;

    /// Whether the path is one of this API: it has no stages.
    [[nodiscard]] static constexpr bool reserves(std::string_view) noexcept { return false; }

    /// The message that a body of `Send` describes, or what is wrong with it.
    class content {
    public:
        [[nodiscard]] std::string_view complaint() const noexcept { return complaint_; }
        [[nodiscard]] backchannel::message message() const noexcept { return {data_, kind_}; }

    private:
        friend class yandex_dialect;

        std::string_view complaint_{}; // a literal
        std::string data_{};
        message_kind kind_ = message_kind::text;
    };
    [[nodiscard]] BACKCHANNEL_DECL content read_body(call const& c, std::string_view body) const;

    static constexpr std::string_view request_id_header = "x-request-id";
    static constexpr std::string_view connection_id_header = "X-Yc-Apigateway-Websocket-Connection-Id"; // in a 101
    static constexpr close_frame disconnect{1000, {}};

    /// Bytes of the longest body that is looked at: room for a message whose every character is escaped, and for some
    /// members that are ignored.
    [[nodiscard]] std::size_t max_body() const noexcept { return max_message_ / 3 * 8 + 8192; }

    BACKCHANNEL_DECL void succeed(response& r, operation what, connection_state const* state,
                                  std::string_view id) const;
    /// `id` is the connection's, or for `bad_body` what is wrong with the body.
    BACKCHANNEL_DECL void fail(response& r, failure why, std::string_view id) const;
    BACKCHANNEL_DECL void deny(response& r, auth_decision const& why, operation what, std::string_view id) const;

private:
    std::string gateway_id_;
    std::size_t max_message_;
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/dialect/yandex.ipp>
#endif

#endif
