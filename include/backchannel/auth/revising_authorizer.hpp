// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_REVISING_AUTHORIZER_HPP
#define BACKCHANNEL_AUTH_REVISING_AUTHORIZER_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/support/piecewise.hpp>

#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// An authorizer whose every decision passes through `Revise`, whichever way it is asked. The base of `with_policy` and
/// `with_rate_limit`.
///
/// `Revise` is callable as `auth_decision(auth_decision, request_view const&, operation, std::string_view id)`.
/// Thread-safe as far as both are, but for `configure`.
template <class Auth, class Revise>
class revising_authorizer {
    static_assert(check_authorizer<Auth>());

public:
    void configure(router_options const& options) {
        if constexpr (has_configure<Auth>) auth_.configure(options);
        if constexpr (has_configure<Revise>) revise_.configure(options);
    }

    [[nodiscard]] auth_decision authorize(request_view const& request, operation op, std::string_view id)
        requires has_authorize<Auth>
    {
        return revise_(auth_.authorize(request, op, id), request, op, id);
    }

    void async_authorize(request_view const& request, operation op, std::string_view id,
                         completion<auth_decision> done)
        requires has_async_authorize<Auth>
    {
        auth_.async_authorize(request, op, id,
                              [this, &request, op, id, done = std::move(done)](auth_decision decision) mutable {
                                  done(revise_(std::move(decision), request, op, id));
                              });
    }

    [[nodiscard]] auto begin(request_view const& head, operation op, std::string_view id)
        requires has_begin<Auth>
    {
        return verification<decltype(auth_.begin(head, op, id))>{this, head, op, id, auth_.begin(head, op, id)};
    }

private:
    /// A request whose body is still arriving.
    template <class Inner>
    struct verification {
        revising_authorizer* self;
        request_view head;
        operation op;
        std::string_view id;
        Inner waiting;

        void join(crypto::sha256_lanes& lanes)
            requires joins_lanes<Inner>
        {
            waiting.join(lanes);
        }
        void settle() noexcept
            requires joins_lanes<Inner>
        {
            waiting.settle();
        }
        void append(std::string_view piece) { waiting.append(piece); }
        void finish(completion<auth_decision> done) {
            waiting.finish([self_ = self, head_ = head, op_ = op, id_ = id,
                            done_ = std::move(done)](auth_decision decision) mutable {
                done_(self_->revise_(std::move(decision), head_, op_, id_));
            });
        }
    };

protected:
    revising_authorizer(Auth auth, Revise revise) : revise_{std::move(revise)}, auth_{std::move(auth)} {}

    Revise revise_;
    Auth auth_; // last: what it still owes when it is destroyed is revised
};

}

#endif
