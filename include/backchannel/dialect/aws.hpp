// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_DIALECT_AWS_HPP
#define BACKCHANNEL_DIALECT_AWS_HPP

#include <backchannel/auth.hpp>
#include <backchannel/connection.hpp>
#include <backchannel/dialect/failure.hpp>
#include <backchannel/message.hpp>
#include <backchannel/protocol/connection_target.hpp>
#include <backchannel/protocol/json_writer.hpp>
#include <backchannel/protocol/utf8.hpp>

#include <optional>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The management API of AWS API Gateway, version 2018-11-29 (`apigatewaymanagementapi`): targets, statuses and bodies.
///
/// `POST|GET|DELETE [/{stage}]/@connections/{connectionId}`. Every error carries `x-amzn-ErrorType` and a JSON object
/// with `message`, which is what all SDKs need for their typed exceptions; member names are lower camel case.
///
/// With `router_options::openapi_description` answers follow the third-party OpenAPI description of the API instead:
/// `ConnectedAt`, `LastActiveAt`, `Identity.SourceIp`, `Identity.UserAgent`, `Message`, and 404 for an id that is not
/// known to have been open. SDKs do not understand that form; it is for clients generated from the description.
///
/// A dialect is immutable and thread-safe.
class aws_dialect {
public:
    explicit aws_dialect(router_options const& options) : options_{options} {}

    /// What a request line asks for.
    struct call {
        bool ours = false;                ///< false: the application's own path
        std::optional<failure> refused{}; ///< what is wrong with it
        operation what = operation::get;
        protocol::connection_target target{};
    };

    [[nodiscard]] BACKCHANNEL_DECL call read(std::string_view method, std::string_view target, target_form form) const;

    /// Whether the router of this dialect answers for the target.
    [[nodiscard]] BACKCHANNEL_DECL bool owns(std::string_view target, target_form form) const noexcept;

    /// Whether the path is one of this API, of whatever stage.
    [[nodiscard]] BACKCHANNEL_DECL static bool reserves(std::string_view target) noexcept;

    /// What a body is for the client, or what is wrong with it.
    class content {
    public:
        content(std::string_view body, message_kind kind, std::string_view complaint = {}) noexcept
            : body_{body}, complaint_{complaint}, kind_{kind} {}

        [[nodiscard]] std::string_view complaint() const noexcept { return complaint_; }
        [[nodiscard]] backchannel::message message() const noexcept { return {body_, kind_}; }

    private:
        std::string_view body_, complaint_;
        message_kind kind_;
    };
    /// Itself, a text if it is UTF-8.
    [[nodiscard]] content read_body(call const&, std::string_view body) const noexcept {
        return {body, protocol::is_valid_utf8(body) ? message_kind::text : message_kind::binary};
    }

    static constexpr std::string_view request_id_header = "x-amzn-RequestId";
    static constexpr std::string_view connection_id_header{}; // clients are not told
    static constexpr close_frame disconnect{1000, "Connection Closed Normally"};

    /// Bytes of the longest body that is not answered by `too_large`.
    [[nodiscard]] std::size_t max_body() const noexcept { return options_.max_body; }

    BACKCHANNEL_DECL void succeed(response& r, operation what, connection_state const* state,
                                  std::string_view id) const;
    /// `id` is the connection's, or for `bad_body` what is wrong with the body.
    BACKCHANNEL_DECL void fail(response& r, failure why, std::string_view id) const;
    BACKCHANNEL_DECL void deny(response& r, auth_decision const& why, operation what, std::string_view id) const;

protected:
    /// What is shown of a connection, as members of an object.
    BACKCHANNEL_DECL void write_members(protocol::json_writer& json, connection_state const& state) const;
    BACKCHANNEL_DECL void error(response& r, int status, std::string_view type, std::string_view text) const;

    router_options options_;
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/dialect/aws.ipp>
#endif

#endif
