// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_JSON_READER_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_JSON_READER_IPP

#include <backchannel/protocol/json_reader.hpp>
#include <backchannel/protocol/utf8.hpp>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

namespace detail_json_reader {

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

[[nodiscard]] constexpr int hex_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

// Four digits that the reader has checked.
[[nodiscard]] inline std::uint32_t code_unit(std::string_view digits) noexcept {
    std::uint32_t unit = 0;
    for (char const c : digits.substr(0, 4)) unit = unit << 4 | static_cast<std::uint32_t>(hex_value(c));
    return unit;
}

[[nodiscard]] constexpr char simple_escape(char c) noexcept {
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c; // a quote, a backslash or a slash
    }
}

struct utf8_character {
    char bytes[4];
    std::size_t size;
};

[[nodiscard]] inline utf8_character to_utf8(std::uint32_t code) noexcept {
    auto const tail = [code](unsigned shift) { return static_cast<char>(0x80 | (code >> shift & 0x3f)); };
    if (code < 0x80) return {{static_cast<char>(code)}, 1};
    if (code < 0x800) return {{static_cast<char>(0xc0 | code >> 6), tail(0)}, 2};
    if (code < 0x10000) return {{static_cast<char>(0xe0 | code >> 12), tail(6), tail(0)}, 3};
    return {{static_cast<char>(0xf0 | code >> 18), tail(12), tail(6), tail(0)}, 4};
}

// Calls `sink` with the pieces of a string that the reader has checked, until the sink answers false.
template <class Sink>
[[nodiscard]] bool decode(std::string_view raw, Sink&& sink) {
    for (;;) {
        std::size_t const escape = raw.find('\\');
        if (!sink(raw.substr(0, escape))) return false;
        if (escape == std::string_view::npos) return true;
        char const kind = raw[escape + 1];
        raw.remove_prefix(escape + 2);
        if (kind != 'u') {
            char const c = simple_escape(kind);
            if (!sink(std::string_view(&c, 1))) return false;
            continue;
        }
        std::uint32_t code = code_unit(raw);
        raw.remove_prefix(4);
        if (code >= 0xd800 && code < 0xdc00) {
            code = 0x10000 + ((code - 0xd800) << 10) + (code_unit(raw.substr(2)) - 0xdc00);
            raw.remove_prefix(6);
        }
        utf8_character const character = to_utf8(code);
        if (!sink(std::string_view(character.bytes, character.size))) return false;
    }
}

}

BACKCHANNEL_DECL json_token json_reader::next() noexcept {
    if (over_) return token_;
    raw_ = {};
    escaped_ = false;
    skip_blanks();
    start_ = at_;
    switch (expect_) {
    case expect::value:
        return token_ = read_value();
    case expect::first_item:
        return token_ = at(']') ? close() : read_value();
    case expect::first_name:
        return token_ = at('}') ? close() : read_name();
    case expect::name:
        return token_ = read_name();
    case expect::separator:
        break;
    }
    return token_ = read_separator();
}

BACKCHANNEL_DECL bool json_reader::skip_value() noexcept {
    std::size_t const outside = depth_;
    switch (next()) {
    case json_token::end:
    case json_token::error:
    case json_token::name:
    case json_token::end_object:
    case json_token::end_array:
        return false;
    default:
        break;
    }
    while (depth_ > outside)
        if (next() == json_token::error) return false;
    return true;
}

BACKCHANNEL_DECL std::string_view json_reader::string(std::string& scratch) const {
    if (!escaped_) return raw_;
    scratch.clear();
    scratch.reserve(raw_.size());
    static_cast<void>(detail_json_reader::decode(raw_, [&scratch](std::string_view piece) {
        scratch.append(piece);
        return true;
    }));
    return scratch;
}

BACKCHANNEL_DECL bool json_reader::equals(std::string_view text) const noexcept {
    if (!escaped_) return raw_ == text;
    bool const begins_alike = detail_json_reader::decode(raw_, [&text](std::string_view piece) {
        if (!text.starts_with(piece)) return false;
        text.remove_prefix(piece.size());
        return true;
    });
    return begins_alike && text.empty();
}

BACKCHANNEL_DECL json_token json_reader::read_value() noexcept {
    if (at_end()) return fail(at_, "the text ends where a value is expected");
    char const c = text_[at_];
    expect_ = expect::separator;
    switch (c) {
    case '{':
        return open(true);
    case '[':
        return open(false);
    case '"':
        return read_string() ? json_token::string : json_token::error;
    case 't':
        return read_literal("true", json_token::true_value);
    case 'f':
        return read_literal("false", json_token::false_value);
    case 'n':
        return read_literal("null", json_token::null_value);
    default:
        break;
    }
    if (c == '-' || detail_json_reader::is_digit(c)) return read_number();
    return fail(at_, "a value is expected");
}

BACKCHANNEL_DECL json_token json_reader::read_name() noexcept {
    if (!at('"')) return fail(at_, "the name of a member is expected");
    if (!read_string()) return json_token::error;
    skip_blanks();
    if (!at(':')) return fail(at_, "a colon is expected");
    ++at_;
    expect_ = expect::value;
    return json_token::name;
}

