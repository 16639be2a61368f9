// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_MESSAGE_IPP
#define BACKCHANNEL_IMPL_MESSAGE_IPP

#include <backchannel/message.hpp>
#include <backchannel/protocol/websocket_frame_header.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <new>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

namespace detail_message {

struct memory {
    void* at = nullptr;
    std::size_t size = 0; // of the message that it has room for
};

/// The memory of the last long messages that a thread has destroyed: it would go back to the system, and cost more to
/// get again, page by page, than all else that is done with the message. Up to 1 MiB.
struct kept_memory {
    static constexpr std::size_t least = 32 * 1024, most = 256 * 1024;

    std::array<memory, 4> list{};
    std::size_t oldest = 0;
    bool ended = false; // as its thread

    [[nodiscard]] memory take(std::size_t size) noexcept {
        for (memory& m : list)
            if (m.size >= size && m.size / 2 <= size) return std::exchange(m, {});
        return {};
    }
    /// Returns what is not kept.
    [[nodiscard]] memory put(memory m) noexcept {
        if (m.size > most || ended) return m;
        for (memory& place : list)
            if (place.at == nullptr) return std::exchange(place, m);
        return std::exchange(list[oldest++ % list.size()], m);
    }
};

/// Trivial to destroy: what a thread destroys after its own objects still finds it.
[[nodiscard]] inline kept_memory& kept_by_thread() noexcept {
    thread_local constinit kept_memory kept;
    struct at_end {
        kept_memory& all;
        ~at_end() {
            all.ended = true;
            for (memory& m : all.list) ::operator delete(std::exchange(m, {}).at); // none is taken any more
        }
    };
    thread_local at_end const end{kept};
    (void)end;
    return kept;
}

}

BACKCHANNEL_DECL shared_message shared_message::copy_of(std::string_view data, message_kind kind,
                                                        bool for_many) noexcept {
    shared_message made = with_room(data.size(), false);
    if (!made) return made;
    made.block_->for_many = for_many;
    made.block_->size = data.size();
    if (!data.empty()) std::memcpy(made.block_->body(), data.data(), data.size());
    made.block_->seal(kind);
    return made;
}

BACKCHANNEL_DECL shared_message shared_message::with_room(std::size_t size, bool throws) {
    detail_message::memory got;
    if (size >= detail_message::kept_memory::least) got = detail_message::kept_by_thread().take(size);
    if (got.at == nullptr) {
        std::size_t const all = sizeof(block) + headroom + size;
        got = {throws ? ::operator new(all) : ::operator new(all, std::nothrow), size};
    }
    if (got.at == nullptr) return {};
    shared_message made{::new (got.at) block};
    made.block_->capacity = got.size;
    return made;
}

BACKCHANNEL_DECL void shared_message::block::seal(message_kind what) noexcept {
    auto const header = websocket::make_frame_header(
        what == message_kind::text ? websocket::opcode::text : websocket::opcode::binary, size);
    kind = what;
    frame_header_size = header.size;
    std::memcpy(body() - header.size, header.bytes.data(), header.size);
}

BACKCHANNEL_DECL void shared_message::destroy(block* b) noexcept {
    detail_message::memory memory{b, b->capacity};
    b->~block();
    if (memory.size >= detail_message::kept_memory::least) memory = detail_message::kept_by_thread().put(memory);
    ::operator delete(memory.at);
}

}

#endif
