// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_PERCENT_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_PERCENT_IPP

#include <backchannel/protocol/percent.hpp>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

namespace detail_percent {

[[nodiscard]] constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

}

BACKCHANNEL_DECL void append_percent_encoded(std::string& out, std::string_view text) {
    percent_encode(text, [&out](std::string_view piece) { out.append(piece); });
}

BACKCHANNEL_DECL void append_percent_encoded_path(std::string& out, std::string_view text) {
    percent_encode_path(text, [&out](std::string_view piece) { out.append(piece); });
}

BACKCHANNEL_DECL std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    if (!append_percent_decoded(out, text)) return std::nullopt;
    return out;
}

BACKCHANNEL_DECL bool append_percent_decoded(std::string& out, std::string_view text) {
    std::size_t const before = out.size();
    for (;;) {
        std::size_t const escape = text.find('%');
        out.append(text.substr(0, escape));
        if (escape == std::string_view::npos) return true;
        text.remove_prefix(escape + 1);
        int const high = text.size() < 2 ? -1 : detail_percent::hex_value(text[0]);
        int const low = text.size() < 2 ? -1 : detail_percent::hex_value(text[1]);
        if (high < 0 || low < 0) {
            out.resize(before);
            return false;
        }
        out.push_back(static_cast<char>(static_cast<unsigned char>(high * 16 + low)));
        text.remove_prefix(2);
    }
}

}

#endif
