// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_JSON_VALUE_HPP
#define BACKCHANNEL_PROTOCOL_JSON_VALUE_HPP

#include <backchannel/config.hpp>
#include <backchannel/protocol/json_reader.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

/// A place in a text as people count it.
struct json_position {
    std::size_t line = 1;
    std::size_t column = 1; ///< in characters of UTF-8
};

/// The line and column of the byte at `offset`. Lines end with a line feed.
[[nodiscard]] BACKCHANNEL_DECL json_position json_position_of(std::string_view text, std::size_t offset) noexcept;

/// The six kinds of values that JSON has.
enum class json_kind : std::uint8_t { null, boolean, number, string, array, object };

struct json_member;

/// A JSON value with everything in it.
struct json_value {
    json_kind kind = json_kind::null;
    bool boolean = false;
    std::size_t offset = 0;           ///< where it begins in the text it was read from
    std::string text;                 ///< a string without its escapes, or a number as it was written
    std::vector<json_value> items;    ///< of an array
    std::vector<json_member> members; ///< of an object, in the order of the text

    /// The value of the member with that name; null if there is none or this isn't an object.
    [[nodiscard]] BACKCHANNEL_DECL json_value const* find(std::string_view name) const noexcept;
};

/// A member of an object.
struct json_member {
    std::string name;
    std::size_t offset = 0; ///< where the name begins in the text
    json_value value;
};

/// What `parse_json` takes at most; a text beyond it is an error before memory is spent on it.
struct json_limits {
    std::size_t size = 1024 * 1024;                 ///< bytes of text
    std::size_t depth = json_reader::default_depth; ///< nested arrays and objects, at most 64
    std::size_t values = 16 * 1024;                 ///< values, counting arrays and objects too
};

/// What is wrong with a text, and where.
struct json_error {
    std::string message;
    std::size_t offset = 0;
    json_position position;
};

/// A value, or an error if there is none.
struct json_result {
    std::optional<json_value> value;
    json_error error;

    explicit operator bool() const noexcept { return value.has_value(); }
};

/// Reads a whole text as one JSON value, strictly by RFC 8259; an object that has two members of one name is an error.
[[nodiscard]] BACKCHANNEL_DECL json_result parse_json(std::string_view text, json_limits limits = {});

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/json_value.ipp>
#endif

#endif
