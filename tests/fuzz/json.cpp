// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// JSON: the reader and the tree it makes agree, and what is written is read as it was.

#include "fuzz.hpp"
#include "naive_utf8.hpp"

#include <backchannel/protocol/json_reader.hpp>
#include <backchannel/protocol/json_value.hpp>
#include <backchannel/protocol/json_writer.hpp>

#include <charconv>

using namespace backchannel::protocol;
using fuzz::require;

namespace {

// The text of a value with everything in it; numbers that are no integers become strings, as none are written.
void write(json_writer& out, json_value const& value) {
    switch (value.kind) {
    case json_kind::null:
        out.null();
        return;
    case json_kind::boolean:
        out.value(value.boolean);
        return;
    case json_kind::number: {
        std::int64_t integer = 0;
        char const* const end = value.text.data() + value.text.size();
        auto const read = std::from_chars(value.text.data(), end, integer);
        bool const same = read.ec == std::errc{} && read.ptr == end && std::to_string(integer) == value.text;
        same ? out.value(integer) : out.value(value.text);
        return;
    }
    case json_kind::string:
        out.value(value.text);
        return;
    case json_kind::array:
        out.begin_array();
        for (json_value const& item : value.items) write(out, item);
        out.end_array();
        return;
    case json_kind::object:
        out.begin_object();
        for (json_member const& member : value.members) write(out.key(member.name), member.value);
        out.end_object();
        return;
    }
}

std::string written(json_value const& value) {
    std::string text;
    json_writer writer{text};
    write(writer, value);
    return text;
}

// Reads all tokens; whether the text is JSON.
bool read(std::string_view text, std::size_t depth) {
    json_reader reader{text, depth};
    std::string scratch;
    std::size_t last = 0, tokens = 0;
    for (;;) {
        json_token const token = reader.next();
        require(token == reader.token(), "the token is the one that was read");
        require(reader.offset() >= last && reader.offset() <= text.size(), "tokens come in order");
        last = reader.offset();
        require(++tokens <= 2 * text.size() + 2, "there are no more tokens than characters");
        require(reader.depth() <= std::min(depth, json_reader::highest_depth), "the depth keeps to its limit");
        if (token == json_token::end || token == json_token::error) {
            require(reader.next() == token, "the last token stays the last");
            require(reader.error().empty() == (token == json_token::end), "an error says what is wrong");
            return token == json_token::end;
        }
        require(fuzz::is_within(reader.raw(), text), "a token is a view of the text");
        if (token != json_token::string && token != json_token::name) continue;
        std::string_view const value = reader.string(scratch);
        require(fuzz::is_utf8(value), "a string is UTF-8");
        require(reader.equals(value), "a string equals itself");
        require(!reader.equals(std::string{value}.append("x")), "a string doesn't equal a longer one");
    }
}

}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, std::min<std::size_t>(size, 16 * 1024)};
    std::size_t const depth = in.number(70);
    std::string_view const text = in.text();

    bool const valid = read(text, depth);
    json_reader skipping{text, depth};
    bool const skipped = skipping.skip_value();
    require(valid == (skipped && skipping.next() == json_token::end), "a value that is skipped is valid");

    auto const tree = parse_json(text, {1u << 20, depth, 1u << 20});
    require(!tree || valid, "a text with a tree is valid");
    if (!tree) {
        require(!tree.error.message.empty() && tree.error.offset <= text.size(), "an error is in the text");
        auto const place = json_position_of(text, tree.error.offset);
        require(place.line == tree.error.position.line && place.column == tree.error.position.column,
                "an error's place is that of its byte");
        require(!valid || tree.error.message.find("two members") != std::string::npos,
                "a valid text has a tree unless two members have one name");
    } else {
        std::string const once = written(*tree.value);
        auto const again = parse_json(once, {1u << 20, depth, 1u << 20});
        require(again.value.has_value(), "what is written is JSON");
        fuzz::require_equal(written(*again.value), once, "what is written says the same when it is read");
    }

    std::string quoted;
    append_json_string(quoted, text);
    auto const string = parse_json(quoted);
    require(string && string.value->kind == json_kind::string, "any bytes can be written as a string");
    if (fuzz::is_utf8(text)) fuzz::require_equal(string.value->text, text, "a string is read as it was written");
    return 0;
}
