// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_JSON_READER_HPP
#define BACKCHANNEL_PROTOCOL_JSON_READER_HPP

#include <backchannel/config.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

/// What `json_reader::next` found.
enum class json_token : std::uint8_t {
    begin_object,
    end_object,
    begin_array,
    end_array,
    name, ///< the name of a member; its value comes next
    string,
    number,
    true_value,
    false_value,
    null_value,
    end,   ///< the text is over and was valid as a whole
    error, ///< the text isn't JSON, or nested too deep
};

/// Reads JSON token by token, strictly by RFC 8259.
///
/// Nothing is copied and no memory is needed, but by `string` for a string with escapes. Strings must be well-formed
/// UTF-8 and their `\u` escapes too: half a surrogate pair is an error. Member names that occur twice are the caller's
/// to notice. The text must outlive the reader. Not thread-safe.
class json_reader {
public:
    static constexpr std::size_t default_depth = 32;
    static constexpr std::size_t highest_depth = 64;

    /// Starts at the front of a text. Arrays and objects may nest `depth` levels, at most `highest_depth`.
    explicit json_reader(std::string_view text, std::size_t depth = default_depth) noexcept
        : text_(text), depth_limit_(depth < highest_depth ? depth : highest_depth) {}

    /// Reads the next token. After `end` and `error` the answer stays what it was.
    BACKCHANNEL_DECL json_token next() noexcept;

    /// Reads over one whole value, of any kind, that must come next; false if there is none or it isn't valid.
    [[nodiscard]] BACKCHANNEL_DECL bool skip_value() noexcept;

    /// The token read last.
    [[nodiscard]] json_token token() const noexcept { return token_; }

    /// Where the token read last begins in the text; after an error, where that was noticed.
    [[nodiscard]] std::size_t offset() const noexcept { return start_; }

    /// The token as the text has it: a string or name without its quotes and with its escapes, a number's digits.
    [[nodiscard]] std::string_view raw() const noexcept { return raw_; }

    /// The string or name read last without escapes: a part of the text if it has none, else of `scratch`.
    [[nodiscard]] BACKCHANNEL_DECL std::string_view string(std::string& scratch) const;

    /// Whether the string or name read last is `text` when its escapes are resolved. Needs no memory.
    [[nodiscard]] BACKCHANNEL_DECL bool equals(std::string_view text) const noexcept;

    /// How many arrays and objects are open.
    [[nodiscard]] std::size_t depth() const noexcept { return depth_; }

    /// What is wrong, after `error`: a phrase like "a value is expected".
    [[nodiscard]] std::string_view error() const noexcept { return error_; }

private:
    enum class expect : std::uint8_t { value, first_item, first_name, name, separator };

    BACKCHANNEL_DECL json_token read_value() noexcept;
    BACKCHANNEL_DECL json_token read_name() noexcept;
    BACKCHANNEL_DECL json_token read_separator() noexcept;
    BACKCHANNEL_DECL json_token read_number() noexcept;
    BACKCHANNEL_DECL json_token read_literal(std::string_view word, json_token found) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool read_string() noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool read_escape() noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool read_code_unit(unsigned& unit) noexcept;
    BACKCHANNEL_DECL std::size_t read_digits() noexcept;
    BACKCHANNEL_DECL json_token open(bool object) noexcept;
    BACKCHANNEL_DECL json_token close() noexcept;
    BACKCHANNEL_DECL json_token fail(std::size_t offset, std::string_view message) noexcept;
    BACKCHANNEL_DECL bool reject(std::size_t offset, std::string_view message) noexcept;
    BACKCHANNEL_DECL void skip_blanks() noexcept;

    [[nodiscard]] bool in_object() const noexcept { return depth_ != 0 && (objects_ >> (depth_ - 1) & 1) != 0; }
    [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
    [[nodiscard]] bool at(char c) const noexcept { return !at_end() && text_[at_] == c; }

    std::string_view text_;
    std::string_view raw_;
    std::string_view error_;
    std::size_t at_ = 0;
    std::size_t start_ = 0;
    std::size_t depth_ = 0;
    std::size_t depth_limit_;
    std::uint64_t objects_ = 0; // a bit for each open level: set for an object, clear for an array
    expect expect_ = expect::value;
    json_token token_ = json_token::null_value;
    bool over_ = false;
    bool escaped_ = false;
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/json_reader.ipp>
#endif

#endif
