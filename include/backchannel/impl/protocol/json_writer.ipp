// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_JSON_WRITER_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_JSON_WRITER_IPP

#include <backchannel/protocol/json_writer.hpp>
#include <backchannel/support/byte_words.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

namespace detail_json_writer {

// The bytes of the well-formed UTF-8 character of more than one byte that the text begins with (RFC 3629, section 4);
// zero if there is none.
[[nodiscard]] inline std::size_t multibyte_length(std::string_view text) noexcept {
    auto const byte = [text](std::size_t at) -> unsigned { return static_cast<unsigned char>(text[at]); };
    unsigned const lead = byte(0);
    std::size_t const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length == 0 || text.size() < length) return 0;
    for (std::size_t at = 1; at < length; ++at)
        if ((byte(at) & 0xc0) != 0x80) return 0;
    unsigned const second = byte(1);
    bool const overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    bool const surrogate = lead == 0xed && second > 0x9f;
    bool const too_large = lead == 0xf4 && second > 0x8f;
    return overlong || surrogate || too_large ? 0 : length;
}

inline void append_escape(std::string& out, unsigned char byte) {
    switch (byte) {
    case '"':
        out += "\\\"";
        return;
    case '\\':
        out += "\\\\";
        return;
    case '\b':
        out += "\\b";
        return;
    case '\f':
        out += "\\f";
        return;
    case '\n':
        out += "\\n";
        return;
    case '\r':
        out += "\\r";
        return;
    case '\t':
        out += "\\t";
        return;
    default:
        break;
    }
    out += byte < 16 ? "\\u000" : "\\u001";
    out += "0123456789abcdef"[byte & 15];
}

// False: each of its bytes stays as it is.
[[nodiscard]] inline bool may_need_escapes(std::string_view text) noexcept {
    if (byte_words::finds_by_sixteen && text.size() >= 16)
        return byte_words::any_sixteen(text, byte_words::escapes_of_sixteen);
    return byte_words::any_word(text, [](std::uint64_t word) {
        using byte_words::matches_of_word;
        std::uint64_t const controls = (word - 0x20 * byte_words::every_byte) & ~word;
        return (word | controls | matches_of_word(word, '"') | matches_of_word(word, '\\')) & byte_words::high_bits;
    });
}

// What is between the quotes.
inline void append_escaped(std::string& out, std::string_view text) {
    std::size_t run = 0; // where the bytes that stay as they are begin
    std::size_t at = 0;
    while (at < text.size()) {
        auto const byte = static_cast<unsigned char>(text[at]);
        bool const ascii = byte < 0x80;
        if (ascii && byte >= 0x20 && byte != '"' && byte != '\\') {
            ++at;
            continue;
        }
        std::size_t const length = ascii ? 0 : multibyte_length(text.substr(at));
        if (length != 0) {
            at += length;
            continue;
        }
        out.append(text.substr(run, at - run));
        if (ascii) {
            append_escape(out, byte);
        } else {
            out += "\xef\xbf\xbd";
        }
        run = ++at;
    }
    out.append(text.substr(run));
}

// A string between a comma and a colon, if those are wanted.
inline void append_quoted(std::string& out, std::string_view text, bool comma, bool colon) {
    out.append(comma ? ",\"" : "\"", comma ? 2 : 1);
    if (may_need_escapes(text)) append_escaped(out, text);
    else out.append(text);
    out.append(colon ? "\":" : "\"", colon ? 2 : 1);
}

// A member whose name and value stay as they are, which is nearly every one: the string grows once.
inline void append_plain_member(std::string& out, std::string_view name, std::string_view text, bool comma) {
    std::size_t const had = out.size();
    out.resize(had + comma + name.size() + text.size() + 5);
    char* at = out.data() + had;
    if (comma) *at++ = ',';
    *at++ = '"';
    at = std::copy(name.begin(), name.end(), at);
    at = std::copy_n("\":\"", 3, at);
    at = std::copy(text.begin(), text.end(), at);
    *at = '"';
}

}

BACKCHANNEL_DECL void append_json_string(std::string& out, std::string_view text) {
    detail_json_writer::append_quoted(out, text, false, false);
}

BACKCHANNEL_DECL json_writer& json_writer::key(std::string_view name) {
    detail_json_writer::append_quoted(out_, name, std::exchange(comma_, false), true);
    return *this;
}

BACKCHANNEL_DECL json_writer& json_writer::value(std::string_view text) {
    detail_json_writer::append_quoted(out_, text, std::exchange(comma_, true), false);
    return *this;
}

BACKCHANNEL_DECL json_writer& json_writer::text_member(std::string_view name, std::string_view text) {
    if (detail_json_writer::may_need_escapes(name) || detail_json_writer::may_need_escapes(text))
        return key(name).value(text);
    detail_json_writer::append_plain_member(out_, name, text, std::exchange(comma_, true));
    return *this;
}

BACKCHANNEL_DECL json_writer& json_writer::open(char bracket) {
    separate();
    out_ += bracket;
    comma_ = false;
    return *this;
}

BACKCHANNEL_DECL json_writer& json_writer::close(char bracket) {
    out_ += bracket;
    comma_ = true;
    return *this;
}

BACKCHANNEL_DECL json_writer& json_writer::literal(std::string_view text) {
    separate();
    out_ += text;
    return *this;
}

BACKCHANNEL_DECL json_writer& json_writer::signed_number(std::int64_t number) {
    char digits[20]; // as many as the lowest number takes
    char* const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return literal({digits, static_cast<std::size_t>(end - digits)});
}

BACKCHANNEL_DECL json_writer& json_writer::unsigned_number(std::uint64_t number) {
    char digits[20]; // as many as the highest number takes
    char* const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return literal({digits, static_cast<std::size_t>(end - digits)});
}

BACKCHANNEL_DECL void json_writer::separate() {
    if (comma_) out_ += ',';
    comma_ = true;
}

}

#endif
