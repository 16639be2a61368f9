// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_OUTBOX_POOL_HPP
#define BACKCHANNEL_SUPPORT_OUTBOX_POOL_HPP

#include <backchannel/support/outbox.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Outboxes with their memory for connections that have something to send: an idle one has none. Used on one thread.
class outbox_pool {
public:
    /// Keeps up to `most_kept` of them, and up to `bytes_each` of each one's memory. Throws std::bad_alloc.
    outbox_pool(std::size_t most_kept, std::size_t bytes_each) : most_kept_{most_kept}, bytes_each_{bytes_each} {
        free_.reserve(most_kept);
    }

    /// An empty one. Throws std::bad_alloc.
    [[nodiscard]] std::unique_ptr<outbox> take() {
        if (free_.empty()) return std::make_unique<outbox>(bytes_each_);
        auto taken = std::move(free_.back());
        free_.pop_back();
        return taken;
    }

    /// Precondition: it is empty.
    void give_back(std::unique_ptr<outbox> used) noexcept {
        if (free_.size() < most_kept_) free_.push_back(std::move(used));
    }

private:
    std::size_t const most_kept_, bytes_each_;
    std::vector<std::unique_ptr<outbox>> free_;
};

}

#endif
