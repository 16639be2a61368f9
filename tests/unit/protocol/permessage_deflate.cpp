// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/protocol/permessage_deflate.hpp>

#include "support/catch.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace protocol_permessage_deflate_tests {

namespace {

using namespace backchannel;
using websocket::deflate_settings;

constexpr deflate_settings generous{true, true, 15, 15};

std::optional<websocket::deflate_agreement> negotiate(std::vector<std::string> const& lines,
                                                      deflate_settings const& settings = generous) {
    std::vector<header_view> headers{{"Host", "a"}};
    for (std::string const& line : lines) headers.push_back({"Sec-WebSocket-Extensions", line});
    return websocket::negotiate_deflate(headers, settings);
}

// The answer to one line, checked against what was agreed on.
std::string answer(std::string const& line, deflate_settings const& settings = generous) {
    auto const agreed = negotiate({line}, settings);
    if (!agreed.has_value()) return "none";
    CHECK(agreed->server_context_takeover == (agreed->answer.find("server_no") == std::string::npos));
    CHECK(agreed->client_context_takeover == (agreed->answer.find("client_no") == std::string::npos));
    return agreed->answer;
}

}

TEST_CASE("permessage_deflate answers the offers of RFC 7692", "[permessage_deflate]") {
    CHECK(answer("permessage-deflate") == "permessage-deflate");
    CHECK(answer("permessage-deflate; client_max_window_bits") == "permessage-deflate");
    CHECK(answer("permessage-deflate; client_max_window_bits; server_max_window_bits=10") ==
          "permessage-deflate; server_max_window_bits=10");
    CHECK(answer("permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate; "
                 "client_max_window_bits") == "permessage-deflate; server_max_window_bits=10");
    CHECK(answer("permessage-deflate; server_max_window_bits=\"1\\0\"") ==
          "permessage-deflate; server_max_window_bits=10");
    CHECK(answer("permessage-deflate", {}) ==
          "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
}

TEST_CASE("permessage_deflate takes the first offer that can be met", "[permessage_deflate]") {
    CHECK(answer("") == "none");
    CHECK(answer("x-webkit-deflate-frame") == "none");
    CHECK(answer("Permessage-Deflate") == "none");
    CHECK(answer("x; server_no_context_takeover, permessage-deflate") == "permessage-deflate");
    CHECK(answer("permessage-deflate; nonsense, permessage-deflate; server_max_window_bits=12, permessage-deflate") ==
          "permessage-deflate; server_max_window_bits=12");
    CHECK(answer("permessage-deflate; server_max_window_bits=8, permessage-deflate; client_no_context_takeover") ==
          "permessage-deflate; client_no_context_takeover");
    // what another extension is given is not counted against the next offer
    CHECK(answer("permessage-deflate; nonsense, x; server_max_window_bits=9, permessage-deflate") ==
          "permessage-deflate");
    CHECK(answer("permessage-deflate, x; client_max_window_bits", {true, true, 15, 10}) == "none");
    // nor does a parameter behind the chosen offer change it
    CHECK(answer("permessage-deflate, x; client_no_context_takeover") == "permessage-deflate");
    CHECK(answer("permessage-deflate, permessage-deflate; nonsense") == "permessage-deflate");

    auto const agreed = negotiate({"x", "permessage-deflate; client_max_window_bits=9", "permessage-deflate"});
    REQUIRE(agreed.has_value());
    CHECK(agreed->answer == "permessage-deflate; client_max_window_bits=9");
    CHECK_FALSE(negotiate({}).has_value());
}

TEST_CASE("permessage_deflate declines offers with bad parameters", "[permessage_deflate]") {
    for (std::string_view const parameters : {"nonsense",
                                              "nonsense=1",
                                              "Server_no_context_takeover",
                                              "server_no_context_takeover=1",
                                              "server_no_context_takeover=true",
                                              "client_no_context_takeover=1",
                                              "server_no_context_takeover; server_no_context_takeover",
                                              "client_no_context_takeover; client_no_context_takeover",
                                              "server_max_window_bits",
                                              "server_max_window_bits=7",
                                              "server_max_window_bits=8",
                                              "server_max_window_bits=16",
                                              "server_max_window_bits=0",
                                              "server_max_window_bits=09",
                                              "server_max_window_bits=010",
                                              "server_max_window_bits=+9",
                                              "server_max_window_bits=-9",
                                              "server_max_window_bits=1x",
                                              "server_max_window_bits=150",
                                              "server_max_window_bits=10.0",
                                              "server_max_window_bits=1",
                                              "server_max_window_bits=10; server_max_window_bits=10",
                                              "client_max_window_bits=7",
                                              "client_max_window_bits=16",
                                              "client_max_window_bits=08",
                                              "client_max_window_bits=true",
                                              "client_max_window_bits; client_max_window_bits",
                                              "client_max_window_bits=9; client_max_window_bits",
                                              "client_max_window_bits; client_max_window_bits=10",
                                              "client_max_window_bits; nonsense"}) {
        INFO(parameters);
        CHECK(answer("permessage-deflate; " + std::string{parameters}) == "none");
        CHECK(answer("permessage-deflate; " + std::string{parameters} + ", permessage-deflate") ==
              "permessage-deflate");
    }
}

TEST_CASE("permessage_deflate agrees on nothing if the header is malformed", "[permessage_deflate]") {
    CHECK(answer("permessage-deflate;") == "none");
    CHECK(answer("permessage-deflate, a b") == "none");
    CHECK_FALSE(negotiate({"permessage-deflate", ""}).has_value());
}

TEST_CASE("permessage_deflate puts settings out of range right", "[permessage_deflate]") {
    CHECK(answer("permessage-deflate", {true, true, 8, 15}) == "permessage-deflate; server_max_window_bits=9");
    CHECK(answer("permessage-deflate", {true, true, 16, 99}) == "permessage-deflate");
    CHECK(answer("permessage-deflate; client_max_window_bits", {true, true, 15, -1}) ==
          "permessage-deflate; client_max_window_bits=8");
}

// Every setting against every offer, with the rules of RFC 7692 7.1 said once more, from the client's side.
TEST_CASE("permessage_deflate keeps to the rules in every combination", "[permessage_deflate]") {
    constexpr int absent = 0, without_value = 1;
    int accepted = 0;
    for (int const flags : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
        for (int own = 9; own != 16; ++own)
            for (int theirs = 8; theirs != 16; ++theirs)
                for (int const asked : {absent, 8, 9, 10, 11, 12, 13, 14, 15})
                    for (int const hint : {absent, without_value, 8, 9, 10, 11, 12, 13, 14, 15}) {
                        bool const server_resets = (flags & 1) != 0, client_resets = (flags & 2) != 0;
                        deflate_settings const settings{(flags & 4) != 0, (flags & 8) != 0, own, theirs};
                        std::string offer = "permessage-deflate";
                        if (hint == without_value) offer += "; client_max_window_bits";
                        if (hint > without_value) offer += "; client_max_window_bits=" + std::to_string(hint);
                        if (client_resets) offer += "; client_no_context_takeover";
                        if (asked != absent) offer += "; server_max_window_bits=" + std::to_string(asked);
                        if (server_resets) offer += "; server_no_context_takeover";

                        auto const agreed = negotiate({offer}, settings);
                        bool const possible = asked != 8 && (theirs == 15 || hint != absent);
                        if (agreed.has_value() != possible) FAIL(offer);
                        if (!possible) continue;
                        ++accepted;

                        int const server_bits = asked == absent ? own : std::min(own, asked);
                        int const client_bits = hint > without_value ? std::min(theirs, hint) : theirs;
                        bool const server_keeps = settings.server_context_takeover && !server_resets;
                        bool const client_keeps = settings.client_context_takeover && !client_resets;
                        std::string expected = "permessage-deflate";
                        if (!server_keeps) expected += "; server_no_context_takeover";
                        if (!client_keeps) expected += "; client_no_context_takeover";
                        if (asked != absent || server_bits != 15)
                            expected += "; server_max_window_bits=" + std::to_string(server_bits);
                        if (client_bits != 15) expected += "; client_max_window_bits=" + std::to_string(client_bits);
                        if (agreed->answer != expected || agreed->server_context_takeover != server_keeps ||
                            agreed->client_context_takeover != client_keeps ||
                            agreed->server_window_bits != server_bits || agreed->client_window_bits != client_bits)
                            FAIL(offer << " was answered with " << agreed->answer << " and not " << expected);
                    }
    CHECK(accepted == 16 * 7 * 8 * (10 + 7 * 9));
}

}
