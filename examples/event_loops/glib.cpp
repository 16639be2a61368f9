// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// The hub's deadlines on GLib's main loop. The lines between the marks are all that a server needs.

#include "measured_hub.hpp"

#include <glib.h>

using namespace std::chrono;

int main() {
    measured_hub measured;
    static auto& hub = measured.hub(); // static, as C's callbacks capture nothing
    GMainLoop* const loop = g_main_loop_new(nullptr, FALSE);
    // [glue]
    static guint timer = 0;
    static GSourceFunc const tick = [](gpointer) -> gboolean {
        if (timer != 0) g_source_remove(std::exchange(timer, 0));
        hub.expire(steady_clock::now());
        auto const at = hub.next_deadline();
        auto const left = at ? std::max(0ms, ceil<milliseconds>(*at - steady_clock::now())) : 0ms;
        if (at) timer = g_timeout_add(static_cast<guint>(left.count()), tick, nullptr);
        return G_SOURCE_REMOVE;
    };
    hub.on_deadline_earlier([] { g_idle_add_full(G_PRIORITY_DEFAULT, tick, nullptr, nullptr); });
    // [glue]
    int const result = measured.run(
        "glib", [&] { g_main_loop_run(loop); }, [&] { g_main_loop_quit(loop); });
    g_main_loop_unref(loop);
    return result;
}
