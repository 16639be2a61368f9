// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SIMULATION_NETWORK_HPP
#define BACKCHANNEL_TESTS_SIMULATION_NETWORK_HPP

#include "simulation/world.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace simulation {

/// The two ends of a byte stream.
enum class side : std::size_t { client = 0, server = 1 };

[[nodiscard]] constexpr side other(side s) noexcept { return s == side::client ? side::server : side::client; }

/// A TCP connection: bytes arrive late and cut anywhere, buffers fill up, an end may shut down, reset or vanish.
///
/// An end is told that something has changed and then looks: `read`, `room`, `ended`, `was_reset`.
class wire : public std::enable_shared_from_this<wire> {
public:
    struct settings {
        std::size_t capacity = 4096; ///< bytes that one direction holds, on the way or unread
        microseconds longest_delay = 2000;
    };

    wire(world& w, settings s) : world_{w}, settings_{s} {}

    void on_change(side s, std::function<void()> f) { end(s).on_change = std::move(f); }

    /// Takes as many bytes as there is room for, and says how many.
    [[nodiscard]] std::size_t write(side from, std::string_view bytes) {
        direction& d = to(other(from));
        if (end(from).reset || d.shut) return bytes.size(); // into nothing, as the writer will learn
        std::size_t const used = d.flying.size() + d.arrived.size();
        std::size_t const n = std::min(bytes.size(), used < settings_.capacity ? settings_.capacity - used : 0);
        d.flying.append(bytes.substr(0, n));
        d.writer_waits = n != bytes.size();
        if (n != 0) set_off(other(from));
        return n;
    }

    /// Bytes that have arrived, at most `limit` of them.
    [[nodiscard]] std::string read(side at, std::size_t limit) {
        direction& d = to(at);
        std::string bytes = d.arrived.substr(0, limit);
        d.arrived.erase(0, bytes.size());
        if (!bytes.empty() && d.writer_waits) {
            d.writer_waits = false;
            tell_later(other(at));
        }
        return bytes;
    }

    [[nodiscard]] bool has_bytes(side at) const noexcept { return !to(at).arrived.empty(); }
    [[nodiscard]] bool ended(side at) const noexcept { return to(at).fin_arrived && to(at).arrived.empty(); }
    [[nodiscard]] bool was_reset(side at) const noexcept { return end(at).reset; }
    [[nodiscard]] bool vanished() const noexcept { return vanished_; }

    /// Nothing more will be written; what was written still arrives.
    void shut(side from) {
        to(other(from)).shut = true;
        set_off(other(from));
    }

    /// Ends both directions at once; what is on the way is lost.
    void reset(side from) {
        for (direction& d : directions_) {
            d.flying.clear();
            d.shut = true;
        }
        end(from).reset = true;
        if (vanished_) return;
        world_.after(delay(), world::outside, [self = shared_from_this(), from] {
            self->end(other(from)).reset = true;
            self->to(other(from)).arrived.clear();
            self->tell(other(from));
        });
    }

    /// The peer's machine is gone without a word: nothing arrives any more, in either direction.
    void vanish() { vanished_ = true; }

private:
    struct direction {
        std::string flying, arrived;
        bool shut = false, fin_arrived = false, under_way = false, writer_waits = false;
    };
    struct end_state {
        std::function<void()> on_change;
        bool reset = false;
    };

    [[nodiscard]] direction& to(side s) noexcept { return directions_[static_cast<std::size_t>(s)]; }
    [[nodiscard]] direction const& to(side s) const noexcept { return directions_[static_cast<std::size_t>(s)]; }
    [[nodiscard]] end_state& end(side s) noexcept { return ends_[static_cast<std::size_t>(s)]; }
    [[nodiscard]] end_state const& end(side s) const noexcept { return ends_[static_cast<std::size_t>(s)]; }
    [[nodiscard]] microseconds delay() { return world_.random.between(1, settings_.longest_delay); }

    void tell(side s) {
        auto const f = end(s).on_change; // it may be taken away by what it does
        if (f) f();
    }
    void tell_later(side s) {
        if (vanished_) return;
        world_.after(delay(), world::outside, [self = shared_from_this(), s] { self->tell(s); });
    }

    void set_off(side s) {
        if (vanished_ || to(s).under_way) return;
        to(s).under_way = true;
        world_.after(delay(), world::outside, [self = shared_from_this(), s] { self->arrive(s); });
    }

    void arrive(side s) {
        direction& d = to(s);
        d.under_way = false;
        if (vanished_ || end(s).reset) return;
        std::size_t n = d.flying.size();
        if (n > 1 && world_.random.chance(600)) n = 1 + world_.random.below(n);
        d.arrived.append(d.flying, 0, n);
        d.flying.erase(0, n);
        if (!d.flying.empty())
            set_off(s);
        else if (d.shut)
            d.fin_arrived = true;
        tell(s);
    }

    world& world_;
    settings settings_;
    std::array<direction, 2> directions_;
    std::array<end_state, 2> ends_;
    bool vanished_ = false;
};

}

#endif
