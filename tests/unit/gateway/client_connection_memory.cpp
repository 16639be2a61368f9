// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include "support/gateway_fixture.hpp"

#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>

namespace gateway_client_connection_memory_tests {

using namespace test;

TEST_CASE("a client that is let in without memory is as the application says, or is closed in time", "[websocket]") {
    constexpr std::size_t limit = 100;
    std::atomic<std::size_t> which{1};
    std::atomic<bool> failed{false};
    std::optional<allocation_failure> failure; // of the loop's thread
    scripted_handler handler;
    handler.connect = [&](gateway_client&, request_view const&) {
        auto answer = connect_answer::accept().with({{"plan", "free"}}).until(std::chrono::steady_clock::now() + 1h);
        failed = false;
        failure.emplace(which);
        return answer;
    };
    handler.event = [&](gateway_event const& e) {
        using enum gateway_event::type;
        if (!failure || (e.what != websocket_opened && e.what != connection_closed)) return;
        failed = failure->happened();
        failure.reset();
    };
    auto options = prod();
    options.hub.closing_timeout = 100ms;
    options.ping_interval = 1h;
    running_gateway<> g{handler, options};
    int closed = 0;
    bool enough = false;
    for (; !enough && which != limit; ++which) {
        test_client client{g.port};
        client.send(upgrade_request());
        std::string id;
        try {
            if (auto const answer = client.read_response(); answer.status == 101) id = answer.header("X-Connection-Id");
        } catch (std::runtime_error const&) { // it was cut
        }
        if (id.empty()) continue;
        auto const state = g.server.hub().find(id);
        if (state) {
            CHECK(state->attributes.size() == 1);
            enough = !failed;
            continue;
        }
        auto const begin = std::chrono::steady_clock::now();
        bool const told = client.read_to_end() == "\x88\x11\x03\xF5Try again later";
        CHECK(std::chrono::steady_clock::now() - begin < 10s);
        closed += told;
    }
    CHECK(enough);
    CHECK(closed == 1);
}

}
