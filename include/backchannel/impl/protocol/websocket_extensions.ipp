// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_WEBSOCKET_EXTENSIONS_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_WEBSOCKET_EXTENSIONS_IPP

#include <backchannel/protocol/http1_syntax.hpp>
#include <backchannel/protocol/websocket_extensions.hpp>

namespace backchannel::inline BACKCHANNEL_ABI::websocket {

BACKCHANNEL_DECL bool extension_value::equals(std::string_view text) const noexcept {
    std::size_t matched = 0;
    for (char const c : sent_) {
        if (c == '\\') continue; // no token contains one
        if (matched == text.size() || text[matched] != c) return false;
        ++matched;
    }
    return matched == text.size();
}

BACKCHANNEL_DECL extension_reader::item extension_reader::next() noexcept {
    while (place_ != place::failed) {
        skip_blanks();
        if (place_ == place::outside) {
            if (!open_line()) return item::end;
        } else if (rest_.empty()) {
            if (place_ == place::line_start) break;
            place_ = place::outside;
        } else if (take(',')) {
            // an empty element is none, but a line needs one that is not
            if (place_ == place::extension) place_ = place::between;
        } else {
            item const found = place_ == place::extension ? read_parameter() : read_extension();
            if (found == item::malformed) break;
            return found;
        }
    }
    place_ = place::failed;
    return item::malformed;
}

BACKCHANNEL_DECL bool extension_reader::open_line() noexcept {
    while (!headers_.empty()) {
        header_view const header = headers_.front();
        headers_ = headers_.subspan(1);
        if (!equal_ignoring_case(header.name, "sec-websocket-extensions")) continue;
        rest_ = header.value;
        place_ = place::line_start;
        return true;
    }
    return false;
}

BACKCHANNEL_DECL extension_reader::item extension_reader::read_extension() noexcept {
    name_ = take_token();
    value_.reset();
    parameters_ = 0;
    place_ = place::extension;
    return name_.empty() || ++extensions_ > max_extensions ? item::malformed : item::extension;
}

BACKCHANNEL_DECL extension_reader::item extension_reader::read_parameter() noexcept {
    if (!take(';') || ++parameters_ > max_parameters) return item::malformed;
    skip_blanks();
    name_ = take_token();
    value_.reset();
    if (name_.empty()) return item::malformed;
    skip_blanks();
    return !take('=') || read_value() ? item::parameter : item::malformed;
}

BACKCHANNEL_DECL bool extension_reader::read_value() noexcept {
    skip_blanks();
    if (take('"')) return read_quoted();
    std::string_view const token = take_token();
    value_.emplace(token);
    return !token.empty();
}

BACKCHANNEL_DECL bool extension_reader::read_quoted() noexcept {
    std::size_t at = 0;
    for (; at != rest_.size() && rest_[at] != '"'; ++at) {
        if (rest_[at] == '\\' && ++at == rest_.size()) return false;
        if (!http1::detail_syntax::is(rest_[at], http1::detail_syntax::token_char)) return false;
    }
    if (at == 0 || at == rest_.size()) return false;
    value_.emplace(rest_.substr(0, at));
    rest_.remove_prefix(at + 1);
    return true;
}

BACKCHANNEL_DECL std::string_view extension_reader::take_token() noexcept {
    std::string_view const token = rest_.substr(0, http1::detail_syntax::skip_token(rest_, 0));
    rest_.remove_prefix(token.size());
    return token;
}

BACKCHANNEL_DECL bool extension_reader::take(char separator) noexcept {
    if (!rest_.starts_with(separator)) return false;
    rest_.remove_prefix(1);
    return true;
}

BACKCHANNEL_DECL void extension_reader::skip_blanks() noexcept {
    while (rest_.starts_with(' ') || rest_.starts_with('\t')) rest_.remove_prefix(1);
}

BACKCHANNEL_DECL bool extensions_are_valid(std::span<header_view const> headers) noexcept {
    extension_reader reader{headers};
    for (;;) {
        extension_reader::item const found = reader.next();
        if (found == extension_reader::item::end) return true;
        if (found == extension_reader::item::malformed) return false;
    }
}

}

#endif
