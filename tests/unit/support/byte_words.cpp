// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/byte_words.hpp>

#include <backchannel/http.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <string>

namespace support_byte_words_tests {

namespace byte_words = backchannel::byte_words;

namespace {

[[nodiscard]] char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}

TEST_CASE("two bytes are the same letters just if they are after both were made small", "[byte_words]") {
    std::size_t wrong = 0;
    for (std::size_t const size : {1u, 3u, 4u, 7u, 8u, 9u, 16u, 17u})
        for (std::size_t at = 0; at != size; ++at)
            for (int x = 0; x != 256; ++x)
                for (int y = 0; y != 256; ++y) {
                    std::string a(size, 'q'), b(size, 'Q');
                    a[at] = static_cast<char>(x);
                    b[at] = static_cast<char>(y);
                    wrong += backchannel::equal_ignoring_case(a, b) != (lower(a[at]) == lower(b[at]));
                }
    CHECK(wrong == 0);
}

TEST_CASE("texts of different lengths are never the same letters", "[byte_words]") {
    std::string const text = "x-amz-content-sha256";
    for (std::size_t n = 0; n != text.size(); ++n)
        CHECK_FALSE(backchannel::equal_ignoring_case({text.data(), n}, text));
}

TEST_CASE("a literal is the same name as its text in any case only", "[byte_words]") {
    std::size_t wrong = 0;
    auto const try_all = [&](auto const& literal) {
        std::string const same = literal;
        for (std::size_t at = 0; at != same.size(); ++at)
            for (int c = 0; c != 256; ++c) {
                std::string text = same;
                text[at] = static_cast<char>(c);
                wrong += byte_words::same_name(text, literal) != (lower(text[at]) == lower(same[at]));
            }
        wrong += byte_words::same_name(same + 'a', literal) || byte_words::same_name(same.substr(1), literal);
    };
    try_all("host");
    try_all("X-Amz-");
    try_all("upgrade");
    try_all("x[`{@-09");
    try_all("Connection");
    try_all("x-amz-content-SHA256");
    CHECK(wrong == 0);
}

TEST_CASE("plain characters in front are letters, digits and two others", "[byte_words]") {
    std::size_t wrong = 0, found = 0;
    for (std::size_t size = 0; size != 36; ++size)
        for (std::size_t at = 0; at <= size; ++at)
            for (int c = 0; c != 256; ++c) {
                std::string text(size, at % 2 == 0 ? 'z' : 'A');
                if (at != size) text[at] = static_cast<char>(c);
                bool const plain = at == size || (lower(text[at]) >= 'a' && lower(text[at]) <= 'z') ||
                                   (c >= '0' && c <= '9') || c == '-' || c == '_';
                char const* const begin = text.data();
                auto const front = static_cast<std::size_t>(byte_words::skip_plain(begin, begin + size) - begin);
                wrong += front > (plain ? size : at);
                found += front;
            }
    CHECK(wrong == 0);
    CHECK((!byte_words::finds_by_sixteen || found != 0));
}

TEST_CASE("a control character is seen wherever it stands", "[byte_words]") {
    std::size_t wrong = 0;
    for (std::size_t size = 1; size != 40; ++size)
        for (std::size_t at = 0; at != size; ++at)
            for (int c = 0; c != 256; ++c) {
                std::string text(size, 'q');
                text[at] = static_cast<char>(c);
                wrong += byte_words::may_have_controls(text) != (c < 0x20 || c == 0x7F);
            }
    CHECK(wrong == 0);
    CHECK_FALSE(byte_words::may_have_controls({}));
}

TEST_CASE("a word tells the first of its bytes that matches, and none that it does not have", "[byte_words]") {
    std::size_t wrong = 0;
    for (int c = 0; c != 256; ++c)
        for (int other = 0; other != 256; ++other)
            for (std::size_t at = 0; at != 9; ++at) {
                if (other == c) continue;
                std::string text(8, static_cast<char>(other));
                if (at != 8) text[at] = static_cast<char>(c);
                std::uint64_t const found = byte_words::matches_of_word(byte_words::load(text.data()), static_cast<char>(c)) &
                                            byte_words::high_bits;
                wrong += at == 8 ? found != 0 : found == 0 || byte_words::bytes_before(found) != at;
            }
    CHECK(wrong == 0);
}

TEST_CASE("the first control character is found wherever it stands", "[byte_words]") {
    std::size_t wrong = 0;
    for (std::size_t size = 0; size != 40; ++size)
        for (std::size_t at = 0; at <= size; ++at)
            for (int c = 0; c != 256; ++c) {
                std::string text(size, '~');
                if (at != size) text[at] = static_cast<char>(c);
                bool const is_control = at != size && (c < 0x20 || c == 0x7F);
                if (at + 1 < size) text.back() = is_control ? '\x01' : '\xFF'; // one behind it does not matter
                char const* const end = text.data() + text.size();
                wrong += byte_words::find_control(text.data(), end) != (is_control ? text.data() + at : end);
            }
    CHECK(wrong == 0);
}

TEST_CASE("the last of a character is found wherever it stands", "[byte_words]") {
    std::size_t wrong = 0;
    for (std::size_t size = 0; size != 40; ++size)
        for (std::size_t at = 0; at <= size; ++at) {
            std::string text(at, '/');
            text.append(size - at, '.');
            char const* const end = text.data() + text.size();
            wrong += byte_words::find_last(text.data(), end, '/') != (at == 0 ? end : text.data() + at - 1);
        }
    CHECK(wrong == 0);
}

TEST_CASE("a byte up to the space is seen wherever it stands", "[byte_words]") {
    std::size_t wrong = 0;
    for (std::size_t size = 1; size != 20; ++size)
        for (std::size_t at = 0; at != size; ++at)
            for (int c = 0; c != 256; ++c) {
                std::string text(size, '!');
                text[at] = static_cast<char>(c);
                wrong += byte_words::may_have_blanks(text) != (c <= 0x20);
            }
    CHECK(wrong == 0);
}

TEST_CASE("a literal is the same as its text only", "[byte_words]") {
    CHECK(byte_words::same("host", "host"));
    for (char const* const other : {"", "hos", "Host", "hosts", "hose"}) CHECK_FALSE(byte_words::same(other, "host"));
}

}
