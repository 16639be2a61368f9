// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_CHANGE_JOURNAL_HPP
#define BACKCHANNEL_HUB_CHANGE_JOURNAL_HPP

#include <backchannel/connection.hpp>
#include <backchannel/support/guarded.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Something that happened to a connection.
struct connection_change {
    enum class kind : std::uint8_t { opened, closed, tagged, untagged };

    kind what = kind::opened;
    std::string id{};
    wall_time at{};
    std::vector<std::string> tags{}; ///< of one that opened: those it has; else the one in question
    std::uint16_t code = 0;          ///< of one that closed
    closed_by by = closed_by::peer;  ///< the same
    std::string reason{};            ///< the same
};

/// The latest changes of a hub, numbered from 1 on, for readers that each go at their own speed. Thread-safe.
///
/// Without memory a change is left out; its number is not, so readers learn that something is missing.
class change_journal {
public:
    /// `started` tells the numbers of this journal from those of another.
    change_journal(std::size_t kept, wall_time started) noexcept
        : kept_{kept}, epoch_{started.time_since_epoch().count()} {}

    change_journal(change_journal const&) = delete;
    change_journal& operator=(change_journal const&) = delete;

    void add(connection_change change) noexcept {
        next([&] {
            if (!guarded([&] { changes_.emplace_back(last_, std::move(change)); })) changes_.clear();
            if (changes_.size() > kept_) changes_.pop_front();
        });
    }
    /// There was a change, and no memory to describe it.
    void skip() noexcept {
        next([&] { changes_.clear(); });
    }

    /// The hub goes, with no more changes: whoever waits is woken.
    void end() noexcept {
        wake_all([&] { over_ = true; });
    }

    [[nodiscard]] std::int64_t epoch() const noexcept { return epoch_; }

    /// The number of the newest change; 0: there was none.
    [[nodiscard]] std::uint64_t last() const {
        std::lock_guard const lock{mutex_};
        return last_;
    }

    struct page {
        bool missed = false; ///< some behind `after` are not kept any more; nothing else is here then
        bool over = false;   ///< there are none, and will be none: the hub has gone
        std::vector<std::pair<std::uint64_t, connection_change>> changes{};
    };

    /// Up to `most` changes behind the number `after`, in their order.
    [[nodiscard]] page read(std::uint64_t after, std::size_t most) const {
        page found;
        std::lock_guard const lock{mutex_};
        if (after >= last_) {
            found.missed = after > last_; // it is not one of these
            found.over = over_;
            return found;
        }
        std::uint64_t const first = changes_.empty() ? last_ + 1 : changes_.front().first;
        found.missed = after + 1 < first;
        if (found.missed) return found;
        for (std::size_t i = static_cast<std::size_t>(after + 1 - first); i < changes_.size() && most != 0; ++i, --most)
            found.changes.push_back(changes_[i]);
        return found;
    }

    /// Calls `wake` once, at the next change behind the number `after` or the end, on its thread; now, if there is one.
    /// Returns what `cancel` takes.
    std::uint64_t wait(std::uint64_t after, task wake) {
        {
            std::lock_guard const lock{mutex_};
            if (after == last_ && !over_) {
                waiting_.emplace(++tokens_, std::move(wake));
                return tokens_;
            }
        }
        wake();
        return 0;
    }
    void cancel(std::uint64_t token) noexcept {
        std::lock_guard const lock{mutex_};
        waiting_.erase(token);
    }

private:
    /// Gives the next number, does that under the lock, and wakes who waits.
    template <class F>
    void next(F&& write_down) noexcept {
        wake_all([&] {
            ++last_;
            write_down();
        });
    }

    template <class F>
    void wake_all(F&& change) noexcept {
        std::map<std::uint64_t, task> waiting;
        {
            std::lock_guard const lock{mutex_};
            change();
            waiting.swap(waiting_);
        }
        for (auto& [number, wake] : waiting) (void)guarded(wake);
    }

    std::size_t const kept_;
    std::int64_t const epoch_; ///< wall-clock milliseconds
    mutable std::mutex mutex_;
    std::deque<std::pair<std::uint64_t, connection_change>> changes_; // without gaps
    std::uint64_t last_ = 0, tokens_ = 0;
    bool over_ = false;
    std::map<std::uint64_t, task> waiting_;
};

}

#endif
