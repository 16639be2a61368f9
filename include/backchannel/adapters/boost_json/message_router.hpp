// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_BOOST_JSON_MESSAGE_ROUTER_HPP
#define BACKCHANNEL_ADAPTERS_BOOST_JSON_MESSAGE_ROUTER_HPP

#include <backchannel/adapters/boost_json/route_expression.hpp>
#include <backchannel/message.hpp>

#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Routes by their keys, and the expression that selects one for a message, as AWS API Gateway's WebSocket APIs have
/// them. `Handler` is what a route is for: a callable, say.
///
///     backchannel::message_router<std::function<void(backchannel::gateway_client&, backchannel::message const&)>>
///         routes{"$request.body.action"};
///     routes.on("join", join).on("$default", refuse);
///     if (auto const* route = routes.select(m)) route->handler(client, m);
///
/// Thread safety: `select` and `find` from any thread at the same time, once all routes are there.
template <class Handler>
class message_router {
public:
    struct route {
        std::string key;
        Handler handler;
    };

    /// Throws `std::invalid_argument` that says what is wrong with the expression, see `route_expression`.
    explicit message_router(std::string_view expression) : expression_{expression} {}

    /// Adds a route. Throws `std::invalid_argument` if the key is empty, longer than `route_expression::max_key` or
    /// there already, or begins with `$` and is not `$connect`, `$disconnect` or `$default`.
    message_router& on(std::string key, Handler handler) {
        bool const reserved = key.starts_with('$') && key != "$connect" && key != "$disconnect" && key != "$default";
        if (key.empty() || key.size() > route_expression::max_key || reserved)
            throw std::invalid_argument{"\"" + key +
                                        "\" is no route key: it has 1 to 1024 bytes, and of those that "
                                        "begin with $ there are $connect, $disconnect and $default"};
        if (find(key) != nullptr) throw std::invalid_argument{"there are two routes \"" + key + '"'};
        routes_.insert({std::move(key), std::move(handler)});
        return *this;
    }

    /// The route of that key, such as `$connect`, or nullptr.
    [[nodiscard]] route const* find(std::string_view key) const noexcept {
        auto const found = routes_.find(key);
        return found == routes_.end() ? nullptr : &*found;
    }

    /// The route of the key that the message evaluates to, or `$default`, or nullptr if there is no such route either.
    ///
    /// A message never selects `$connect` or `$disconnect`, whatever it says.
    [[nodiscard]] route const* select(message const& m) const noexcept {
        if (std::optional<std::string> const key = expression_.evaluate(m); key && !key->starts_with('$'))
            if (route const* const found = find(*key)) return found;
        return find("$default");
    }

private:
    struct by_key {
        using is_transparent = void;
        bool operator()(route const& a, route const& b) const noexcept { return a.key < b.key; }
        bool operator()(route const& a, std::string_view b) const noexcept { return a.key < b; }
        bool operator()(std::string_view a, route const& b) const noexcept { return a < b.key; }
    };

    route_expression expression_;
    std::set<route, by_key> routes_;
};

}

#endif
