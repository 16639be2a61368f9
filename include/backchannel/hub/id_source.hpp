// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_ID_SOURCE_HPP
#define BACKCHANNEL_HUB_ID_SOURCE_HPP

#include <backchannel/connection_id.hpp>
#include <backchannel/crypto/siphash.hpp>

#include <array>
#include <cstdint>
#include <optional>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Makes ids that lead to a slot index and tell it to nobody else.
///
/// 12 of the 16 characters are random (72 bits, less the ids that would begin with '-'), the other 4 are the index, masked by a keyed function (SipHash-1-3 of
/// one word) of the first 8. Guessing an id that is open takes 2^72 tries for each slot; ids do not show how many
/// there are or in which order they were made, and an id of another hub leads to a slot that holds another text.
class id_source {
public:
    /// The largest number of slots that an id can name.
    static constexpr std::uint32_t max_slots = 1u << 24;

    /// Draws the key. False if the operating system gives no random bytes.
    [[nodiscard]] bool seed() noexcept { return mask_.seed(); }

    /// A fresh id for the slot, or nullopt if the operating system gives no random bytes. Thread-safe once seeded.
    [[nodiscard]] BACKCHANNEL_DECL std::optional<connection_id> make(std::uint32_t slot) const noexcept;

    /// The slot that an id leads to; some number below `max_slots` for an id that was never made.
    [[nodiscard]] std::uint32_t slot_of(connection_id const& id) const noexcept {
        char const* const tail = id.text().data() + 12;
        std::uint32_t const masked = value_of(tail[0]) << 18 | value_of(tail[1]) << 12 | value_of(tail[2]) << 6 |
                                     value_of(tail[3]);
        return (masked ^ mask_of(id.first())) & (max_slots - 1);
    }

private:
    static constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    static constexpr std::array<std::uint8_t, 256> values = [] {
        std::array<std::uint8_t, 256> made{};
        for (std::uint8_t i = 0; i != 64; ++i) made[static_cast<std::uint8_t>(alphabet[i])] = i;
        return made;
    }();

    [[nodiscard]] static constexpr std::uint32_t value_of(char c) noexcept {
        return values[static_cast<std::uint8_t>(c)];
    }

    [[nodiscard]] std::uint32_t mask_of(std::uint64_t word) const noexcept {
        return static_cast<std::uint32_t>(mask_(word));
    }

    crypto::siphash_word mask_;
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/hub/id_source.ipp>
#endif

#endif
