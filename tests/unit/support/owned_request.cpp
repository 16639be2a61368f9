// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/owned_request.hpp>

#include "support/catch.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace support_owned_request_tests {

using namespace backchannel;

TEST_CASE("An owned request outlives what it was made of", "[owned_request]") {
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<owned_request>);
    STATIC_REQUIRE_FALSE(std::is_move_constructible_v<owned_request>);
    for (bool const head_only : {false, true}) {
        auto texts = std::make_unique<std::vector<std::string>>(
            std::vector<std::string>{"POST", "/a-target-that-is-longer-than-a-short-string", "Host", "example.org",
                                     "X-Empty", "", "192.0.2.7", std::string(1000, 'b')});
        auto const& t = *texts;
        auto headers = std::make_unique<std::vector<header_view>>(std::vector<header_view>{{t[2], t[3]}, {t[4], t[5]}});
        request_view r;
        r.method = t[0];
        r.target = t[1];
        r.headers = *headers;
        r.body = t[7];
        r.form = target_form::decoded;
        r.source_ip = t[6];
        r.secure = true;
        auto const check = [&](owned_request& kept) {
            for (std::string& each : *texts) each.assign(each.size(), '?');
            texts.reset();
            headers.reset();
            request_view const v = kept.view();
            CHECK(v.method == "POST");
            CHECK(v.target == "/a-target-that-is-longer-than-a-short-string");
            REQUIRE(v.headers.size() == 2);
            CHECK(v.headers[0].name == "Host");
            CHECK(v.headers[0].value == "example.org");
            CHECK(v.headers[1].name == "X-Empty");
            CHECK(v.headers[1].value.empty());
            CHECK(v.body == (head_only ? std::string{} : std::string(1000, 'b')));
            CHECK(v.form == target_form::decoded);
            CHECK(v.source_ip == "192.0.2.7");
            CHECK(v.secure == true);
            kept.body.append("more");
            CHECK(kept.view().body.ends_with("more"));
            CHECK(kept.view().body_memory == nullptr);
            CHECK(kept.lent().body == kept.view().body);
            CHECK(kept.lent().body_memory == &kept.body);
        };
        if (head_only) {
            owned_request kept = owned_request::head_of(r);
            check(kept);
        } else {
            owned_request kept{r};
            check(kept);
        }
    }
}

TEST_CASE("An empty request stays empty", "[owned_request]") {
    owned_request const kept{request_view{}};
    CHECK(kept.view().method.empty());
    CHECK(kept.view().headers.empty());
    CHECK_FALSE(kept.view().secure.has_value());
}

}
