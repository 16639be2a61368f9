// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_id.hpp>

#include "support/catch.hpp"

#include <array>
#include <string>
#include <type_traits>

namespace connection_id_tests {

using namespace backchannel;

TEST_CASE("an id keeps its 16 characters", "[connection_id]") {
    auto const id = connection_id::from_text("0123456789abcdef");
    CHECK(id.text() == "0123456789abcdef");
    CHECK(connection_id{id.first(), id.second()} == id);
    static_assert(sizeof(connection_id) == 16 && std::is_trivially_copyable_v<connection_id>);
}

TEST_CASE("ids are equal only as a whole", "[connection_id]") {
    std::string const text = "ABCDEFGHIJKLMNOP";
    for (std::size_t i = 0; i != text.size(); ++i) {
        std::string other = text;
        other[i] = '-';
        CHECK_FALSE(connection_id::from_text(other) == connection_id::from_text(text));
    }
    CHECK(connection_id::from_text(text) == connection_id::from_text(text));
    CHECK(connection_id{} == connection_id{0, 0});
}

TEST_CASE("plain ids show the characters and take back just them", "[connection_id]") {
    plain_ids const ids;
    std::array<char, plain_ids::max_size> out{};
    CHECK(ids.encode(connection_id::from_text("L0SM9cOFvHcCIhw_"), out.data()) == 16);
    std::string const shown{out.data(), out.size()};
    CHECK(shown == "L0SM9cOFvHcCIhw_");
    REQUIRE(ids.decode(shown));
    CHECK(ids.decode(shown)->text() == shown);
}

TEST_CASE("plain ids refuse what is no id", "[connection_id]") {
    plain_ids const ids;
    CHECK_FALSE(ids.decode(""));
    CHECK_FALSE(ids.decode("ABCDEFGHIJKLMNO"));
    CHECK_FALSE(ids.decode("ABCDEFGHIJKLMNOPQ"));
    std::string const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (int c = 0; c != 256; ++c) {
        for (std::size_t const place : {std::size_t{0}, std::size_t{7}, std::size_t{15}}) {
            std::string text = "ABCDEFGHIJKLMNOP";
            text[place] = static_cast<char>(c);
            bool const good = alphabet.find(static_cast<char>(c)) != alphabet.npos || (c == '=' && place == 15);
            CHECK_FALSE(ids.decode(text).has_value() != good);
        }
    }
}

TEST_CASE("an id of AWS' has the right shape", "[connection_id]") {
    plain_ids const ids;
    for (char const* const id : {"L0SM9cOFvHcCIhw=", "R0oXAdfD0kwCH6w=", "ZDb-VclrIAMCJ3w=", "e_d2EewNLPECIGw="})
        CHECK(ids.decode(id));
    CHECK_FALSE(ids.decode("L0SM9cOFvHcCIh=="));
}

}
