// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/ip_text.hpp>

#include "support/catch.hpp"

#include <string>
#include <utility>
#include <vector>

namespace support_ip_text_tests {

using backchannel::ip_address;
using backchannel::ip_network;
using backchannel::normalise_ip;

namespace {

bool in(char const* network, char const* address) {
    auto const block = ip_network::parse(network);
    auto const single = ip_address::parse(address);
    REQUIRE(block.has_value());
    REQUIRE(single.has_value());
    return block->contains(*single);
}

}

TEST_CASE("an address has one usual text", "[ip_text]") {
    std::vector<std::pair<std::string, std::string>> const table{
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"192.0.2.7", "192.0.2.7"},
        {"10.20.100.9", "10.20.100.9"},
        {"::ffff:127.0.0.1", "127.0.0.1"},
        {"::FFFF:127.0.0.1", "127.0.0.1"},
        {"::ffff:7f00:1", "127.0.0.1"},
        {"0000:0000:0000:0000:0000:ffff:7f00:0001", "127.0.0.1"},
        {"0:0:0:0:0:ffff:127.0.0.1", "127.0.0.1"},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"0:0:0:0:0:0:0:0", "::"},
        {"0000:0000:0000:0000:0000:0000:0000:0001", "::1"},
        {"::127.0.0.1", "::7f00:1"},
        {"::fffe:127.0.0.1", "::fffe:7f00:1"},
        {"::1:ffff:127.0.0.1", "::1:ffff:7f00:1"},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"2001:DB8::ABCD", "2001:db8::abcd"},
        {"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"1:0:0:2:3:4:0:0", "1::2:3:4:0:0"},
        {"1:0:0:2:3:0:0:0", "1:0:0:2:3::"},
        {"0:0:1::", "0:0:1::"},
        {"::1:0:0:0", "::1:0:0:0"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"fe80::a00:10f:0:f000", "fe80::a00:10f:0:f000"},
    };
    for (auto const& [text, expected] : table) {
        INFO(text);
        CHECK(ip_address::parse(text).has_value());
        CHECK(normalise_ip(text) == expected);
        CHECK(normalise_ip(expected) == expected);
        CHECK(ip_address::parse(text) == ip_address::parse(expected));
    }
}

TEST_CASE("what isn't an address stays as it is", "[ip_text]") {
    for (std::string const text : {"",
                                   " ",
                                   "localhost",
                                   "unix",
                                   "1",
                                   "1.2",
                                   "1.2.3",
                                   "1.2.3.",
                                   ".1.2.3",
                                   "1.2.3.4.",
                                   "1.2.3.4.5",
                                   "1..2.3",
                                   "01.2.3.4",
                                   "1.2.3.04",
                                   "00.0.0.0",
                                   "1.2.3.00",
                                   "256.1.1.1",
                                   "1.1.1.256",
                                   "1.1.1.999999999999",
                                   "1.2.3.4 ",
                                   " 1.2.3.4",
                                   "1.2.3.4:80",
                                   "1.2.3.a",
                                   "0x1.2.3.4",
                                   "1.2.3.-4",
                                   "+1.2.3.4",
                                   "1.2.3.4/8",
                                   "1,2,3,4",
                                   ":",
                                   ":::",
                                   "::1::",
                                   "1::2::3",
                                   ":1",
                                   "1:",
                                   "1:2:3:4:5:6:7",
                                   "1:2:3:4:5:6:7:",
                                   ":2:3:4:5:6:7:8",
                                   "1:2:3:4:5:6:7:8:9",
                                   "1:2:3:4:5:6:7:8::",
                                   "::1:2:3:4:5:6:7:8",
                                   "1::2:3:4:5:6:7:8",
                                   "1:2:3:4:5:6:7:1.2.3.4",
                                   "12345::",
                                   "::12345",
                                   "::g",
                                   "::1%eth0",
                                   "fe80::1%1",
                                   "[::1]",
                                   "[::1]:80",
                                   "::1 ",
                                   " ::1",
                                   "::ffff:1.2.3",
                                   "::ffff:1.2.3.4.5",
                                   "::ffff:01.2.3.4",
                                   "::ffff:256.2.3.4",
                                   "::1.2.3.4:5",
                                   "1.2.3.4::",
                                   "::1.2.3.4::",
                                   "::ffff:1.2.3.4%lo",
                                   "1:2:3:4:5:6:7:1.2.3.4",
                                   "1:2:3:4:5::1.2.3.4:",
                                   "::/0",
                                   "1:::2",
                                   "::-1"}) {
        INFO(text);
        CHECK_FALSE(ip_address::parse(text).has_value());
        CHECK(normalise_ip(text) == text);
    }
    CHECK_FALSE(ip_address::parse(std::string_view("1.2.3.4\0", 8)).has_value());
    CHECK_FALSE(ip_address::parse(std::string_view("::1\0", 4)).has_value());
}

