// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// The hub's deadlines on Asio's io_context. The lines between the marks are all that a server needs.

#include "measured_hub.hpp"

#include <asio.hpp>

using namespace std::chrono;

int main() {
    measured_hub measured;
    auto& hub = measured.hub();
    asio::io_context io{1};
    // [glue]
    asio::steady_timer timer{io};
    std::function<void(std::error_code)> const tick = [&](std::error_code moved) {
        if (moved) return;
        hub.expire(steady_clock::now());
        auto const at = hub.next_deadline();
        if (!at) return (void)timer.cancel();
        timer.expires_at(*at);
        timer.async_wait(tick);
    };
    hub.on_deadline_earlier([&] { asio::post(io, [&] { tick({}); }); });
    // [glue]
    auto const work = asio::make_work_guard(io);
    return measured.run(
        "asio", [&] { io.run(); }, [&] { io.stop(); });
}
