// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/message_assembler.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace gateway_message_assembler_tests {

using backchannel::message_assembler;
using backchannel::message_codec;
using backchannel::websocket::frame_event;
using backchannel::websocket::opcode;

namespace {

/// "Inflates" each byte to two; `!` is no compressed data.
struct doubling_codec : message_codec {
    status inflate(std::string_view bytes, bool last, std::string& out, std::size_t limit) override {
        ended += last ? 1 : 0;
        for (char const c : bytes) {
            if (c == '!') return status::broken;
            if (limit - out.size() < 2) return status::too_large;
            out.append(2, c);
        }
        return status::ok;
    }
    bool deflate(std::string_view, std::string&) override { return false; }

    int ended = 0;
};

/// Leaves the bytes as they are.
struct same_codec : message_codec {
    status inflate(std::string_view bytes, bool, std::string& out, std::size_t) override {
        out.append(bytes);
        return status::ok;
    }
    bool deflate(std::string_view, std::string&) override { return false; }
};

[[nodiscard]] frame_event piece_of(std::string_view payload, bool first, bool last, bool compressed = false,
                                   opcode kind = opcode::text) {
    frame_event e;
    e.kind = frame_event::type::data;
    e.message = kind;
    e.first = first;
    e.last = last;
    e.compressed = compressed;
    e.payload = payload;
    return e;
}

/// One with what it is given each time.
struct assembler {
    message_codec* codec;
    std::uint64_t limit;
    message_assembler whole{};

    [[nodiscard]] message_assembler::piece add(frame_event const& event) { return whole.add(event, codec, limit); }
    void clear() { whole.clear(); }
};

}

TEST_CASE("a message in one piece is shown in place", "[message_assembler]") {
    assembler a{nullptr, 100};
    std::string_view const text = "whole";
    auto const piece = a.add(piece_of(text, true, true));
    CHECK(piece.whole);
    CHECK(piece.error == 0);
    CHECK(piece.text.data() == text.data());
    CHECK(piece.text.size() == 5);
    CHECK(a.add(piece_of("", true, true)).text.empty());
}

TEST_CASE("a message in pieces is put together, one after the other", "[message_assembler]") {
    assembler a{nullptr, 100};
    for (int i = 0; i != 2; ++i) {
        CHECK_FALSE(a.add(piece_of("a", true, false)).whole);
        CHECK_FALSE(a.add(piece_of("", false, false)).whole);
        CHECK_FALSE(a.add(piece_of("bc", false, false)).whole);
        auto const piece = a.add(piece_of("d", false, true));
        CHECK(piece.whole);
        CHECK(piece.text == "abcd");
        if (i == 0) a.clear(); // the next one begins anew with or without
    }
    auto const next = a.add(piece_of("e", true, true));
    CHECK(next.text == "e");
}

TEST_CASE("a compressed message is inflated, in one piece or several", "[message_assembler]") {
    doubling_codec codec;
    assembler a{&codec, 100};
    auto piece = a.add(piece_of("ab", true, true, true));
    CHECK(piece.whole);
    CHECK(piece.text == "aabb");
    CHECK(codec.ended == 1);
    CHECK_FALSE(a.add(piece_of("c", true, false, true)).whole);
    CHECK(codec.ended == 1);
    piece = a.add(piece_of("d", false, true, true));
    CHECK(piece.whole);
    CHECK(piece.text == "ccdd");
    CHECK(codec.ended == 2);
    piece = a.add(piece_of("plain", true, true)); // others may be as they are
    CHECK(piece.text == "plain");
    CHECK(codec.ended == 2);
    piece = a.add(piece_of("", true, true, true));
    CHECK(piece.whole);
    CHECK(piece.text.empty());
}

TEST_CASE("what is too long after inflation is 1009, what cannot be inflated 1007", "[message_assembler]") {
    doubling_codec codec;
    assembler a{&codec, 6};
    CHECK(a.add(piece_of("abc", true, true, true)).text == "aabbcc");
    auto const large = a.add(piece_of("abcd", true, true, true));
    CHECK(large.error == 1009);
    CHECK_FALSE(large.whole);
    CHECK_FALSE(large.text.empty());
    assembler in_pieces{&codec, 6};
    CHECK(in_pieces.add(piece_of("ab", true, false, true)).error == 0);
    CHECK(in_pieces.add(piece_of("cd", false, false, true)).error == 1009);
    assembler broken{&codec, 6};
    CHECK(broken.add(piece_of("!", true, true, true)).error == 1007);
}

TEST_CASE("the text of a compressed message must be UTF-8, wherever it is cut", "[message_assembler]") {
    same_codec codec;
    assembler a{&codec, 100};
    CHECK(a.add(piece_of("\xC3", true, false, true)).error == 0);
    auto const whole = a.add(piece_of("\xA4", false, true, true));
    CHECK(whole.whole);
    CHECK(whole.text == "\xC3\xA4");
    CHECK(a.add(piece_of("\xC3", true, true, true)).error == 1007); // ends in the middle
    CHECK(a.add(piece_of("\xC3", true, false, true)).error == 0);
    CHECK(a.add(piece_of("x", false, false, true)).error == 1007); // at the first byte that cannot be
    CHECK(a.add(piece_of("ok", true, true, true)).error == 0);     // each message begins anew
    CHECK(a.add(piece_of("\xFF", true, true, true, opcode::binary)).whole);
    CHECK(a.add(piece_of("\xC3", true, false, true, opcode::binary)).error == 0);
    CHECK(a.add(piece_of("", false, true, true, opcode::binary)).whole);
}

}
