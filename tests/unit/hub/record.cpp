// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/hub/record.hpp>

#include "support/catch.hpp"

#include "support/test_hub.hpp"

#include <backchannel/traits.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace hub_record_tests {

using namespace backchannel;
using std::chrono::hours;

namespace {

constexpr std::size_t lengths = 4; // bytes that a pair takes beside its texts

/// What is kept of these.
connection_attributes kept(connection_attributes const& given) {
    auto const texts = connection_texts::make({{}, {}, {}, given}, {});
    REQUIRE(texts);
    return texts->attributes();
}

/// A pair that takes `size` bytes.
std::pair<std::string, std::string> pair_of(std::size_t size) { return {"n", std::string(size - lengths - 1, 'v')}; }

}

TEST_CASE("the texts of a connection are kept in one piece", "[record]") {
    auto const end = time_point{hours{5}};
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
    CHECK(texts->attributes().empty());
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

TEST_CASE("attributes are kept beside any of the other texts", "[record]") {
    connection_attributes const attributes{{"plan", "free"}, {"plan", "again"}, {"bytes", {"\0\xff:=", 4}}};
    for (std::string_view const id : {"", "the-id"})
        for (std::string const ip : {"", "192.0.2.7"})
            for (std::string const agent : {"", "agent/1.0"})
                for (auto const end : {std::optional<time_point>{}, std::optional{time_point{hours{5}}}}) {
                    INFO(id << " " << ip << " " << agent);
                    auto const texts = connection_texts::make({ip, agent, end, attributes}, id);
                    REQUIRE(texts);
                    CHECK(texts->id() == id);
                    CHECK(texts->source_ip() == ip);
                    CHECK(texts->user_agent() == agent);
                    CHECK(texts->expires_at() == end.value_or(time_point::max()));
                    CHECK(texts->attributes() == attributes);
                }
}

TEST_CASE("attributes are kept behind texts that are cut off", "[record]") {
    connection_attributes const attributes{pair_of(connection_texts::max_attributes)};
    std::string const id(200, 'i');
    auto const texts = connection_texts::make({std::string(65, 'a'), std::string(1025, 'u'), {}, attributes}, id);
    REQUIRE(texts);
    CHECK(texts->user_agent() == std::string(1024, 'u'));
    CHECK(texts->attributes() == attributes);
}

TEST_CASE("names and values of attributes may be empty", "[record]") {
    connection_attributes const attributes{{"", "value"}, {"name", ""}, {"", ""}, {"last", "one"}};
    CHECK(kept(attributes) == attributes);
    CHECK(kept({{"", ""}}) == connection_attributes{{"", ""}});
}

TEST_CASE("attributes are kept as far as the limit goes", "[record]") {
    constexpr std::size_t limit = connection_texts::max_attributes;
    static_assert(limit == 1024);

    SECTION("one pair") {
        for (std::size_t const size : {255 + lengths, 256 + lengths, 257 + lengths, limit - 1, limit})
            CHECK(kept({pair_of(size)}) == connection_attributes{pair_of(size)});
        CHECK(kept({pair_of(limit + 1)}).empty());
        CHECK(kept({{std::string(limit - lengths, 'n'), ""}}).size() == 1);
        CHECK(kept({{std::string(limit - lengths + 1, 'n'), ""}}).empty());
        CHECK(kept({{"n", std::string(70'000, 'v')}}).empty()); // longer than its length can say
    }
    SECTION("the last of two") {
        connection_attributes const two{pair_of(600), pair_of(limit - 600)};
        CHECK(kept(two) == two);
        CHECK(kept({two[0], pair_of(limit - 600 + 1)}) == connection_attributes{two[0]});
    }
    SECTION("what stands behind one that is too long goes with it") {
        CHECK(kept({pair_of(600), pair_of(600), {"a", "b"}, {"", ""}}) == connection_attributes{pair_of(600)});
        CHECK(kept({pair_of(limit + 1), {"a", "b"}}).empty());
    }
    SECTION("many") {
        connection_attributes const full(limit / lengths);
        connection_attributes more = full;
        more.emplace_back();
        CHECK(kept(full) == full);
        CHECK(kept(more) == full);
        connection_attributes counted;
        for (int i = 100; i != 200; ++i) counted.emplace_back(std::to_string(i), "v" + std::to_string(i));
        CHECK(kept(counted) == connection_attributes(counted.begin(), counted.begin() + limit / (3 + 4 + lengths)));
    }
}

TEST_CASE("a connection shows its own attributes, and none of the one before it", "[record]") {
    connection_attributes const attributes{{"plan", "free"}, {"empty", ""}};
    test::test_hub<test::direct_transport> hub{{.max_connections = 1, .retired_kept = 0}};
    {
        session const s = hub.open(1, {.source_ip = {}, .user_agent = {}, .expires_at = {}, .attributes = attributes});
        auto const state = hub.hub->find(s.id());
        REQUIRE(state);
        CHECK(state->attributes == attributes);
        CHECK(state->source_ip.empty());
    }
    session const next = hub.open(2, {.source_ip = "192.0.2.7"});
    auto const state = hub.hub->find(next.id());
    REQUIRE(state);
    CHECK(state->attributes.empty());
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

}
