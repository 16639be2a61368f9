// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// The hub's deadlines on a libevent base. The lines between the marks are all that a server needs.

#include "measured_hub.hpp"

#include <event2/event.h>
#include <event2/thread.h>

using namespace std::chrono;

int main() {
    measured_hub measured;
    static auto& hub = measured.hub(); // static, as C's callbacks capture nothing
    evthread_use_pthreads();           // before the base is made: it is woken from other threads
    event_base* const base = event_base_new();
    // [glue]
    event_callback_fn const tick = [](evutil_socket_t, short, void* timer) {
        hub.expire(steady_clock::now());
        auto const at = hub.next_deadline();
        if (!at) return (void)evtimer_del(static_cast<event*>(timer));
        auto const left = std::max(0us, ceil<microseconds>(*at - steady_clock::now())).count();
        timeval const wait{left / 1'000'000, left % 1'000'000};
        evtimer_add(static_cast<event*>(timer), &wait);
    };
    event* const timer = evtimer_new(base, tick, event_self_cbarg());
    hub.on_deadline_earlier([=] { event_base_once(base, -1, EV_TIMEOUT, tick, timer, nullptr); });
    // [glue]
    auto const run = [&] { event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY); };
    int const result = measured.run("libevent", run, [&] { event_base_loopbreak(base); });
    event_free(timer);
    event_base_free(base);
    return result;
}
