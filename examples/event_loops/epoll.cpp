// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// The hub's deadlines in a loop of one's own on epoll. The lines between the marks are all that a server needs.

#include "measured_hub.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <atomic>

using namespace std::chrono;

int main() {
    measured_hub measured;
    auto& hub = measured.hub();
    int const poll = epoll_create1(EPOLL_CLOEXEC);
    // [glue]
    int const wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    // edge-triggered, so that it need not be read
    epoll_event woken{.events = EPOLLIN | EPOLLET, .data = {.fd = wake}};
    epoll_ctl(poll, EPOLL_CTL_ADD, wake, &woken);
    hub.on_deadline_earlier([&] { eventfd_write(wake, 1); });
    // [glue]
    std::atomic<bool> done = false;
    auto const run = [&] {
        while (!done) {
            std::array<epoll_event, 64> events;
            // [glue]
            auto const at = hub.next_deadline();
            auto const now = steady_clock::now();
            auto const left = at ? ceil<milliseconds>(std::clamp(*at, now, now + 24h) - now) : -1ms;
            int const ready = epoll_wait(poll, events.data(), 64, static_cast<int>(left.count()));
            hub.expire(steady_clock::now());
            // [glue]
            for (int i = 0; i < ready; ++i) {
                // a server's sockets
            }
        }
    };
    int const result = measured.run("epoll", run, [&] {
        done = true;
        eventfd_write(wake, 1);
    });
    close(wake);
    close(poll);
    return result;
}
