// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_DIALECT_EXTENSIONS_HPP
#define BACKCHANNEL_DIALECT_EXTENSIONS_HPP

#include <backchannel/completion.hpp>
#include <backchannel/dialect/aws.hpp>
#include <backchannel/hub_ref.hpp>
#include <backchannel/protocol/json_writer.hpp>
#include <backchannel/support/guarded.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The management API of AWS with what its users ask for: close codes, the kind of a message, tags, many connections in
/// one call, lists. docs/management-api.md has every call.
///
///     management_router<sigv4<static_keys>, router_traits_for<extended_dialect>> router{hub, sigv4{keys}, {}};
///
/// What AWS has is answered as `aws_dialect` does. Calls on the collection need a grant for `.../@connections`, and
/// each of their targets one of its own (`permits` of the Auth). A dialect is immutable and thread-safe.
class extended_dialect : public aws_dialect {
public:
    using aws_dialect::aws_dialect;

    static constexpr std::size_t max_listed = 1000;  ///< connections in one answer; refusals told of one by one
    static constexpr std::size_t max_send_key = 128; ///< bytes; a longer one is none

    static constexpr std::chrono::seconds max_ttl = std::chrono::days{1}; ///< of a message
    static constexpr std::chrono::seconds max_wait{30};                   ///< for one to be written: its longest ttl
    static constexpr std::chrono::seconds default_wait{10};               ///< its ttl if it has none

    /// What a request asks for beyond AWS' API.
    struct request {
        enum class kind : std::uint8_t {
            plain,      ///< POST to a connection
            show,       ///< GET of a connection
            head,       ///< HEAD of a connection
            tag,        ///< PUT of a tag
            untag,      ///< DELETE of a tag
            close,      ///< DELETE of a connection, with a body or without
            send_many,  ///< POST to the collection
            close_many, ///< DELETE of the collection
            list,       ///< GET of the collection
            count,      ///< the same, only how many
            watch       ///< the same, changes as they happen
        };

        kind what = kind::plain;
        std::string complaint{}; ///< what is wrong with it
        std::optional<message_kind> type{};
        std::uint16_t code = disconnect.code;
        std::string reason{disconnect.reason};
        std::string tag{};
        std::vector<std::string> ids{};
        bool all = false;
        bool when_written = false;               ///< the answer waits until the message has left
        std::optional<std::chrono::seconds> ttl{}; ///< of the message
        std::size_t limit = 100;
        std::uint32_t from = 0;

        /// Whether connections are to end, behind a last message if there is one.
        [[nodiscard]] bool closes() const noexcept { return what == kind::close || what == kind::close_many; }
        /// Whether it can send: what closes can say something first.
        [[nodiscard]] bool sends() const noexcept { return closes() || what == kind::send_many; }
    };

    struct call : aws_dialect::call {
        std::shared_ptr<request const> more{}; ///< none: not ours

        /// Whether `perform` is to be asked.
        [[nodiscard]] bool performs() const noexcept { return more != nullptr && more->what != request::kind::plain; }
        /// Whether it can send, so that its answer may be that of other threads: `send` is to be asked where one can wait.
        [[nodiscard]] bool sends() const noexcept { return more != nullptr && more->sends(); }
        /// Whether it sends before it closes: who may only close connections cannot.
        [[nodiscard]] bool says_last(message const& body) const noexcept {
            return more != nullptr && more->closes() && !body.data().empty();
        }
        /// Whether the answer goes on when the request is over.
        [[nodiscard]] bool streams() const noexcept { return more != nullptr && more->what == request::kind::watch; }
    };

    [[nodiscard]] BACKCHANNEL_DECL call read(std::string_view method, std::string_view target, target_form form) const;
    [[nodiscard]] BACKCHANNEL_DECL bool owns(std::string_view target, target_form form) const noexcept;
    [[nodiscard]] BACKCHANNEL_DECL static bool reserves(std::string_view target) noexcept;

    [[nodiscard]] BACKCHANNEL_DECL content read_body(call const& c, std::string_view body) const;

    /// What the caller calls this request and its repetitions: 1 to 128 bytes in `Idempotency-Key`, else in
    /// `amz-sdk-invocation-id`, which many SDKs of AWS send, signed or not. Empty: neither, another size, or a header
    /// that comes twice.
    [[nodiscard]] BACKCHANNEL_DECL std::string_view send_key(request_view const& r) const noexcept;

    /// How late the message of a call is of use; nothing: it does not say.
    [[nodiscard]] BACKCHANNEL_DECL std::optional<send_terms> terms_of(call const& c, time_point now) const noexcept;

    /// Whether the caller may do that to one more connection.
    using permission = std::function<bool(operation, std::string_view id)>;

    /// Does what the call asks for, and answers. Precondition: `c.performs()`, and the caller may do it to `c.target`,
    /// and send to that one if `c.says_last(body)`. If `c.streams()`, `may` is kept as long as the answer goes on.
    BACKCHANNEL_DECL void perform(response& r, hub_ref const& hub, call const& c, message const& body,
                                  request_view const& asking, time_point now, permission const& may) const;

    /// Writes an answer. Needs the dialect.
    using writer = std::function<void(response&)>;

    /// The same for a call that `sends`, with the answers of the connections' own threads if `wait` is
    /// `patience::owner`: `done` is called when all are there, now or on one of those threads. Permissions are asked for
    /// before it returns.
    BACKCHANNEL_DECL void send(hub_ref const& hub, call const& c, message const& body, time_point now,
                               permission const& may, patience wait, completion<writer> done) const;

    using aws_dialect::fail;
    BACKCHANNEL_DECL void fail(response& r, failure why, call const& c) const;

private:
    BACKCHANNEL_DECL void explain(response& r, hub_ref const& hub, std::string_view id) const;
    BACKCHANNEL_DECL void show_one(response& r, hub_ref const& hub, std::string_view id) const;
    BACKCHANNEL_DECL void refuse_close(response& r, hub_ref const& hub, std::string_view id, delivery why) const;
    BACKCHANNEL_DECL void mark(response& r, hub_ref const& hub, call const& c) const;
    BACKCHANNEL_DECL void list_open(response& r, hub_ref const& hub, request const& asked, permission const& may) const;
    BACKCHANNEL_DECL void watch_changes(response& r, hub_ref const& hub, request_view const& asking,
                                        permission const& may) const;
    BACKCHANNEL_DECL static void write_details(protocol::json_writer& json, connection_state const& state);
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/dialect/extensions.ipp>
#endif

#endif
