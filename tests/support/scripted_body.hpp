// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_SCRIPTED_BODY_HPP
#define BACKCHANNEL_TESTS_SUPPORT_SCRIPTED_BODY_HPP

#include <backchannel/http.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>

namespace test {

/// A body whose pieces a test gives, on any thread.
class scripted_body final : public backchannel::body_stream {
public:
    void give(std::string piece) {
        change([&] { pieces_.push_back(std::move(piece)); });
    }
    void end() {
        change([&] { ended_ = true; });
    }
    void fail() {
        change([&] { failing_ = true; });
    }
    /// Whoever waits is told that there is something, and there is not.
    void wake() {
        change([] {});
    }
    [[nodiscard]] bool is_waited_for() {
        std::lock_guard const lock{mutex_};
        return wake_ != nullptr;
    }

    bool read(std::string& out, std::size_t) override {
        std::lock_guard const lock{mutex_};
        if (failing_) throw std::bad_alloc{};
        if (!pieces_.empty()) {
            out += pieces_.front();
            pieces_.pop_front();
            return true;
        }
        return !ended_;
    }
    void wait(std::function<void()> wake) override {
        std::unique_lock lock{mutex_};
        if (pieces_.empty() && !ended_) {
            wake_ = std::move(wake);
            return;
        }
        lock.unlock();
        wake();
    }
    void keep_alive(std::string& out) override { out += ":\n\n"; }

private:
    template <class F>
    void change(F act) {
        std::unique_lock lock{mutex_};
        act();
        auto const wake = std::exchange(wake_, nullptr);
        lock.unlock();
        if (wake) wake();
    }

    std::mutex mutex_;
    std::deque<std::string> pieces_;
    std::function<void()> wake_;
    bool ended_ = false, failing_ = false;
};

}

#endif
