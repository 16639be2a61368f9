// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_HTTP1_BODY_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_HTTP1_BODY_IPP

#include <backchannel/protocol/http1_body.hpp>
#include <backchannel/protocol/http1_syntax.hpp>

namespace backchannel::inline BACKCHANNEL_ABI::http1 {

namespace detail_body {

// 16 digits can't overflow 64 bits, and leading zeros can't go on for ever.
inline constexpr std::uint8_t most_digits = 16;

[[nodiscard]] inline bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

[[nodiscard]] inline unsigned digit_value(char c) noexcept {
    return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

}

BACKCHANNEL_DECL body_reader::body_reader(request_head const& head, std::uint64_t limit, chunk_limits limits) noexcept
    : allowed_{limit}, limits_{limits} {
    if (head.chunked) {
        state_ = state::chunk_size;
    } else if (std::uint64_t const length = head.content_length.value_or(0); length > limit) {
        error_ = parse_error::body_too_large;
        state_ = state::body;
    } else if (length != 0) {
        remaining_ = length;
        state_ = state::body;
    }
}

BACKCHANNEL_DECL body_reader::step body_reader::next(std::string_view input) noexcept {
    step out;
    while (error_ == parse_error::none && state_ != state::done && out.consumed != input.size()) {
        if (state_ == state::body || state_ == state::chunk_data) {
            if (!out.data.empty()) break;
            out.data = take_data(input.substr(out.consumed));
            out.consumed += out.data.size();
        } else if (take(input[out.consumed])) {
            ++out.consumed;
        }
    }
    out.done = state_ == state::done;
    out.error = error_;
    return out;
}

BACKCHANNEL_DECL std::string_view body_reader::take_data(std::string_view input) noexcept {
    std::string_view const data =
        input.size() < remaining_ ? input : input.substr(0, static_cast<std::size_t>(remaining_));
    remaining_ -= data.size();
    if (remaining_ == 0) state_ = state_ == state::body ? state::done : state::data_cr;
    return data;
}

BACKCHANNEL_DECL bool body_reader::take(char c) noexcept {
    switch (state_) {
    case state::done:
    case state::body:
    case state::chunk_data:
        return false;
    case state::chunk_size:
        return take_size(c);
    case state::chunk_lf:
        return c == '\n' ? end_size() : fail(parse_error::bad_line_end);
    case state::data_cr:
        return go_if(c == '\r', state::data_lf, parse_error::bad_chunk_end);
    case state::data_lf:
        return go_if(c == '\n', state::chunk_size, parse_error::bad_chunk_end);
    case state::trailer_begin:
    case state::trailer_name:
    case state::trailer_value:
    case state::trailer_lf:
        return take_trailer(c);
    case state::last_lf:
        return go_if(c == '\n', state::done, parse_error::bad_line_end);
    default:
        return take_extension(c);
    }
}

BACKCHANNEL_DECL bool body_reader::take_size(char c) noexcept {
    if (detail_syntax::is(c, detail_syntax::hex)) {
        if (++digits_ > detail_body::most_digits) return fail(parse_error::bad_chunk_size);
        remaining_ = remaining_ << 4 | detail_body::digit_value(c);
        return true;
    }
    bool const ends = c == '\r' || c == ';' || detail_body::is_blank(c);
    if (digits_ == 0 || !ends) return fail(c == '\n' ? parse_error::bad_line_end : parse_error::bad_chunk_size);
    if (remaining_ > allowed_) return fail(parse_error::body_too_large);
    return c == '\r' ? go(state::chunk_lf) : go(state::extension_blank) && take_extension(c);
}

BACKCHANNEL_DECL bool body_reader::end_size() noexcept {
    allowed_ -= remaining_;
    digits_ = 0;
    return go(remaining_ == 0 ? state::trailer_begin : state::chunk_data);
}

// RFC 9112 7.1.1: blanks are allowed around the semicolon and the equals sign, and nowhere else.
BACKCHANNEL_DECL bool body_reader::take_extension(char c) noexcept {
    bool const blank = detail_body::is_blank(c), token = detail_syntax::is(c, detail_syntax::token_char);
    if (c != '\r' && limits_.extensions-- == 0) return fail(parse_error::chunk_extensions_too_large);
    switch (state_) {
    case state::extension_blank:
        return blank || go_if(c == ';', state::extension_begin, parse_error::bad_chunk_extension);
    case state::extension_begin:
        return blank || go_if(token, state::extension_name, parse_error::bad_chunk_extension);
    case state::extension_name:
        if (token) return true;
        if (c == '=') return go(state::extension_value_begin);
        return blank ? go(state::extension_name_blank) : end_extension(c);
    case state::extension_name_blank:
        if (blank) return true;
        if (c == '=') return go(state::extension_value_begin);
        return go_if(c == ';', state::extension_begin, parse_error::bad_chunk_extension);
    case state::extension_value_begin:
        if (blank) return true;
        return c == '"' ? go(state::extension_quoted)
                        : go_if(token, state::extension_token, parse_error::bad_chunk_extension);
    case state::extension_token:
        return token || end_extension(c);
    case state::extension_quoted:
        if (c == '"') return go(state::extension_quoted_end);
        if (c == '\\') return go(state::extension_escape);
        return detail_syntax::is(c, detail_syntax::value_char) || fail(parse_error::bad_chunk_extension);
    case state::extension_escape:
        return go_if(detail_syntax::is(c, detail_syntax::value_char), state::extension_quoted,
                     parse_error::bad_chunk_extension);
    default:
        return end_extension(c);
    }
}

BACKCHANNEL_DECL bool body_reader::end_extension(char c) noexcept {
    if (c == '\r') return go(state::chunk_lf);
    if (c == ';') return go(state::extension_begin);
    return go_if(detail_body::is_blank(c), state::extension_blank, parse_error::bad_chunk_extension);
}

BACKCHANNEL_DECL bool body_reader::take_trailer(char c) noexcept {
    bool const token = detail_syntax::is(c, detail_syntax::token_char);
    if (state_ == state::trailer_begin && c == '\r') return go(state::last_lf);
    if (limits_.trailers-- == 0) return fail(parse_error::trailers_too_large);
    switch (state_) {
    case state::trailer_begin:
        return go_if(token, state::trailer_name, c == '\n' ? parse_error::bad_line_end : parse_error::bad_trailer);
    case state::trailer_name:
        return token || go_if(c == ':', state::trailer_value, parse_error::bad_trailer);
    case state::trailer_value:
        if (detail_syntax::is(c, detail_syntax::value_char)) return true;
        return go_if(c == '\r', state::trailer_lf, c == '\n' ? parse_error::bad_line_end : parse_error::bad_trailer);
    default:
        return go_if(c == '\n', state::trailer_begin, parse_error::bad_line_end);
    }
}

}

#endif
