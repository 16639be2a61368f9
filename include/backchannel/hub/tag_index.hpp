// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_TAG_INDEX_HPP
#define BACKCHANNEL_HUB_TAG_INDEX_HPP

#include <backchannel/connection.hpp>
#include <backchannel/connection_id.hpp>
#include <backchannel/hub/atomic_cell.hpp>
#include <backchannel/support/guarded.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Which connections of a hub have which tags. Any thread; costs one relaxed load for a hub that has no tags.
template <class Traits>
class tag_index {
public:
    /// A connection that has a tag: its slot's index, and its id.
    using member = std::pair<std::uint32_t, connection_id>;

    [[nodiscard]] tagging add(member const& m, std::string_view tag) noexcept {
        if (!is_valid_tag(tag)) return tagging::invalid;
        tagging result = tagging::limit; // without memory too
        std::lock_guard const lock{mutex_};
        used_.store(true, std::memory_order_relaxed);
        (void)guarded([&] { result = insert(m, tag); });
        return result;
    }

    /// Whether the connection had the tag.
    bool remove(std::uint32_t slot, std::string_view tag) noexcept {
        if (!used_.load(std::memory_order_relaxed)) return false;
        std::lock_guard const lock{mutex_};
        auto const entry = tags_.find(slot);
        if (entry == tags_.end()) return false;
        auto& had = entry->second;
        auto const found = std::find_if(had.begin(), had.end(), [&](auto room) { return room->first == tag; });
        if (found == had.end()) return false;
        leave(*found, slot);
        had.erase(found);
        if (had.empty()) tags_.erase(entry);
        return true;
    }

    /// The slot is going to be another connection's.
    void forget(std::uint32_t slot) noexcept {
        if (!used_.load(std::memory_order_relaxed)) return;
        std::lock_guard const lock{mutex_};
        auto const entry = tags_.find(slot);
        if (entry == tags_.end()) return;
        for (auto const room : entry->second) leave(room, slot);
        tags_.erase(entry);
    }

    static constexpr std::size_t max_at_once = 256;

    /// The first `max_at_once` of those that have the tag, from a slot on, in the order of their slots.
    [[nodiscard]] std::vector<member> members(std::string_view tag, std::uint32_t from) const {
        std::vector<member> found; // not all: a page of few must not copy a room of many, nor keep others waiting
        std::lock_guard const lock{mutex_};
        auto const room = rooms_.find(tag);
        if (room == rooms_.end()) return found;
        for (auto at = room->second.lower_bound(from); at != room->second.end() && found.size() != max_at_once; ++at)
            found.push_back(*at);
        return found;
    }

    /// In the order in which they were added.
    [[nodiscard]] std::vector<std::string> tags_of(std::uint32_t slot) const {
        std::vector<std::string> found;
        if (!used_.load(std::memory_order_relaxed)) return found;
        std::lock_guard const lock{mutex_};
        if (auto const entry = tags_.find(slot); entry != tags_.end())
            for (auto const room : entry->second) found.push_back(room->first);
        return found;
    }

private:
    using room_map = std::map<std::string, std::map<std::uint32_t, connection_id>, std::less<>>;
    using room_place = typename room_map::iterator;

    [[nodiscard]] tagging insert(member const& m, std::string_view tag) {
        auto& had = tags_[m.first];
        for (room_place const r : had)
            if (r->first == tag) return tagging::done;
        if (had.size() == max_tags) return tagging::limit;
        had.reserve(had.size() + 1); // nothing throws behind the insertion
        room_place const r = rooms_.try_emplace(std::string{tag}).first;
        if (!guarded([&] { r->second.insert(m); })) {
            if (r->second.empty()) rooms_.erase(r);
            return tagging::limit;
        }
        had.push_back(r);
        return tagging::done;
    }

    void leave(room_place r, std::uint32_t slot) noexcept {
        r->second.erase(slot);
        if (r->second.empty()) rooms_.erase(r);
    }

    mutable typename Traits::mutex mutex_{};
    room_map rooms_;
    std::map<std::uint32_t, std::vector<room_place>> tags_;
    cell<Traits, bool> used_{false};
};

}

#endif
