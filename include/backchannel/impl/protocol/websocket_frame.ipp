// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_WEBSOCKET_FRAME_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_WEBSOCKET_FRAME_IPP

#include <backchannel/protocol/websocket_frame.hpp>

#include <backchannel/impl/protocol/websocket_frame_header.ipp>

#include <algorithm>
#include <cstring>

namespace backchannel::inline BACKCHANNEL_ABI::websocket {

namespace detail_frame {

inline constexpr std::uint8_t other_rsv_bits = 0x30, opcode_bits = 0x0F, length_bits = 0x7F;
inline constexpr std::size_t largest_control = 125;
inline constexpr std::uint64_t largest = ~std::uint64_t{0};

[[nodiscard]] inline std::uint8_t byte_at(std::span<char const> bytes, std::size_t i) noexcept {
    return static_cast<std::uint8_t>(bytes[i]);
}

[[nodiscard]] constexpr bool is_control(opcode kind) noexcept { return kind >= opcode::close; }

[[nodiscard]] constexpr bool is_known(std::uint8_t code) noexcept { return code <= 2 || (code >= 8 && code <= 10); }

// The number that `size` big-endian bytes will make if those that aren't there yet are all `missing`.
[[nodiscard]] inline std::uint64_t number_of(std::span<char const> present, std::size_t size,
                                             std::uint8_t missing) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i != size; ++i) value = value << 8 | (i < present.size() ? byte_at(present, i) : missing);
    return value;
}

[[nodiscard]] constexpr std::uint64_t on_the_wire(std::uint64_t limit, bool compressed) noexcept {
    std::uint64_t const slack = compressed ? limit / 8 + 64 : 0;
    return limit > largest - slack ? largest : limit + slack;
}

[[nodiscard]] inline std::string_view view_of(std::span<char const> bytes) noexcept {
    return {bytes.data(), bytes.size()};
}

[[nodiscard]] inline std::array<char, 4> turned(std::array<char, 4> key, std::size_t by) noexcept {
    return {key[by % 4], key[(by + 1) % 4], key[(by + 2) % 4], key[(by + 3) % 4]};
}

}

BACKCHANNEL_DECL void apply_mask(std::span<char> bytes, std::array<char, 4> key, std::size_t offset) noexcept {
    std::array<char, 4> const mask = detail_frame::turned(key, offset);
    std::uint64_t wide = 0, word = 0;
    std::memcpy(&wide, mask.data(), 4);
    std::memcpy(reinterpret_cast<char*>(&wide) + 4, mask.data(), 4);
    std::size_t i = 0;
    for (; bytes.size() - i >= sizeof word; i += sizeof word) {
        std::memcpy(&word, bytes.data() + i, sizeof word);
        word ^= wide;
        std::memcpy(bytes.data() + i, &word, sizeof word);
    }
    for (; i != bytes.size(); ++i) bytes[i] = static_cast<char>(bytes[i] ^ mask[i % 4]);
}

BACKCHANNEL_DECL frame_event frame_parser::next(std::span<char>& input) noexcept {
    while (!ended_) {
        if (in_frame_) {
            frame_event const event = take_data(input);
            if (event.kind != frame_event::type::need_more || in_frame_) return event;
            continue;
        }
        header frame;
        if (verdict const wrong = read_header(input, frame); wrong.code != 0) return fail(wrong);
        if (frame.size == 0) break;
        if (detail_frame::is_control(frame.kind)) return take_control(frame, input);
        input = input.subspan(frame.size);
        begin_frame(frame);
    }
    return {};
}

