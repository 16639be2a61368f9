// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_HANDLER_HPP
#define BACKCHANNEL_GATEWAY_HANDLER_HPP

#include <backchannel/completion.hpp>
#include <backchannel/concepts.hpp>
#include <backchannel/gateway/event.hpp>
#include <backchannel/gateway/transport.hpp>
#include <backchannel/http.hpp>
#include <backchannel/session.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A client about which nothing was decided is not let in.
class connect_answer;
template <>
struct lost<connect_answer> {
    static connect_answer value();
};

/// A WebSocket client, as a handler sees it. Borrowed until the handler returns; keep the id instead. Used on the
/// handler's thread only.
class gateway_client {
public:
    gateway_client(websocket_peer& peer, session const& tracked) noexcept : peer_{peer}, tracked_{tracked} {}

    [[nodiscard]] std::string_view id() const noexcept { return tracked_.id(); }
    [[nodiscard]] std::string_view source_ip() const noexcept { return tracked_.source_ip(); }

    /// Queues a message. `gone` while `on_connect` runs: the connection is not open yet.
    delivery send(message const& m) { return peer_.send(m); }

    /// Starts the closing handshake; the id is gone at once. Does nothing while `on_connect` runs. Code and reason: as
    /// `connection_hub::close` needs them.
    void close(std::uint16_t code = 1000, std::string_view reason = {}) { peer_.close(code, reason); }

    /// Marks the client, see `session::tag`; in `on_connect` too.
    tagging tag(std::string_view text) const noexcept { return tracked_.tag(text); }
    bool untag(std::string_view text) const noexcept { return tracked_.untag(text); }

private:
    websocket_peer& peer_;
    session const& tracked_;
};

/// What `on_connect` decides.
class connect_answer {
public:
    /// The client is let in. A subprotocol must be one that it offered (RFC 6455 1.9); none is chosen unasked.
    [[nodiscard]] static connect_answer accept(std::string_view subprotocol = {}) {
        connect_answer a;
        a.subprotocol_ = subprotocol;
        return a;
    }

    /// What the application knows of the client, see `connection_info`.
    [[nodiscard]] connect_answer with(connection_attributes attributes) && {
        attributes_ = std::move(attributes);
        return std::move(*this);
    }
    /// When the client's token expires, say: it is closed then (1008).
    [[nodiscard]] connect_answer until(time_point expires_at) && {
        expires_at_ = expires_at;
        return std::move(*this);
    }

    /// The handshake is answered with this status, 400 to 599 (AWS and Yandex clients expect 401 or 403).
    [[nodiscard]] static connect_answer refuse(int status, std::string_view text = {}) {
        connect_answer a;
        a.refused_ = true;
        a.refusal_ = response{status, "text/plain", std::string{text}};
        return a;
    }

    /// nullptr: accepted.
    [[nodiscard]] response* refusal() noexcept { return refused_ ? &refusal_ : nullptr; }
    [[nodiscard]] std::string_view subprotocol() const noexcept { return subprotocol_; }
    [[nodiscard]] connection_attributes& attributes() noexcept { return attributes_; }
    [[nodiscard]] std::optional<time_point> expires_at() const noexcept { return expires_at_; }

private:
    bool refused_ = false;
    response refusal_;
    std::string subprotocol_;
    connection_attributes attributes_;
    std::optional<time_point> expires_at_;
};

inline connect_answer lost<connect_answer>::value() {
    return connect_answer::refuse(0); // which no handler can refuse with: an internal error
}

