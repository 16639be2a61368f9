// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/base64.hpp>

#include "support/catch.hpp"

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace protocol_base64_tests {

namespace protocol = backchannel::protocol;

namespace {

std::string bytes_of(std::initializer_list<int> values) {
    std::string bytes;
    for (int const value : values) bytes.push_back(static_cast<char>(static_cast<unsigned char>(value)));
    return bytes;
}

std::vector<std::pair<std::string, std::string>> const& known_pairs() {
    static std::vector<std::pair<std::string, std::string>> const pairs{
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {bytes_of({0}), "AA=="},
        {bytes_of({0, 0}), "AAA="},
        {bytes_of({0, 0, 0}), "AAAA"},
        {bytes_of({0xff}), "/w=="},
        {bytes_of({0xff, 0xff}), "//8="},
        {bytes_of({0xff, 0xff, 0xff}), "////"},
        {bytes_of({0xfb, 0xef, 0xbe}), "++++"},
        {bytes_of({0x14, 0xfb, 0x9c, 0x03, 0xd9, 0x7e}), "FPucA9l+"},
    };
    return pairs;
}

std::string url_form(std::string text) {
    while (!text.empty() && text.back() == '=') text.pop_back();
    for (char& c : text) {
        if (c == '+') c = '-';
        if (c == '/') c = '_';
    }
    return text;
}

}

TEST_CASE("base64 gives the RFC 4648 examples in both directions", "[base64]") {
    for (auto const& [bytes, text] : known_pairs()) {
        INFO(text);
        CHECK(protocol::base64_encode(bytes) == text);
        CHECK(protocol::base64_decode(text) == bytes);
        CHECK(protocol::base64_decode_any(text) == bytes);
        CHECK(protocol::base64_encoded_size(bytes.size()) == text.size());
    }
}

TEST_CASE("base64url is the URL alphabet without padding", "[base64]") {
    for (auto const& [bytes, text] : known_pairs()) {
        INFO(text);
        CHECK(protocol::base64url_encode(bytes) == url_form(text));
        CHECK(protocol::base64url_encoded_size(bytes.size()) == url_form(text).size());
        CHECK(protocol::base64_decode_any(url_form(text)) == bytes);
    }
}

TEST_CASE("base64url fills a buffer of the caller's and nothing beyond it", "[base64]") {
    std::array<std::uint8_t, 16> const id{0, 16, 131, 16, 81, 135, 32, 146, 139, 48, 211, 143, 65, 20, 147, 251};
    std::array<char, 23> out{};
    out.fill('!');
    CHECK(protocol::base64url_encode(std::span<std::uint8_t const>(id), out.data()) == 22);
    CHECK(std::string(out.data(), out.size()) == "ABCDEFGHIJKLMNOPQRST-w!");
    CHECK(protocol::base64url_encode(std::span<std::uint8_t const>(id).first(0), out.data()) == 0);
    CHECK(out[0] == 'A');
}

TEST_CASE("every digit of both alphabets has its value", "[base64]") {
    std::string const standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string const url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (std::size_t digit = 0; digit < 64; ++digit) {
        std::string const expected(1, static_cast<char>(static_cast<unsigned char>(digit)));
        // "AA" + two digits of which the last holds the low six bits of the third byte
        CHECK(protocol::base64_decode(std::string("AAA") + standard[digit]) == std::string(2, '\0') + expected);
        CHECK(protocol::base64_decode_any(std::string("AAA") + url[digit]) == std::string(2, '\0') + expected);
        CHECK(protocol::base64_encode(std::string(2, '\0') + expected) == std::string("AAA") + standard[digit]);
        CHECK(protocol::base64url_encode(std::string(2, '\0') + expected) == std::string("AAA") + url[digit]);
    }
}

TEST_CASE("base64 decoding refuses every character outside its alphabet", "[base64]") {
    std::string const standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int value = 0; value < 256; ++value) {
        char const c = static_cast<char>(static_cast<unsigned char>(value));
        bool const known = standard.find(c) != std::string::npos;
        INFO(value);
        for (std::size_t at = 0; at < 4; ++at) {
            std::string text = "AAAA";
            text[at] = c;
            bool const is_padding = c == '=' && at == 3; // "AAA=" is two bytes
            CHECK(protocol::base64_decode(text).has_value() == (known || is_padding));
            CHECK(protocol::base64_decode_any(text).has_value() == (known || is_padding || c == '-' || c == '_'));
        }
    }
}

TEST_CASE("strict base64 decoding refuses wrong padding", "[base64]") {
    for (char const* const text :
         {"Zg",       "Zg=",  "Zg===", "Zg====", "Z",     "Z=",    "Z==",    "Z===",    "=",
          "==",       "===",  "====",  "Zm8",    "Zm8==", "Zm9v=", "Zm9v==", "Zm9v===", "Zm9v====",
          "Zg==Zg==", "Z=g=", "=Zg=",  "Zm=v",   "Zg= =", "Zm9vY", "A===",   "AA=A"}) {
        INFO(text);
        CHECK_FALSE(protocol::base64_decode(text).has_value());
    }
}

TEST_CASE("base64 decoding of any form takes no padding or the right one", "[base64]") {
    CHECK(protocol::base64_decode_any("Zg") == "f");
    CHECK(protocol::base64_decode_any("Zm8") == "fo");
    CHECK(protocol::base64_decode_any("Zg==") == "f");
    CHECK(protocol::base64_decode_any("-_+/") == bytes_of({0xfb, 0xff, 0xbf}));
    for (char const* const text : {"Zg=", "Zg===", "Zg====", "Z", "Z===", "=", "==", "====", "Zm8==", "Zm9v=", "Zm9v==",
                                   "Zg==Zg==", "Zm9vY", "Zm9vYmE==", "A===", "Z=g="}) {
        INFO(text);
        CHECK_FALSE(protocol::base64_decode_any(text).has_value());
    }
}

TEST_CASE("base64 decoding refuses bits after the last byte that aren't zero", "[base64]") {
    std::string const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t digit = 0; digit < 64; ++digit) {
        std::string const one = std::string("A") + alphabet[digit];
        std::string const two = std::string("AA") + alphabet[digit];
        CHECK(protocol::base64_decode(one + "==").has_value() == (digit % 16 == 0));
        CHECK(protocol::base64_decode_any(one).has_value() == (digit % 16 == 0));
        CHECK(protocol::base64_decode(two + "=").has_value() == (digit % 4 == 0));
        CHECK(protocol::base64_decode_any(two).has_value() == (digit % 4 == 0));
    }
}

TEST_CASE("base64 brings bytes of every length back", "[base64]") {
    std::string bytes;
    for (int length = 0; length < 300; ++length) {
        std::string const text = protocol::base64_encode(bytes);
        REQUIRE(text.size() == protocol::base64_encoded_size(bytes.size()));
        REQUIRE(protocol::base64_decoded_size(text.size()) >= bytes.size());
        REQUIRE(protocol::base64_decoded_size(text.size()) <= bytes.size() + 2);
        REQUIRE(protocol::base64_decode(text) == bytes);
        std::string const url = protocol::base64url_encode(bytes);
        REQUIRE(protocol::base64_decoded_size(url.size()) == bytes.size());
        REQUIRE(protocol::base64_decode_any(url) == bytes);
        std::vector<std::uint8_t> const octets(bytes.begin(), bytes.end());
        std::string filled(url.size(), '!');
        REQUIRE(protocol::base64url_encode(octets, filled.data()) == url.size());
        REQUIRE(filled == url);
        bytes.push_back(static_cast<char>(static_cast<unsigned char>(length * 151 + 7)));
    }
}

}
