// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_JSON_WRITER_HPP
#define BACKCHANNEL_PROTOCOL_JSON_WRITER_HPP

#include <backchannel/config.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

/// Appends the text as a JSON string with its quotes (RFC 8259, section 7).
///
/// Any bytes will do: a byte that isn't part of well-formed UTF-8 becomes U+FFFD, so what is written is always valid
/// JSON. Quotes, backslashes and control characters are escaped, nothing else is.
BACKCHANNEL_DECL void append_json_string(std::string& out, std::string_view text);

/// An integer that JSON shows as a number: any but the character types and bool.
template <class T>
concept json_integer =
    std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
    !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

/// Writes compact JSON at the end of a string and takes care of the commas.
///
/// The calls must come in an order that makes sense (a key before each member's value, each begin with its end); this
/// isn't checked. Every function returns the writer. The string must outlive the writer.
class json_writer {
public:
    explicit json_writer(std::string& out) noexcept : out_(out) {}

    json_writer& begin_object() { return open('{'); }
    json_writer& end_object() { return close('}'); }
    json_writer& begin_array() { return open('['); }
    json_writer& end_array() { return close(']'); }

    /// Writes the name of the member whose value comes next.
    BACKCHANNEL_DECL json_writer& key(std::string_view name);

    BACKCHANNEL_DECL json_writer& value(std::string_view text);
    json_writer& value(char const* text) { return value(std::string_view(text)); }
    json_writer& value(std::nullptr_t) { return literal("null"); }
    json_writer& value(std::same_as<bool> auto truth) { return literal(truth ? "true" : "false"); }
    json_writer& value(json_integer auto number) {
        if constexpr (std::signed_integral<decltype(number)>) {
            return signed_number(number);
        } else {
            return unsigned_number(number);
        }
    }

    json_writer& null() { return value(nullptr); }

    /// Writes a key and its value.
    template <class Value>
    json_writer& member(std::string_view name, Value const& what) {
        if constexpr (std::convertible_to<Value const&, std::string_view> && !std::same_as<Value, std::nullptr_t>) {
            return text_member(name, what);
        } else {
            return key(name).value(what);
        }
    }

private:
    BACKCHANNEL_DECL json_writer& text_member(std::string_view name, std::string_view text);
    BACKCHANNEL_DECL json_writer& open(char bracket);
    BACKCHANNEL_DECL json_writer& close(char bracket);
    BACKCHANNEL_DECL json_writer& literal(std::string_view text);
    BACKCHANNEL_DECL json_writer& signed_number(std::int64_t number);
    BACKCHANNEL_DECL json_writer& unsigned_number(std::uint64_t number);
    BACKCHANNEL_DECL void separate();

    std::string& out_;
    bool comma_ = false; // whether a value stands in front that the next one needs a comma after
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/json_writer.ipp>
#endif

#endif
