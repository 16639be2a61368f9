// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/websocket_frame.hpp>

#include "support/catch.hpp"
#include "support/frame_listener.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace protocol_websocket_frame_tests {

using namespace test::frame_listener;

TEST_CASE("websocket_frame reads the examples of RFC 6455 section 5.7", "[websocket_frame]") {
    CHECK(run("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") == "text[Hello]");
    CHECK(run("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") == "pong(Hello)");
    setting const client{{}, endpoint::client};
    CHECK(run("\x81\x05\x48\x65\x6c\x6c\x6f", client) == "text[Hello]");
    CHECK(run("\x01\x03\x48\x65\x6c\x80\x02\x6c\x6f"_bytes, client) == "text[Hello]");
    CHECK(run("\x89\x05\x48\x65\x6c\x6c\x6f", client) == "ping(Hello)");
    CHECK(run("\x82\x7E\x01\x00"_bytes + std::string(256, 'x'), client) == "binary[" + std::string(256, 'x') + "]");
}

TEST_CASE("websocket_frame puts fragments together and lets control frames in between", "[websocket_frame]") {
    std::string const stream = masked(opcode::text, "a", false) + masked(opcode::ping, "1") +
                               masked(opcode::continuation, "", false) + masked(opcode::pong, "") +
                               masked(opcode::continuation, "b", false) + masked(opcode::continuation, "") +
                               masked(opcode::binary, "") + masked(opcode::text, "c");
    CHECK(run(stream) == "ping(1)pong()text[ab]binary[]text[c]");
    CHECK(run(masked(opcode::text, "", false) + masked(opcode::continuation, "", false) +
              masked(opcode::continuation, "")) == "text[]");
    CHECK(run(masked(opcode::ping, std::string(125, 'p'))) == "ping(" + std::string(125, 'p') + ")");
}

TEST_CASE("websocket_frame passes data on before the frame is complete", "[websocket_frame]") {
    std::string stream = masked(opcode::binary, "abcdef");
    frame_parser parser;
    std::span<char> input{stream.data(), 8};
    frame_event event = parser.next(input);
    CHECK(event.kind == type::data);
    CHECK(event.payload == "ab");
    CHECK(event.payload.data() == stream.data() + 6);
    CHECK(event.first);
    CHECK_FALSE(event.last);
    CHECK(input.empty());
    CHECK(parser.next(input).kind == type::need_more);
    CHECK(parser.in_message());
    input = std::span<char>{stream}.subspan(8);
    event = parser.next(input);
    CHECK(event.payload == "cdef");
    CHECK_FALSE(event.first);
    CHECK(event.last);
    CHECK_FALSE(parser.in_message());
}

TEST_CASE("websocket_frame leaves incomplete headers and control frames untouched", "[websocket_frame]") {
    for (std::string const& whole : {masked(opcode::ping, "payload"), masked(opcode::close, close_of(1000, "reason")),
                                     masked(opcode::binary, std::string(300, 'x')).substr(0, 9)}) {
        for (std::size_t size = 0; size != std::min<std::size_t>(whole.size(), 8); ++size) {
            std::string part = whole.substr(0, size);
            frame_parser parser;
            std::span<char> input{part};
            CHECK(parser.next(input).kind == type::need_more);
            CHECK(input.data() == part.data());
            CHECK(input.size() == size);
            CHECK(part == whole.substr(0, size));
        }
    }
}

TEST_CASE("websocket_frame refuses text that is not UTF-8 at the first wrong byte", "[websocket_frame]") {
    auto const first_of = [](std::string_view payload, std::size_t announced) {
        return masked(opcode::text, std::string{payload} + std::string(announced - payload.size(), 'x'))
            .substr(0, 6 + payload.size());
    };
    fails_at_end(first_of("ab\xFF", 100), 1007);
    fails_at_end(first_of("\xED\xA0", 100), 1007);
    fails_at_end(first_of("\xF4\x90", 100), 1007);
    fails_at_end(first_of("\xC3\xA9\xC0", 100), 1007);
    fails_at_end(masked(opcode::text, "\xE2\x82", false) + masked(opcode::continuation, "a").substr(0, 7), 1007);
    CHECK(run(masked(opcode::text, "\xE2", false) + masked(opcode::continuation, "\x82", false) +
              masked(opcode::ping, "\xFF") + masked(opcode::continuation, "", false) +
              masked(opcode::continuation, "\xAC")) == "ping(\xFF)text[\xE2\x82\xAC]");
    // incomplete at the end
    fails_at_end(masked(opcode::text, "\xE2\x82"), 1007);
    fails_at_end(masked(opcode::text, "\xE2\x82", false) + masked(opcode::continuation, ""), 1007);
    fails_at_end(masked(opcode::text, "\xE2", false) + masked(opcode::continuation, "\x82"), 1007);
    // not text, or not yet
    CHECK(run(masked(opcode::binary, "\xFF")) == "binary[\xFF]");
    CHECK(run(masked(opcode::text, "\xFF", true, true), {{.compression = true}}) == "text*[\xFF]");
    CHECK(run(masked(opcode::binary, "\xFF") + masked(opcode::text, "a")) == "binary[\xFF]text[a]");
    fails_at_end(masked(opcode::text, "\xFF", true, true) + masked(opcode::text, "\xFF"), 1007,
                 {{.compression = true}});
}

