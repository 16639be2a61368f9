// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_CONNECTION_HUB_HPP
#define BACKCHANNEL_CONNECTION_HUB_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/error.hpp>
#include <backchannel/hub/mail_room.hpp>
#include <backchannel/hub_metrics.hpp>
#include <backchannel/hub_options.hpp>
#include <backchannel/hub_ref.hpp>
#include <backchannel/session.hpp>
#include <backchannel/traits.hpp>

#include <cstdlib>
#include <memory>
#include <system_error>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Tracks the WebSocket connections of a server and reaches each of them by its id.
///
/// The server calls `open` when a WebSocket is there and keeps the session; whoever knows the id can `send`, `find` and
/// `close`. The hub opens no socket, starts no thread and owns no timer: the server calls `expire` when
/// `next_deadline` has come. What a Transport is, and on which threads it is called: `concepts.hpp`.
///
/// Thread safety: every member may be called from any thread at any time, with the traits' exception
/// (`single_threaded_traits`) and but for construction, destruction, `on_deadline_earlier`, and `open` and `attach` if
/// the Transport has `dispatch`. No lock is held while the Transport, a hook or a completion runs, so they may call the
/// hub again.
///
/// Destroying the hub while one of its members or tasks runs is a precondition violation. Sessions and tasks may
/// outlive it; they do nothing then.
template <class Transport, class Traits = default_hub_traits>
class connection_hub {
    static_assert(check_transport<Transport>());
    static_assert(check_hub_traits<Traits>());

public:
    using transport_type = Transport;
    using traits_type = Traits;
    using handle = typename Transport::handle;

    /// Draws the key for the ids.
    ///
    /// Throws std::system_error (`errc::entropy_unavailable`, `errc::out_of_memory`); without exceptions, aborts.
    explicit connection_hub(Transport transport = {}, hub_options options = {}, hub_policies<Traits> policies = {})
        : transport_{std::move(transport)}, state_{new room{transport_, options, std::move(policies)}} {
        if (!state_->ready()) fail(errc::out_of_memory);
        if (!state_->seed()) fail(errc::entropy_unavailable);
    }

    connection_hub(connection_hub const&) = delete;
    connection_hub& operator=(connection_hub const&) = delete;
    ~connection_hub() = default;

    /// Tracks a connection that is open. The session is empty if the hub is full, draining, or out of memory or random
    /// bytes.
    ///
    /// On the connection's thread, if the Transport has `dispatch`.
    [[nodiscard]] session open(handle h, connection_info info = {}) {
        session opened = reserve(info);
        if (opened) attach(opened, std::move(h));
        return opened;
    }

    /// An id for a connection that is not ready yet; nobody can find it before `attach`.
    [[nodiscard]] session reserve(connection_info const& info = {}) noexcept { return session{state_->reserve(info)}; }

    /// The reserved connection is open now. Precondition: `s` is not empty, comes from this hub's `reserve` and was not
    /// attached before.
    ///
    /// On the connection's thread, if the Transport has `dispatch`.
    void attach(session& s, handle h) { attach(s, std::move(h), nullptr); }

    /// The same with what is known of the client by now, in place of what the connection was reserved with. Without
    /// memory for it the connection is closed (1013): it might be one that is to end soon.
    void attach(session& s, handle h, connection_info const& info) { attach(s, std::move(h), &info); }

    /// Sends one message; never waits for the peer.
    ///
    /// `accepted` means that the message is queued, in order, on a connection that was open then; should it be lost
    /// later, that connection closes. Called on another thread than the connection's own, the Transport's answer is
    /// not known yet when this returns; `async_send` gives it.
    [[nodiscard]] delivery send(std::string_view id, message const& m) {
        auto const found = state_->find_open(id);
        if (!found) return not_found();
        if (auto const result = state_->try_send(*found, m)) return *result;
        return state_->queue(*found, m);
    }

    /// Sends one message if this thread may do that right away; nullopt, and nothing done, if another one has to.
    [[nodiscard]] std::optional<delivery> try_send(std::string_view id, message const& m) {
        auto const found = state_->find_open(id);
        if (!found && may_open(id)) return std::nullopt;
        if (!found) return not_found();
        return state_->try_send(*found, m);
    }

