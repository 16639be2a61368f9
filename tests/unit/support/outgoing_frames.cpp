// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/outgoing_frames.hpp>

#include "support/catch.hpp"

#include <array>
#include <string>
#include <string_view>

namespace support_outgoing_frames_tests {

using namespace backchannel;

namespace {

/// All that waits, and in how many pieces.
struct waiting {
    std::string bytes;
    std::size_t pieces = 0;

    explicit waiting(outbox& out) {
        std::array<std::string_view, 8> found;
        pieces = out.gather(found);
        for (std::size_t i = 0; i != pieces; ++i) bytes += found.at(i);
    }
};

}

TEST_CASE("a frame has its kind, its length and no mask", "[outgoing_frames]") {
    outbox out;
    append_frame(out, websocket::opcode::ping, "hi");
    append_frame(out, websocket::opcode::text, "x", true);
    waiting const all{out};
    CHECK(all.bytes == "\x89\x02hi\xC1\x01x");
    CHECK(all.pieces == 1);
}

TEST_CASE("short messages are gathered, long ones stay as they are", "[outgoing_frames]") {
    std::string const at_limit(16 * 1024, 'a'), beyond(16 * 1024 + 1, 'b');
    outbox out;
    CHECK(append_message(out, message{"x", message_kind::binary}));
    CHECK(append_message(out, message{at_limit, message_kind::text}));
    CHECK(waiting{out}.pieces == 1);
    CHECK(append_message(out, message{beyond, message_kind::text}));
    waiting const all{out};
    CHECK(all.pieces == 2);
    CHECK(all.bytes == "\x82\x01x" + ("\x81\x7E\x40" + std::string(1, '\0')) + at_limit + "\x81\x7E\x40\x01" + beyond);
}

TEST_CASE("a message for many is copied only if it is very short", "[outgoing_frames]") {
    std::string const at_limit(512, 'a'), beyond(513, 'b');
    shared_message const copied = shared_message::copy_of(at_limit, message_kind::text, true),
                         shared = shared_message::copy_of(beyond, message_kind::text, true);
    outbox out;
    CHECK(append_message(out, message{copied}));
    CHECK(append_message(out, message{copied}));
    CHECK(append_message(out, message{shared}));
    std::array<std::string_view, 4> found;
    REQUIRE(out.gather(found) == 2);
    CHECK(found[0] == std::string{copied.frame()} + std::string{copied.frame()});
    CHECK(found[1].data() == shared.frame().data());
}

}
