// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_UTF8_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_UTF8_IPP

#include <backchannel/protocol/utf8.hpp>
#include <backchannel/support/byte_words.hpp>

#include <cstddef>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

namespace detail_utf8 {

// The number of leading bytes below 0x80, rounded down to a multiple of eight.
[[nodiscard]] inline std::size_t ascii_words(std::string_view text) noexcept {
    auto const word = [&](std::size_t at) { return byte_words::load(text.data() + at); };
    std::size_t i = 0;
    for (; text.size() - i >= 64; i += 64) {
        std::uint64_t const some = word(i) | word(i + 8) | word(i + 16) | word(i + 24);
        std::uint64_t const others = word(i + 32) | word(i + 40) | word(i + 48) | word(i + 56);
        if (((some | others) & byte_words::high_bits) != 0) break;
    }
    while (text.size() - i >= 8 && (word(i) & byte_words::high_bits) == 0) i += 8;
    return i;
}

}

BACKCHANNEL_DECL bool utf8_validator::begin_character(std::uint8_t byte) noexcept {
    if (byte < 0x80) return true;
    if (byte >= 0xC2 && byte <= 0xDF) {
        expect(1, 0x80, 0xBF);
    } else if (byte >= 0xE0 && byte <= 0xEF) {
        // E0 would be overlong below A0, ED encodes surrogates from A0 on
        expect(2, byte == 0xE0 ? 0xA0 : 0x80, byte == 0xED ? 0x9F : 0xBF);
    } else if (byte >= 0xF0 && byte <= 0xF4) {
        // F0 would be overlong below 90, F4 lies above U+10FFFF from 90 on
        expect(3, byte == 0xF0 ? 0x90 : 0x80, byte == 0xF4 ? 0x8F : 0xBF);
    } else {
        expect(1, 1, 0);
        return false;
    }
    return true;
}

BACKCHANNEL_DECL bool utf8_validator::feed(std::string_view bytes) noexcept {
    if (lower_ > upper_) return false;
    while (!bytes.empty()) {
        auto const byte = static_cast<std::uint8_t>(bytes.front());
        if (remaining_ == 0) {
            if (std::size_t const skip = detail_utf8::ascii_words(bytes); skip != 0) {
                bytes.remove_prefix(skip);
                continue;
            }
            if (!begin_character(byte)) return false;
        } else if (byte < lower_ || byte > upper_) {
            expect(1, 1, 0);
            return false;
        } else {
            expect(static_cast<std::uint8_t>(remaining_ - 1), 0x80, 0xBF);
        }
        bytes.remove_prefix(1);
    }
    return true;
}

BACKCHANNEL_DECL bool is_valid_utf8(std::string_view text) noexcept {
    utf8_validator validator;
    return validator.feed(text) && validator.complete();
}

}

#endif
