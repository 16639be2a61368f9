// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_COUNTERS_HPP
#define BACKCHANNEL_HUB_COUNTERS_HPP

#include <backchannel/connection.hpp>
#include <backchannel/hub/atomic_cell.hpp>
#include <backchannel/hub_metrics.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A hub's counters, in several copies so that threads seldom touch the same one. Any thread may count and read.
template <class Traits>
class hub_counters {
public:
    void opened() noexcept { add(mine().opened, 1); }
    void closed() noexcept { mine().closed.fetch_add(1, std::memory_order_release); } // behind its own `opened`

    void sent(delivery result, std::size_t bytes) noexcept {
        stripe& s = mine();
        add(s.sends[static_cast<std::size_t>(result)], 1);
        if (result == delivery::accepted) add(s.accepted_bytes, bytes);
    }

    [[nodiscard]] hub_metrics sum() const noexcept {
        hub_metrics m;
        for (stripe const& s : stripes_) {
            auto const of = [&](delivery d) { return get(s.sends[static_cast<std::size_t>(d)]); };
            m.closed += s.closed.load(std::memory_order_acquire);
            m.accepted += of(delivery::accepted);
            m.backpressure += of(delivery::backpressure);
            m.gone += of(delivery::gone);
            m.unavailable += of(delivery::unavailable);
            m.expired += of(delivery::expired);
            m.accepted_bytes += get(s.accepted_bytes);
        }
        for (stripe const& s : stripes_) m.opened += get(s.opened); // last, so that nothing has closed more than opened
        m.open = m.opened - m.closed;
        return m;
    }

private:
    using number = cell<Traits, std::uint64_t>;

    struct alignas(64) stripe {
        number opened{0}, closed{0}, accepted_bytes{0};
        std::array<number, 6> sends{}; // by their delivery
    };

    static void add(number& n, std::uint64_t by) noexcept { n.fetch_add(by, std::memory_order_relaxed); }
    [[nodiscard]] static std::uint64_t get(number const& n) noexcept { return n.load(std::memory_order_relaxed); }

    [[nodiscard]] stripe& mine() noexcept {
        if constexpr (Traits::single_threaded) {
            return stripes_[0];
        } else {
            static constinit std::atomic<std::size_t> threads{0};
            thread_local std::size_t const index = threads.fetch_add(1, std::memory_order_relaxed);
            return stripes_[index % stripes_.size()];
        }
    }

    std::array<stripe, Traits::single_threaded ? 1 : 8> stripes_{};
};

}

#endif
