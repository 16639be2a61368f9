// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_PIECEWISE_HPP
#define BACKCHANNEL_SUPPORT_PIECEWISE_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/support/guarded.hpp>

#include <memory>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What an authorizer's `begin` has returned, with what it throws contained: then the answer is `internal`.
/// Of an authorizer without `begin`: nothing, made of anything.
template <class Auth>
class piecewise {
public:
    piecewise(Auth&, request_view const&, operation, std::string_view) noexcept {}
    void append(std::string_view) noexcept {}
};

template <class Auth>
requires has_begin<Auth>
class piecewise<Auth> {
public:
    piecewise(Auth& auth, request_view const& head, operation op, std::string_view id) {
        (void)guarded([&] { inner_.reset(new verification(auth.begin(head, op, id))); });
    }

    void append(std::string_view piece) {
        if (inner_ && !guarded([&] { inner_->append(piece); })) inner_.reset();
    }

    /// `done` may destroy this object.
    void finish(completion<auth_decision> done) {
        if (!inner_) return done(auth_decision::refuse(auth_error::internal));
        (void)guarded([&] { inner_->finish(std::move(done)); });
    }

private:
    using verification = decltype(std::declval<Auth&>().begin(request_view{}, operation{}, std::string_view{}));

    std::unique_ptr<verification> inner_; // none if Auth threw; need not be movable
};

}

#endif