/// A gateway's handler: any subset of the members below, each found by its name. All run on the connection's thread
/// (of several loops: on several threads at the same time) and must not block; one that throws ends only its own
/// connection (1011) or request (500). `on_event` alone may be called on any thread, as `drain` may be and an Auth may
/// decide on any, and what it throws is ignored.
///
///     struct my_handler {
///         backchannel::connect_answer on_connect(backchannel::gateway_client&, backchannel::request_view const&);
///         void on_open(backchannel::gateway_client&);   // the id can be found from now on
///         void on_message(backchannel::gateway_client&, backchannel::message const&);
///         void on_disconnect(std::string_view id, std::uint16_t code, std::string_view reason);
///         std::optional<backchannel::response> on_request(backchannel::request_view const&); // nullopt: not found
///         void on_event(backchannel::gateway_event const&); // one record for each thing that happens: a log
///     };
///
/// `on_connect` may instead be `void on_connect(gateway_client&, request_view const&, completion<connect_answer>)`,
/// which decides then or later, on any thread, within `answer_timeout` (504). Client and request are there until it
/// returns; the client's id is to be copied. A completion that is dropped uncalled answers 500.
///
/// `on_request` may instead be `bool on_request(request_view const&, completion<response>)`, true if it answers or will
/// answer, on any thread; false: not found. A completion that is dropped uncalled answers 500, and one that is called
/// when the client or the gateway has gone does nothing.
template <class H>
concept has_on_connect = requires(H& h, gateway_client& c, request_view const& r) {
    { h.on_connect(c, r) } -> std::same_as<connect_answer>;
};
template <class H>
concept has_async_on_connect = requires(H& h, gateway_client& c, request_view const& r,
                                        completion<connect_answer> done) {
    h.on_connect(c, r, std::move(done));
};
template <class H>
concept has_on_client_open = requires(H& h, gateway_client& c) {
    h.on_open(c);
};
template <class H>
concept has_on_message = requires(H& h, gateway_client& c, message const& m) {
    h.on_message(c, m);
};
template <class H>
concept has_on_disconnect = requires(H& h, std::string_view id, std::uint16_t code, std::string_view reason) {
    h.on_disconnect(id, code, reason);
};
template <class H>
concept has_on_request = requires(H& h, request_view const& r) {
    { h.on_request(r) } -> std::same_as<std::optional<response>>;
};
template <class H>
concept has_async_on_request = requires(H& h, request_view const& r, completion<response> done) {
    { h.on_request(r, std::move(done)) } -> std::same_as<bool>;
};
template <class H>
concept has_on_event = requires(H& h, gateway_event const& e) {
    h.on_event(e);
};

/// Does nothing: clients can be reached, and what they send is dropped.
struct no_handler {};

namespace detail_handler {
struct every_name {
    int on_connect, on_open, on_message, on_disconnect, on_request, on_event;
};
inline constexpr auto on_connect = []<class T>(T*) requires requires { &T::on_connect; }
{};
inline constexpr auto on_open = []<class T>(T*) requires requires { &T::on_open; }
{};
inline constexpr auto on_message = []<class T>(T*) requires requires { &T::on_message; }
{};
inline constexpr auto on_disconnect = []<class T>(T*) requires requires { &T::on_disconnect; }
{};
inline constexpr auto on_request = []<class T>(T*) requires requires { &T::on_request; }
{};
inline constexpr auto on_event = []<class T>(T*) requires requires { &T::on_event; }
{};
}

template <class H>
consteval bool check_handler() {
    using namespace detail_handler;
    using detail_concepts::lacks;
    static_assert(std::same_as<H, no_handler> ||
                      !(lacks<H, every_name>(on_connect) && lacks<H, every_name>(on_open) &&
                        lacks<H, every_name>(on_message) && lacks<H, every_name>(on_disconnect) &&
                        lacks<H, every_name>(on_request) && lacks<H, every_name>(on_event)),
                  "Handler must have at least one of on_connect, on_open, on_message, on_disconnect, on_request and "
                  "on_event; without any, use backchannel::no_handler");
    static_assert(lacks<H, every_name>(on_connect) || has_on_connect<H> || has_async_on_connect<H>,
                  "Handler::on_connect must be `backchannel::connect_answer on_connect(backchannel::gateway_client&, "
                  "backchannel::request_view const&)`, or take a `backchannel::completion<backchannel::connect_answer>` "
                  "as third parameter");
    static_assert(lacks<H, every_name>(on_open) || has_on_client_open<H>,
                  "Handler::on_open must be callable as `on_open(backchannel::gateway_client&)`");
    static_assert(lacks<H, every_name>(on_message) || has_on_message<H>,
                  "Handler::on_message must be callable as `on_message(backchannel::gateway_client&, "
                  "backchannel::message const&)`");
    static_assert(lacks<H, every_name>(on_disconnect) || has_on_disconnect<H>,
                  "Handler::on_disconnect must be callable as `on_disconnect(std::string_view id, std::uint16_t code, "
                  "std::string_view reason)`");
    static_assert(lacks<H, every_name>(on_request) || has_on_request<H> || has_async_on_request<H>,
                  "Handler::on_request must be `std::optional<backchannel::response> "
                  "on_request(backchannel::request_view const&)` or `bool on_request(backchannel::request_view "
                  "const&, backchannel::completion<backchannel::response>)`");
    static_assert(lacks<H, every_name>(on_event) || has_on_event<H>,
                  "Handler::on_event must be callable as `on_event(backchannel::gateway_event const&)`");
    return true;
}

}

#endif
