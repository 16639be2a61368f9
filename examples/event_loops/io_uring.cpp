// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// The hub's deadlines in a loop of one's own on io_uring. The lines between the marks are all that a server needs.

#include "measured_hub.hpp"

#include <liburing.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <atomic>

using namespace std::chrono;

int main() {
    measured_hub measured;
    auto& hub = measured.hub();
    io_uring ring;
    if (int const error = io_uring_queue_init(64, &ring, 0); error != 0) {
        std::printf("io_uring is not to be had here: error %d\n", -error);
        return 77; // CTest counts it as skipped
    }
    // [glue]
    int const wake = eventfd(0, EFD_CLOEXEC);
    auto arm = [&](auto* s) { io_uring_prep_poll_multishot(s, wake, POLLIN), s->user_data = 0; };
    arm(io_uring_get_sqe(&ring));
    hub.on_deadline_earlier([&] { eventfd_write(wake, 1); });
    // [glue]
    std::atomic<bool> done = false;
    auto const run = [&] {
        while (!done) {
            io_uring_cqe* first;
            // [glue]
            auto const at = hub.next_deadline();
            auto const left = at ? std::max<nanoseconds>(*at - steady_clock::now(), 0ns) : 0ns;
            __kernel_timespec wait{left / 1s, (left % 1s).count()};
            io_uring_submit_and_wait_timeout(&ring, &first, 1, at ? &wait : nullptr, nullptr);
            hub.expire(steady_clock::now());
            // [glue]
            unsigned head, completions = 0;
            io_uring_cqe* c;
            io_uring_for_each_cqe(&ring, head, c) {
                // [glue]
                if (!c->user_data && !(c->flags & IORING_CQE_F_MORE)) arm(io_uring_get_sqe(&ring));
                // [glue]
                ++completions; // a server's own have user data
            }
            io_uring_cq_advance(&ring, completions);
        }
    };
    int const result = measured.run("io_uring", run, [&] {
        done = true;
        eventfd_write(wake, 1);
    });
    io_uring_queue_exit(&ring);
    close(wake);
    return result;
}
