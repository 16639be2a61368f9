// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/utf8.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace protocol_utf8_tests {

namespace {

using backchannel::protocol::is_valid_utf8;
using backchannel::protocol::utf8_validator;

constexpr std::size_t never = static_cast<std::size_t>(-1);

// The index of the byte at which the validator gives up when it gets one byte at a time.
std::size_t failing_byte(std::string_view text) {
    utf8_validator validator;
    for (std::size_t i = 0; i != text.size(); ++i)
        if (!validator.feed(text.substr(i, 1))) return i;
    return never;
}

// Decodes one character of `size` bytes by plain arithmetic: an oracle that shares no code with the validator.
bool oracle(std::string_view c) {
    auto const at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<std::uint8_t>(c[i])); };
    std::uint32_t const lead = at(0);
    std::size_t const size = lead < 0x80   ? 1
                             : lead < 0xC0 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF8 ? 4
                                           : 0;
    if (size != c.size()) return false;
    if (size == 1) return true;
    std::uint32_t code = lead & (0x7Fu >> size);
    for (std::size_t i = 1; i != size; ++i) {
        if ((at(i) & 0xC0u) != 0x80u) return false;
        code = code << 6 | (at(i) & 0x3Fu);
    }
    constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    return code >= smallest[size] && code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
}

std::string bytes(std::initializer_list<int> values) {
    std::string out;
    for (int const value : values) out.push_back(static_cast<char>(value));
    return out;
}

}

TEST_CASE("utf8 agrees with an arithmetic decoder on every one and two byte text", "[utf8]") {
    int wrong = 0;
    for (int a = 0; a != 256; ++a) {
        std::string const one = bytes({a});
        wrong += is_valid_utf8(one) != oracle(one);
        for (int b = 0; b != 256; ++b) {
            std::string const two = bytes({a, b});
            bool const expected = oracle(two) || (oracle(two.substr(0, 1)) && oracle(two.substr(1)));
            wrong += is_valid_utf8(two) != expected;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("utf8 agrees with an arithmetic decoder on three and four byte characters", "[utf8]") {
    constexpr int edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    int wrong = 0;
    for (int a = 0xE0; a != 256; ++a) {
        for (int b = 0; b != 256; ++b) {
            for (int const c : edges) {
                std::string const three = bytes({a, b, c});
                wrong += is_valid_utf8(three) != oracle(three);
                for (int const d : edges) {
                    std::string const four = bytes({a, b, c, d});
                    bool const expected = oracle(four) || (oracle(four.substr(0, 3)) && oracle(four.substr(3)));
                    wrong += is_valid_utf8(four) != expected;
                }
            }
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("utf8 gives up at the first byte that rules out every continuation", "[utf8]") {
    struct sample {
        std::string text;
        std::size_t at;
    };
    sample const samples[] = {
        {bytes({'a', 0x80}), 1},            // a continuation with nothing to continue
        {bytes({0xC0, 0x80}), 0},           // overlong by its first byte
        {bytes({0xC1}), 0},                 //
        {bytes({0xE0, 0x9F}), 1},           // overlong by its second
        {bytes({0xED, 0xA0}), 1},           // surrogate
        {bytes({0xED, 0x9F, 0xBF}), never}, // U+D7FF
        {bytes({0xEE, 0x80, 0x80}), never}, // U+E000
        {bytes({0xF0, 0x8F}), 1},           // overlong
        {bytes({0xF4, 0x90}), 1},           // above U+10FFFF
        {bytes({0xF4, 0x8F, 0xBF, 0xBF}), never},
        {bytes({0xF5}), 0},
        {bytes({0xFF}), 0},
        {bytes({0xE2, 0x82, 'a'}), 2}, // cut short by another character
        {bytes({0xE2, 0xC2}), 1},
        {"caf\xC3\xA9", never},
    };
    for (sample const& s : samples) CHECK(failing_byte(s.text) == s.at);
}

TEST_CASE("utf8 is complete only at the end of a character", "[utf8]") {
    utf8_validator validator;
    CHECK(validator.complete());
    for (std::string_view const byte : {"\xF0", "\x9F", "\x98"}) {
        CHECK(validator.feed(byte));
        CHECK_FALSE(validator.complete());
    }
    CHECK(validator.feed("\x80"));
    CHECK(validator.complete());
    CHECK_FALSE(is_valid_utf8("\xF0\x9F\x98"));
}

TEST_CASE("utf8 stays refused after a mistake until it is reset", "[utf8]") {
    utf8_validator validator;
    CHECK_FALSE(validator.feed("\xFF"));
    CHECK_FALSE(validator.feed("a"));
    CHECK_FALSE(validator.feed(""));
    CHECK_FALSE(validator.complete());
    validator.reset();
    CHECK(validator.feed("a"));
    CHECK(validator.complete());
    CHECK(validator.feed("\xE0"));
    CHECK_FALSE(validator.feed("\x80"));
    CHECK_FALSE(validator.feed("\xA0"));
    CHECK_FALSE(validator.complete());
}

TEST_CASE("utf8 gives one answer however a text is cut and wherever it is aligned", "[utf8]") {
    std::string const good = "0123456 \xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 plain text of some length \xF4\x8F\xBF\xBF";
    REQUIRE(is_valid_utf8(good));
    for (std::size_t i = 0; i <= good.size(); ++i) {
        utf8_validator validator;
        CHECK(validator.feed(std::string_view{good}.substr(0, i)));
        CHECK(validator.feed(std::string_view{good}.substr(i)));
        CHECK(validator.complete());
    }
    for (std::size_t i = 0; i != 200; ++i) {
        std::string text(200, 'x');
        text[i] = '\xFE';
        CHECK_FALSE(is_valid_utf8(text));
        CHECK(is_valid_utf8(std::string_view{text}.substr(0, i)));
        CHECK(failing_byte(text) == i);
    }
    CHECK(is_valid_utf8(""));
    CHECK(is_valid_utf8(std::string(1000, '\0')));
}

}
