// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_DIGEST_TEXT_HPP
#define BACKCHANNEL_TESTS_SUPPORT_DIGEST_TEXT_HPP

#include <backchannel/protocol/hex.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace test {

[[nodiscard]] inline std::string hex_of(std::span<std::uint8_t const> bytes) {
    std::string text(2 * bytes.size(), '?');
    backchannel::protocol::hex_encode(bytes, text.data());
    return text;
}

/// Bytes as what can be hashed.
[[nodiscard]] inline std::string_view as_text(std::span<std::uint8_t const> bytes) {
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

/// Bytes that differ from their neighbours; digests of them are known.
[[nodiscard]] inline std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(static_cast<unsigned char>((i * 37 + 11) & 255));
    return text;
}

}

#endif
