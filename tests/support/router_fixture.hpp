// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_ROUTER_FIXTURE_HPP
#define BACKCHANNEL_TESTS_SUPPORT_ROUTER_FIXTURE_HPP

#include "support/fixed_clock.hpp"
#include "support/http_answer.hpp"
#include "support/signer.hpp"
#include "support/test_hub.hpp"

#include <backchannel/management_router.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace test {

struct still_traits : backchannel::default_router_traits {
    using clock = fixed_clock;
};

template <class Dialect>
struct still_traits_for : still_traits {
    using dialect = Dialect;
};

/// The clock of everything here.
[[nodiscard]] inline fixed_clock still() { return {at(example_date)}; }

/// A hub with connection 1, and a router for the stage `prod`.
template <class Auth, class Transport = direct_transport, class Traits = still_traits>
struct router_fixture {
    test_hub<Transport> hub;
    backchannel::session open;
    backchannel::management_router<Auth, Traits> router;
    lines answers;

    explicit router_fixture(Auth auth = {}, backchannel::router_options options = {.stage = "prod"})
        : open{hub.open(1, {"192.0.2.7", "wscat/6", {}})}, router{*hub.hub, std::move(auth), std::move(options),
                                                                  still()} {}

    [[nodiscard]] std::string path(std::string_view stage = "/prod") const {
        return std::string{stage} + "/@connections/" + std::string{open.id()};
    }

    [[nodiscard]] std::optional<backchannel::response> ask(std::string_view method, std::string_view target,
                                                           std::string_view body = {}) {
        backchannel::request_view r;
        r.method = method;
        r.target = target;
        r.body = body;
        return router.handle(r);
    }
    [[nodiscard]] std::string told(std::string_view method, std::string_view target, std::string_view body = {}) {
        auto const answer = ask(method, target, body);
        return answer ? shown(*answer) : "not ours";
    }

    [[nodiscard]] auto collect() {
        return [this](backchannel::response r) { answers.push_back(shown(r)); };
    }
    /// Asks asynchronously, for the open connection unless a target is given. The request's bytes are gone when this
    /// returns.
    bool start(std::string method, std::string body = {}, std::string target = {}) {
        auto const bytes = std::make_unique<std::string[]>(3);
        bytes[0] = std::move(method);
        bytes[1] = target.empty() ? path() : std::move(target);
        bytes[2] = std::move(body);
        backchannel::header_view const headers[] = {{"Host", "x"}};
        backchannel::request_view r;
        r.method = bytes[0];
        r.target = bytes[1];
        r.body = bytes[2];
        r.headers = headers;
        return router.async_handle(r, collect());
    }
};

}

#endif
