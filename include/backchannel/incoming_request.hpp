// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_INCOMING_REQUEST_HPP
#define BACKCHANNEL_INCOMING_REQUEST_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/dialect/failure.hpp>
#include <backchannel/support/owned_request.hpp>
#include <backchannel/support/piecewise.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A request to a `management_router` whose body is still arriving, see its `begin`. Move-only; empty if the request is
/// not the router's.
///
/// From any thread, one at a time; with `sha256_lanes` on their loop's, where the object is to be destroyed as well.
template <class Router>
class incoming_request {
public:
    incoming_request() noexcept = default;

    incoming_request(incoming_request&&) noexcept = default;
    incoming_request& operator=(incoming_request&&) noexcept = default;

    explicit operator bool() const noexcept { return request_ != nullptr; }

    /// The next piece of the body. False: nothing more is needed, the answer is known; `finish` gives it.
    bool append(std::string_view piece) {
        if (request_->refused) return false;
        if (piece.size() > request_->router.dialect_.max_body() - request_->head.body.size()) {
            request_->refused = failure::too_large;
            return false;
        }
        message_buffer& body = request_->head.body;
        if (!body.fits(piece.size())) request_->state.settle();
        body.append(piece);
        request_->state.append(body.data().substr(body.size() - piece.size()));
        return true;
    }

    /// Memory where the next piece may be received, which `append` then does not copy; none if nothing more is needed.
    [[nodiscard]] std::span<char> room() {
        if (request_->refused) return {};
        if (!request_->head.body.fits(1)) request_->state.settle();
        return request_->head.body.room();
    }

    /// The body is known to be longer than it may be, and is not going to be read.
    void refuse_as_too_large() noexcept {
        if (!request_->refused) request_->refused = failure::too_large;
    }

    /// The body is complete; `done(response)` is called exactly once.
    template <class F>
    void finish(F done) {
        static_assert(std::is_invocable_v<F&, response>, "finish needs a callable `void done(backchannel::response)`");
        Router& router = request_->router;
        if (request_->refused) return done(router.failed(*request_->refused, request_->target));
        if constexpr (has_begin<typename Router::auth_type>) {
            auto* const r = request_.get();
            r->state.finish([held = std::move(request_), done = std::move(done)](auth_decision decision) mutable {
                auto home = home_of(done);
                home([held = std::move(held), done = std::move(done), decision = std::move(decision)]() mutable {
                    held->router.proceed(held->target, held->head.lent(), std::move(decision), std::move(done));
                });
            });
        } else {
            router.async_handle(request_->head.lent(), std::move(done));
        }
    }

private:
    friend Router;

    struct data {
        Router& router;
        typename Router::call target;
        owned_request head;
        request_view view;
        std::optional<failure> refused;
        piecewise<typename Router::auth_type> state;

        data(Router& r, typename Router::call const& c, request_view const& request, std::size_t expected,
             crypto::sha256_lanes* lanes)
            : router{r}, target{c}, head{request}, view{head.view()}, refused{r.check_head(c, 0)},
              state{r.auth_, view, c.what, target.target.id()} {
            head.body.expect(expected);
            if (lanes != nullptr) state.join(*lanes);
        }
    };

    incoming_request(Router& router, request_view const& head, std::size_t expected, crypto::sha256_lanes* lanes) {
        auto const c = router.dialect_.read(head.method, head.target, head.form);
        if (!c.ours) return;
        request_view only_head = head;
        only_head.body = {};
        request_ = std::make_unique<data>(router, c, only_head, expected, lanes);
    }

    std::unique_ptr<data> request_;
};

}

#endif