TEST_CASE("an address is held in the order of the network", "[ip_text]") {
    auto const v4 = ip_address::parse("192.0.2.7");
    REQUIRE(v4.has_value());
    CHECK(v4->bytes() == std::array<std::uint8_t, 16>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7});
    CHECK(v4->is_v4());
    auto const v6 = ip_address::parse("2001:db8::102:3ff");
    REQUIRE(v6.has_value());
    CHECK(v6->bytes() == std::array<std::uint8_t, 16>{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0xff});
    CHECK_FALSE(v6->is_v4());
    CHECK(ip_address(v6->bytes()) == *v6);
    CHECK(ip_address().to_string() == "::");
    CHECK_FALSE(ip_address::parse("::127.0.0.1")->is_v4());
    CHECK_FALSE(ip_address::parse("1::ffff:1.2.3.4")->is_v4());
    CHECK_FALSE(ip_address::parse("::ff:1.2.3.4")->is_v4());
    CHECK_FALSE(ip_address::parse("::ff00:1.2.3.4")->is_v4());
}

TEST_CASE("a block contains the addresses with its first bits", "[ip_text]") {
    CHECK(in("10.0.0.0/8", "10.0.0.0"));
    CHECK(in("10.0.0.0/8", "10.255.255.255"));
    CHECK_FALSE(in("10.0.0.0/8", "11.0.0.0"));
    CHECK_FALSE(in("10.0.0.0/8", "9.255.255.255"));
    CHECK(in("192.0.2.128/25", "192.0.2.128"));
    CHECK(in("192.0.2.128/25", "192.0.2.255"));
    CHECK_FALSE(in("192.0.2.128/25", "192.0.2.127"));
    CHECK(in("203.0.113.0/30", "203.0.113.3"));
    CHECK_FALSE(in("203.0.113.0/30", "203.0.113.4"));
    CHECK(in("192.0.2.7/32", "192.0.2.7"));
    CHECK_FALSE(in("192.0.2.7/32", "192.0.2.6"));
    CHECK(in("192.0.2.7", "192.0.2.7"));
    CHECK_FALSE(in("192.0.2.7", "192.0.2.8"));
    CHECK(in("10.9.8.7/8", "10.1.2.3"));
    CHECK(in("128.0.0.0/1", "255.0.0.1"));
    CHECK_FALSE(in("128.0.0.0/1", "127.0.0.1"));
    CHECK(in("2001:db8::/32", "2001:db8:ffff::1"));
    CHECK_FALSE(in("2001:db8::/32", "2001:db9::1"));
    CHECK(in("2001:db8::/33", "2001:db8:7fff::1"));
    CHECK_FALSE(in("2001:db8::/33", "2001:db8:8000::1"));
    CHECK(in("2001:db8::1/128", "2001:db8::1"));
    CHECK_FALSE(in("2001:db8::1/128", "2001:db8::2"));
    CHECK(in("2001:db8::1", "2001:db8::1"));
    CHECK_FALSE(in("2001:db8::1", "2001:db8::"));
}

TEST_CASE("a block of one family has no address of the other", "[ip_text]") {
    CHECK(in("0.0.0.0/0", "1.2.3.4"));
    CHECK(in("0.0.0.0/0", "::ffff:1.2.3.4"));
    CHECK_FALSE(in("0.0.0.0/0", "::1"));
    CHECK_FALSE(in("0.0.0.0/0", "2001:db8::1"));
    CHECK(in("::/0", "2001:db8::1"));
    CHECK(in("::/0", "::1"));
    CHECK_FALSE(in("::/0", "1.2.3.4"));
    CHECK_FALSE(in("::/64", "::ffff:1.2.3.4"));
    CHECK_FALSE(in("::ffff:0:0/95", "1.2.3.4"));
    CHECK(in("::ffff:0:0/96", "1.2.3.4"));
    CHECK(in("::ffff:10.0.0.0/104", "10.200.0.1"));
    CHECK_FALSE(in("::ffff:10.0.0.0/104", "11.0.0.1"));
    CHECK(in("10.0.0.0/8", "::ffff:a01:203"));
}

TEST_CASE("what isn't a block is refused", "[ip_text]") {
    for (char const* const text : {"",
                                   "/",
                                   "/8",
                                   "10.0.0.0/",
                                   "10.0.0.0/33",
                                   "10.0.0.0/-1",
                                   "10.0.0.0/+8",
                                   "10.0.0.0/08",
                                   "10.0.0.0/00",
                                   "10.0.0.0/8 ",
                                   "10.0.0.0 /8",
                                   "10.0.0.0/ 8",
                                   "10.0.0.0/8/8",
                                   "10.0.0.0/255.0.0.0",
                                   "10.0.0.0/a",
                                   "10/8",
                                   "10.0.0/24",
                                   "2001:db8::/129",
                                   "2001:db8::/",
                                   "2001:db8::/999999999999",
                                   "::%eth0/8",
                                   "any",
                                   "*"}) {
        INFO(text);
        CHECK_FALSE(ip_network::parse(text).has_value());
    }
    CHECK(ip_network::parse("10.0.0.0/32").has_value());
    CHECK(ip_network::parse("::/128").has_value());
}

}
