// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_CONCEPTS_HPP
#define BACKCHANNEL_CONCEPTS_HPP

// What a user's policy types must offer. Every concept is one requirement with a name; the class templates are not
// constrained but call one of the `check_...` functions below, so that a mistake is answered by a sentence that says
// what to write. The smallest type for each concept is shown in its comment and compiled in tests/exemplars.

#include <backchannel/auth.hpp>
#include <backchannel/connection.hpp>
#include <backchannel/connection_id.hpp>
#include <backchannel/http.hpp>
#include <backchannel/message.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

// ---------------------------------------------------------------------------------------------------- Transport

template <class T>
concept has_handle = requires { typename T::handle; } && std::copyable<typename T::handle>;

template <class T>
concept has_send = requires(T& t, typename T::handle const& h, message const& m) {
    { t.send(h, m) } -> std::same_as<delivery>;
};

template <class T>
concept has_close = requires(T& t, typename T::handle const& h, std::uint16_t code, std::string_view reason) {
    t.close(h, code, reason);
};

template <class T>
concept has_dispatch = requires(T& t, typename T::handle const& h, task f) { t.dispatch(h, std::move(f)); };

template <class T>
concept has_on_thread = requires(T& t, typename T::handle const& h) {
    { t.on_thread(h) } -> std::same_as<bool>;
};

template <class T>
concept has_thread_key = requires(T& t, typename T::handle const& h) {
    { t.thread_key(h) } -> std::equality_comparable;
} && std::copyable<std::remove_cvref_t<decltype(std::declval<T&>().thread_key(
         std::declval<typename T::handle const&>()))>>;

template <class T>
concept has_buffered = requires(T& t, typename T::handle const& h) {
    { t.buffered(h) } -> std::convertible_to<std::size_t>;
};

template <class T>
concept has_ping = requires(T& t, typename T::handle const& h, std::string_view payload) { t.ping(h, payload); };

template <class T>
concept has_send_until = requires(T& t, typename T::handle const& h, message const& m, time_point not_after,
                                  completion<delivery>& written) {
    { t.send_until(h, m, not_after, written) } -> std::same_as<delivery>;
};

template <class T>
concept has_terminate = requires(T& t, typename T::handle const& h) { t.terminate(h); };

namespace detail_concepts {

template <class T, class = void>
inline constexpr bool bounds_itself = false;
template <class T>
inline constexpr bool bounds_itself<T, std::enable_if_t<T::bounds_itself>> = true;

template <class T, class = void>
inline constexpr bool reports_written = false;
template <class T>
inline constexpr bool reports_written<T, std::enable_if_t<T::reports_written>> = true;

template <class T, class = void>
inline constexpr bool unbounded = false;
template <class T>
inline constexpr bool unbounded<T, std::enable_if_t<T::unbounded>> = true;

// Finds out whether a class has a member of a name whatever its kind: if it has, the name is ambiguous in a class that
// inherits it a second time. That tells a misspelt signature from an absent member. Of a class that is final only a
// member that can be named is seen: none that is private or overloaded.
struct every_name {
    int dispatch, on_thread, thread_key, buffered, ping, send_until, terminate, on_open, on_closed, on_delivery,
        on_denied;
};
template <class T, class Names>
struct both : T, Names {};

template <class T, class Names = every_name, class Name>
consteval bool lacks(Name) {
    if constexpr (!std::is_class_v<T>) return true;
    else if constexpr (std::is_final_v<T>) return !std::is_invocable_v<Name, T*>;
    else return std::is_invocable_v<Name, both<T, Names>*>;
}

inline constexpr auto dispatch = []<class T>(T*) requires requires { &T::dispatch; } {};
inline constexpr auto on_thread = []<class T>(T*) requires requires { &T::on_thread; } {};
inline constexpr auto thread_key = []<class T>(T*) requires requires { &T::thread_key; } {};
inline constexpr auto buffered = []<class T>(T*) requires requires { &T::buffered; } {};
inline constexpr auto ping = []<class T>(T*) requires requires { &T::ping; } {};
inline constexpr auto send_until = []<class T>(T*) requires requires { &T::send_until; } {};
inline constexpr auto terminate = []<class T>(T*) requires requires { &T::terminate; } {};
inline constexpr auto on_open = []<class T>(T*) requires requires { &T::on_open; } {};
inline constexpr auto on_closed = []<class T>(T*) requires requires { &T::on_closed; } {};
inline constexpr auto on_delivery = []<class T>(T*) requires requires { &T::on_delivery; } {};
inline constexpr auto on_denied = []<class T>(T*) requires requires { &T::on_denied; } {};

}

/// How a Transport keeps its unsent bytes bounded: exactly one of the first three, or an open admission of the fourth.
template <class T>
concept knows_unsent_bytes = (int{has_buffered<T>} + int{detail_concepts::reports_written<T>} +
                              int{detail_concepts::bounds_itself<T>} + int{detail_concepts::unbounded<T>}) == 1;

