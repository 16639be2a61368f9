// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/hex.hpp>

#include "support/catch.hpp"

#include <numeric>
#include <string>
#include <vector>

namespace protocol_hex_tests {

namespace protocol = backchannel::protocol;

namespace {

std::string encoded(std::vector<std::uint8_t> const& bytes) {
    std::string text(2 * bytes.size(), '?');
    protocol::hex_encode(bytes, text.data());
    return text;
}

}

TEST_CASE("hex writes the RFC 4648 example in lower case", "[hex]") {
    CHECK(encoded({}).empty());
    CHECK(encoded({'f', 'o', 'o', 'b', 'a', 'r'}) == "666f6f626172");
    CHECK(encoded({0x00, 0x09, 0x0a, 0x0f, 0x10, 0x90, 0xa0, 0xf0, 0xff}) == "00090a0f1090a0f0ff");
}

TEST_CASE("hex fills exactly two characters per byte", "[hex]") {
    std::array<std::uint8_t, 2> const bytes{0x12, 0xef};
    std::array<char, 6> out{};
    out.fill('!');
    protocol::hex_encode(bytes, out.data() + 1);
    CHECK(std::string(out.data(), out.size()) == "!12ef!");
}

TEST_CASE("hex brings every byte value back", "[hex]") {
    std::vector<std::uint8_t> bytes(256);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
    auto const decoded = protocol::hex_decode<256>(encoded(bytes));
    REQUIRE(decoded.has_value());
    CHECK(std::vector<std::uint8_t>(decoded->begin(), decoded->end()) == bytes);
}

TEST_CASE("hex decoding takes lower-case digits and no other character at any place", "[hex]") {
    std::string const digits = "0123456789abcdef";
    for (int value = 0; value < 256; ++value) {
        char const c = static_cast<char>(static_cast<unsigned char>(value));
        std::size_t const digit = digits.find(c);
        INFO(value);
        for (std::size_t at = 0; at < 4; ++at) {
            std::string text = "1234";
            text[at] = c;
            CHECK(protocol::hex_decode<2>(text).has_value() == (digit != std::string::npos));
        }
        if (digit == std::string::npos) continue;
        auto const byte = protocol::hex_decode<1>(std::string{c, '3'});
        REQUIRE(byte.has_value());
        CHECK(unsigned{(*byte)[0]} == digit * 16 + 3);
    }
}

TEST_CASE("hex decoding refuses any other length", "[hex]") {
    CHECK(protocol::hex_decode<0>("").has_value());
    CHECK_FALSE(protocol::hex_decode<0>("00").has_value());
    CHECK(protocol::hex_decode<2>("00ff").has_value());
    for (std::string const text : {"", "0", "00", "00f", "00ff0", "00ff00"}) {
        INFO(text);
        CHECK_FALSE(protocol::hex_decode<2>(text).has_value());
    }
}

TEST_CASE("hex decodes in a constant expression", "[hex]") {
    constexpr auto bytes = protocol::hex_decode<2>("a1f0");
    static_assert(bytes.has_value() && (*bytes)[0] == 0xa1 && (*bytes)[1] == 0xf0);
    static_assert(!protocol::hex_decode<2>("A1F0").has_value());
    CHECK(encoded({bytes->begin(), bytes->end()}) == "a1f0");
}

}
