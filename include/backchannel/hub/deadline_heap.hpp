// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_DEADLINE_HEAP_HPP
#define BACKCHANNEL_HUB_DEADLINE_HEAP_HPP

#include <backchannel/config.hpp>

#include <cstdint>
#include <optional>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The earliest deadline of every connection: one entry each, 8 bytes in the heap and 4 in the record.
///
/// Activity does not move an entry; when its time has come, the owner looks whether the deadline is a later one by now
/// and puts it back. A new entry usually is the latest, so inserting costs one comparison. Times are milliseconds
/// since the hub was made (40 bits: 34 years), indices have 24 bits. Used under the hub's lock; allocates nothing.
template <class Table>
class deadline_heap {
public:
    struct entry {
        std::uint64_t when;
        std::uint32_t slot;
    };

    static constexpr std::uint64_t latest = (std::uint64_t{1} << 40) - 1;

    explicit deadline_heap(Table& table) noexcept : table_{table} {}

    [[nodiscard]] std::optional<entry> earliest() const noexcept {
        if (size_ == 0) return std::nullopt;
        std::uint64_t const top = table_.deadline(0);
        return entry{top >> 24, static_cast<std::uint32_t>(top & 0xFFFFFF)};
    }

    /// Sets or moves the deadline of a slot.
    void set(std::uint32_t slot, std::uint64_t when) noexcept {
        std::uint64_t const key = (when < latest ? when : latest) << 24 | slot;
        std::uint32_t position = position_of(slot);
        if (position == Table::none) position = size_++;
        place(sift_up(sift_down(position, key), key), key);
    }

    /// Takes a slot out, if it is in.
    void remove(std::uint32_t slot) noexcept {
        std::uint32_t const position = position_of(slot);
        if (position == Table::none) return;
        position_of(slot) = Table::none;
        std::uint64_t const last = table_.deadline(--size_);
        if (position == size_) return;
        place(sift_up(sift_down(position, last), last), last);
    }

private:
    static constexpr std::uint32_t arity = 4;

    [[nodiscard]] std::uint32_t& position_of(std::uint32_t slot) noexcept {
        return Table::record_of(table_.used(slot)).deadline_position;
    }

    void place(std::uint32_t position, std::uint64_t key) noexcept {
        table_.deadline(position) = key;
        position_of(static_cast<std::uint32_t>(key & 0xFFFFFF)) = position;
    }

    // Both move others into the hole at `position` and give the hole's new place.
    [[nodiscard]] std::uint32_t sift_up(std::uint32_t position, std::uint64_t key) noexcept {
        while (position != 0) {
            std::uint32_t const parent = (position - 1) / arity;
            if (table_.deadline(parent) <= key) break;
            place(position, table_.deadline(parent));
            position = parent;
        }
        return position;
    }

    [[nodiscard]] std::uint32_t sift_down(std::uint32_t position, std::uint64_t key) noexcept {
        for (;;) {
            std::uint32_t const first = position * arity + 1;
            if (first >= size_) return position;
            std::uint32_t least = first;
            for (std::uint32_t child = first + 1; child < first + arity && child < size_; ++child)
                if (table_.deadline(child) < table_.deadline(least)) least = child;
            if (table_.deadline(least) >= key) return position;
            place(position, table_.deadline(least));
            position = least;
        }
    }

    Table& table_;
    std::uint32_t size_ = 0;
};

}

#endif