/// A user's server, as seen by the hub.
///
///     struct minimal_transport {
///         using handle = int;                                    // copyable; the hub never looks into it
///         static constexpr bool bounds_itself = true;            // send() answers backpressure when its queue is full
///         backchannel::delivery send(handle const&, backchannel::message const&);
///         void close(handle const&, std::uint16_t code, std::string_view reason);
///     };
///
/// `send` queues the message and answers `accepted`, `backpressure` or `gone`; it never waits for the peer, and the
/// message's bytes are valid only during the call. `close` starts the closing handshake; it may re-enter
/// `session::closed`. Both must be callable from any thread at the same time, unless there is `dispatch`.
///
/// Optional members, each found by its name:
/// - `dispatch(h, task)`: runs the task on h's thread, inline if already there. With it, `send`, `close`, `buffered`,
///   `ping` and `terminate` are called on that thread only. `dispatch`, `on_thread` and `thread_key` are called on any
///   thread, and the connection may be gone then.
/// - `on_thread(h) -> bool`: whether the caller is on h's thread; saves the task where it is.
///   Like `thread_key` and `buffered` it must not throw.
/// - `thread_key(h)`: equal for connections of one loop; messages for one loop then share a task.
/// - `ping(h, payload)`, `terminate(h)`: send a ping; drop the connection without a handshake.
/// - `send_until(h, m, not_after, completion<delivery>& written)`: `send`, of a message that is dropped if it has not
///   begun to be written to the socket by `not_after`. If it answers `accepted` it takes `written` over, which may be
///   empty, and calls it once, at `not_after` at the latest: `accepted` when the operating system has all of the
///   message, `expired`, `gone`, or `unknown` if it has a part of it; before the connection's session ends, in any case.
///
/// Unsent bytes are bounded by exactly one of: `buffered(h) -> std::size_t`; `static constexpr bool reports_written =
/// true` together with `session::written`; `static constexpr bool bounds_itself = true`; or the admission
/// `static constexpr bool unbounded = true`.
template <class T>
concept transport = has_handle<T> && has_send<T> && has_close<T> && knows_unsent_bytes<T>;

template <class T>
consteval bool check_transport() {
    static_assert(has_handle<T>,
                  "Transport needs a copyable type `handle` that names one connection: using handle = my_connection*;");
    static_assert(!has_handle<T> || has_send<T>,
                  "Transport needs `backchannel::delivery send(handle const&, backchannel::message const&)`, which "
                  "returns accepted, backpressure or gone and never waits for the peer");
    static_assert(!has_handle<T> || has_close<T>,
                  "Transport needs `void close(handle const&, std::uint16_t code, std::string_view reason)`, which "
                  "starts the closing handshake");
    static_assert(knows_unsent_bytes<T>,
                  "Transport must say how its unsent bytes are known, by exactly one of: `std::size_t buffered(handle "
                  "const&)`, `static constexpr bool reports_written = true` (with session.written), `static constexpr "
                  "bool bounds_itself = true` (send answers backpressure), or `static constexpr bool unbounded = true`");
    if constexpr (has_handle<T>) {
        using namespace detail_concepts;
        static_assert(lacks<T>(dispatch) || has_dispatch<T>,
                      "Transport::dispatch must be callable as `dispatch(handle const&, backchannel::task)`");
        static_assert(lacks<T>(on_thread) || has_on_thread<T>,
                      "Transport::on_thread must be callable as `bool on_thread(handle const&)`");
        static_assert(lacks<T>(thread_key) || has_thread_key<T>,
                      "Transport::thread_key must be callable as `thread_key(handle const&)` and return a copyable, "
                      "equality comparable value");
        static_assert(lacks<T>(buffered) || has_buffered<T>,
                      "Transport::buffered must be callable as `std::size_t buffered(handle const&)`");
        static_assert(lacks<T>(ping) || has_ping<T>,
                      "Transport::ping must be callable as `ping(handle const&, std::string_view payload)`");
        static_assert(lacks<T>(send_until) || has_send_until<T>,
                      "Transport::send_until must be callable as `backchannel::delivery send_until(handle const&, "
                      "backchannel::message const&, backchannel::time_point not_after, "
                      "backchannel::completion<backchannel::delivery>& written)`");
        static_assert(lacks<T>(terminate) || has_terminate<T>,
                      "Transport::terminate must be callable as `terminate(handle const&)`");
        static_assert(!(has_on_thread<T> || has_thread_key<T>) || has_dispatch<T>,
                      "Transport::on_thread and Transport::thread_key mean something only together with "
                      "`dispatch(handle const&, backchannel::task)`");
    }
    return true;
}

