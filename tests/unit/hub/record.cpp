// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/hub/record.hpp>

#include "support/catch.hpp"

#include <backchannel/traits.hpp>

#include <chrono>
#include <string>

using namespace backchannel;

TEST_CASE("the texts of a connection are kept in one piece", "[record]") {
    auto const end = time_point{std::chrono::hours{5}};
    auto const texts = connection_texts::make({"2001:db8::1", "agent/1.0", end}, "the-id");
    REQUIRE(texts);
    CHECK(texts->id() == "the-id");
    CHECK(texts->source_ip() == "2001:db8::1");
    CHECK(texts->user_agent() == "agent/1.0");
    CHECK(texts->expires_at() == end);
}

TEST_CASE("texts may all be missing", "[record]") {
    auto const texts = connection_texts::make({}, {});
    REQUIRE(texts);
    CHECK(texts->id().empty());
    CHECK(texts->source_ip().empty());
    CHECK(texts->user_agent().empty());
    CHECK(texts->expires_at() == time_point::max());
}

TEST_CASE("long texts are cut off, the id is not", "[record]") {
    std::string const id(200, 'i');
    auto const texts = connection_texts::make({std::string(65, 'a'), std::string(1025, 'u'), {}}, id);
    REQUIRE(texts);
    CHECK(texts->id() == id);
    CHECK(texts->source_ip() == std::string(64, 'a'));
    CHECK(texts->user_agent() == std::string(1024, 'u'));
}

TEST_CASE("a record has no room for what its transport cannot use", "[record]") {
    struct direct {
        using handle = void*;
        delivery send(handle const&, message const&);
        void close(handle const&, std::uint16_t, std::string_view);
    };
    struct hopping : direct {
        void dispatch(handle const&, task);
    };
    static_assert(sizeof(connection_record<direct, default_hub_traits>) <
                  sizeof(connection_record<hopping, default_hub_traits>));
    SUCCEED();
}
