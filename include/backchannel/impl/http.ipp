// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_HTTP_IPP
#define BACKCHANNEL_IMPL_HTTP_IPP

#include <backchannel/http.hpp>
#include <backchannel/protocol/http1_syntax.hpp>

#include <algorithm>

namespace backchannel::inline BACKCHANNEL_ABI {

BACKCHANNEL_DECL header_view const* find_header(std::span<header_view const> headers, std::string_view name) noexcept {
    for (header_view const& header : headers)
        if (equal_ignoring_case(header.name, name)) return &header;
    return nullptr;
}

BACKCHANNEL_DECL bool header_lines::add(std::string_view name, std::string_view value) {
    if (!http1::is_token(name) || !http1::is_field_value(value)) return false;
    add_checked(name, value);
    return true;
}

BACKCHANNEL_DECL void header_lines::add_checked(std::string_view name, std::string_view value) {
    may_have_framing_ = may_have_framing_ || name.size() == 10 || name.size() == 14 || name.size() == 17;
    char* at = extend(name.size() + value.size() + 4);
    at = std::copy(name.begin(), name.end(), at);
    *at++ = ':';
    *at++ = ' ';
    at = std::copy(value.begin(), value.end(), at);
    *at++ = '\r';
    *at = '\n';
}

BACKCHANNEL_DECL void header_lines::add_line(std::string_view line) {
    std::copy(line.begin(), line.end(), extend(line.size()));
}

BACKCHANNEL_DECL std::optional<std::string_view> header_lines::find(std::string_view name) const noexcept {
    for (std::string_view rest = text(); !rest.empty();) {
        header_view const line = take_line(rest);
        if (equal_ignoring_case(line.name, name)) return line.value;
    }
    return std::nullopt;
}

BACKCHANNEL_DECL header_view header_lines::take_line(std::string_view& rest) noexcept {
    std::size_t const colon = rest.find(':'), end = rest.find("\r\n", colon);
    header_view const line{rest.substr(0, colon), rest.substr(colon + 2, end - colon - 2)};
    rest.remove_prefix(end + 2);
    return line;
}

// Where that many more bytes are to be written.
BACKCHANNEL_DECL char* header_lines::extend(std::size_t size) {
    if (overflow_.empty() && size <= inline_capacity - size_) {
        size_ = static_cast<std::uint16_t>(size_ + size);
        return inline_.data() + size_ - size;
    }
    if (overflow_.empty()) overflow_.assign(inline_.data(), size_);
    overflow_.resize(overflow_.size() + size);
    return overflow_.data() + overflow_.size() - size;
}

}

#endif
