// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Short texts with a form of their own: addresses, dates, base64, hexadecimal digits.

#include "fuzz.hpp"

#include <backchannel/protocol/base64.hpp>
#include <backchannel/protocol/hex.hpp>
#include <backchannel/protocol/parse_iso8601.hpp>
#include <backchannel/support/ip_text.hpp>

#include <array>
#include <optional>

#if __has_include(<arpa/inet.h>)
#include <arpa/inet.h>
#endif

using namespace backchannel;
using namespace backchannel::protocol;
using fuzz::require;

namespace {

#if __has_include(<arpa/inet.h>)
// The address as the C library reads it.
std::optional<ip_address> system_parse(std::string const& text) {
    std::array<std::uint8_t, 16> bytes{};
    if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return ip_address{bytes};
    bytes = {};
    bytes[10] = bytes[11] = 0xFF;
    if (inet_pton(AF_INET, text.c_str(), bytes.data() + 12) == 1) return ip_address{bytes};
    return std::nullopt;
}
#endif

// Whether two addresses have their first bits in common.
bool share(ip_address const& a, ip_address const& b, unsigned bits) {
    for (unsigned i = 0; i != bits; ++i)
        if (((a.bytes()[i / 8] ^ b.bytes()[i / 8]) & (0x80u >> i % 8)) != 0) return false;
    return true;
}

void check_address(std::string_view text) {
    auto const address = ip_address::parse(text);
    require(normalise_ip(text) == (address ? address->to_string() : std::string{text}), "a text is normalised or kept");
#if __has_include(<arpa/inet.h>)
    if (text.find('\0') == std::string_view::npos)
        require(address == system_parse(std::string{text}), "an address is what the system says it is");
#endif
    if (!address) return;
    std::string const shown = address->to_string();
    require(ip_address::parse(shown) == address, "an address is read as it was shown");
    require(address->is_v4() == (shown.find('.') != std::string::npos), "IPv4 addresses have dots");
    ip_address const other{[&] {
        auto bytes = address->bytes();
        bytes[12 + text.size() % 4] ^= 1;
        return bytes;
    }()};
    unsigned const family = address->is_v4() ? 96 : 0;
    for (unsigned bits = 0; bits <= 128 - family; ++bits) {
        auto const network = ip_network::parse(shown + "/" + std::to_string(bits));
        require(network && network->contains(*address), "a block has its address in it");
        require(network->contains(other) ==
                    (share(*address, other, bits + family) && other.is_v4() == address->is_v4()),
                "a block has the addresses in it that begin like it");
    }
}

void check_dates(std::string_view text) {
    if (auto const t = parse_amz_date(text)) {
        auto const shown = format_amz_date(*t);
        fuzz::require_equal(text_of(shown), text, "a date of a signature is shown as it was read");
    }
    if (auto const t = parse_iso8601(text)) {
        require(parse_iso8601(format_iso8601(*t).view()) == *t, "a date is read as it was shown");
        auto const amz = format_amz_date(*t);
        require(parse_amz_date(text_of(amz)) == std::chrono::floor<std::chrono::seconds>(*t), "all forms say the same");
    }
    timestamp const now{std::chrono::hours{24 * 365 * 50}};
    if (auto const t = parse_http_date(text, now)) {
        auto const shown = format_http_date(*t);
        require(parse_http_date(text_of(shown), now) == *t, "a date of HTTP is read as it was shown");
    }
}

void check_encodings(std::string_view text) {
    require(base64_decode(base64_encode(text)) == std::string{text}, "base64 is decoded as it was encoded");
    std::string const url = base64url_encode(text);
    require(url.size() == base64url_encoded_size(text.size()), "base64url has its size");
    require(base64_decode_any(url) == std::string{text}, "base64url is decoded as it was encoded");
    auto const strict = base64_decode(text), any = base64_decode_any(text);
    require(!strict || strict == any, "what is base64 is base64 of any kind");
    if (strict) fuzz::require_equal(base64_encode(*strict), text, "only one text is the base64 of its bytes");
    if (any) require(any->size() <= base64_decoded_size(text.size()), "the bytes are no more than announced");

    if (auto const bytes = hex_decode<4>(text)) {
        std::array<char, 8> digits{};
        hex_encode(*bytes, digits.data());
        fuzz::require_equal({digits.data(), digits.size()}, text, "hexadecimal digits are encoded as they were");
    }
}

}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text = fuzz::input{data, std::min<std::size_t>(size, 256)}.text();
    check_address(text);
    check_dates(text);
    check_encodings(text);
    return 0;
}
