// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// The hub's deadlines on a libuv loop. The lines between the marks are all that a server needs.

#include "measured_hub.hpp"

#include <uv.h>

using namespace std::chrono;

int main() {
    measured_hub measured;
    static auto& hub = measured.hub(); // static, as C's callbacks capture nothing
    uv_loop_t* const loop = uv_default_loop();
    // [glue]
    static uv_timer_t timer;
    static uv_async_t wake;
    static uv_timer_cb const tick = [](uv_timer_t*) {
        hub.expire(steady_clock::now());
        auto const at = hub.next_deadline();
        auto const left = at ? std::max(0ms, ceil<milliseconds>(*at - steady_clock::now())) : 0ms;
        at ? uv_timer_start(&timer, tick, uint64_t(left.count()), 0) : uv_timer_stop(&timer);
    };
    if (uv_timer_init(loop, &timer) | uv_async_init(loop, &wake, [](auto*) { tick({}); })) return 1;
    hub.on_deadline_earlier([] { uv_async_send(&wake); });
    // [glue]
    uv_async_t stop;
    uv_async_init(loop, &stop, [](uv_async_t* s) { uv_stop(s->loop); });
    return measured.run(
        "libuv", [&] { uv_run(loop, UV_RUN_DEFAULT); }, [&] { uv_async_send(&stop); });
}
