// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_PATH_SEGMENT_HPP
#define BACKCHANNEL_PROTOCOL_PATH_SEGMENT_HPP

#include <backchannel/http.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

/// One segment of a path, decoded once into a buffer of its own.
class path_segment {
public:
    static constexpr std::size_t capacity = 128; ///< bytes of decoded text; a longer segment is not allowed

    /// Replaces the text by that of a raw segment. RFC 3986 2.1.
    BACKCHANNEL_DECL void decode(std::string_view raw, target_form form) noexcept;

    [[nodiscard]] std::string_view text() const noexcept { return {bytes_.data(), size_}; }

    /// False for a bad escape, a decoded '%' or backslash, a control byte, a byte over 0x7E, a dot segment, and what is
    /// too long.
    [[nodiscard]] bool allowed() const noexcept { return allowed_; }
    [[nodiscard]] bool has_slash() const noexcept { return has_slash_; }
    [[nodiscard]] bool is_dots() const noexcept { return size_ <= 2 && (text() == "." || text() == ".."); }

private:
    std::array<char, capacity> bytes_;
    std::size_t size_ = 0;
    bool allowed_ = true;
    bool has_slash_ = false;
};

/// Takes the next segment that is not empty off the front of a path, still encoded; nothing if there is none.
[[nodiscard]] BACKCHANNEL_DECL std::optional<std::string_view> take_segment(std::string_view& path) noexcept;

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/path_segment.ipp>
#endif

#endif