    /// Sends one message; `done(delivery)` gets the answer of the connection's own thread, on that thread.
    ///
    /// `done` is called exactly once, inline where that is possible; a message that is refused at once is answered on
    /// the caller's thread, and one whose task is dropped, or whose hub is destroyed, on the thread that does that.
    template <class F>
    void async_send(std::string_view id, message const& m, F&& done) {
        static_assert(std::is_invocable_v<std::decay_t<F>&, delivery>,
                      "async_send needs a callable `void done(backchannel::delivery)` as third argument");
        auto const found = state_->find_open(id);
        if (!found) return hold(id, m, std::forward<F>(done));
        if (auto const result = state_->try_send(*found, m)) return std::forward<F>(done)(*result);
        state_->queue(*found, m, completion<delivery>{std::forward<F>(done)});
    }

    /// Whether there are `send_until` and `async_send_until`.
    static constexpr bool keeps_terms = has_send_until<Transport>;

    /// Sends one message as `send` does, but drops it if its turn has not come by `terms.not_after`; `expired` if that
    /// is over already. With a key, once, as `send_once`. Precondition: `terms.when_written` is false.
    [[nodiscard]] delivery send_until(std::string_view id, message const& m, send_terms const& terms,
                                      std::string_view key = {})
        requires has_send_until<Transport>
    {
        return once_now(key, id, m, [&] {
            auto const found = state_->find_open(id);
            if (!found) return not_found();
            if (auto const result = state_->try_send(*found, m, &terms)) return *result;
            return state_->queue(*found, m, &terms);
        });
    }

    /// The same as `async_send` does it: `done(delivery)` is called on the connection's thread, when the message is
    /// queued, or with `terms.when_written` when it has left or will not.
    template <class F>
    void async_send_until(std::string_view id, message const& m, send_terms const& terms, F&& done,
                          std::string_view key = {})
        requires has_send_until<Transport>
    {
        once(key, id, m, completion<delivery>{std::forward<F>(done)}, [&](completion<delivery> first) {
            auto const found = state_->find_open(id);
            if (!found) return hold(id, m, std::move(first), &terms);
            auto const result = state_->try_send(*found, m, &terms, &first);
            if (!result) state_->queue(*found, m, std::move(first), &terms);
            else if (first) first(*result); // not taken over
        });
    }

    /// Sends one message as `async_send` does, once: one with equal key, connection, kind and bytes is not sent again
    /// within `send_memory_time`, but gets the answer of the first, or waits for it with the first.
    ///
    /// The key is the caller's, any text; an empty one is none. After `backpressure`, `gone` and `unavailable`, and when
    /// `sends_remembered` others have come since, it is another send. One that cannot wait (64 do already, or there is
    /// no memory) is answered `unknown`; one that there is no memory to remember by is sent as `async_send` does.
    template <class F>
    void send_once(std::string_view key, std::string_view id, message const& m, F&& done) {
        static_assert(std::is_invocable_v<std::decay_t<F>&, delivery>,
                      "send_once needs a callable `void done(backchannel::delivery)` as fourth argument");
        once(key, id, m, std::forward<F>(done),
             [&](auto&& first) { async_send(id, m, std::forward<decltype(first)>(first)); });
    }

    /// The same as `send` does it. Never waits: while a first send with that key is under way, the answer to another is
    /// `unknown`.
    [[nodiscard]] delivery send_once(std::string_view key, std::string_view id, message const& m) {
        return once_now(key, id, m, [&] { return send(id, m); });
    }

    /// `gone` if there is no such connection and no such send is remembered; nullopt, and nothing done: ask `send_once`.
    [[nodiscard]] std::optional<delivery> try_send_once(std::string_view key, std::string_view id, message const& m) {
        if (state_->find_open(id) || may_open(id)) return std::nullopt;
        auto const sent = digest_of(key, id, m);
        if (sent && state_->sends().knows(*sent)) return std::nullopt;
        return not_found();
    }

    /// Retires the id at once and starts the closing handshake behind what was sent before.
    ///
    /// False if no connection of that id is open. Precondition: the code may be sent (RFC 6455 7.4: 1000 to 1003, 1007
    /// to 1014, 3000 to 4999), the reason is UTF-8 of at most 123 bytes.
    bool close(std::string_view id, std::uint16_t code = 1000, std::string_view reason = {}) {
        auto const found = state_->find_open(id);
        return found && state_->close(*found, code, reason);
    }

    /// Sends a ping through the Transport's `ping`. False if no connection of that id is open.
    bool ping(std::string_view id, std::string_view payload = {})
        requires has_ping<Transport>
    {
        auto const found = state_->find_open(id);
        if (found) state_->ping(*found, payload);
        return static_cast<bool>(found);
    }

