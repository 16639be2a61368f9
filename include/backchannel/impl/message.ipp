// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_MESSAGE_IPP
#define BACKCHANNEL_IMPL_MESSAGE_IPP

#include <backchannel/message.hpp>
#include <backchannel/protocol/websocket_frame.hpp>

#include <cstring>
#include <new>

namespace backchannel::inline BACKCHANNEL_ABI {

BACKCHANNEL_DECL shared_message shared_message::copy_of(std::string_view data, message_kind kind,
                                                        bool for_many) noexcept {
    void* const memory = ::operator new(sizeof(block) + headroom + data.size(), std::nothrow);
    if (memory == nullptr) return {};
    auto* const made = ::new (memory) block;
    auto const header = websocket::make_frame_header(
        kind == message_kind::text ? websocket::opcode::text : websocket::opcode::binary, data.size());
    made->kind = kind;
    made->for_many = for_many;
    made->frame_header_size = header.size;
    made->size = data.size();
    std::memcpy(made->body() - header.size, header.bytes.data(), header.size);
    if (!data.empty()) std::memcpy(made->body(), data.data(), data.size());
    return shared_message{made};
}

BACKCHANNEL_DECL void shared_message::destroy(block* b) noexcept {
    b->~block();
    ::operator delete(b);
}

}

#endif
