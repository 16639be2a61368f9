// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/borrowed_request.hpp>

#include "support/catch.hpp"

#include <map>
#include <string>
#include <string_view>
#include <type_traits>

namespace support_borrowed_request_tests {

using namespace backchannel;

namespace {

struct server_request {
    std::string method = "POST", target = "/a-target-that-is-longer-than-a-short-string", body = "some";
    std::multimap<std::string, std::string> fields{{"Host", "example.org"}, {"X-Empty", ""}};
    std::string address = "2001:db8:1111:2222:3333:4444:5555:6666";
};

class request : public borrowed_request {
public:
    explicit request(server_request const& r) : borrowed_request{r.address} {
        add_all(r.fields);
        add("X-More", r.body);
        view_.method = r.method;
        view_.target = r.target;
        view_.body = r.body;
        view_.secure = true;
    }
    request() = default;
};

}

TEST_CASE("A borrowed request shows what the server has, and keeps the address it was given", "[borrowed_request]") {
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<request>);
    STATIC_REQUIRE_FALSE(std::is_move_constructible_v<request>);
    STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<request>);
    server_request server;
    request const made{server};
    server.address.assign(server.address.size(), '?');
    request_view const& v = made.view();
    CHECK(v.source_ip == "2001:db8:1111:2222:3333:4444:5555:6666");
    CHECK(v.target.data() == server.target.data());
    REQUIRE(v.headers.size() == 3);
    CHECK(v.headers[0].name == "Host");
    CHECK(v.headers[0].value == "example.org");
    CHECK(v.headers[1].name == "X-Empty");
    CHECK(v.headers[1].value.empty());
    CHECK(v.headers[2].name == "X-More");
    CHECK(v.headers[2].value.data() == server.body.data());
}

TEST_CASE("A borrowed request is the same with another body, and keeps its own", "[borrowed_request]") {
    server_request const server;
    request const made{server};
    request_view const whole = made.with("another");
    CHECK(whole.body == "another");
    CHECK(whole.method == "POST");
    CHECK(whole.target == server.target);
    CHECK(whole.headers.size() == 3);
    CHECK(whole.source_ip == server.address);
    CHECK(whole.secure == true);
    CHECK(made.view().body == "some");
}

TEST_CASE("A borrowed request may have neither fields nor an address", "[borrowed_request]") {
    request const nothing;
    CHECK(nothing.view().headers.empty());
    CHECK(nothing.view().source_ip.empty());
}

}
