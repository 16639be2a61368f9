// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_RANDOM_JSON_HPP
#define BACKCHANNEL_TESTS_SUPPORT_RANDOM_JSON_HPP

#include "support/random.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace test {

/// JSON texts with everything in them that the grammar has, and texts that are nearly JSON.
class random_json {
public:
    explicit random_json(std::uint64_t seed) noexcept : random_{seed * 0x9E3779B97F4A7C15u + 1} {}

    [[nodiscard]] std::size_t below(std::size_t bound) noexcept { return random_.below(bound); }

    /// Valid, but for texts that are nested deeper than 32 levels.
    [[nodiscard]] std::string document() {
        std::string out;
        if (below(50) == 0) {
            std::size_t const depth = 28 + below(8);
            out = std::string(depth, '[') + "1" + std::string(depth, ']');
        } else {
            append_value(out, 5);
        }
        return out;
    }

    /// The same with a few bytes taken out, put in or changed.
    [[nodiscard]] std::string damaged(std::string text) {
        constexpr std::string_view bytes =
            "{}[]\",:\\/u0123456789abcdeEfFnrtls+-. \t\n\r\x01\x7f\x80\xbf\xc2\xed\xa0\xf4";
        for (std::size_t left = 1 + below(3); left != 0; --left) {
            std::size_t const at = below(text.size() + 1);
            std::size_t const what = below(4);
            char const byte = bytes[below(bytes.size())];
            if (what == 0)
                text.insert(at, 1, byte);
            else if (what == 1)
                text.erase(at, 1 + below(3));
            else if (what == 2 && at < text.size())
                text[at] = byte;
            else
                text.resize(at);
        }
        return text;
    }

    /// Well-formed UTF-8 with all that needs an escape.
    [[nodiscard]] std::string text() {
        std::string out;
        for (std::size_t left = below(12); left != 0; --left)
            out += pick({"a", "b", "\"", "\\", "/", "\b", "\n", "\x01", "\x1f", "\x7f", " ", "\xc3\xa9", "\xe2\x82\xac",
                         "\xef\xbf\xbf", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"});
        return out;
    }

private:
    [[nodiscard]] std::string_view pick(std::initializer_list<std::string_view> from) {
        return from.begin()[below(from.size())];
    }

    void append_blank(std::string& out) {
        if (below(4) == 0) out += pick({" ", "\t", "\r\n", "  "});
    }

    void append_value(std::string& out, std::size_t levels) {
        append_blank(out);
        std::size_t const kind = below(levels == 0 ? 6 : 12);
        if (kind < 2)
            append_string(out);
        else if (kind < 4)
            append_number(out);
        else if (kind < 6)
            out += pick({"true", "false", "null"});
        else
            append_container(out, kind < 10, levels - 1);
        append_blank(out);
    }

    void append_container(std::string& out, bool object, std::size_t levels) {
        out += object ? '{' : '[';
        append_blank(out);
        for (std::size_t left = below(5), first = left; left != 0; --left) {
            if (left != first) out += ',';
            append_blank(out);
            if (object) {
                if (below(4) == 0)
                    append_string(out);
                else
                    out += pick({R"("a")", R"("a")", R"("b")", R"("\u0061")", R"("action")", R"("")"});
                append_blank(out);
                out += ':';
            }
            append_value(out, levels);
        }
        append_blank(out);
        out += object ? '}' : ']';
    }

    void append_string(std::string& out) {
        out += '"';
        for (std::size_t left = below(8); left != 0; --left)
            out += pick({"a", "b", "join", "0", " ", R"(\")", R"(\\)", R"(\/)", R"(\b\f\n\r\t)", R"(\u0061)",
                         R"(\u00E9)", R"(\u20ac)", R"(\ud83d\uDE00)", R"(\u0000)", "\x7f", "\xc3\xa9", "\xe2\x82\xac",
                         "\xf0\x9f\x98\x80"});
        if (below(200) == 0) out.append(2000, 'x');
        out += '"';
    }

    void append_number(std::string& out) {
        out += pick({"", "", "-"});
        if (below(5) == 0)
            out += '0';
        else
            append_digits(out += pick({"1", "9"}), below(24));
        if (below(3) == 0) append_digits(out += '.', 1 + below(6));
        if (below(4) == 0) append_digits(((out += pick({"e", "E"})) += pick({"", "+", "-"})), 1 + below(3));
    }

    void append_digits(std::string& out, std::size_t count) {
        for (; count != 0; --count) out += static_cast<char>('0' + below(10));
    }

    random_source random_;
};

}

#endif
