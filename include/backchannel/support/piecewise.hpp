// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_PIECEWISE_HPP
#define BACKCHANNEL_SUPPORT_PIECEWISE_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/crypto/sha256_lanes.hpp>
#include <backchannel/support/guarded.hpp>

#include <memory>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A state of an authorizer that can hash a body beside others of the same loop: what is appended after `join` stays
/// where it is until `settle`, or until `finish` has reported.
template <class V>
concept joins_lanes = requires(V& v, crypto::sha256_lanes& lanes) {
    v.join(lanes);
    { v.settle() } noexcept;
};

/// What an authorizer's `begin` has returned, with what it throws contained: then the answer is `internal`.
/// Of an authorizer without `begin`: nothing, made of anything.
template <class Auth>
class piecewise {
public:
    static constexpr bool joins = false;

    piecewise(Auth&, request_view const&, operation, std::string_view) noexcept {}
    void join(crypto::sha256_lanes&) noexcept {}
    void settle() noexcept {}
    void append(std::string_view) noexcept {}
};

template <class Auth>
requires has_begin<Auth>
class piecewise<Auth> {
    using verification = decltype(std::declval<Auth&>().begin(request_view{}, operation{}, std::string_view{}));

public:
    static constexpr bool joins = joins_lanes<verification>;

    piecewise(Auth& auth, request_view const& head, operation op, std::string_view id) {
        (void)guarded([&] { inner_.reset(new verification(auth.begin(head, op, id))); });
    }

    void join(crypto::sha256_lanes& lanes) {
        if constexpr (joins)
            if (inner_ && !guarded([&] { inner_->join(lanes); })) inner_.reset();
    }

    void settle() noexcept {
        if constexpr (joins)
            if (inner_) inner_->settle();
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
    std::unique_ptr<verification> inner_; // none if Auth threw; need not be movable
};

}

#endif
