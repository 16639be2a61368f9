// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_CLOSE_REASONS_HPP
#define BACKCHANNEL_HUB_CLOSE_REASONS_HPP

#include <backchannel/hub/atomic_cell.hpp>
#include <backchannel/support/guarded.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The reasons with which connections were closed, by their slots. Any thread; nothing of it costs before the first.
template <class Traits>
class close_reasons {
public:
    /// Without memory, there is none.
    void set(std::uint32_t slot, std::string_view reason) noexcept {
        std::lock_guard const lock{mutex_};
        used_.store(true, std::memory_order_relaxed);
        (void)guarded([&] { reasons_[slot] = reason; });
    }

    [[nodiscard]] std::string get(std::uint32_t slot) const {
        if (!used_.load(std::memory_order_relaxed)) return {};
        std::lock_guard const lock{mutex_};
        auto const found = reasons_.find(slot);
        return found == reasons_.end() ? std::string{} : found->second;
    }

    /// The slot is another connection's now.
    void forget(std::uint32_t slot) noexcept {
        if (!used_.load(std::memory_order_relaxed)) return;
        std::lock_guard const lock{mutex_};
        reasons_.erase(slot);
    }

private:
    mutable typename Traits::mutex mutex_{};
    std::map<std::uint32_t, std::string> reasons_;
    cell<Traits, bool> used_{false};
};

}

#endif
