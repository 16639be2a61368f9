// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_WITH_RATE_LIMIT_HPP
#define BACKCHANNEL_AUTH_WITH_RATE_LIMIT_HPP

#include <backchannel/auth/token_buckets.hpp>
#include <backchannel/concepts.hpp>
#include <backchannel/traits.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A limiter: nothing for a request that is admitted, else how long its caller is to wait.
template <class L>
concept limits_requests = requires(L& limiter, principal const& who, operation op, time_point now) {
    { limiter.admit(who, op, now) } -> std::same_as<std::optional<std::chrono::milliseconds>>;
};

/// An authorizer, and a limit to how often those may ask whom it lets in.
///
///     with_rate_limit auth{sigv4{keys}, token_buckets{{.per_second = 50, .burst = 100}}};
///
/// What is over the limit is answered 429 with `Retry-After`. Whoever the authorizer refuses is not counted, so that
/// strangers use up nothing; around a `with_policy` that holds for its denials too. A request for many connections
/// counts once. Thread-safe as far as `Auth` and `Limiter` are, but for `configure`.
template <class Auth, class Limiter = token_buckets, class Clock = system_clocks>
class with_rate_limit {
    static_assert(check_authorizer<Auth>());
    static_assert(limits_requests<Limiter>,
                  "the limiter of with_rate_limit must have `std::optional<std::chrono::milliseconds> "
                  "admit(backchannel::principal const&, backchannel::operation, backchannel::time_point now)`, which "
                  "says how long to wait; see backchannel::token_buckets");

public:
    with_rate_limit(Auth auth, Limiter limiter, Clock clock = {})
        : auth_{std::move(auth)}, limiter_{std::move(limiter)}, clock_{std::move(clock)} {}

    void configure(router_options const& options) {
        if constexpr (has_configure<Auth>) auth_.configure(options);
    }

    [[nodiscard]] auth_decision authorize(request_view const& request, operation op,
                                          std::string_view id) requires has_authorize<Auth> {
        return limited(auth_.authorize(request, op, id), op);
    }

    void async_authorize(request_view const& request, operation op, std::string_view id,
                         completion<auth_decision> done) requires has_async_authorize<Auth> {
        auth_.async_authorize(request, op, id, [this, op, done = std::move(done)](auth_decision decision) mutable {
            done(limited(std::move(decision), op));
        });
    }

    [[nodiscard]] auto begin(request_view const& head, operation op, std::string_view id) requires has_begin<Auth> {
        using inner = decltype(auth_.begin(head, op, id));
        struct state {
            with_rate_limit* self;
            operation op;
            inner waiting;

            void append(std::string_view piece) { waiting.append(piece); }
            void finish(completion<auth_decision> done) {
                waiting.finish([self_ = self, op_ = op, done_ = std::move(done)](auth_decision decision) mutable {
                    done_(self_->limited(std::move(decision), op_));
                });
            }
        };
        return state{this, op, auth_.begin(head, op, id)};
    }

    /// As the authorizer says; not counted.
    [[nodiscard]] bool permits(request_view const& request, principal const& who, operation op,
                               std::string_view id) requires has_permits<Auth> {
        return auth_.permits(request, who, op, id);
    }

private:
    [[nodiscard]] auth_decision limited(auth_decision decision, operation op) {
        using std::chrono::seconds;
        if (!decision.allowed()) return decision;
        auto const wait = limiter_.admit(decision.who, op, clock_.steady());
        if (!wait) return decision;
        auth_decision late = auth_decision::refuse(auth_error::throttled, {}, std::move(decision.who));
        late.retry_after = std::max(seconds{1}, std::chrono::ceil<seconds>(*wait));
        return late;
    }

    Auth auth_;
    Limiter limiter_;
    [[no_unique_address]] Clock clock_;
};

}

#endif
