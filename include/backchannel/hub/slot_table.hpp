// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_SLOT_TABLE_HPP
#define BACKCHANNEL_HUB_SLOT_TABLE_HPP

#include <backchannel/hub/id_source.hpp>
#include <backchannel/hub/slot.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <new>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The slots of a hub and their records, in chunks that are never moved and are freed with the table.
///
/// Look-ups take no lock; `acquire` and `release` are called under the hub's. Free slots are used first in, first out,
/// and not before `retired_kept` of them are free, so that a retired id stays known for that many closes.
///
/// `Record` is default constructible and has `std::uint32_t next_free` and `std::uint32_t deadline_position`.
template <class Traits, class Record>
class slot_table {
public:
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    using slot_type = slot<Traits>;

    /// Slots of a chunk: as many as fill its memory, which comes in multiples of its alignment, and 200 or more.
    static constexpr std::uint32_t chunk_slots = [] {
        constexpr std::size_t header = 64, each = sizeof(slot_type) + sizeof(std::uint64_t) + sizeof(Record);
        constexpr std::size_t most = (slot_chunk_alignment - header) / sizeof(slot_type);
        std::size_t size = slot_chunk_alignment;
        while ((size - header) / each < 200) size += slot_chunk_alignment;
        return static_cast<std::uint32_t>(std::min(most, (size - header) / each));
    }();

    slot_table(session_owner& owner, std::uint32_t max_connections, std::uint32_t retired_kept) noexcept
        : owner_{owner}, capacity_{static_cast<std::uint32_t>(std::min<std::uint64_t>(
                             std::uint64_t{max_connections} + retired_kept, id_source::max_slots))},
          max_in_use_{max_connections}, retired_kept_{retired_kept} {
        std::size_t const chunks = (capacity_ + chunk_slots - 1) / chunk_slots;
        directory_.reset(new (std::nothrow) cell<Traits, chunk*>[chunks]);
        if (directory_ == nullptr) capacity_ = 0;
        for (std::size_t i = 0; capacity_ != 0 && i != chunks; ++i) directory_[i].store(nullptr, relaxed);
    }

    slot_table(slot_table const&) = delete;
    slot_table& operator=(slot_table const&) = delete;

    ~slot_table() {
        for (std::uint32_t first = 0; first < grown_; first += chunk_slots) {
            chunk* const c = directory_[first / chunk_slots].load(relaxed);
            c->~chunk();
            ::operator delete(c, std::align_val_t{slot_chunk_alignment});
        }
    }

    /// Whether the table could be set up.
    [[nodiscard]] bool ready() const noexcept { return capacity_ != 0; }

    /// The slot of that index, or nullptr if there is none yet. Any thread.
    [[nodiscard]] slot_type* at(std::uint32_t index) const noexcept {
        if (index >= capacity_) return nullptr;
        chunk* const c = directory_[index / chunk_slots].load(std::memory_order_acquire);
        return c == nullptr ? nullptr : &c->entries[index % chunk_slots];
    }

    /// The slot of an index that is known to have one.
    [[nodiscard]] slot_type& used(std::uint32_t index) const noexcept {
        return directory_[index / chunk_slots].load(std::memory_order_acquire)->entries[index % chunk_slots];
    }

    [[nodiscard]] static Record& record_of(slot_type& s) noexcept {
        chunk& c = chunk_of(s);
        return c.records[static_cast<std::size_t>(&s - c.entries.data())];
    }

    [[nodiscard]] static std::uint32_t index_of(slot_type const& s) noexcept {
        chunk& c = chunk_of(s);
        return c.first_index + static_cast<std::uint32_t>(&s - c.entries.data());
    }

    /// The i-th cell of an array as long as the table, for the deadlines. Precondition: i < slots in use.
    [[nodiscard]] std::uint64_t& deadline(std::uint32_t i) noexcept {
        return directory_[i / chunk_slots].load(relaxed)->deadlines[i % chunk_slots];
    }

    /// A slot that nobody uses, or nullptr if the hub is full or out of memory. Under the hub's lock.
    [[nodiscard]] slot_type* acquire() noexcept {
        if (used_up_ - free_count_ >= max_in_use_) return nullptr;
        if (free_count_ <= retired_kept_ && grown_ == used_up_ && grown_ < capacity_) (void)grow();
        if (free_count_ <= retired_kept_ && used_up_ < grown_) return &used(used_up_++);
        if (free_count_ == 0) return nullptr;
        slot_type& s = used(free_head_);
        free_head_ = record_of(s).next_free;
        --free_count_;
        return &s;
    }

    /// Gives a slot back. Under the hub's lock.
    void release(slot_type& s) noexcept {
        std::uint32_t const index = index_of(s);
        record_of(s).next_free = none;
        if (free_count_++ == 0) free_head_ = index;
        else record_of(used(free_tail_)).next_free = index;
        free_tail_ = index;
    }

    /// Gives a slot back that was acquired in vain; it will be the next to be acquired. Under the hub's lock.
    void put_back(slot_type& s) noexcept {
        std::uint32_t const index = index_of(s);
        record_of(s).next_free = free_head_;
        free_head_ = index;
        if (free_count_++ == 0) free_tail_ = index;
    }

    /// Calls `visit(slot&)` for every slot that was ever used.
    template <class Visit>
    void for_each(Visit&& visit) {
        for (std::uint32_t i = 0; i != used_up_; ++i) visit(used(i));
    }

private:
    static constexpr auto relaxed = std::memory_order_relaxed;

    struct chunk : slot_chunk_header {
        std::uint32_t first_index = 0;
        alignas(32) std::array<slot_type, chunk_slots> entries{}; // not "slots", which is a macro of Qt
        std::array<std::uint64_t, chunk_slots> deadlines{};
        std::array<Record, chunk_slots> records{};
    };
    static_assert(sizeof(slot_type) * chunk_slots + 64 <= slot_chunk_alignment);

    [[nodiscard]] static chunk& chunk_of(slot_type const& s) noexcept {
        auto const base = reinterpret_cast<std::uintptr_t>(&s) & ~(slot_chunk_alignment - 1);
        return *reinterpret_cast<chunk*>(base);
    }

    bool grow() noexcept {
        void* const memory =
            ::operator new(sizeof(chunk), std::align_val_t{slot_chunk_alignment}, std::nothrow);
        if (memory == nullptr) return false;
        auto* const made = ::new (memory) chunk;
        made->owner = &owner_;
        made->first_index = grown_;
        directory_[grown_ / chunk_slots].store(made, std::memory_order_release);
        grown_ = std::min(grown_ + chunk_slots, capacity_);
        return true;
    }

    session_owner& owner_;
    std::unique_ptr<cell<Traits, chunk*>[]> directory_;
    std::uint32_t capacity_;
    std::uint32_t max_in_use_;
    std::uint32_t retired_kept_;
    std::uint32_t grown_ = 0;   // slots that have memory
    std::uint32_t used_up_ = 0; // slots that were used at least once
    std::uint32_t free_count_ = 0, free_head_ = none, free_tail_ = none;
};

}

#endif