// ------------------------------------------------------------------------------------------------------- Traits

/// `steady()` and `wall()`: the only clocks that are read.
///
///     struct minimal_clock {
///         backchannel::time_point steady() const noexcept;
///         backchannel::wall_time wall() const noexcept;
///     };
template <class C>
concept clock_source = requires(C const& c) {
    { c.steady() } noexcept -> std::same_as<time_point>;
    { c.wall() } noexcept -> std::same_as<wall_time>;
};

/// `lock()` and `unlock()`, as std::mutex has them.
template <class M>
concept basic_lockable = std::default_initializable<M> && requires(M& m) {
    m.lock();
    m.unlock();
};

/// How ids look outside, see `plain_ids`.
///
///     struct minimal_ids {
///         static constexpr std::size_t max_size = 16;
///         std::size_t encode(backchannel::connection_id const&, char* out) const noexcept;
///         std::optional<backchannel::connection_id> decode(std::string_view text) const noexcept;
///     };
template <class I>
concept id_codec = requires(I const& ids, connection_id const& id, char* out, std::string_view text) {
    { I::max_size } -> std::convertible_to<std::size_t>;
    { ids.encode(id, out) } noexcept -> std::same_as<std::size_t>;
    { ids.decode(text) } noexcept -> std::same_as<std::optional<connection_id>>;
};

// Hooks must not throw: there is nobody who could be told, and what they are told of has happened.
template <class H>
concept has_on_open = requires(H& h, std::string_view id, connection_state const& s) {
    { h.on_open(id, s) } noexcept;
};
template <class H>
concept has_on_closed = requires(H& h, std::string_view id, std::uint16_t code) {
    { h.on_closed(id, code) } noexcept;
};
template <class H>
concept has_on_delivery = requires(H& h, std::string_view id, delivery d, std::size_t bytes) {
    { h.on_delivery(id, d, bytes) } noexcept;
};

template <class T>
concept has_clock = requires { typename T::clock; } && clock_source<typename T::clock>;
template <class T>
concept has_mutex = requires { typename T::mutex; } && basic_lockable<typename T::mutex>;
template <class T>
concept has_ids = requires { typename T::ids; } && id_codec<typename T::ids>;
template <class T>
concept has_hooks = requires { typename T::hooks; };
template <class T>
concept says_single_threaded = requires {
    { T::single_threaded } -> std::convertible_to<bool>;
};

template <class T>
concept hub_traits = has_clock<T> && has_mutex<T> && has_ids<T> && has_hooks<T> && says_single_threaded<T>;

template <class T>
consteval bool check_hub_traits() {
    static_assert(has_clock<T>, "hub traits need a type `clock` with `backchannel::time_point steady() const noexcept` "
                                "and `backchannel::wall_time wall() const noexcept`; derive the traits from "
                                "backchannel::default_hub_traits");
    static_assert(has_mutex<T>, "hub traits need a default constructible type `mutex` with lock() and unlock(); derive "
                                "the traits from backchannel::default_hub_traits");
    static_assert(has_ids<T>, "hub traits need a type `ids` with `max_size`, `std::size_t encode(connection_id const&, "
                              "char*) const noexcept` and `std::optional<connection_id> decode(std::string_view) const "
                              "noexcept`, see backchannel::plain_ids");
    static_assert(has_hooks<T>, "hub traits need a type `hooks`, such as backchannel::no_hooks");
    if constexpr (has_hooks<T>) {
        using hooks = typename T::hooks;
        static_assert(detail_concepts::lacks<hooks>(detail_concepts::on_open) || has_on_open<hooks>,
                      "hooks::on_open must be callable as `on_open(std::string_view id, "
                      "backchannel::connection_state const&)` and be noexcept");
        static_assert(detail_concepts::lacks<hooks>(detail_concepts::on_closed) || has_on_closed<hooks>,
                      "hooks::on_closed must be callable as `on_closed(std::string_view id, std::uint16_t code)` and be "
                      "noexcept");
        static_assert(detail_concepts::lacks<hooks>(detail_concepts::on_delivery) || has_on_delivery<hooks>,
                      "hooks::on_delivery must be callable as `on_delivery(std::string_view id, backchannel::delivery, "
                      "std::size_t bytes)` and be noexcept");
    }
    static_assert(says_single_threaded<T>, "hub traits need `static constexpr bool single_threaded`; derive the traits "
                                           "from backchannel::default_hub_traits");
    return true;
}

// --------------------------------------------------------------------------------------------------------- Auth

template <class A>
concept has_authorize = requires(A& a, request_view const& r, operation op, std::string_view id) {
    { a.authorize(r, op, id) } -> std::same_as<auth_decision>;
};

template <class A>
concept has_async_authorize =
    requires(A& a, request_view const& r, operation op, std::string_view id, completion<auth_decision> done) {
        a.async_authorize(r, op, id, std::move(done));
    };