BACKCHANNEL_DECL frame_parser::verdict frame_parser::read_header(std::span<char const> input,
                                                                 header& out) const noexcept {
    using namespace detail_frame;
    if (input.empty()) return {};
    std::uint8_t const first = byte_at(input, 0);
    if (verdict const wrong = check_first_byte(first); wrong.code != 0) return wrong;
    out.kind = static_cast<opcode>(first & opcode_bits);
    out.fin = (first & fin_bit) != 0;
    out.compressed = out.kind == opcode::continuation ? compressed_ : (first & rsv1_bit) != 0;
    if (input.size() == 1) return {};

    std::uint8_t const second = byte_at(input, 1);
    if (verdict const wrong = check_second_byte(out.kind, second); wrong.code != 0) return wrong;
    std::uint8_t const length = second & length_bits;
    std::size_t const extra = length == length_in_64_bits ? 8 : length == length_in_16_bits ? 2 : 0;
    std::span<char const> const field = input.subspan(2, std::min(extra, input.size() - 2));
    out.payload_size = extra == 0 ? length : number_of(field, extra, 0);
    if (!is_control(out.kind))
        if (verdict const wrong = check_length(out, field, extra); wrong.code != 0) return wrong;

    std::size_t const mask_size = (second & mask_bit) != 0 ? out.mask.size() : 0;
    if (input.size() < 2 + extra + mask_size) return {};
    out.size = 2 + extra + mask_size;
    std::copy_n(input.data() + 2 + extra, mask_size, out.mask.data());
    return {};
}

BACKCHANNEL_DECL frame_parser::verdict frame_parser::check_first_byte(std::uint8_t byte) const noexcept {
    using namespace detail_frame;
    bool const rsv1 = (byte & rsv1_bit) != 0;
    if ((byte & other_rsv_bits) != 0 || (rsv1 && !limits_.compression)) return {1002, "reserved bit set"};
    if (!is_known(byte & opcode_bits)) return {1002, "unknown opcode"};
    opcode const kind = static_cast<opcode>(byte & opcode_bits);
    if (is_control(kind)) {
        if ((byte & fin_bit) == 0) return {1002, "fragmented control frame"};
        return rsv1 ? verdict{1002, "compressed control frame"} : verdict{};
    }
    if (kind != opcode::continuation)
        return in_message_ ? verdict{1002, "new message inside a fragmented one"} : verdict{};
    if (!in_message_) return {1002, "continuation of no message"};
    if (rsv1) return {1002, "reserved bit set"};
    return fragments_ >= limits_.fragments ? verdict{1008, "too many fragments"} : verdict{};
}

BACKCHANNEL_DECL frame_parser::verdict frame_parser::check_second_byte(opcode kind, std::uint8_t byte) const noexcept {
    using namespace detail_frame;
    bool const masked = (byte & mask_bit) != 0;
    if (masked != (side_ == endpoint::server)) return {1002, masked ? "masked frame" : "unmasked frame"};
    std::uint8_t const length = byte & length_bits;
    if (is_control(kind) && length > largest_control) return {1002, "control frame too large"};
    if (kind == opcode::close && length == 1) return {1002, "close frame with half a code"};
    return {};
}

// Looks at the length as it stood after each of its bytes, so that the first certain mistake is reported whether or
// not the others have arrived.
BACKCHANNEL_DECL frame_parser::verdict frame_parser::check_length(header const& frame, std::span<char const> present,
                                                                  std::size_t field_size) const noexcept {
    using namespace detail_frame;
    std::uint64_t const frame_limit = on_the_wire(limits_.frame, frame.compressed);
    std::uint64_t const before = frame.kind == opcode::continuation ? message_size_ : 0;
    std::uint64_t const message_left = on_the_wire(limits_.message, frame.compressed) - before;
    std::uint64_t const too_short = field_size == 8 ? 0xFFFF : 125;
    for (std::size_t known = field_size == 0 ? 0 : 1; known <= present.size(); ++known) {
        std::span<char const> const bytes = present.first(known);
        std::uint64_t const least = field_size == 0 ? frame.payload_size : number_of(bytes, field_size, 0);
        if (least >> 63 != 0) return {1002, "length of more than 63 bits"};
        if (field_size != 0 && number_of(bytes, field_size, 0xFF) <= too_short) return {1002, "length not minimal"};
        if (least > frame_limit) return {1009, "frame too large"};
        if (least > message_left) return {1009, "message too large"};
    }
    return {};
}

