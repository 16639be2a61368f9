// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_REF_HPP
#define BACKCHANNEL_HUB_REF_HPP

#include <backchannel/completion.hpp>
#include <backchannel/message.hpp>

#include <concepts>
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

/// One thing that a router wants of a hub. Borrowed until the call that takes it returns.
struct command {
    enum class kind : std::uint8_t {
        send,   ///< the body to the client
        find,   ///< the connection's state
        close,  ///< disconnect the client
        explain ///< why the id is gone
    };

    kind what = kind::find;
    std::string_view id{};
    message const* body = nullptr; ///< of a send
    close_frame frame{};           ///< of a close
    patience wait = patience::owner; ///< of a send
};

/// What came of it.
struct outcome {
    delivery result = delivery::unknown;     ///< accepted, or why not
    bool deferred = false;                   ///< of an inline_only send: another thread has to do it
    bool malformed = false;                  ///< of an explain: the text cannot be an id of this hub
    bool was_open = false;                   ///< of an explain: the id is known to have been open
    std::optional<connection_state> state{}; ///< of a find
};

/// A view of any hub, whatever its Transport: an object and a function, two words.
///
/// A router is compiled once for each Auth because of it. What wraps a hub (a cluster node, say) converts to it by
/// having `void execute(command const&, completion<outcome>)`. As thread-safe as the hub.
class hub_ref {
public:
    template <class Hub>
        requires(!std::same_as<std::remove_cv_t<Hub>, hub_ref>)
    hub_ref(Hub& hub) noexcept // implicit: a router takes any hub
        : object_{std::addressof(hub)}, execute_{&execute_on<Hub>} {}

    /// `done` is called exactly once, inline but for a send that waits for the owner.
    void execute(command const& c, completion<outcome> done) const { execute_(object_, c, std::move(done)); }

private:
    template <class Hub>
    static void execute_on(void* object, command const& c, completion<outcome> done) {
        Hub& hub = *static_cast<Hub*>(object);
        if constexpr (requires { hub.execute(c, std::move(done)); }) {
            hub.execute(c, std::move(done));
        } else {
            switch (c.what) {
            case command::kind::send:
                if (c.wait == patience::inline_only) {
                    auto const result = hub.try_send(c.id, *c.body);
                    return done({result.value_or(delivery::unknown), !result});
                }
                if (c.wait == patience::queued) return done({hub.send(c.id, *c.body)});
                return hub.async_send(c.id, *c.body,
                                      [done = std::move(done)](delivery result) mutable { done({result}); });
            case command::kind::find: {
                auto state = hub.find(c.id);
                delivery const result = state ? delivery::accepted : delivery::gone;
                return done({result, false, false, false, std::move(state)});
            }
            case command::kind::close: {
                bool const closed = hub.close(c.id, c.frame.code, c.frame.reason);
                return done({closed ? delivery::accepted : delivery::gone});
            }
            case command::kind::explain:
                return done({delivery::gone, false, !hub.is_well_formed(c.id), hub.was_open(c.id)});
            }
        }
    }

    void* object_;
    void (*execute_)(void*, command const&, completion<outcome>);
};

}

#endif
