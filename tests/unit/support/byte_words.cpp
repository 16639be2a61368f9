// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/byte_words.hpp>

#include <backchannel/http.hpp>

#include "support/catch.hpp"

#include <string>

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
