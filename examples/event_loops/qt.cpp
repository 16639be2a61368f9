// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// The hub's deadlines on Qt's event loop. The lines between the marks are all that a server needs.

#include "measured_hub.hpp"

#include <QCoreApplication>
#include <QTimer>

using namespace std::chrono;

int main(int argc, char** argv) {
    QCoreApplication application{argc, argv};
    measured_hub measured;
    auto& hub = measured.hub();
    // [glue]
    QTimer timer;
    timer.setTimerType(Qt::PreciseTimer);
    auto const tick = [&] {
        hub.expire(steady_clock::now());
        auto const at = hub.next_deadline();
        auto const left = at ? ceil<milliseconds>(*at - steady_clock::now()) : 0ms;
        at ? timer.start(std::clamp<milliseconds>(left, 0ms, 24h)) : timer.stop();
    };
    QObject::connect(&timer, &QTimer::timeout, tick);
    hub.on_deadline_earlier([&] { QMetaObject::invokeMethod(&timer, tick, Qt::QueuedConnection); });
    // [glue]
    return measured.run(
        "qt", [&] { QCoreApplication::exec(); },
        [&] { QMetaObject::invokeMethod(&application, &QCoreApplication::quit, Qt::QueuedConnection); });
}
