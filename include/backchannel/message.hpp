// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_MESSAGE_HPP
#define BACKCHANNEL_MESSAGE_HPP

#include <backchannel/connection.hpp>

#include <atomic>
#include <cstddef>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A message's bytes, reference-counted, immutable, in one allocation.
///
/// The unmasked WebSocket frame header (RFC 6455 5.2, FIN set) stands right before the body, so one object serves any
/// number of receivers without a copy: a server that frames messages itself writes `frame()`, the others `data()`.
/// Copies and destruction are thread-safe. An empty object (default constructed, or out of memory) has no data.
class shared_message {
public:
    /// Bytes reserved in front of the body, enough for any frame header and its mask.
    static constexpr std::size_t headroom = 14;

    shared_message() noexcept = default;

    /// Copies `data`; empty if there is no memory.
    [[nodiscard]] BACKCHANNEL_DECL static shared_message copy_of(std::string_view data, message_kind kind,
                                                                 bool for_many = false) noexcept;

    shared_message(shared_message const& other) noexcept : block_{other.block_} {
        if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
    }
    shared_message(shared_message&& other) noexcept : block_{std::exchange(other.block_, nullptr)} {}
    shared_message& operator=(shared_message other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~shared_message() {
        if (block_ != nullptr && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(block_);
    }

    explicit operator bool() const noexcept { return block_ != nullptr; }

    /// The message's bytes.
    [[nodiscard]] std::string_view data() const noexcept {
        return block_ == nullptr ? std::string_view{} : std::string_view{block_->body(), block_->size};
    }

    /// Frame header and bytes in one piece, ready for a server's socket.
    [[nodiscard]] std::string_view frame() const noexcept {
        return block_ == nullptr ? std::string_view{}
                                 : std::string_view{block_->body() - block_->frame_header_size,
                                                    block_->size + block_->frame_header_size};
    }

    /// Whether it was made for many receivers: a server should keep it rather than copy its bytes, unless they are few.
    [[nodiscard]] bool is_for_many() const noexcept { return block_ != nullptr && block_->for_many; }

    [[nodiscard]] message_kind kind() const noexcept { return block_ == nullptr ? message_kind::text : block_->kind; }

private:
    friend class message_buffer;

    struct block {
        std::atomic<std::uint32_t> references{1};
        message_kind kind{};
        bool for_many = false;
        std::uint8_t frame_header_size = 0;
        std::size_t size = 0;
        std::size_t capacity = 0; // for the body
        // headroom and body follow
        [[nodiscard]] char* body() noexcept { return reinterpret_cast<char*>(this + 1) + headroom; }
        /// Writes the header of the frame; the size is final.
        BACKCHANNEL_DECL void seal(message_kind what) noexcept;
    };

    explicit shared_message(block* b) noexcept : block_{b} {}
    /// A message of no bytes yet, with room for so many. Where there is no memory: throws std::bad_alloc, or is empty.
    [[nodiscard]] BACKCHANNEL_DECL static shared_message with_room(std::size_t size, bool throws);
    BACKCHANNEL_DECL static void destroy(block*) noexcept;

    block* block_ = nullptr;
};

/// A message as it is passed down a call: a view whose bytes are valid only during that call.
///
/// A Transport that must keep the bytes calls `share()`; a message that already is shared costs no copy then.
/// Immutable: any thread may read it meanwhile.
class message {
public:
    constexpr message(std::string_view data, message_kind kind) noexcept : data_{data}, kind_{kind} {}
    message(shared_message const& shared) noexcept // implicit: a shared message is one way to pass a message
        : data_{shared.data()}, shared_{&shared}, kind_{shared.kind()} {}

    [[nodiscard]] constexpr std::string_view data() const noexcept { return data_; }
    [[nodiscard]] constexpr message_kind kind() const noexcept { return kind_; }

    /// See `shared_message::is_for_many`.
    [[nodiscard]] bool is_for_many() const noexcept { return shared_ != nullptr && shared_->is_for_many(); }

    /// See `shared_message::frame`; empty if it is not one.
    [[nodiscard]] std::string_view frame() const noexcept { return shared_ ? shared_->frame() : std::string_view{}; }

    /// The bytes in a form that may be kept; empty if there is no memory.
    [[nodiscard]] shared_message share(bool for_many = false) const noexcept {
        return shared_ != nullptr ? *shared_ : shared_message::copy_of(data_, kind_, for_many);
    }

private:
    std::string_view data_;
    shared_message const* shared_ = nullptr;
    message_kind kind_;
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/message.ipp>
#endif

#endif