    /// What is known of an open connection.
    [[nodiscard]] std::optional<connection_state> find(std::string_view id) const {
        auto const found = state_->find_open(id);
        if (!found) return std::nullopt;
        return state_->describe(*found);
    }

    /// Marks an open connection, see `session::tag`.
    tagging tag(std::string_view id, std::string_view text) {
        auto const found = state_->find_open(id);
        return found ? state_->add_tag(*found, text) : tagging::gone;
    }

    /// Takes a tag away. `done` whether or not the connection had it.
    tagging untag(std::string_view id, std::string_view text) {
        auto const found = state_->find_open(id);
        if (!found) return tagging::gone;
        (void)state_->remove_tag(*found, text);
        return tagging::done;
    }

    /// Calls `f(id, state)` for every connection that is open; those that open or close meanwhile may be among them.
    template <class F>
    void for_each(F&& f) {
        (void)state_->visit(0, {}, [&](auto& s) { return f(state_->id_text(s), state_->describe(s)), true; });
    }

    /// Calls `f(id, describe)` for open connections with the tag (empty: for all) from a position on, until it returns
    /// false; `describe()` gives the state. Returns the position to go on from; nullopt at the end.
    ///
    /// The first position is 0. A connection keeps its own: one that is open throughout is visited once, whatever
    /// opens and closes between two calls.
    template <class F>
    std::optional<std::uint32_t> visit(std::uint32_t from, std::string_view tag, F&& f) {
        return state_->visit(from, tag, [&](auto& s) {
            return f(state_->id_text(s), [&] { return state_->describe(s); });
        });
    }

    /// Sends one message to every open connection with the tag (empty: to all), as `send` does; its bytes are copied
    /// once. `refused(id, delivery)` hears of those that did not take it.
    template <class F>
    fan_out send_tagged(std::string_view tag, message const& m, F&& refused) {
        fan_out count;
        shared_message const shared = m.share(true);
        message const each = shared ? message{shared} : m; // without memory now, a Transport may still have some
        time_point now{};
        (void)state_->visit(0, tag, [&](auto& s) {
            if (count.matched++ % 32 == 0) now = state_->now(); // near enough for all of these
            auto const sent = state_->try_send(s, each, nullptr, nullptr, now);
            delivery const result = sent ? *sent : state_->queue(s, each);
            if (result == delivery::accepted) ++count.accepted;
            else refused(state_->id_text(s), result);
            return true;
        });
        return count;
    }
    fan_out send_tagged(std::string_view tag, message const& m) {
        return send_tagged(tag, m, [](std::string_view, delivery) {});
    }

    /// Whether the text can be an id of this hub at all.
    [[nodiscard]] bool is_well_formed(std::string_view id) const noexcept { return state_->decode(id).has_value(); }

    /// Whether a connection of that id was open and is closed; known until `retired_kept` sessions ended after its own.
    [[nodiscard]] bool was_open(std::string_view id) const { return find_tombstone(id).has_value(); }

    /// When, how and by whom a connection was closed; known as long as `was_open` says so.
    [[nodiscard]] std::optional<tombstone> find_tombstone(std::string_view id) const {
        auto const decoded = state_->decode(id);
        return decoded ? state_->find_tombstone(*decoded) : std::nullopt;
    }

    /// The latest changes, if `changes_kept` of them are kept, else nullptr. A connection that has just opened may be in
    /// them an instant before it can be found; what several threads do to one at once may stand in either order.
    [[nodiscard]] std::shared_ptr<change_journal> changes() const noexcept { return state_->changes(); }

    /// What has happened so far; the numbers fit together once no other thread is at work.
    [[nodiscard]] hub_metrics metrics() const noexcept { return state_->metrics(); }

    /// When `expire` is to be called next; nullopt: not before another connection opens.
    [[nodiscard]] std::optional<time_point> next_deadline() const noexcept { return state_->next_deadline(); }

    /// Closes what is over: idle or too old connections with 1001, expired ones with 1008; terminates those that did
    /// not finish a closing handshake. Returns how many it acted on; calling it early does nothing.
    std::size_t expire(time_point now) {
        std::size_t count = 0;
        while (auto* const s = state_->take_expired(now)) {
            typename room::pinned const held{*state_, s};
            if (room::is(*s, slot_state::open)) {
                bool const expired = room::has_expired(*s, now);
                state_->close(*s, expired ? 1008 : 1001, expired ? "Expired" : "Going away");
            } else {
                state_->terminate(*s);
            }
            ++count;
        }
        return count;
    }

