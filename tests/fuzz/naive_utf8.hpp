// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_FUZZ_NAIVE_UTF8_HPP
#define BACKCHANNEL_TESTS_FUZZ_NAIVE_UTF8_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fuzz {

/// Whether a text is UTF-8, the slow way: each code point is put together and looked at (RFC 3629, section 3).
[[nodiscard]] inline bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at != text.size();) {
        auto const first = static_cast<std::uint8_t>(text[at++]);
        if (first < 0x80) continue;
        std::size_t const more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
        if (first < 0xC0 || first >= 0xF8 || text.size() - at < more) return false;
        std::uint32_t code = first & (0x3Fu >> more);
        for (std::size_t i = 0; i != more; ++i) {
            auto const next = static_cast<std::uint8_t>(text[at++]);
            if ((next & 0xC0) != 0x80) return false;
            code = code << 6 | (next & 0x3Fu);
        }
        std::uint32_t const least = more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000;
        if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    }
    return true;
}

}

#endif
