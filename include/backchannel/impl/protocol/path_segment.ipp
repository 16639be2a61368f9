// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_PATH_SEGMENT_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_PATH_SEGMENT_IPP

#include <backchannel/protocol/path_segment.hpp>
#include <backchannel/support/byte_words.hpp>

#include <algorithm>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

namespace detail_path_segment {

// Bytes that stand for themselves and that every segment may have.
inline constexpr std::array<bool, 256> plain = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = 0x20; c != 0x7F; ++c) table[c] = c != '%' && c != '\\' && c != '/';
    return table;
}();

}

BACKCHANNEL_DECL void path_segment::decode(std::string_view raw, target_form form) noexcept {
    auto const hex = [](char c) noexcept {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        if (c >= 'A' && c <= 'F') return c - 'A' + 10;
        return -1;
    };
    allowed_ = false; // until all of it was read
    has_slash_ = false;
    std::size_t const most = std::min(raw.size(), capacity);
    auto i = static_cast<std::size_t>(byte_words::skip_plain(raw.data(), raw.data() + most) - raw.data());
    while (i != most && detail_path_segment::plain[static_cast<unsigned char>(raw[i])]) ++i;
    raw.copy(bytes_.data(), i);
    size_ = i;
    for (; i < raw.size(); ++i) {
        char c = raw[i];
        if (c == '%') {
            int const high = form == target_form::raw && i + 2 < raw.size() ? hex(raw[i + 1]) : -1;
            int const low = high < 0 ? -1 : hex(raw[i + 2]);
            if (low < 0) return;
            c = static_cast<char>(high << 4 | low);
            i += 2;
        }
        auto const byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte >= 0x7F || c == '%' || c == '\\' || size_ == capacity) return;
        if (c == '/') has_slash_ = true;
        bytes_[size_++] = c;
    }
    allowed_ = !is_dots();
}

BACKCHANNEL_DECL std::optional<std::string_view> take_segment(std::string_view& path) noexcept {
    while (!path.empty() && path.front() == '/') path.remove_prefix(1);
    if (path.empty()) return std::nullopt;
    std::string_view const raw{path.data(), std::min(path.find('/'), path.size())};
    path.remove_prefix(raw.size());
    return raw;
}

}

#endif