    /// Begins to end what is open: from now on no connection opens but those that are reserved already, and `expire`
    /// closes each with 1001 (RFC 6455 7.4.1), spread evenly over `window`, unless another deadline comes first.
    ///
    /// Until its turn has come, a connection gets messages as before; what was accepted leaves in front of the close.
    /// Called again, it spreads what is left over another window. There is no way back.
    void drain(std::chrono::milliseconds window = {}) noexcept { state_->begin_drain(window); }

    /// Whether `drain` was called.
    [[nodiscard]] bool draining() const noexcept { return state_->draining(); }

    /// Whether `drain` was called and nothing is left: each session was destroyed, no task of the hub waits in a loop.
    [[nodiscard]] bool drained() const noexcept { return draining() && state_->alone(); }

    /// Called, on any thread, when the next deadline has become an earlier one, so that a sleeping loop can be woken.
    ///
    /// It runs inside the call that moved the deadline, be it `expire` itself, and must not throw. It should put
    /// something into the loop's queue: a timer that it armed itself, the loop could disarm at the same time.
    /// Precondition: no connection has been opened yet.
    void on_deadline_earlier(task wake) { state_->on_deadline_earlier(std::move(wake)); }

    [[nodiscard]] Transport& transport() noexcept { return transport_; }
    [[nodiscard]] Transport const& transport() const noexcept { return transport_; }

private:
    using room = mail_room<Transport, Traits>;

    struct shut_down {
        void operator()(room* r) const noexcept { r->shut_down(); }
    };

    [[nodiscard]] static typename room::slot_type& slot_of(session& s) noexcept {
        return *static_cast<typename room::slot_type*>(s.slot_);
    }

    /// Calls `send(completion)`, unless that was done before under this key.
    template <class F, class Send>
    void once(std::string_view key, std::string_view id, message const& m, F&& done, Send&& send) {
        auto const sent = digest_of(key, id, m);
        if (!sent) return send(std::forward<F>(done));
        if (auto first = state_->sends().begin(*sent, completion<delivery>{std::forward<F>(done)}, true))
            send(std::move(first));
    }
    template <class Send>
    [[nodiscard]] delivery once_now(std::string_view key, std::string_view id, message const& m, Send&& send) {
        auto const sent = digest_of(key, id, m);
        if (!sent) return send();
        delivery result = delivery::unknown;
        if (auto first = state_->sends().begin(*sent, [&result](delivery d) { result = d; }, false)) first(send());
        return result;
    }

    /// What a send with a key is remembered by. Nullopt: it is like one without.
    [[nodiscard]] std::optional<crypto::sha256_digest> digest_of(std::string_view key, std::string_view id,
                                                                 message const& m) const noexcept {
        if (key.empty() || !state_->sends().is_on()) return std::nullopt;
        auto const decoded = state_->decode(id);
        if (!decoded) return std::nullopt;
        return send_memory<Traits>::digest_of(*decoded, key, m);
    }

    void attach(session& s, handle h, connection_info const* info) {
        bool const whole = state_->attach(slot_of(s), std::move(h), info);
        state_->deliver_held(slot_of(s));
        if (!whole) (void)close(s.id(), 1013, "Try again later");
    }

    /// Whether a message for the id, which is not open, may wait.
    [[nodiscard]] bool may_open(std::string_view id) noexcept {
        return has_dispatch<Transport> && state_->holds() && state_->find_open_or_reserved(id);
    }

    template <class F>
    void hold(std::string_view id, message const& m, F&& done, send_terms const* terms = nullptr) {
        if constexpr (has_dispatch<Transport>) {
            if (state_->holds())
                if (auto const found = state_->find_open_or_reserved(id))
                    return state_->queue(*found, m, completion<delivery>{std::forward<F>(done)}, terms, true);
        }
        done(not_found());
    }

    delivery not_found() noexcept {
        state_->count_unreached(delivery::gone);
        return delivery::gone;
    }

    [[noreturn]] static void fail(errc why) {
#if BACKCHANNEL_EXCEPTIONS
        throw std::system_error{make_error_code(why)};
#else
        (void)why;
        std::abort();
#endif
    }

    Transport transport_;
    std::unique_ptr<room, shut_down> state_;
};

template <class Transport>
connection_hub(Transport) -> connection_hub<Transport>;
template <class Transport>
connection_hub(Transport, hub_options) -> connection_hub<Transport>;

}

#endif