TEST_CASE("websocket_frame reads close frames", "[websocket_frame]") {
    CHECK(run(masked(opcode::close, "")) == "close(1005,)");
    CHECK(run(masked(opcode::close, close_of(1000))) == "close(1000,)");
    std::string const reason = std::string(120, 'r') + "\xE2\x82\xAC";
    CHECK(run(masked(opcode::close, close_of(4999, reason))) == "close(4999," + reason + ")");
    CHECK(run(masked(opcode::text, "a", false) + masked(opcode::close, close_of(1001))) == "close(1001,)");
    CHECK(run(plain(opcode::close, close_of(1001, "x")), {{}, endpoint::client}) == "close(1001,x)");
    fails_at_end(masked(opcode::close, close_of(1000, "\xFF")), 1007);
    fails_at_end(masked(opcode::close, close_of(1000, "ab\xE2\x82")), 1007);
    fails_at_end(masked(opcode::close, close_of(1000, "a\xFFxyz")).substr(0, 10), 1007);
    fails_at_end(masked(opcode::close, close_of(999, "xyz")).substr(0, 8), 1002);
    fails_at_end("\x88\x81", 1002);
}

TEST_CASE("websocket_frame takes the close codes that may be sent", "[websocket_frame]") {
    for (int code = 0; code != 65536; ++code) {
        bool const defined = (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006);
        bool const good = defined || (code >= 3000 && code <= 4999);
        auto const value = static_cast<std::uint16_t>(code);
        std::string const log = run_in(masked(opcode::close, close_of(value)), {8}, {});
        if ((log == "close(" + std::to_string(code) + ",)") != good) FAIL_CHECK("code " << code << " gives " << log);
        if (!good && log != "error(1002,invalid close code)") FAIL_CHECK("code " << code << " gives " << log);
    }
}

TEST_CASE("websocket_frame masks like the byte by byte rule at every length and offset", "[websocket_frame]") {
    test::random_source random{1};
    for (std::size_t size = 0; size != 40; ++size) {
        for (std::size_t offset = 0; offset != 9; ++offset) {
            std::string text(size, '\0');
            for (char& c : text) c = static_cast<char>(random());
            std::string expected = text;
            for (std::size_t i = 0; i != size; ++i) expected[i] = static_cast<char>(text[i] ^ key[(i + offset) % 4]);
            apply_mask(text, key, offset);
            CHECK(text == expected);
        }
    }
}

TEST_CASE("websocket_frame carries random messages through random cuts", "[websocket_frame]") {
    test::random_source random{20261121};
    for (int round = 0; round != 300; ++round) {
        setting const s{{.frame = 1 << 20, .message = 1 << 20, .compression = true},
                        random.below(2) == 0 ? endpoint::server : endpoint::client};
        std::string stream, expected;
        auto const send = [&](opcode kind, std::string const& payload, bool fin, bool rsv1) {
            std::array<char, 4> mask{};
            for (char& c : mask) c = static_cast<char>(random());
            stream +=
                s.side == endpoint::server ? masked(kind, payload, fin, rsv1, mask) : plain(kind, payload, fin, rsv1);
        };
        for (std::size_t messages = 1 + random.below(4); messages != 0; --messages) {
            bool const text = random.below(2) == 0, compressed = random.below(3) == 0;
            std::size_t const form = random.below(20);
            std::string body(random.below(form == 0 ? 70000 : form < 5 ? 400 : 20), '\0');
            for (char& c : body) c = static_cast<char>(text && !compressed ? 'a' + random.below(26) : random());
            std::string_view rest = body;
            for (opcode kind = text ? opcode::text : opcode::binary;; kind = opcode::continuation) {
                std::size_t const size = random.below(rest.size() + 1);
                bool const fin = random.below(2) == 0;
                std::string const payload{fin ? rest : rest.substr(0, size)};
                send(kind, payload, fin, compressed && kind != opcode::continuation);
                if (fin) break;
                rest.remove_prefix(size);
                if (random.below(3) != 0) continue;
                std::string const control(random.below(126), 'c');
                send(opcode::ping, control, true, false);
                expected += "ping(" + control + ")";
            }
            expected.append(text ? "text" : "binary").append(compressed ? "*[" : "[").append(body).append("]");
        }
        std::vector<std::size_t> ends;
        for (std::size_t at = 0; at < stream.size();)
            ends.push_back(at = std::min(stream.size(), at + 1 + random.below(round % 2 == 0 ? 20 : 5000)));
        if (run_in(stream, ends, s) != expected) FAIL_CHECK("round " << round);
    }
}

TEST_CASE("websocket_frame survives random bytes and gives one answer however they are cut", "[websocket_frame]") {
    test::random_source random{7};
    for (int round = 0; round != 3000; ++round) {
        std::string stream;
        // mostly plausible first bytes, so that the deeper states are reached
        for (int frames = 0; frames != 4; ++frames) {
            constexpr std::string_view firsts = "\x81\x82\x01\x02\x80\x89\x8A\x88\xC1";
            stream += firsts[random.below(firsts.size())];
            stream += static_cast<char>(0x80 | random.below(random.below(4) == 0 ? 128 : 8));
            for (std::size_t i = random.below(12); i != 0; --i)
                stream += static_cast<char>(random() & (i % 2 == 0 ? 0xFF : 0x3F));
        }
        setting const s{{.frame = 20, .message = 30, .compression = random.below(2) == 0}};
        std::vector<std::size_t> bytes, cuts;
        for (std::size_t i = 1; i <= stream.size(); ++i) bytes.push_back(i);
        for (std::size_t at = 0; at < stream.size();)
            cuts.push_back(at = std::min(stream.size(), at + 1 + random.below(9)));
        std::string const whole = run_in(stream, {stream.size()}, s);
        if (run_in(stream, bytes, s) != whole || run_in(stream, cuts, s) != whole) FAIL_CHECK("round " << round);
    }
}

}
