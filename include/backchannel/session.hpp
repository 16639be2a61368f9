// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SESSION_HPP
#define BACKCHANNEL_SESSION_HPP

#include <backchannel/hub/slot.hpp>

#include <cstdint>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// One tracked connection, held by the server's own per-connection object.
///
/// Move-only, one pointer, no template. Its destruction tells the hub that the connection is closed, so nothing has to
/// be wired. A default constructed or refused session is empty; every member may be called on it and does nothing.
///
/// Thread safety: `id`, `touch`, `written`, `tag` and `untag` from any thread as long as the session exists; `closed`
/// and destruction on the connection's own thread if the Transport has `dispatch`, else from any one thread at a time.
/// `source_ip` is as `id`, but not called while the connection is attached.
/// Nothing else is called on a session that is being moved, assigned to or released. A session may outlive its hub.
class session {
public:
    session() noexcept = default;
    session(session&& other) noexcept : slot_{std::exchange(other.slot_, nullptr)} {}
    session& operator=(session&& other) noexcept {
        if (this != &other) {
            reset();
            slot_ = std::exchange(other.slot_, nullptr);
        }
        return *this;
    }
    ~session() { reset(); }

    /// False: the hub was full, draining, or out of memory or random bytes when it was asked.
    explicit operator bool() const noexcept { return slot_ != nullptr; }

    /// The id under which the connection can be reached; valid as long as the session.
    [[nodiscard]] std::string_view id() const noexcept {
        return slot_ == nullptr ? std::string_view{} : owner_of(slot_).session_id(slot_);
    }

    /// The client's address as the hub was told of it, 64 bytes at most; empty: it was not. Valid until the connection
    /// is attached, and from then on as long as the session.
    [[nodiscard]] std::string_view source_ip() const noexcept {
        return slot_ == nullptr ? std::string_view{} : owner_of(slot_).session_source_ip(slot_);
    }

    /// The client has shown application activity (a message; not a ping or pong): the idle deadline starts anew.
    void touch() const noexcept {
        if (slot_ != nullptr) owner_of(slot_).session_touched(slot_, nullptr);
    }
    void touch(time_point when) const noexcept {
        if (slot_ != nullptr) owner_of(slot_).session_touched(slot_, &when);
    }

    /// How many bytes of the messages given to `Transport::send` the socket has taken since the connection opened.
    /// For Transports that say `reports_written`.
    void written(std::uint64_t total_bytes) const noexcept {
        if (slot_ != nullptr) owner_of(slot_).session_written(slot_, total_bytes);
    }

    /// The connection is closed, with this code (RFC 6455 7.4; 1006: without a close frame). Only the first call counts.
    void closed(std::uint16_t code = 1006, std::string_view reason = {}, closed_by by = closed_by::peer) noexcept {
        if (slot_ != nullptr) owner_of(slot_).session_closed(slot_, code, reason, by);
    }

    /// Marks the connection, e.g. `user:42` or `room:7`, so that it can be found and sent to by the tag. See `tagging`.
    tagging tag(std::string_view text) const noexcept {
        return slot_ == nullptr ? tagging::gone : owner_of(slot_).session_tagged(slot_, text);
    }
    /// Whether the connection had the tag.
    bool untag(std::string_view text) const noexcept {
        return slot_ != nullptr && owner_of(slot_).session_untagged(slot_, text);
    }

    /// Hands the session to C user data; `adopt` takes it back.
    [[nodiscard]] void* release() noexcept { return std::exchange(slot_, nullptr); }
    [[nodiscard]] static session adopt(void* released) noexcept { return session{released}; }

private:
    template <class Transport, class Traits>
    friend class connection_hub;

    explicit session(void* slot) noexcept : slot_{slot} {}

    void reset() noexcept {
        if (slot_ != nullptr) owner_of(slot_).session_destroyed(std::exchange(slot_, nullptr));
    }

    void* slot_ = nullptr;
};

}

#endif
