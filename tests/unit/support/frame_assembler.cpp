// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/frame_assembler.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace support_frame_assembler_tests {

using namespace backchannel;

namespace {

/// Notes what is written.
struct peer {
    std::vector<std::string>* written;

    bool ready() { return true; }
    bool write(message const& m) { return note(std::string{m.data()}); }
    bool write_close(std::uint16_t code, std::string_view) { return note("close " + std::to_string(code)); }
    bool write_pong(std::string_view payload) { return note("pong " + std::string{payload}); }
    void give_up() {}

    bool note(std::string what) {
        written->push_back(std::move(what));
        return true;
    }
};

constexpr unsigned fin = 0x80, text = 1, binary = 2, closing = 8, ping = 9, pong = 10;

struct client {
    std::vector<std::string> written;
    serial_writer<peer> writer{peer{&written}};
    frame_assembler<peer> frames{writer, 10};

    /// "t..." or "b..." for a message, "-" for none.
    std::string take(unsigned first_byte, std::string_view payload) {
        auto const m = frames.take(first_byte, payload);
        return m ? (m->kind() == message_kind::text ? "t" : "b") + std::string{m->data()} : "-";
    }
};

}

TEST_CASE("frames become messages", "[frame_assembler]") {
    client c;
    CHECK(c.take(fin | text, "whole") == "twhole");
    CHECK(c.take(fin | binary, "\xff") == "b\xff");
    CHECK(c.take(fin | text, "") == "t");
    CHECK(c.take(text, "one ") == "-");
    CHECK(c.take(fin | ping, "p") == "-");
    CHECK(c.take(0, "") == "-");
    CHECK(c.take(fin | pong, "") == "-");
    CHECK(c.take(fin, "two") == "tone two");
    CHECK(c.take(binary, "\xe2") == "-");
    CHECK(c.take(fin, "\x82") == "b\xe2\x82");
    CHECK(c.take(fin | text, "0123456789") == "t0123456789");
    CHECK_FALSE(c.frames.over());
    CHECK(c.frames.close_code() == 1006);
    CHECK(c.written == std::vector<std::string>{"pong p"});
}

TEST_CASE("a character may be spread over fragments of a text", "[frame_assembler]") {
    client c;
    CHECK(c.take(text, "\xe2\x82") == "-");
    CHECK(c.frames.close_reason().empty());
    CHECK(c.take(fin, "\xac") == "t\xe2\x82\xac");
}

TEST_CASE("a close frame ends it and is answered", "[frame_assembler]") {
    struct row {
        std::string payload, answer;
        unsigned code;
    };
    for (auto const& [payload, answer, code] :
         {row{"", "close 0", 1005}, row{"\x03\xe9why", "close 1001", 1001}, row{"\x0f\xa0", "close 4000", 4000},
          row{"\x03\xed", "close 1002", 1005}, row{"\x03", "close 1002", 1005}}) {
        client c;
        CHECK(c.take(text, "half") == "-");
        CHECK(c.take(fin | closing, payload) == "-");
        CHECK(c.frames.over());
        CHECK(c.frames.close_code() == code);
        CHECK(c.frames.close_reason() == (payload == "\x03\xe9why" ? "why" : ""));
        CHECK(c.take(fin | text, "late") == "-");
        CHECK(c.written == std::vector{answer});
        CHECK(c.writer.send({"late", message_kind::text}) == delivery::gone);
    }
}

TEST_CASE("what breaks the protocol closes", "[frame_assembler]") {
    struct row {
        std::vector<unsigned> bytes;
        std::string payload, answer;
    };
    for (auto const& [bytes, payload, answer] : {
             row{{fin}, "", "close 1002"},               // a continuation of nothing
             row{{text, text}, "", "close 1002"},        // a message within another
             row{{fin | 0x40 | text}, "", "close 1002"}, // a reserved bit
             row{{fin | 3}, "", "close 1002"},           // reserved opcodes
             row{{fin | 11}, "", "close 1002"},          //
             row{{ping}, "", "close 1002"},              // a control frame in fragments
             row{{fin | ping}, std::string(126, 'x'), "close 1002"},
             row{{fin | text}, "01234567890", "close 1009"}, // over the limit
             row{{text, 0}, "012345", "close 1009"},
             row{{fin | text}, "\xff", "close 1007"}, // no UTF-8
             row{{text, fin}, "\xe2", "close 1007"},
         }) {
        client c;
        for (unsigned const byte : bytes) CHECK(c.take(byte, payload) == "-");
        CHECK(c.frames.over());
        CHECK(c.written == std::vector{answer});
        CHECK(std::to_string(c.frames.close_code()) == answer.substr(6));
        CHECK(c.frames.close_reason().empty());
    }
}

TEST_CASE("a connection that is lost is told nothing", "[frame_assembler]") {
    client c;
    CHECK_FALSE(c.frames.fail(1006));
    CHECK(c.frames.over());
    CHECK(c.written.empty());
}

}
