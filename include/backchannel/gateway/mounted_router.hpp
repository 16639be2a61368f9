// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_MOUNTED_ROUTER_HPP
#define BACKCHANNEL_GATEWAY_MOUNTED_ROUTER_HPP

#include <backchannel/completion.hpp>
#include <backchannel/gateway/loop_door.hpp>
#include <backchannel/gateway/loop_home.hpp>
#include <backchannel/http.hpp>
#include <backchannel/management_router.hpp>
#include <backchannel/support/arriving_request.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A router of any dialect and Auth, as a gateway's connections see it: they are compiled once for all of them.
class mounted_router {
public:
    virtual ~mounted_router() = default;

    [[nodiscard]] virtual bool owns(std::string_view target) const noexcept = 0;
    /// Whether the path belongs to the API that the router serves, though this router does not own it.
    [[nodiscard]] virtual bool reserves(std::string_view target) const noexcept = 0;
    /// As `management_router::max_body`, for a target that is owned.
    [[nodiscard]] virtual std::size_t max_body() const noexcept = 0;
    /// False: the target is not owned, and there is no answer. `door`: of the loop on which the request has come.
    virtual bool handle(request_view const& request, loop_door& door, completion<response> done) = 0;
    /// As `management_router::hashes_side_by_side`.
    [[nodiscard]] virtual bool hashes_side_by_side() const noexcept = 0;
    /// Precondition: the target is owned.
    [[nodiscard]] virtual std::unique_ptr<arriving_request> begin(request_view const& head, std::size_t expected,
                                                                  crypto::sha256_lanes& lanes, loop_door& door) = 0;

    /// Header with the id of an answer.
    [[nodiscard]] virtual std::string_view request_id_header() const noexcept = 0;
    /// Header of the 101 answer that tells a client of this API its connection id; empty: the API has none.
    [[nodiscard]] virtual std::string_view connection_id_header() const noexcept = 0;
};

/// Hears of the requests that a router refuses to authorize.
class denial_observer {
public:
    virtual void on_denied(auth_decision const& why, operation op, std::string_view id) noexcept = 0;

protected:
    ~denial_observer() = default;
};

/// A gateway's router tells the gateway whom it refused.
template <class Dialect>
struct gateway_router_traits : router_traits_for<Dialect> {
    struct hooks {
        denial_observer* observer = nullptr;

        void on_denied(auth_decision const& why, operation op, std::string_view id) noexcept {
            if (observer != nullptr) observer->on_denied(why, op, id);
        }
    };
};

template <class Auth, class Dialect>
class mounted_router_of final : public mounted_router {
public:
    using router_type = management_router<Auth, gateway_router_traits<Dialect>>;

    /// `owner` has the hub, the observer, the doors and this.
    template <class Hub>
    mounted_router_of(Hub& hub, Auth auth, router_options const& options, denial_observer& observer,
                      std::weak_ptr<void> owner)
        : owner_{std::move(owner)}, router_{hub, std::move(auth), options, {}, {&observer}} {}

    [[nodiscard]] router_type& router() noexcept { return router_; }

    [[nodiscard]] bool owns(std::string_view target) const noexcept override { return router_.owns(target); }
    [[nodiscard]] bool reserves(std::string_view target) const noexcept override { return Dialect::reserves(target); }
    [[nodiscard]] std::size_t max_body() const noexcept override { return router_.max_body(); }

    bool handle(request_view const& request, loop_door& door, completion<response> done) override {
        if constexpr (has_authorize<Auth>)
            return router_.async_handle(request, std::move(done)); // it decides here
        else
            return router_.async_handle(request, homing_completion{home_behind(door), std::move(done)});
    }

    [[nodiscard]] bool hashes_side_by_side() const noexcept override { return router_type::hashes_side_by_side; }

    [[nodiscard]] std::unique_ptr<arriving_request> begin(request_view const& head, std::size_t expected,
                                                          crypto::sha256_lanes& lanes, loop_door& door) override {
        return arriving_request::begin(router_, head, expected, &lanes,
                                       [home = home_behind(door)](completion<response> done) {
                                           return homing_completion{home, std::move(done)};
                                       });
    }

    [[nodiscard]] std::string_view request_id_header() const noexcept override { return Dialect::request_id_header; }
    [[nodiscard]] std::string_view connection_id_header() const noexcept override {
        return Dialect::connection_id_header;
    }

private:
    [[nodiscard]] loop_home home_behind(loop_door& door) const noexcept {
        return loop_home{std::shared_ptr<loop_door>{owner_.lock(), &door}};
    }

    std::weak_ptr<void> const owner_;
    router_type router_;
};

}

#endif