BACKCHANNEL_DECL json_token json_reader::read_separator() noexcept {
    if (depth_ == 0) {
        if (!at_end()) return fail(at_, "the text goes on after its value");
        over_ = true;
        return json_token::end;
    }
    bool const object = in_object();
    if (at(object ? '}' : ']')) return close();
    if (!at(',')) return fail(at_, object ? "a comma or '}' is expected" : "a comma or ']' is expected");
    ++at_;
    skip_blanks();
    start_ = at_;
    return object ? read_name() : read_value();
}

BACKCHANNEL_DECL json_token json_reader::read_literal(std::string_view word, json_token found) noexcept {
    if (!text_.substr(at_).starts_with(word)) return fail(at_, "a value is expected");
    raw_ = text_.substr(at_, word.size());
    at_ += word.size();
    return found;
}

BACKCHANNEL_DECL json_token json_reader::read_number() noexcept {
    if (at('-')) ++at_;
    bool const zero = at('0');
    std::size_t const digits = read_digits();
    if (digits == 0 || (zero && digits != 1)) return fail(start_, "this is not a number");
    if (at('.')) {
        ++at_;
        if (read_digits() == 0) return fail(start_, "this is not a number");
    }
    if (at('e') || at('E')) {
        ++at_;
        if (at('+') || at('-')) ++at_;
        if (read_digits() == 0) return fail(start_, "this is not a number");
    }
    raw_ = text_.substr(start_, at_ - start_);
    return json_token::number;
}

BACKCHANNEL_DECL std::size_t json_reader::read_digits() noexcept {
    std::size_t const before = at_;
    while (!at_end() && detail_json_reader::is_digit(text_[at_])) ++at_;
    return at_ - before;
}

BACKCHANNEL_DECL bool json_reader::read_string() noexcept {
    std::size_t const begin = ++at_;
    unsigned char seen = 0; // its highest bit tells whether there is anything but ASCII
    for (;;) {
        if (at_end()) return reject(at_, "the text ends within a string");
        auto const byte = static_cast<unsigned char>(text_[at_]);
        if (byte == '"') break;
        if (byte < 0x20) return reject(at_, "a control character in a string");
        seen |= byte;
        ++at_;
        if (byte == '\\') {
            escaped_ = true;
            if (!read_escape()) return false;
        }
    }
    raw_ = text_.substr(begin, at_ - begin);
    ++at_;
    if ((seen & 0x80) != 0 && !is_valid_utf8(raw_)) return reject(begin, "a string that is not UTF-8");
    return true;
}

BACKCHANNEL_DECL bool json_reader::read_escape() noexcept {
    if (at_end()) return reject(at_, "the text ends within a string");
    char const kind = text_[at_++];
    if (kind != 'u') {
        if (std::string_view("\"\\/bfnrt").find(kind) != std::string_view::npos) return true;
        return reject(at_ - 2, "an unknown escape");
    }
    std::size_t const escape = at_ - 2;
    unsigned unit = 0;
    if (!read_code_unit(unit)) return reject(escape, "an escape without four hexadecimal digits");
    if (unit < 0xd800 || unit > 0xdfff) return true;
    unsigned low = 0;
    if (unit > 0xdbff || !text_.substr(at_).starts_with("\\u")) return reject(escape, "half a surrogate pair");
    at_ += 2;
    if (!read_code_unit(low) || low < 0xdc00 || low > 0xdfff) return reject(escape, "half a surrogate pair");
    return true;
}

BACKCHANNEL_DECL bool json_reader::read_code_unit(unsigned& unit) noexcept {
    if (text_.size() - at_ < 4) return false;
    for (int digit = 0; digit < 4; ++digit) {
        int const value = detail_json_reader::hex_value(text_[at_++]);
        if (value < 0) return false;
        unit = unit << 4 | static_cast<unsigned>(value);
    }
    return true;
}

BACKCHANNEL_DECL json_token json_reader::open(bool object) noexcept {
    if (depth_ == depth_limit_) return fail(at_, "nested too deep");
    std::uint64_t const level = std::uint64_t{1} << depth_;
    objects_ = object ? objects_ | level : objects_ & ~level;
    ++depth_;
    ++at_;
    expect_ = object ? expect::first_name : expect::first_item;
    return object ? json_token::begin_object : json_token::begin_array;
}

BACKCHANNEL_DECL json_token json_reader::close() noexcept {
    bool const object = in_object();
    --depth_;
    ++at_;
    expect_ = expect::separator;
    return object ? json_token::end_object : json_token::end_array;
}

BACKCHANNEL_DECL json_token json_reader::fail(std::size_t offset, std::string_view message) noexcept {
    start_ = offset;
    raw_ = {};
    escaped_ = false;
    error_ = message;
    over_ = true;
    token_ = json_token::error;
    return token_;
}

BACKCHANNEL_DECL bool json_reader::reject(std::size_t offset, std::string_view message) noexcept {
    fail(offset, message);
    return false;
}

BACKCHANNEL_DECL void json_reader::skip_blanks() noexcept {
    while (at(' ') || at('\t') || at('\n') || at('\r')) ++at_;
}

}

#endif
