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
///
/// Enough are kept for a broadcast that reaches thousands in one turn of a loop; their buffers are bounded apart.
class outbox_pool {
public:
    static constexpr std::size_t most = 2048;                         ///< outboxes that are kept
    static constexpr std::size_t bytes_each = std::size_t{32} * 1024; ///< of the buffer that one of them keeps, at most
    static constexpr std::size_t bytes_in_all = std::size_t{1} << 21; ///< of all their buffers

    /// Throws std::bad_alloc.
    outbox_pool() { free_.reserve(most); }

    /// An empty one. Throws std::bad_alloc.
    [[nodiscard]] std::unique_ptr<outbox> take() {
        if (free_.empty()) return std::make_unique<outbox>(bytes_each);
        auto taken = std::move(free_.back());
        free_.pop_back();
        bytes_ -= taken->kept();
        return taken;
    }

    /// Keeps it if there is room. Precondition: it is empty.
    void give_back(std::unique_ptr<outbox> used) noexcept {
        if (free_.size() == most || used->kept() > bytes_in_all - bytes_) return;
        bytes_ += used->kept();
        free_.push_back(std::move(used));
    }

private:
    std::vector<std::unique_ptr<outbox>> free_;
    std::size_t bytes_ = 0; // in their buffers
};

}

#endif
