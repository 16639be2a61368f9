// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_SLOT_HPP
#define BACKCHANNEL_HUB_SLOT_HPP

#include <backchannel/connection.hpp>
#include <backchannel/connection_id.hpp>
#include <backchannel/hub/atomic_cell.hpp>

#include <cstddef>
#include <cstdint>

namespace backchannel::inline BACKCHANNEL_ABI {

class session;

/// The state word of a slot.
///
/// Life of a slot: free -> used (a session reserves an id) -> attached, alive and open (the id can be found) -> not open
/// (the id is retired) -> not alive (the server's connection is gone) -> recycled when the session is destroyed and no
/// pin is left. A retired slot keeps id, close code and time until it is used again: that is the tombstone.
namespace slot_state {
inline constexpr std::uint64_t used = 1u << 0;     ///< not in the free list
inline constexpr std::uint64_t open = 1u << 1;     ///< the id can be found
inline constexpr std::uint64_t session = 1u << 2;  ///< a session object holds the slot
inline constexpr std::uint64_t attached = 1u << 3; ///< the handle exists
inline constexpr std::uint64_t alive = 1u << 4;    ///< the server has not said that the connection is closed
inline constexpr std::uint64_t was_open = 1u << 5; ///< the id has been open: the tombstone counts
inline constexpr std::uint64_t closing = 1u << 6;  ///< the Transport has been told to close
inline constexpr std::uint64_t by_peer = 1u << 7;  ///< of a tombstone: the client ended it
inline constexpr std::uint64_t retiring = 1u << 8; ///< somebody is about to clear `open`
inline constexpr int code_shift = 16;              ///< 16 bits of close code
inline constexpr std::uint64_t code_bits = std::uint64_t{0xFFFF} << code_shift;
inline constexpr std::uint64_t pin = std::uint64_t{1} << 32; ///< the upper half counts pins

/// A session has the id, and it may open yet.
[[nodiscard]] constexpr bool is_reserved(std::uint64_t state) noexcept {
    return (state & (session | was_open)) == session;
}

[[nodiscard]] constexpr bool can_recycle(std::uint64_t state) noexcept {
    return (state & (used | open | session)) == used && state < pin;
}
}

/// What a look-up touches: 32 bytes, never moved, never freed while its hub lives.
template <class Traits>
struct alignas(32) slot {
    cell<Traits, std::uint64_t> id_first{0};
    cell<Traits, std::uint64_t> id_second{0};
    cell<Traits, std::uint64_t> state{0};
    cell<Traits, std::int64_t> last_active{0}; ///< steady milliseconds; of a tombstone: when it was closed

    [[nodiscard]] connection_id id() const noexcept {
        return {id_first.load(std::memory_order_relaxed), id_second.load(std::memory_order_relaxed)};
    }
    [[nodiscard]] bool has_id(connection_id const& id) const noexcept {
        return id_first.load(std::memory_order_relaxed) == id.first() &&
               id_second.load(std::memory_order_relaxed) == id.second();
    }
};

/// What a session calls. Implemented by the hub's state, which outlives the hub while sessions exist.
class session_owner {
public:
    [[nodiscard]] virtual std::string_view session_id(void const* slot) const noexcept = 0;
    [[nodiscard]] virtual std::string_view session_source_ip(void const* slot) const noexcept = 0;
    virtual void session_touched(void* slot, time_point const* when) noexcept = 0; ///< nullptr: now
    virtual void session_written(void* slot, std::uint64_t total) noexcept = 0;
    virtual void session_closed(void* slot, std::uint16_t code, std::string_view reason, closed_by by) noexcept = 0;
    [[nodiscard]] virtual tagging session_tagged(void* slot, std::string_view tag) noexcept = 0;
    virtual bool session_untagged(void* slot, std::string_view tag) noexcept = 0;
    virtual void session_destroyed(void* slot) noexcept = 0;

protected:
    ~session_owner() = default;
};

/// Slots are laid out in chunks that are aligned to this; a slot's address leads to the chunk and so to its hub.
inline constexpr std::size_t slot_chunk_alignment = 16 * 1024;

struct slot_chunk_header {
    session_owner* owner;
};

[[nodiscard]] inline session_owner& owner_of(void const* slot) noexcept {
    auto const base = reinterpret_cast<std::uintptr_t>(slot) & ~(slot_chunk_alignment - 1);
    return *reinterpret_cast<slot_chunk_header const*>(base)->owner;
}

}

#endif
