// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/request_rules.hpp>

#include "support/catch.hpp"

#include <vector>

namespace gateway_request_rules_tests {

using backchannel::client_address;
using backchannel::header_view;
using backchannel::ip_network;
using backchannel::origin_is_allowed;

TEST_CASE("a peer that is no trusted proxy is the client, whatever it says", "[request_rules]") {
    std::vector<header_view> const headers{{"X-Forwarded-For", "192.0.2.1"}};
    std::vector<ip_network> const trusted{*ip_network::parse("10.0.0.0/8")};
    CHECK(client_address("203.0.113.5", headers, trusted) == "203.0.113.5");
    CHECK(client_address("203.0.113.5", headers, {}) == "203.0.113.5");
    CHECK(client_address("::ffff:203.0.113.5", headers, trusted) == "203.0.113.5");
    CHECK(client_address("", headers, trusted).empty());
}

TEST_CASE("behind trusted proxies the right-most address of somebody else is the client", "[request_rules]") {
    std::vector<ip_network> const trusted{*ip_network::parse("10.0.0.0/8"), *ip_network::parse("2001:db8::/32")};
    struct row {
        std::vector<header_view> headers;
        char const* client;
    };
    for (row const& r :
         {row{{}, "10.0.0.1"}, row{{{"X-Forwarded-For", "192.0.2.1"}}, "192.0.2.1"},
          row{{{"x-forwarded-for", " 6.6.6.6 , 192.0.2.1 , 10.9.9.9 "}}, "192.0.2.1"},
          row{{{"X-Forwarded-For", "6.6.6.6"}, {"X-Forwarded-For", "192.0.2.1"}}, "192.0.2.1"},
          row{{{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-For", "10.1.1.1"}}, "192.0.2.1"},
          row{{{"X-Forwarded-For", "10.1.1.1, 10.2.2.2"}}, "10.1.1.1"},
          row{{{"X-Forwarded-For", "192.0.2.1, nonsense"}}, "10.0.0.1"},
          row{{{"X-Forwarded-For", "192.0.2.1, "}}, "10.0.0.1"}, row{{{"X-Forwarded-For", ""}}, "10.0.0.1"},
          row{{{"X-Forwarded-For", "6.6.6.6, nonsense, 10.1.1.1"}}, "10.1.1.1"},
          row{{{"X-Forwarded-For", "198.51.100.7, 2001:DB8:0::1"}}, "198.51.100.7"},
          row{{{"X-Forwarded-For", "::ffff:192.0.2.1"}}, "192.0.2.1"},
          row{{{"X-Forwarded-For", "192.0.2.1:8080"}}, "10.0.0.1"},
          row{{{"Forwarded", "for=192.0.2.1"}}, "10.0.0.1"}}) {
        CAPTURE(r.headers.empty() ? "" : std::string{r.headers[0].value});
        CHECK(client_address("10.0.0.1", r.headers, trusted) == r.client);
    }
}

TEST_CASE("without a list an origin must be the authority that was dialled", "[request_rules]") {
    for (auto const& [origin, authority] :
         std::vector<std::pair<char const*, char const*>>{{"http://a.example", "a.example"},
                                                          {"HTTP://A.example", "a.EXAMPLE"},
                                                          {"http://a.example:80", "a.example"},
                                                          {"http://a.example", "a.example:80"},
                                                          {"https://a.example", "a.example:443"},
                                                          {"https://a.example:8443", "a.example:8443"},
                                                          {"http://[::1]:81", "[::1]:81"},
                                                          {"http://[::1]", "[::1]:80"}})
        CHECK(origin_is_allowed(origin, authority, {}));
    for (auto const& [origin, authority] :
         std::vector<std::pair<char const*, char const*>>{{"http://b.example", "a.example"},
                                                          {"http://a.example:443", "a.example"},
                                                          {"http://a.example", "a.example:443"},
                                                          {"http://a.example:81", "a.example"},
                                                          {"http://a.example", "a.example:8080"},
                                                          {"null", ""},
                                                          {"null", "null"},
                                                          {"", ""},
                                                          {"a.example", "a.example"},
                                                          {"://a.example", "a.example"},
                                                          {"ftp://a.example", "a.example"},
                                                          {"http://a.example/", "a.example"},
                                                          {"http://a.example.b", "a.example"},
                                                          {"http://user@a.example", "a.example"},
                                                          {"http://", "a.example"}})
        CHECK_FALSE(origin_is_allowed(origin, authority, {}));
}

TEST_CASE("with a list an origin must be in it, as a whole", "[request_rules]") {
    std::vector<std::string> const list{"https://a.example", "http://b.example:8080"};
    CHECK(origin_is_allowed("https://a.example", "anything", list));
    CHECK(origin_is_allowed("HTTPS://A.EXAMPLE", "anything", list));
    CHECK(origin_is_allowed("http://b.example:8080", "anything", list));
    for (char const* origin : {"http://a.example", "https://a.example:443", "https://a.example.evil", "null", "",
                               "https://xa.example", "http://b.example"})
        CHECK_FALSE(origin_is_allowed(origin, "a.example", list));
    CHECK_FALSE(origin_is_allowed("http://self", "self", list));
    std::vector<std::string> const all{"*"};
    CHECK(origin_is_allowed("null", "x", all));
    CHECK(origin_is_allowed("https://anybody", "x", all));
}

}
