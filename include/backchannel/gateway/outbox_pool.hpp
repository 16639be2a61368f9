// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_OUTBOX_POOL_HPP
#define BACKCHANNEL_GATEWAY_OUTBOX_POOL_HPP

#include <backchannel/support/outbox.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Outboxes with their memory for connections that have something to send: an idle one has none. Used on one thread.
class outbox_pool {
public:
    /// How many are kept; an outbox keeps 1 KiB of its memory at most.
    static constexpr std::size_t most_kept = 1024;

    outbox_pool() { free_.reserve(most_kept); }

    /// An empty one. Throws std::bad_alloc.
    [[nodiscard]] std::unique_ptr<outbox> take() {
        if (free_.empty()) return std::make_unique<outbox>();
        auto taken = std::move(free_.back());
        free_.pop_back();
        return taken;
    }

    /// Precondition: it is empty.
    void give_back(std::unique_ptr<outbox> used) noexcept {
        if (free_.size() < most_kept) free_.push_back(std::move(used));
    }

private:
    std::vector<std::unique_ptr<outbox>> free_;
};

}

#endif
