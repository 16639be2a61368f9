// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_PERCENT_HPP
#define BACKCHANNEL_PROTOCOL_PERCENT_HPP

#include <backchannel/config.hpp>
#include <backchannel/support/byte_words.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

/// Whether a character may stand in every part of a URI as it is (RFC 3986, section 2.3).
[[nodiscard]] constexpr bool is_unreserved(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

namespace detail_percent {

// Bit 0: stays as it is; bit 1: does so in a path.
inline constexpr std::array<std::uint8_t, 256> stays = [] {
    std::array<std::uint8_t, 256> table{};
    for (std::size_t c = 0; c != 128; ++c) table[c] = is_unreserved(static_cast<char>(c)) ? 3 : 0;
    table['/'] = 2;
    return table;
}();

template <class Sink>
void encode(std::string_view text, bool keep_slash, Sink& sink) {
    constexpr char const* digits = "0123456789ABCDEF";
    unsigned const kept = keep_slash ? 2 : 1;
    char const* at = text.data();
    char const* const end = at + text.size();
    for (;;) {
        char const* const run = at; // of characters that stay as they are
        while (at != end && (stays[static_cast<unsigned char>(*at)] & kept) != 0)
            at = byte_words::skip_plain(at + 1, end);
        if (run != at) sink(std::string_view(run, static_cast<std::size_t>(at - run)));
        if (at == end) return;
        auto const byte = static_cast<unsigned char>(*at++);
        char const escape[3] = {'%', digits[byte >> 4], digits[byte & 15]};
        sink(std::string_view(escape, 3));
    }
}

}

/// Calls `sink(std::string_view)` with the pieces of the percent-encoded text, in order and none of them empty.
///
/// Every byte but the unreserved ones becomes `%XX` with upper-case digits (RFC 3986, section 2.1); a `%` is encoded
/// again. Needs no memory, so text can go straight into a hash. A piece is valid during its call only.
template <class Sink>
void percent_encode(std::string_view text, Sink&& sink) {
    detail_percent::encode(text, false, sink);
}

/// `percent_encode` that leaves '/' as it is, for paths (RFC 3986, section 3.3).
template <class Sink>
void percent_encode_path(std::string_view text, Sink&& sink) {
    detail_percent::encode(text, true, sink);
}

/// Appends the text as `percent_encode` gives it. `text` must not be part of `out`.
BACKCHANNEL_DECL void append_percent_encoded(std::string& out, std::string_view text);

/// Appends the text as `percent_encode_path` gives it. `text` must not be part of `out`.
BACKCHANNEL_DECL void append_percent_encoded_path(std::string& out, std::string_view text);

/// Decodes every `%XX` once, with digits of either case; all other characters, '+' among them, stay (RFC 3986, 2.1).
///
/// Nothing if a `%` isn't followed by two hexadecimal digits. The result may hold any byte, '/' and zero included.
[[nodiscard]] BACKCHANNEL_DECL std::optional<std::string> percent_decode(std::string_view text);

/// Appends the text as `percent_decode` gives it; on a bad escape false, and `out` is as before.
///
/// `text` must not be part of `out`.
[[nodiscard]] BACKCHANNEL_DECL bool append_percent_decoded(std::string& out, std::string_view text);

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/percent.ipp>
#endif

#endif
