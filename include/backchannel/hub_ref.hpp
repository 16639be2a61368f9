// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_REF_HPP
#define BACKCHANNEL_HUB_REF_HPP

#include <backchannel/completion.hpp>
#include <backchannel/hub/change_journal.hpp>
#include <backchannel/message.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// How long a send may wait for the answer of the connection's own thread.
enum class patience : std::uint8_t {
    inline_only, ///< do it only if that thread is this one, else answer `deferred` with nothing done
    queued,      ///< answer before the call returns: `accepted` once it is queued
    owner        ///< answer when that thread has
};

/// Hears of each connection that a `select` finds; `describe()` gives its state. False: enough of them.
using connection_visitor = std::function<bool(std::string_view id, std::function<connection_state()> const& describe)>;

/// One thing that a router wants of a hub. Borrowed until the call that takes it returns.
struct command {
    enum class kind : std::uint8_t {
        send,    ///< the body to the client
        find,    ///< the connection's state
        close,   ///< disconnect the client
        explain, ///< why the id is gone
        tag,     ///< mark the connection
        untag,   ///< take a mark away
        select,  ///< show open connections
        watch    ///< give what tells of changes
    };

    kind what = kind::find;
    std::string_view id{};
    message const* body = nullptr;               ///< of a send
    close_frame frame{};                         ///< of a close
    patience wait = patience::owner;             ///< of a send
    std::string_view tag_text{};                 ///< of a tag, an untag, and a select (empty: all)
    std::uint32_t from = 0;                      ///< of a select: position to begin at
    connection_visitor const* visitor = nullptr; ///< of a select
    std::string_view key{};                      ///< of a send: the same one again is the same send; empty: no such
    std::optional<send_terms> terms{};           ///< of a send

    /// Whether it is a send of which nothing more is to be known, see `hub_ref::send`.
    [[nodiscard]] bool is_plain_send() const noexcept { return what == kind::send && key.empty() && !terms; }
};

/// What came of it.
struct outcome {
    delivery result = delivery::unknown;     ///< accepted, or why not
    bool deferred = false;                   ///< of an inline_only send: another thread has to do it
    bool malformed = false;                  ///< of an explain: the text cannot be an id of this hub
    std::optional<connection_state> state{}; ///< of a find
    std::optional<tombstone> closed{};       ///< of an explain: what is known of an id that was open
    tagging tagged = tagging::gone;          ///< of a tag and an untag
    std::optional<std::uint32_t> next{};     ///< of a select that was ended early: where to go on
    bool unsupported = false;                ///< of a send with terms: this hub cannot keep them; nothing was sent
    std::shared_ptr<change_journal> changes{}; ///< of a watch; none: this hub keeps none
};

/// A view of any hub, whatever its Transport: an object and its functions, two words.
///
/// A router is compiled once for each Auth because of it. What wraps a hub (a cluster node, say) converts to it by
/// having `void execute(command const&, completion<outcome>)`. As thread-safe as the hub.
class hub_ref {
public:
    template <class Hub>
        requires(!std::same_as<std::remove_cv_t<Hub>, hub_ref>)
    hub_ref(Hub& hub) noexcept // implicit: a router takes any hub
        : object_{std::addressof(hub)}, operations_{&operations_on<Hub>} {}

    /// `done` is called exactly once, inline but for a send that waits for the owner.
    void execute(command const& c, completion<outcome> done) const {
        operations_->execute(object_, c, std::move(done));
    }

    /// What `execute` makes of a plain send, by the shortest way. Nullopt: `deferred`. Precondition: it is one, and does
    /// not wait for the owner.
    [[nodiscard]] std::optional<delivery> send(command const& c) const { return operations_->send(object_, c); }

private:
    struct operations {
        void (*execute)(void*, command const&, completion<outcome>);
        std::optional<delivery> (*send)(void*, command const&);
    };
    template <class Hub>
    static void execute_on(void* object, command const& c, completion<outcome> done) {
        Hub& hub = *static_cast<Hub*>(object);
        if constexpr (requires { hub.execute(c, std::move(done)); }) {
            hub.execute(c, std::move(done));
        } else {
            switch (c.what) {
            case command::kind::send:
                if (c.terms) return send_until(hub, c, std::move(done));
                if (c.wait == patience::inline_only) {
                    auto const result =
                        c.key.empty() ? hub.try_send(c.id, *c.body) : hub.try_send_once(c.key, c.id, *c.body);
                    return done({result.value_or(delivery::unknown), !result});
                }
                if (c.wait == patience::queued) return done({hub.send_once(c.key, c.id, *c.body)});
                return hub.send_once(c.key, c.id, *c.body,
                                     [done = std::move(done)](delivery result) mutable { done({result}); });
            case command::kind::find: {
                outcome found{.state = hub.find(c.id)};
                found.result = found.state ? delivery::accepted : delivery::gone;
                return done(std::move(found));
            }
            case command::kind::close: {
                bool const closed = hub.close(c.id, c.frame.code, c.frame.reason);
                return done({closed ? delivery::accepted : delivery::gone});
            }
            case command::kind::explain: {
                bool const malformed = !hub.is_well_formed(c.id);
                return done({.result = delivery::gone, .malformed = malformed, .closed = hub.find_tombstone(c.id)});
            }
            case command::kind::tag:
            case command::kind::untag: {
                bool const tags = c.what == command::kind::tag;
                return done({.tagged = tags ? hub.tag(c.id, c.tag_text) : hub.untag(c.id, c.tag_text)});
            }
            case command::kind::watch: return done({.result = delivery::accepted, .changes = hub.changes()});
            case command::kind::select: {
                outcome shown{delivery::accepted};
                shown.next = hub.visit(c.from, c.tag_text, [&](std::string_view id, auto const& describe) {
                    return (*c.visitor)(id, std::ref(describe));
                });
                return done(std::move(shown));
            }
            }
        }
    }

    template <class Hub>
    static std::optional<delivery> send_on(void* object, command const& c) {
        Hub& hub = *static_cast<Hub*>(object);
        if constexpr (requires(completion<outcome> done) { hub.execute(c, std::move(done)); }) {
            std::optional<delivery> result;
            hub.execute(c, [&result](outcome const& o) {
                if (!o.deferred) result = o.result;
            });
            return result;
        } else {
            return c.wait == patience::queued ? hub.send(c.id, *c.body) : hub.try_send(c.id, *c.body);
        }
    }

    /// One that is `inline_only` is left for the owner if it is of use at all.
    template <class Hub>
    static void send_until(Hub& hub, command const& c, completion<outcome> done) {
        outcome refused;
        refused.unsupported = true;
        if constexpr (requires { requires Hub::keeps_terms; }) {
            if (c.wait == patience::inline_only) {
                auto const gone = hub.try_send_once(c.key, c.id, *c.body);
                return done({gone.value_or(delivery::unknown), !gone});
            }
            if (c.wait == patience::owner) {
                auto told = [done = std::move(done)](delivery result) mutable { done({result}); };
                return hub.async_send_until(c.id, *c.body, *c.terms, std::move(told), c.key);
            }
            if (!c.terms->when_written) return done({hub.send_until(c.id, *c.body, *c.terms, c.key)});
        }
        done(std::move(refused));
    }

    template <class Hub>
    static constexpr operations operations_on{&execute_on<Hub>, &send_on<Hub>};

    void* object_;
    operations const* operations_;
};

}

#endif
