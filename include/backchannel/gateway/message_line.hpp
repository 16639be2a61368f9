// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_MESSAGE_LINE_HPP
#define BACKCHANNEL_GATEWAY_MESSAGE_LINE_HPP

#include <backchannel/completion.hpp>
#include <backchannel/connection.hpp>
#include <backchannel/message.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Messages of a WebSocket that may still be dropped, in line with those behind them, and the one of them that is on
/// its way to the socket.
///
/// A message with a time limit leaves the line when all bytes before it have left, not earlier: what is in the outbox
/// cannot be taken back from the middle. Completions are collected by the members that have a list for them, and are the
/// caller's to call when it has finished. Not thread-safe.
class message_line {
public:
    struct entry {
        shared_message payload{};
        time_point not_after = time_point::max(); ///< the largest: it has no limit
        completion<delivery> written{};
        bool is_close = false; ///< the payload is that of a close frame

        [[nodiscard]] bool limited() const noexcept { return not_after != time_point::max(); }
    };

    /// What somebody is to be told.
    struct news {
        completion<delivery> told;
        delivery result;
    };
    using news_list = std::vector<news>;

    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    /// Whether it can be done without.
    [[nodiscard]] bool idle() const noexcept { return entries_.empty() && !leaving_; }
    /// Bytes of the messages that wait.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// What they count against a limit: the bytes, and the entries so that empty messages count too.
    [[nodiscard]] std::size_t cost() const noexcept { return size_ + entries_.size() * sizeof(entry); }

    void push(entry e) {
        std::size_t const bytes = e.payload.data().size();
        time_point const end = e.not_after;
        entries_.push_back(std::move(e));
        size_ += bytes;
        next_expiry_ = std::min(next_expiry_, end);
    }

    /// The first of the line, if it may leave now. `nothing_before`: all bytes before it have left.
    [[nodiscard]] std::optional<entry> take(bool nothing_before) {
        if (entries_.empty() || (entries_.front().limited() && !nothing_before)) return std::nullopt;
        entry first = std::move(entries_.front());
        entries_.pop_front();
        size_ -= first.payload.data().size();
        return first;
    }

    /// An entry with a limit has become these bytes of the stream that the socket takes.
    void leave(entry e, std::uint64_t begin, std::uint64_t end) { leaving_.emplace(std::move(e), begin, end); }

    /// The socket has taken so many bytes in all.
    void taken(std::uint64_t total, news_list& out) {
        if (!leaving_ || total < leaving_->end) return;
        out.reserve(1); // from here on nothing throws
        told(leaving_->what, delivery::accepted, out);
        leaving_.reset();
    }

    /// Drops what is over. `take_back(begin, size)` tries to take back the bytes of the one that is on its way.
    template <class F>
    void expire(time_point now, news_list& out, F&& take_back) {
        if (now < next_expiry_) return;
        out.reserve(entries_.size() + 1); // from here on nothing throws
        if (leaving_ && leaving_->what.not_after <= now) {
            auto const size = static_cast<std::size_t>(leaving_->end - leaving_->begin);
            told(leaving_->what, take_back(leaving_->begin, size) ? delivery::expired : delivery::unknown, out);
            leaving_.reset();
        }
        auto const over =
            std::stable_partition(entries_.begin(), entries_.end(), [&](entry const& e) { return e.not_after > now; });
        for (auto e = over; e != entries_.end(); ++e) {
            size_ -= e->payload.data().size();
            told(*e, delivery::expired, out);
        }
        entries_.erase(over, entries_.end());
        next_expiry_ = leaving_ ? leaving_->what.not_after : time_point::max();
        for (entry const& e : entries_) next_expiry_ = std::min(next_expiry_, e.not_after);
    }

    /// When `expire` is to be called; it may be for nothing.
    [[nodiscard]] time_point next_expiry() const noexcept { return idle() ? time_point::max() : next_expiry_; }

    /// The connection is closed or closing, and the line is nobody's any more: all are told at once.
    void abandon() noexcept {
        if (leaving_ && leaving_->what.written) leaving_->what.written(delivery::unknown); // its bytes may still go
        leaving_.reset();
        for (entry& e : entries_)
            if (e.written) e.written(delivery::gone);
        entries_.clear();
        size_ = 0;
    }

private:
    struct departure {
        entry what;
        std::uint64_t begin, end;
        departure(entry e, std::uint64_t b, std::uint64_t f) : what{std::move(e)}, begin{b}, end{f} {}
    };

    static void told(entry& e, delivery result, news_list& out) {
        if (e.written) out.push_back({std::move(e.written), result});
    }

    std::deque<entry> entries_;
    std::optional<departure> leaving_;
    std::size_t size_ = 0;
    time_point next_expiry_ = time_point::max(); ///< not later than any of them
};

}

#endif
