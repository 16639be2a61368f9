// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_OTHER_THREAD_HPP
#define BACKCHANNEL_TESTS_SUPPORT_OTHER_THREAD_HPP

#include "support/manual_loop.hpp"

#include <future>
#include <utility>

namespace test {

/// A thread that does one thing at a time, while the caller waits for it.
class other_thread {
public:
    other_thread() { loop_.start(); }

    template <class F>
    void run(F f) {
        std::promise<void> done;
        loop_.post([&] {
            f();
            done.set_value();
        });
        done.get_future().wait();
    }

private:
    manual_loop loop_;
};

}

#endif
