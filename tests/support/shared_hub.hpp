// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_SHARED_HUB_HPP
#define BACKCHANNEL_TESTS_SUPPORT_SHARED_HUB_HPP

#include "support/at_once.hpp"
#include "support/test_hub.hpp"
#include "support/witness.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace test {

struct witness_hooks {
    std::shared_ptr<witness> seen;
    void on_open(std::string_view, backchannel::connection_state const&) noexcept { seen->enter(); }
    void on_closed(std::string_view, std::uint16_t) noexcept { seen->enter(); }
    void on_delivery(std::string_view, backchannel::delivery, std::size_t) noexcept { seen->enter(); }
};

struct witness_clock {
    std::shared_ptr<witness> seen{};
    manual_clock time{};

    [[nodiscard]] backchannel::time_point steady() const noexcept {
        if (seen) seen->glance();
        return time.steady();
    }
    [[nodiscard]] backchannel::wall_time wall() const noexcept {
        if (seen) seen->glance();
        return time.wall();
    }
};

/// Ids with a letter in front.
struct witness_ids {
    static constexpr std::size_t max_size = backchannel::plain_ids::max_size + 1;
    std::shared_ptr<witness> seen{};

    std::size_t encode(backchannel::connection_id const& id, char* out) const noexcept {
        if (seen) seen->glance();
        *out = 'w';
        return 1 + backchannel::plain_ids{}.encode(id, out + 1);
    }
    [[nodiscard]] std::optional<backchannel::connection_id> decode(std::string_view text) const noexcept {
        if (seen) seen->glance();
        if (!text.starts_with('w')) return std::nullopt;
        return backchannel::plain_ids{}.decode(text.substr(1));
    }
};

struct witness_traits : backchannel::default_hub_traits {
    using clock = witness_clock;
    using ids = witness_ids;
    using mutex = watched_mutex;
    using hooks = witness_hooks;
};

template <class Base>
struct witness_transport : Base {
    std::shared_ptr<witness> seen = std::make_shared<witness>();

    backchannel::delivery send(int const& h, backchannel::message const& m) {
        seen->enter();
        return Base::send(h, m);
    }
    void close(int const& h, std::uint16_t code, std::string_view reason) {
        seen->enter();
        Base::close(h, code, reason);
    }
    void ping(int const& h, std::string_view payload) {
        seen->enter();
        Base::ping(h, payload);
    }
    void terminate(int const& h) {
        seen->enter();
        Base::terminate(h);
    }
};

template <class Base>
struct witness_loops : witness_transport<Base> {
    void dispatch(int const& h, backchannel::task f) {
        this->seen->enter();
        Base::dispatch(h, std::move(f));
    }
    bool on_thread(int const& h) {
        this->seen->look();
        return Base::on_thread(h);
    }
    manual_loop const* thread_key(int const& h) {
        this->seen->look();
        return Base::thread_key(h);
    }
};

/// A hub that several threads use, whose Transport and hooks call it again from inside. Connection 1 is there for that.
template <class Transport>
class shared_hub {
public:
    explicit shared_hub(backchannel::hub_options options = {})
        : seen{transport_.seen}, log{transport_.log},
          hub{transport_, options, {{transport_.seen, clock}, {transport_.seen}, {transport_.seen}}} {
        other_ = open(1);
        seen->again = [this] {
            (void)hub.find(other_.id());
            (void)hub.send(other_.id(), text("again"));
            (void)hub.metrics();
            (void)hub.next_deadline();
            expired_inside += hub.expire(clock.steady());
        };
    }

    ~shared_hub() {
        stop();
        seen->again = nullptr;
        log->loops[1].as_owner([&] { other_ = backchannel::session{}; });
    }

    /// While the loops are not started.
    [[nodiscard]] backchannel::session open(int h, backchannel::connection_info info = {}) {
        return log->loop_of(h).as_owner([&] { return hub.open(h, std::move(info)); });
    }
    void end(int h, backchannel::session& s) {
        log->loop_of(h).as_owner([&] { s = backchannel::session{}; });
    }

    /// With `dispatch`, loops have threads of their own from here on; `stop` runs what waits.
    void start() {
        if constexpr (has_loops)
            for (auto& loop : log->loops) loop.start();
    }
    void stop() {
        for (auto& loop : log->loops) loop.stop();
        while (log->loops[0].run() + log->loops[1].run() != 0) {
        }
    }
    /// Runs `f` on the connection's thread and waits for it.
    template <class F>
    void on_thread_of(int h, F&& f) {
        if constexpr (has_loops) {
            std::promise<void> done;
            log->loop_of(h).post([&] {
                f();
                done.set_value();
            });
            done.get_future().wait();
        } else {
            f();
        }
    }

    /// What the Transport was told of a connection, such as `lines{"0:1"}` for `told("send 0 ")`.
    [[nodiscard]] lines told(std::string_view what) {
        lines all = log->take(), found;
        for (std::string& line : all)
            if (line.starts_with(what)) found.push_back(line.substr(what.size()));
        return found;
    }

    /// What any thread may do at any time.
    void look_around(std::string_view id) {
        (void)hub.find(id);
        (void)hub.was_open(id);
        (void)hub.is_well_formed(id);
        (void)hub.metrics();
        (void)hub.next_deadline();
        hub.expire(clock.steady());
    }

    static constexpr bool has_loops = backchannel::has_dispatch<Transport>;

private:
    Transport transport_;

public:
    manual_clock clock;
    std::shared_ptr<witness> seen;
    std::shared_ptr<transport_log> log;
    std::atomic<std::size_t> expired_inside{0}; ///< what the calls from inside have closed or terminated
    backchannel::connection_hub<Transport, witness_traits> hub;

private:
    backchannel::session other_;
};

using looped_hub = shared_hub<witness_loops<keyed_transport>>;
using direct_hub = shared_hub<witness_transport<direct_transport>>;

}

#endif