/// `begin` reads the head of a request and returns a state that takes the body piece by piece.
template <class A>
concept has_begin = requires(A& a, request_view const& head, operation op, std::string_view id, std::string_view piece,
                             completion<auth_decision> done) {
    a.begin(head, op, id).append(piece);
    a.begin(head, op, id).finish(std::move(done));
};

template <class A>
concept has_permits = requires(A& a, request_view const& r, principal const& who, operation op, std::string_view id) {
    { a.permits(r, who, op, id) } -> std::same_as<bool>;
};

template <class A>
concept has_configure = requires(A& a, router_options const& options) { a.configure(options); };

/// Says who may manage connections. There is no default: an open door must be typed (`allow_all`).
///
///     struct minimal_authorizer {
///         backchannel::auth_decision authorize(backchannel::request_view const&, backchannel::operation,
///                                              std::string_view id);
///     };
///
/// or, where the answer comes later (then only `async_handle` and `begin` of the router can be used):
///
///     struct minimal_async_authorizer {
///         void async_authorize(backchannel::request_view const&, backchannel::operation, std::string_view id,
///                              backchannel::completion<backchannel::auth_decision> done);
///     };
///
/// or, to hash bodies while they arrive, `begin(head, operation, id)`, see `sigv4`. The views are valid until the
/// completion has been called. Optional: `permits(request_view const&, principal const&, operation, id)`, asked for each
/// target of a batch, which `extended_dialect` needs; `configure(router_options const&)`, called once when the router is
/// made.
template <class A>
concept authorizer = has_authorize<A> || has_async_authorize<A> || has_begin<A>;

template <class A>
consteval bool check_authorizer() {
    static_assert(authorizer<A>,
                  "Auth needs `backchannel::auth_decision authorize(backchannel::request_view const&, "
                  "backchannel::operation, std::string_view id)`, or async_authorize with a "
                  "`backchannel::completion<backchannel::auth_decision>` as fourth parameter, or begin(head, operation, "
                  "id); use backchannel::allow_all to let everybody in");
    return true;
}

template <class H>
concept has_on_denied = requires(H& h, auth_decision const& why, operation op, std::string_view id) {
    { h.on_denied(why, op, id) } noexcept;
};

/// A call of a dialect that has commands of its own, see `extended_dialect`.
template <class C>
concept has_performs = requires(C const& c) {
    { c.performs() } noexcept -> std::same_as<bool>;
    { c.streams() } noexcept -> std::same_as<bool>;
};

/// One of those that can send to connections of other threads and wait for their answers.
template <class C>
concept has_sends = has_performs<C> && requires(C const& c, message const& body) {
    { c.sends() } noexcept -> std::same_as<bool>;
    { c.says_last(body) } noexcept -> std::same_as<bool>;
};

/// A dialect whose requests can say that they are repetitions of another, see `extended_dialect`.
template <class D>
concept has_send_key = requires(D const& d, request_view const& r) {
    { d.send_key(r) } noexcept -> std::same_as<std::string_view>;
};

/// A dialect whose requests can say how late a message is of use, see `extended_dialect`.
template <class D>
concept has_terms_of = requires(D const& d, typename D::call const& c, time_point now) {
    { d.terms_of(c, now) } noexcept -> std::same_as<std::optional<send_terms>>;
};

template <class T>
concept has_dialect = requires { typename T::dialect; } &&
                      std::constructible_from<typename T::dialect, router_options const&>;

/// `clock`, `hooks` (any subset of `on_denied(auth_decision const&, operation, std::string_view id) noexcept`) and
/// `dialect`.
template <class T>
concept router_traits = has_clock<T> && has_hooks<T> && has_dialect<T>;

template <class T>
consteval bool check_router_traits() {
    static_assert(has_clock<T>, "router traits need a type `clock` with `backchannel::time_point steady() const "
                                "noexcept` and `backchannel::wall_time wall() const noexcept`; derive the traits from "
                                "backchannel::default_router_traits");
    static_assert(has_hooks<T>, "router traits need a type `hooks`, such as backchannel::no_hooks; derive the traits "
                                "from backchannel::default_router_traits");
    if constexpr (has_hooks<T>) {
        using hooks = typename T::hooks;
        static_assert(detail_concepts::lacks<hooks>(detail_concepts::on_denied) || has_on_denied<hooks>,
                      "hooks::on_denied must be callable as `on_denied(backchannel::auth_decision const&, "
                      "backchannel::operation, std::string_view id)` and be noexcept");
    }
    static_assert(has_dialect<T>, "router traits need a type `dialect` made from `backchannel::router_options const&`, "
                                  "such as backchannel::aws_dialect; derive the traits from "
                                  "backchannel::default_router_traits");
    return true;
}

}

#endif
