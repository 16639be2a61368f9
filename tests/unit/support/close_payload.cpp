// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/close_payload.hpp>

#include "support/catch.hpp"

#include <string>

namespace support_close_payload_tests {

using backchannel::close_payload;

TEST_CASE("a close payload is the code in network order and the reason", "[close_payload]") {
    CHECK(close_payload{1000}.view() == std::string_view{"\x03\xE8", 2});
    CHECK(close_payload{4999, "bye"}.view() == "\x13\x87"
                                               "bye");
    CHECK(close_payload{0}.view().empty());
    CHECK(close_payload{0, "no code, no reason"}.view().empty());
}

TEST_CASE("a code that no frame may carry is a mistake of the server's", "[close_payload]") {
    for (int const code : {1, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535})
        CHECK(close_payload{static_cast<std::uint16_t>(code), "why"}.view() == "\x03\xF3why");
}

TEST_CASE("a reason is cut off at 123 bytes, between characters", "[close_payload]") {
    std::string const longest(123, 'x');
    CHECK(close_payload{1000, longest}.view().substr(2) == longest);
    CHECK(close_payload{1000, longest + "y"}.view().substr(2) == longest);
    for (std::string const& character :
         {std::string{"\xC3\xA4"}, std::string{"\xE2\x82\xAC"}, std::string{"\xF0\x9F\x98\x80"}}) {
        for (std::size_t before = 123 - character.size(); before != 124; ++before) {
            std::string const reason = std::string(before, 'x') + character + "rest of it";
            std::size_t const kept = before + character.size() <= 123 ? before + character.size() : before;
            CHECK(close_payload{1000, reason}.view().substr(2, kept) == reason.substr(0, kept));
            CHECK(close_payload{1000, reason}.view().size() <= 125);
            if (kept == before) CHECK(close_payload{1000, reason}.view().size() == 2 + kept);
        }
    }
}

TEST_CASE("a reason that is not UTF-8 is left out", "[close_payload]") {
    CHECK(close_payload{1001, "\xFF"}.view() == std::string_view{"\x03\xE9", 2});
    CHECK(close_payload{1001, std::string(122, 'x') + "\xC3"}.view().size() == 2);
    CHECK(close_payload{1001, std::string(200, '\x80')}.view().size() == 2);
}

}
