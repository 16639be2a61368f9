// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/websocket_frame.hpp>

#include "support/catch.hpp"
#include "support/frame_listener.hpp"

#include <cstdint>
#include <string>

namespace protocol_websocket_frame_limits_tests {

using namespace test::frame_listener;

TEST_CASE("websocket_frame refuses bad first bytes at once", "[websocket_frame]") {
    for (int byte = 0; byte != 256; ++byte) {
        int const code = byte & 0x0F;
        bool const fin = (byte & 0x80) != 0, rsv1 = (byte & 0x40) != 0, other = (byte & 0x30) != 0;
        std::string const stream(1, static_cast<char>(byte));
        for (bool const compression : {false, true}) {
            for (bool const inside : {false, true}) {
                bool const data = code == 1 || code == 2;
                bool const good = !other && (data        ? !inside && (!rsv1 || compression)
                                             : code == 0 ? inside && !rsv1
                                                         : code >= 8 && code <= 10 && fin && !rsv1);
                std::string const before = inside ? masked(opcode::binary, "x", false) : std::string{};
                setting const s{{.compression = compression}};
                INFO(byte << " compression " << compression << " inside " << inside);
                if (good) {
                    CHECK(run(before + stream, s).empty());
                } else {
                    fails_at_end(before + stream, 1002, s);
                }
            }
        }
    }
}

TEST_CASE("websocket_frame refuses bad second bytes at once", "[websocket_frame]") {
    for (opcode const kind : {opcode::text, opcode::binary, opcode::close, opcode::ping, opcode::pong}) {
        for (int byte = 0; byte != 256; ++byte) {
            std::string const stream{static_cast<char>(0x80 | static_cast<int>(kind)), static_cast<char>(byte)};
            bool const control = kind >= opcode::close, is_masked = (byte & 0x80) != 0;
            int const length = byte & 0x7F;
            bool const right = !control || (length <= 125 && (kind != opcode::close || length != 1));
            for (endpoint const side : {endpoint::server, endpoint::client}) {
                INFO(static_cast<int>(kind) << " " << byte);
                if (right && is_masked == (side == endpoint::server)) {
                    CHECK(run(stream, {{}, side}).find("error") == std::string::npos);
                } else {
                    fails_at_end(stream, 1002, {{}, side});
                }
            }
        }
    }
}

TEST_CASE("websocket_frame refuses bad lengths from the length bytes alone", "[websocket_frame]") {
    setting const open{{.frame = huge * 2 - 1, .message = huge * 2 - 1}};
    // not minimal: certain once the bytes so far leave no way to reach the smallest allowed value
    fails_at_end(claim(0x82, 126, "\0\x7D"_bytes, false), 1002, open);
    fails_at_end(claim(0x82, 126, "\0\0"_bytes, false), 1002, open);
    CHECK(run(claim(0x82, 126, "\0\x7E"_bytes), open).empty());
    fails_at_end(claim(0x82, 127, "\0\0\0\0\0\0"_bytes, false), 1002, open);
    CHECK(run(claim(0x82, 127, "\0\0\0\0\0\x01\0\0"_bytes), open).empty());
    // the top bit
    fails_at_end(claim(0x82, 127, "\x80", false), 1002, open);
    fails_at_end(claim(0x82, 127, "\xFF", false), 1002, open);
    CHECK(run(claim(0x82, 127, "\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), open).empty());
    // over a limit
    setting const s{{.frame = 100, .message = 100}};
    CHECK(run(claim(0x82, 100, ""), s).empty());
    fails_at_end(claim(0x82, 101, "", false), 1009, s);
    fails_at_end(claim(0x82, 126, "\x01", false), 1009, s);
    fails_at_end(claim(0x82, 126, "\0\x7E"_bytes, false), 1009, s);
    fails_at_end(claim(0x82, 127, "\x01", false), 1009, s);
    fails_at_end(claim(0x82, 127, "\0\0\0\x01"_bytes, false), 1009, s);
    fails_at_end(claim(0x82, 127, "\0\0\0\0\0\0"_bytes, false), 1002, s);
    setting const exact{{.frame = 0x12345, .message = huge}};
    CHECK(run(claim(0x82, 127, "\0\0\0\0\0\x01\x23\x45"_bytes), exact).empty());
    fails_at_end(claim(0x82, 127, "\0\0\0\0\0\x01\x23\x46"_bytes, false), 1009, exact);
    fails_at_end(claim(0x82, 127, "\0\0\0\0\0\x01\x24"_bytes, false), 1009, exact);
    // the defaults
    CHECK(run(claim(0x82, 126, "\x80\0"_bytes)).empty());
    fails_at_end(claim(0x82, 126, "\x80\x01", false), 1009);
    CHECK(run(claim(0x82, 127, "\x7F", false)).find("error(1009") == 0);
}

TEST_CASE("websocket_frame holds a message to its limit over all fragments", "[websocket_frame]") {
    setting const s{{.frame = 8, .message = 10}};
    std::string const start = masked(opcode::binary, "12345678", false);
    CHECK(run(start + masked(opcode::ping, "12345678") + masked(opcode::continuation, "90") +
                  masked(opcode::binary, "12345678"),
              s) == "ping(12345678)binary[1234567890]binary[12345678]");
    fails_at_end(start + "\x80\x83", 1009, s);
    fails_at_end(start + masked(opcode::continuation, "90", false) + "\x80\x81", 1009, s);
    CHECK(run(start + masked(opcode::continuation, "90", false) + masked(opcode::continuation, ""), s) ==
          "binary[1234567890]");
    // sums that would overflow 64 bits
    setting const open{{.frame = huge * 2 - 1, .message = huge * 2 - 1}};
    CHECK(run(masked(opcode::binary, "x", false) + claim(0x80, 127, "\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFE"), open).empty());
    fails_at_end(masked(opcode::binary, "x", false) + claim(0x80, 127, "\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", false), 1009,
                 open);
}

TEST_CASE("websocket_frame holds a message to its number of fragments", "[websocket_frame]") {
    setting const s{{.fragments = 3}};
    std::string const two = masked(opcode::text, "", false) + masked(opcode::continuation, "a", false);
    CHECK(
        run(two + masked(opcode::ping, "") + masked(opcode::continuation, "b") + two + masked(opcode::continuation, ""),
            s) == "ping()text[ab]text[a]");
    fails_at_end(two + masked(opcode::continuation, "b", false) + "\x80", 1008, s);
    fails_at_end(two + masked(opcode::continuation, "", false) + std::string(1, '\0'), 1008, s);
    CHECK(run(masked(opcode::text, "a"), {{.fragments = 1}}) == "text[a]");
    fails_at_end(masked(opcode::text, "a", false) + "\x80", 1008, {{.fragments = 1}});
    // the default
    listener l{{}, endpoint::server};
    l.feed(masked(opcode::text, "", false));
    for (int i = 1; i != 131072; ++i) l.feed(masked(opcode::continuation, "", false));
    CHECK_FALSE(l.ended());
    l.feed(std::string(1, '\0'));
    CHECK(l.log() == "error(1008,too many fragments)");
}

TEST_CASE("websocket_frame lets a compressed message exceed the limits by what deflate may add", "[websocket_frame]") {
    setting const s{{.frame = 8, .message = 16, .compression = true}}; // 73 and 82 on the wire
    std::string const most(73, 'x');
    CHECK(run(masked(opcode::text, most, true, true), s) == "text*[" + most + "]");
    fails_at_end("\xC1\xCA", 1009, s);
    fails_at_end("\x81\x89", 1009, s);
    std::string const start = masked(opcode::binary, most, false, true);
    CHECK(run(start + masked(opcode::continuation, "123456789"), s) == "binary*[" + most + "123456789]");
    fails_at_end(start + "\x80\x8A", 1009, s);
    // the next message isn't compressed, and measured so
    CHECK(run(start + masked(opcode::continuation, "") + masked(opcode::text, "12345678"), s) ==
          "binary*[" + most + "]text[12345678]");
    setting const open{{.frame = ~std::uint64_t{0}, .message = ~std::uint64_t{0}, .compression = true}};
    CHECK(run(masked(opcode::text, "x", true, true), open) == "text*[x]");
    CHECK(run(claim(0xC1, 127, "\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), open).empty());
    fails_at_end(masked(opcode::text, "x", false, true) + claim(0x80, 127, "\x80", false), 1002, open);
}

}
