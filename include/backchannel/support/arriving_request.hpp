// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_ARRIVING_REQUEST_HPP
#define BACKCHANNEL_SUPPORT_ARRIVING_REQUEST_HPP

#include <backchannel/completion.hpp>
#include <backchannel/crypto/sha256_lanes.hpp>
#include <backchannel/http.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// An `incoming_request` to a router of any type.
class arriving_request {
public:
    virtual ~arriving_request() = default;

    virtual void append(std::string_view piece) = 0;
    [[nodiscard]] virtual std::span<char> room() = 0;
    virtual void refuse_as_too_large() noexcept = 0;
    /// Once, at the end.
    virtual void finish(completion<response> done) = 0;

    /// What `router.begin` has given. The router gets what `wrap` makes of the completion. Precondition: the target is
    /// the router's, which outlives this.
    template <class Router, class Wrap = std::identity>
    [[nodiscard]] static std::unique_ptr<arriving_request>
    begin(Router& router, request_view const& head, std::size_t expected, crypto::sha256_lanes* lanes, Wrap wrap = {}) {
        return std::make_unique<to<Router, Wrap>>(router.begin(head, expected, lanes), std::move(wrap));
    }

private:
    template <class Router, class Wrap>
    struct to;
};

template <class Router, class Wrap>
struct arriving_request::to final : arriving_request {
    to(typename Router::incoming r, Wrap w) noexcept : request{std::move(r)}, wrap{std::move(w)} {}

    void append(std::string_view piece) override { (void)request.append(piece); }
    std::span<char> room() override { return request.room(); }
    void refuse_as_too_large() noexcept override { request.refuse_as_too_large(); }
    void finish(completion<response> done) override { request.finish(wrap(std::move(done))); }

    typename Router::incoming request;
    [[no_unique_address]] Wrap wrap;
};

}

#endif
