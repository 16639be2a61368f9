// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_MESSAGE_BUFFER_HPP
#define BACKCHANNEL_SUPPORT_MESSAGE_BUFFER_HPP

#include <backchannel/message.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The bytes of a message while they arrive, where the shared message will have them: `share` copies nothing.
///
/// Its memory grows with what has come, to four times of it, and beyond what is expected only if more comes than
/// that. Not thread-safe. What allocates throws std::bad_alloc, and nothing is lost then.
class message_buffer {
public:
    message_buffer() noexcept = default;
    message_buffer(message_buffer const&) = delete;
    message_buffer& operator=(message_buffer const&) = delete;

    /// How many bytes will come in all, if that is known.
    void expect(std::size_t size) noexcept { expected_ = size; }

    /// A piece at the front of what `room` has given is not copied.
    void append(std::string_view piece) {
        if (piece.empty()) return;
        if (!fits(piece.size())) grow(size() + piece.size());
        char* const end = block_.block_->body() + size();
        if (piece.data() != end) std::memcpy(end, piece.data(), piece.size());
        block_.block_->size += piece.size();
    }

    /// Memory behind the bytes, never none; no more than is expected to come.
    [[nodiscard]] std::span<char> room() {
        if (!fits(1)) grow(expected_ > size() ? std::min(expected_, size() + least) : size() + least);
        std::size_t const end = expected_ > size() ? std::min(expected_, capacity()) : capacity();
        return {block_.block_->body() + size(), end - size()};
    }

    /// Whether so many more bytes leave those that are there where they are.
    [[nodiscard]] bool fits(std::size_t more) const noexcept { return capacity() - size() >= more; }

    [[nodiscard]] std::string_view data() const noexcept { return block_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return block_.data().size(); }

    /// The bytes as a message, of the kind that was asked for first; empty if there are none. Nothing may be appended
    /// afterwards.
    [[nodiscard]] shared_message share(message_kind kind) const noexcept {
        if (block_ && block_.block_->frame_header_size == 0) block_.block_->seal(kind); // else others read it by now
        return block_;
    }

private:
    static constexpr std::size_t least = 1024;

    [[nodiscard]] std::size_t capacity() const noexcept { return block_ ? block_.block_->capacity : 0; }

    void grow(std::size_t needed) {
        std::size_t const capacity = expected_ < needed ? 2 * needed : std::min(expected_, 4 * needed);
        shared_message larger = shared_message::with_room(capacity, true);
        if (block_) std::memcpy(larger.block_->body(), block_.block_->body(), size());
        larger.block_->size = size();
        block_ = std::move(larger);
    }

    shared_message block_;
    std::size_t expected_ = 0;
};

}

#endif
