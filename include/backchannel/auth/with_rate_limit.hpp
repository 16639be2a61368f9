// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_WITH_RATE_LIMIT_HPP
#define BACKCHANNEL_AUTH_WITH_RATE_LIMIT_HPP

#include <backchannel/auth/revising_authorizer.hpp>
#include <backchannel/auth/token_buckets.hpp>
#include <backchannel/traits.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <optional>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A limiter: nothing for a request that is admitted, else how long its caller is to wait.
template <class L>
concept limits_requests = requires(L& limiter, principal const& who, operation op, time_point now) {
    { limiter.admit(who, op, now) } -> std::same_as<std::optional<std::chrono::milliseconds>>;
};

/// Refuses those who ask too often.
template <class Limiter, class Clock>
class rate_judge {
    static_assert(limits_requests<Limiter>,
                  "the limiter of with_rate_limit must have `std::optional<std::chrono::milliseconds> "
                  "admit(backchannel::principal const&, backchannel::operation, backchannel::time_point now)`, which "
                  "says how long to wait; see backchannel::token_buckets");

public:
    rate_judge(Limiter limiter, Clock clock) : limiter_{std::move(limiter)}, clock_{std::move(clock)} {}

    [[nodiscard]] auth_decision operator()(auth_decision decision, request_view const&, operation op,
                                           std::string_view) {
        using std::chrono::seconds;
        if (!decision.allowed()) return decision;
        auto const wait = limiter_.admit(decision.who, op, clock_.steady());
        if (!wait) return decision;
        auth_decision late = auth_decision::refuse(auth_error::throttled, {}, std::move(decision.who));
        late.retry_after = std::max(seconds{1}, std::chrono::ceil<seconds>(*wait));
        return late;
    }

private:
    Limiter limiter_;
    [[no_unique_address]] Clock clock_;
};

/// An authorizer, and a limit to how often those may ask whom it lets in.
///
///     with_rate_limit auth{sigv4{keys}, token_buckets{{.per_second = 50, .burst = 100}}};
///
/// What is over the limit is answered 429 with `Retry-After`. Whoever the authorizer refuses is not counted, so that
/// strangers use up nothing; around a `with_policy` that holds for its denials too. A request for many connections
/// counts once. Thread-safe as far as `Auth` and `Limiter` are, but for `configure`.
template <class Auth, class Limiter = token_buckets, class Clock = system_clocks>
class with_rate_limit : public revising_authorizer<Auth, rate_judge<Limiter, Clock>> {
public:
    with_rate_limit(Auth auth, Limiter limiter, Clock clock = {})
        : with_rate_limit::revising_authorizer{std::move(auth),
                                               rate_judge<Limiter, Clock>{std::move(limiter), std::move(clock)}} {}

    /// As the authorizer says; not counted.
    [[nodiscard]] bool permits(request_view const& request, principal const& who, operation op, std::string_view id)
        requires has_permits<Auth>
    {
        return this->auth_.permits(request, who, op, id);
    }
};

}

#endif