BACKCHANNEL_DECL frame_event frame_parser::take_control(header const& frame, std::span<char>& input) noexcept {
    if (frame.kind == opcode::close) return take_close(frame, input);
    std::size_t const size = static_cast<std::size_t>(frame.payload_size);
    if (input.size() - frame.size < size) return {};
    std::span<char> const payload = input.subspan(frame.size, size);
    input = input.subspan(frame.size + size);
    apply_mask(payload, frame.mask);
    frame_event event;
    event.kind = frame.kind == opcode::ping ? frame_event::type::ping : frame_event::type::pong;
    event.payload = detail_frame::view_of(payload);
    return event;
}

BACKCHANNEL_DECL frame_event frame_parser::take_close(header const& frame, std::span<char>& input) noexcept {
    std::size_t const size = static_cast<std::size_t>(frame.payload_size);
    std::size_t const present = std::min(size, input.size() - frame.size);
    std::span<char> payload = input.subspan(frame.size, present);
    std::array<char, detail_frame::largest_control> copy{};
    bool const whole = present == size;
    if (!whole) {
        // what has arrived is looked at, but stays masked in the input, where it will be read again
        std::copy(payload.begin(), payload.end(), copy.begin());
        payload = std::span{copy}.first(present);
    }
    apply_mask(payload, frame.mask);
    std::string_view const text = detail_frame::view_of(payload);
    if (verdict const wrong = check_close(text, whole); wrong.code != 0) return fail(wrong);
    if (!whole) return {};
    input = input.subspan(frame.size + size);
    ended_ = true;
    frame_event event;
    event.kind = frame_event::type::close;
    event.code = size == 0 ? 1005 : static_cast<std::uint16_t>(detail_frame::number_of(payload, 2, 0));
    event.reason = text.substr(std::min<std::size_t>(size, 2));
    return event;
}

BACKCHANNEL_DECL frame_parser::verdict frame_parser::check_close(std::string_view payload, bool whole) noexcept {
    if (payload.size() < 2) return {};
    if (!is_sendable_close_code(static_cast<std::uint16_t>(detail_frame::number_of(payload, 2, 0))))
        return {1002, "invalid close code"};
    protocol::utf8_validator reason;
    if (!reason.feed(payload.substr(2)) || (whole && !reason.complete())) return {1007, "close reason is not UTF-8"};
    return {};
}

BACKCHANNEL_DECL void frame_parser::begin_frame(header const& frame) noexcept {
    if (frame.kind != opcode::continuation) {
        message_ = frame.kind;
        compressed_ = frame.compressed;
        message_size_ = 0;
        fragments_ = 0;
        utf8_.reset();
        first_ = in_message_ = true;
    }
    ++fragments_;
    message_size_ += frame.payload_size;
    remaining_ = frame.payload_size;
    mask_ = frame.mask;
    fin_ = frame.fin;
    in_frame_ = true;
}

BACKCHANNEL_DECL frame_event frame_parser::take_data(std::span<char>& input) noexcept {
    std::size_t const size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size()));
    if (size == 0 && remaining_ != 0) return {};
    std::span<char> const piece = input.first(size);
    input = input.subspan(size);
    if (side_ == endpoint::server) {
        apply_mask(piece, mask_);
        mask_ = detail_frame::turned(mask_, size);
    }
    remaining_ -= size;
    in_frame_ = remaining_ != 0;
    bool const last = fin_ && !in_frame_;
    in_message_ = !last;

    frame_event event;
    event.payload = detail_frame::view_of(piece);
    if (message_ == opcode::text && !compressed_ && (!utf8_.feed(event.payload) || (last && !utf8_.complete())))
        return fail({1007, "text is not UTF-8"});
    // an empty fragment says nothing unless it ends the message
    if (size == 0 && !last) return {};
    event.kind = frame_event::type::data;
    event.message = message_;
    event.first = first_;
    event.last = last;
    event.compressed = compressed_;
    first_ = false;
    return event;
}

BACKCHANNEL_DECL frame_event frame_parser::fail(verdict why) noexcept {
    ended_ = true;
    frame_event event;
    event.kind = frame_event::type::error;
    event.code = why.code;
    event.reason = why.reason;
    return event;
}

}

#endif
