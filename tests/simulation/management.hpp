// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SIMULATION_MANAGEMENT_HPP
#define BACKCHANNEL_TESTS_SIMULATION_MANAGEMENT_HPP

#include "simulation/exchange.hpp"
#include "simulation/hubs.hpp"

#include <backchannel/http.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace simulation {

inline constexpr std::string_view access_key_id = "AKIDSIMULATION", secret_key = "secret of the simulation";
inline constexpr std::size_t max_body = 3000;

/// Gets the router's answer. Copyable, so that who calls it twice is found.
using answer_callback = std::function<void(backchannel::response)>;

/// A request whose body is still arriving.
class arriving_request {
public:
    virtual ~arriving_request() = default;
    virtual void append(std::string_view piece) = 0;
    virtual void refuse_as_too_large() = 0;
    virtual void finish(answer_callback done) = 0;
};

/// A router, whatever its Auth.
class management {
public:
    virtual ~management() = default;
    [[nodiscard]] virtual bool owns(std::string_view target) = 0;
    [[nodiscard]] virtual bool waits() const noexcept = 0; ///< `handle` cannot be used
    virtual backchannel::response handle(backchannel::request_view const& r) = 0;
    virtual void async_handle(backchannel::request_view const& r, answer_callback done) = 0;
    virtual std::unique_ptr<arriving_request> begin(backchannel::request_view const& head) = 0;
};

/// With keys that are found at once, or that come later and on another loop.
[[nodiscard]] std::unique_ptr<management> make_management(bool keys_wait, stage& s, audited_hub& hub,
                                                          faults_made& made);

}

#endif
