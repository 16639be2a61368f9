// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_HTTP_IPP
#define BACKCHANNEL_IMPL_HTTP_IPP

#include <backchannel/http.hpp>

namespace backchannel::inline BACKCHANNEL_ABI {

BACKCHANNEL_DECL bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
    for (std::size_t i = 0; i != a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

BACKCHANNEL_DECL header_view const* find_header(std::span<header_view const> headers, std::string_view name) noexcept {
    for (header_view const& header : headers)
        if (equal_ignoring_case(header.name, name)) return &header;
    return nullptr;
}

BACKCHANNEL_DECL bool header_lines::add(std::string_view name, std::string_view value) {
    constexpr std::string_view separators = "\"(),/:;<=>?@[\\]{}";
    if (name.empty()) return false;
    for (char const c : name)
        if (c <= ' ' || c >= 0x7F || separators.find(c) != std::string_view::npos) return false;
    for (char const c : value)
        if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7F) return false;
    append(name);
    append(": ");
    append(value);
    append("\r\n");
    return true;
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

BACKCHANNEL_DECL void header_lines::append(std::string_view bytes) {
    if (overflow_.empty() && size_ + bytes.size() <= inline_capacity) {
        bytes.copy(inline_.data() + size_, bytes.size()); // unlike memcpy it takes the null of an empty value
        size_ = static_cast<std::uint16_t>(size_ + bytes.size());
        return;
    }
    if (overflow_.empty()) overflow_.assign(inline_.data(), size_);
    overflow_.append(bytes);
}

}

#endif
