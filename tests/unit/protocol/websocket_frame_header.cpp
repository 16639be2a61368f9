// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/websocket_frame_header.hpp>

#include "support/catch.hpp"
#include "support/frame_listener.hpp"

#include <cstdint>
#include <string>

namespace protocol_websocket_frame_header_tests {

using namespace test::frame_listener;

TEST_CASE("websocket_frame_header is of every length form", "[websocket_frame_header]") {
    auto const text = [](frame_header const& header) { return std::string{header.view()}; };
    CHECK(text(make_frame_header(opcode::text, 0)) == "\x81\0"_bytes);
    CHECK(text(make_frame_header(opcode::binary, 125, false)) == "\x02\x7D");
    CHECK(text(make_frame_header(opcode::text, 126, true, true)) == "\xC1\x7E\0\x7E"_bytes);
    CHECK(text(make_frame_header(opcode::continuation, 0xFFFF)) == "\x80\x7E\xFF\xFF");
    CHECK(text(make_frame_header(opcode::ping, 5)) == "\x89\x05");
    CHECK(text(make_frame_header(opcode::text, 0x10000)) == "\x81\x7F\0\0\0\0\0\x01\0\0"_bytes);
    CHECK(text(make_frame_header(opcode::text, 0x7EDCBA9876543210)) == "\x81\x7F\x7E\xDC\xBA\x98\x76\x54\x32\x10");
    CHECK(text(make_masked_frame_header(opcode::text, 5, key)) == "\x81\x85\x37\xFA\x21\x3D");
    CHECK(text(make_masked_frame_header(opcode::close, 300, key, false)) == "\x08\xFE\x01\x2C\x37\xFA\x21\x3D");
    CHECK(make_masked_frame_header(opcode::text, 0x10000, key).size == 14);
    for (std::uint64_t const size :
         {std::uint64_t{0}, std::uint64_t{125}, std::uint64_t{126}, std::uint64_t{65535}, std::uint64_t{65536}, huge})
        CHECK(make_frame_header(opcode::binary, size).size == frame_header_size(size));
}

TEST_CASE("websocket_frame_header knows which close codes may be sent", "[websocket_frame_header]") {
    for (int code = 0; code != 65536; ++code) {
        bool const defined = code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
        bool const good = defined || (code >= 3000 && code <= 4999);
        if (is_sendable_close_code(static_cast<std::uint16_t>(code)) != good) FAIL_CHECK("code " << code);
    }
}

}
