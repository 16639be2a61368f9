// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_ANY_OF_HPP
#define BACKCHANNEL_AUTH_ANY_OF_HPP

#include <backchannel/concepts.hpp>

#include <cstddef>
#include <tuple>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Asks several authorizers in turn; the first that finds credentials of its own kind decides.
///
/// One that answers `missing_token` or `incomplete` has not found any and the next is asked. If none has, the answer
/// is `missing_token`, or else the first one's that found something incomplete. A wrong signature or an unknown token
/// is final: it is not offered to the others.
template <class... Auths>
class any_of {
    static_assert(sizeof...(Auths) > 0, "any_of needs at least one authorizer: any_of{sigv4{keys}, bearer{token}}");
    static_assert((check_authorizer<Auths>() && ...));

public:
    explicit any_of(Auths... auths) : auths_{std::move(auths)...} {}

    void configure(router_options const& options) {
        std::apply([&](auto&... each) { (configure_one(each, options), ...); }, auths_);
    }

    [[nodiscard]] auth_decision authorize(request_view const& request, operation op, std::string_view id)
        requires(has_authorize<Auths> && ...)
    {
        auth_decision answer = auth_decision::refuse(auth_error::missing_token);
        bool decided = false;
        std::apply(
            [&](auto&... each) {
                (void)((decided = settles(answer, each.authorize(request, op, id)), decided) || ...);
            },
            auths_);
        return answer;
    }

    void async_authorize(request_view const& request, operation op, std::string_view id,
                         completion<auth_decision> done) {
        ask<0>(request, op, id, auth_decision::refuse(auth_error::missing_token), std::move(done));
    }

private:
    template <class A>
    static void configure_one(A& auth, router_options const& options) {
        if constexpr (has_configure<A>) auth.configure(options);
    }

    /// Whether the newest decision is final; `answer` is what to say if no other is.
    static bool settles(auth_decision& answer, auth_decision newest) {
        bool const final_word = newest.error != auth_error::missing_token && newest.error != auth_error::incomplete;
        if (final_word || answer.error == auth_error::missing_token) answer = std::move(newest);
        return final_word;
    }

    template <std::size_t I>
    void ask(request_view const& request, operation op, std::string_view id, auth_decision answer,
             completion<auth_decision> done) {
        if constexpr (I == sizeof...(Auths)) {
            done(std::move(answer));
        } else {
            auto& auth = std::get<I>(auths_);
            if constexpr (has_authorize<std::remove_reference_t<decltype(auth)>>) {
                if (settles(answer, auth.authorize(request, op, id))) return done(std::move(answer));
                ask<I + 1>(request, op, id, std::move(answer), std::move(done));
            } else {
                auth.async_authorize(request, op, id,
                                     [this, &request, op, id, answer = std::move(answer),
                                      done = std::move(done)](auth_decision newest) mutable {
                                         if (settles(answer, std::move(newest))) return done(std::move(answer));
                                         ask<I + 1>(request, op, id, std::move(answer), std::move(done));
                                     });
            }
        }
    }

    std::tuple<Auths...> auths_;
};

}

#endif
