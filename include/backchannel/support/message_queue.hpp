// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_MESSAGE_QUEUE_HPP
#define BACKCHANNEL_SUPPORT_MESSAGE_QUEUE_HPP

#include <backchannel/message.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Messages that wait for a WebSocket which takes one at a time, and the close behind them.
///
/// For servers that frame messages themselves; for one that writes bytes there is `outbox`. Not thread-safe.
class message_queue {
public:
    struct closing {
        std::uint16_t code = 1000;
        std::string reason;
    };

    /// Bytes of the messages that wait, the one at the front included until it is popped.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Whether no message waits; a close may.
    [[nodiscard]] bool empty() const noexcept { return messages_.empty(); }

    /// Queues a message. `gone` behind a close; `backpressure` if there is no memory to keep it.
    [[nodiscard]] delivery push(message const& m) {
        if (close_) return delivery::gone;
        shared_message kept = m.share();
        if (!kept) return delivery::backpressure;
        std::size_t const bytes = kept.data().size();
        messages_.push_back(std::move(kept));
        size_ += bytes;
        return delivery::accepted;
    }

    /// Closes behind what waits. Only the first close counts.
    void push_close(std::uint16_t code, std::string_view reason) {
        if (!close_) close_.emplace(closing{code, std::string{reason}});
    }

    /// The message whose turn it is; it stays where it is until it is popped. Precondition: not empty.
    [[nodiscard]] shared_message const& front() const noexcept { return messages_.front(); }
    void pop() noexcept {
        size_ -= messages_.front().data().size();
        messages_.pop_front();
    }

    /// The close, once its turn has come; given once.
    [[nodiscard]] std::optional<closing> take_close() noexcept {
        if (!messages_.empty() || !close_ || std::exchange(taken_, true)) return std::nullopt;
        return std::move(close_);
    }

    /// Drops what waits: nobody will take it.
    void clear() noexcept {
        messages_.clear();
        size_ = 0;
    }

private:
    std::deque<shared_message> messages_;
    std::size_t size_ = 0;
    std::optional<closing> close_; // stays engaged when it was taken, so that nothing comes behind it
    bool taken_ = false;
};

}

#endif
