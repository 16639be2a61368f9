// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_RECORDING_TRANSPORT_HPP
#define BACKCHANNEL_TESTS_SUPPORT_RECORDING_TRANSPORT_HPP

#include "support/manual_loop.hpp"

#include <backchannel/completion.hpp>
#include <backchannel/connection.hpp>
#include <backchannel/message.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

/// What a Transport was told, one line each: "send 1 text", "close 1 1000 reason", "ping 1 payload", "terminate 1".
///
/// The functions stand in for the server's side of a call; they are set before the hub is used.
struct transport_log {
    std::function<backchannel::delivery(int, backchannel::message const&)> on_send;
    std::function<void(int, std::uint16_t, std::string_view)> on_close;
    std::function<void(int)> on_terminate;
    std::function<std::size_t(int)> on_buffered;
    std::function<void(int, backchannel::task)> on_dispatch; ///< instead of the loop
    std::array<manual_loop, 2> loops;                        ///< connection h lives on loops[h % 2]

    std::atomic<int> wrong_thread{0}; ///< calls that came on another thread than the connection's
    bool owned = false;               ///< there is `dispatch`, so calls must come on the connection's thread

    [[nodiscard]] manual_loop& loop_of(int h) { return loops[static_cast<std::size_t>(h) % loops.size()]; }

    void add(std::string line, int h) {
        if (owned && !loop_of(h).is_current()) wrong_thread.fetch_add(1);
        std::lock_guard const lock{mutex_};
        lines_.push_back(std::move(line));
    }
    [[nodiscard]] std::vector<std::string> take() {
        std::lock_guard const lock{mutex_};
        return std::exchange(lines_, {});
    }

private:
    std::mutex mutex_;
    std::vector<std::string> lines_;
};

/// Records; its connections are numbers, and any thread may call it.
struct plain_recorder {
    using handle = int;

    std::shared_ptr<transport_log> log = std::make_shared<transport_log>();

    backchannel::delivery send(handle const& h, backchannel::message const& m) {
        log->add("send " + std::to_string(h) + " " + std::string{m.data()}, h);
        return log->on_send ? log->on_send(h, m) : backchannel::delivery::accepted;
    }
    void close(handle const& h, std::uint16_t code, std::string_view reason) {
        log->add("close " + std::to_string(h) + " " + std::to_string(code) + " " + std::string{reason}, h);
        if (log->on_close) log->on_close(h, code, reason);
    }
};

template <class Base>
struct bounded : Base {
    static constexpr bool bounds_itself = true;
};

template <class Base>
struct admits_unbounded : Base {
    static constexpr bool unbounded = true;
};

template <class Base>
struct counts_written : Base {
    static constexpr bool reports_written = true;
};

template <class Base>
struct tells_buffered : Base {
    std::size_t buffered(int const& h) {
        if (Base::log->owned && !Base::log->loop_of(h).is_current()) Base::log->wrong_thread.fetch_add(1);
        return Base::log->on_buffered ? Base::log->on_buffered(h) : 0;
    }
};

/// Tasks run inline on the connection's loop and are queued everywhere else.
template <class Base>
struct with_dispatch : Base {
    with_dispatch() { Base::log->owned = true; }

    void dispatch(int const& h, backchannel::task f) {
        if (Base::log->on_dispatch) return Base::log->on_dispatch(h, std::move(f));
        manual_loop& loop = Base::log->loop_of(h);
        if (loop.is_current())
            f();
        else
            loop.post(std::move(f));
    }
};

template <class Base>
struct with_on_thread : Base {
    bool on_thread(int const& h) { return Base::log->loop_of(h).is_current(); }
};

template <class Base>
struct with_thread_key : Base {
    manual_loop const* thread_key(int const& h) { return &Base::log->loop_of(h); }
};

template <class Base>
struct with_ping : Base {
    void ping(int const& h, std::string_view payload) {
        Base::log->add("ping " + std::to_string(h) + " " + std::string{payload}, h);
    }
};

template <class Base>
struct with_terminate : Base {
    void terminate(int const& h) {
        Base::log->add("terminate " + std::to_string(h), h);
        if (Base::log->on_terminate) Base::log->on_terminate(h);
    }
};

/// Messages with a time limit: `waiting` has who wants to hear of them, in order.
template <class Base>
struct with_send_until : Base {
    using written = backchannel::completion<backchannel::delivery>;
    std::shared_ptr<std::vector<written>> waiting = std::make_shared<std::vector<written>>();

    backchannel::delivery send_until(int const& h, backchannel::message const& m, backchannel::time_point, written& w) {
        backchannel::delivery const result = Base::send(h, m);
        if (result == backchannel::delivery::accepted) waiting->push_back(std::move(w));
        return result;
    }
};

using direct_transport = with_terminate<with_ping<bounded<plain_recorder>>>;
using hopping_transport = with_terminate<with_ping<with_dispatch<bounded<plain_recorder>>>>;
using looping_transport = with_on_thread<hopping_transport>;
using timed_transport = with_send_until<direct_transport>;
using keyed_transport = with_thread_key<looping_transport>;
using timed_looping_transport = with_send_until<keyed_transport>;

}

#endif
