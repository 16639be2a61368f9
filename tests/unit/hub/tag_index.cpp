// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/hub/tag_index.hpp>

#include "support/catch.hpp"
#include "support/count_allocations.hpp"

#include <backchannel/traits.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hub_tag_index_tests {

using namespace backchannel;

namespace {

using index_type = tag_index<default_hub_traits>;
using texts = std::vector<std::string>;
using slots = std::vector<std::uint32_t>;

[[nodiscard]] index_type::member member(std::uint32_t slot) { return {slot, {slot, 1000 + slot}}; }

/// The slots of those that have the tag. Each must have come with its own id.
[[nodiscard]] slots who(index_type const& index, std::string_view tag, std::uint32_t from = 0) {
    slots found;
    for (auto const& m : index.members(tag, from)) {
        CHECK(m == member(m.first));
        found.push_back(m.first);
    }
    return found;
}

// longer than what a std::string keeps without an allocation
constexpr std::string_view lobby = "room:lobby-of-the-hotel", garden = "room:garden-behind-the-hotel";

}

TEST_CASE("a tag is 1 to 64 printable characters of ASCII", "[tag_index]") {
    STATIC_REQUIRE(is_valid_tag("a"));
    STATIC_REQUIRE(is_valid_tag("!user:42/~"));
    STATIC_REQUIRE_FALSE(is_valid_tag(""));
    CHECK(is_valid_tag(std::string(max_tag_size, 'x')));
    CHECK_FALSE(is_valid_tag(std::string(max_tag_size + 1, 'x')));
    for (int c = 0; c != 256; ++c)
        CHECK(is_valid_tag(std::string{'a', static_cast<char>(c)}) == (c > 0x20 && c < 0x7F));
    CHECK(max_tags == 32);
    CHECK(max_tag_size == 64);

    index_type index;
    for (std::string_view const bad : {"", "a b", "a\n", "\x7F", "\xC3\xA9"})
        CHECK(index.add(member(1), bad) == tagging::invalid);
    CHECK(index.add(member(1), std::string(max_tag_size + 1, 'x')) == tagging::invalid);
    CHECK(index.tags_of(1).empty());
    CHECK(index.add(member(1), std::string(max_tag_size, 'x')) == tagging::done);
}

TEST_CASE("a connection has up to 32 tags, each once, in the order in which they came", "[tag_index]") {
    index_type index;
    texts expected;
    for (std::size_t i = max_tags; i != 0; --i) {
        expected.push_back("tag" + std::to_string(i));
        CHECK(index.add(member(7), expected.back()) == tagging::done);
    }
    CHECK(index.tags_of(7) == expected);
    CHECK(index.add(member(7), "more") == tagging::limit);
    CHECK(who(index, "more").empty());
    CHECK(index.add(member(7), "tag5") == tagging::done); // it has that one
    CHECK(index.tags_of(7) == expected);
    CHECK(who(index, "tag5") == slots{7});
    CHECK(index.add(member(8), "more") == tagging::done); // another one's limit is its own

    CHECK(index.remove(7, "tag5"));
    CHECK_FALSE(index.remove(7, "tag5"));
    CHECK(who(index, "tag5").empty());
    CHECK(index.add(member(7), "more") == tagging::done);
    expected.erase(expected.end() - 5);
    expected.emplace_back("more");
    CHECK(index.tags_of(7) == expected);
    CHECK(who(index, "more") == slots{7, 8});
}

TEST_CASE("those that have a tag are told in the order of their slots, from one on", "[tag_index]") {
    index_type index;
    CHECK(who(index, lobby).empty());
    CHECK_FALSE(index.remove(3, lobby));
    index.forget(3);
    for (std::uint32_t const slot : {900u, 3u, 17u, 0u}) CHECK(index.add(member(slot), lobby) == tagging::done);
    CHECK(index.add(member(4), garden) == tagging::done);
    CHECK(who(index, lobby) == slots{0, 3, 17, 900});
    CHECK(who(index, lobby, 3) == slots{3, 17, 900});
    CHECK(who(index, lobby, 4) == slots{17, 900});
    CHECK(who(index, lobby, 900) == slots{900});
    CHECK(who(index, lobby, 901).empty());
    CHECK(who(index, garden) == slots{4});
    CHECK(who(index, "room").empty()); // a tag, not the beginning of one
    CHECK_FALSE(index.remove(4, lobby));
    CHECK_FALSE(index.remove(5, lobby));
    CHECK(index.remove(3, lobby));
    CHECK(who(index, lobby) == slots{0, 17, 900});
}

TEST_CASE("a slot that is forgotten has no tags, and the others keep theirs", "[tag_index]") {
    index_type index;
    for (std::uint32_t const slot : {1u, 2u})
        for (auto const tag : {lobby, garden}) CHECK(index.add(member(slot), tag) == tagging::done);
    CHECK(index.add(member(1), "alone") == tagging::done);
    index.forget(1);
    CHECK(index.tags_of(1).empty());
    CHECK(who(index, lobby) == slots{2});
    CHECK(who(index, garden) == slots{2});
    CHECK(who(index, "alone").empty());
    CHECK(index.tags_of(2) == texts{std::string{lobby}, std::string{garden}});
    index.forget(1);
    CHECK(index.add({1, {5, 6}}, lobby) == tagging::done); // the slot is another connection's now
    CHECK(index.members(lobby, 0).front() == index_type::member{1, {5, 6}});
}

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS

TEST_CASE("what nobody has any longer takes no memory", "[tag_index]") {
    index_type index;
    test::allocation_count const memory;
    auto const fill = [&] {
        for (std::uint32_t slot = 0; slot != 3; ++slot) {
            (void)index.add(member(slot), lobby);
            (void)index.add(member(slot), garden);
        }
    };
    fill();
    auto const full = memory.kept();
    for (std::uint32_t slot = 0; slot != 3; ++slot) index.forget(slot);
    auto const forgotten = memory.kept();
    fill();
    for (std::uint32_t slot = 0; slot != 3; ++slot) {
        (void)index.remove(slot, lobby);
        (void)index.remove(slot, garden);
    }
    auto const removed = memory.kept();
    CHECK(full != 0);
    CHECK(forgotten == 0);
    CHECK(removed == 0);
}

TEST_CASE("a hub without tags pays for none", "[tag_index]") {
    index_type index;
    test::allocation_count const memory;
    index.forget(1);
    (void)index.remove(1, lobby);
    auto const found = index.tags_of(1);
    auto const before = memory.so_far();
    CHECK(before == 0);
    CHECK(found.empty());
}

TEST_CASE("without memory a tag is not added, and nothing else changes", "[tag_index]") {
    struct row {
        bool room_exists, has_others;
    };
    for (row const& r : {row{false, false}, row{false, true}, row{true, false}, row{true, true}}) {
        std::size_t failures = 0;
        for (std::size_t n = 1;; ++n) {
            index_type index;
            if (r.room_exists) REQUIRE(index.add(member(1), lobby) == tagging::done);
            if (r.has_others) REQUIRE(index.add(member(2), garden) == tagging::done);
            tagging result;
            bool failed;
            {
                test::allocation_failure const failure{n};
                result = index.add(member(2), lobby);
                failed = failure.happened();
            }
            slots const others = r.room_exists ? slots{1} : slots{};
            texts const before = r.has_others ? texts{std::string{garden}} : texts{};
            if (!failed) {
                CHECK(result == tagging::done);
                break;
            }
            ++failures;
            CHECK(result == tagging::limit);
            CHECK(who(index, lobby) == others);
            CHECK(index.tags_of(2) == before);
            CHECK_FALSE(index.remove(2, lobby));

            CHECK(index.add(member(2), lobby) == tagging::done); // there is memory again
            CHECK(who(index, lobby) == (r.room_exists ? slots{1, 2} : slots{2}));
            CHECK(index.tags_of(2).size() == before.size() + 1);
            CHECK(index.remove(2, lobby));
            CHECK(who(index, lobby) == others);
        }
        CHECK(failures >= 2); // the room or its member, and the connection's list
    }
}

TEST_CASE("a failure leaves no room behind that nobody is in", "[tag_index]") {
    for (std::size_t n = 1;; ++n) {
        index_type index;
        test::allocation_count const memory;
        bool failed;
        {
            test::allocation_failure const failure{n};
            (void)index.add(member(2), lobby);
            failed = failure.happened();
        }
        if (!failed) break;
        index.forget(2);
        auto const left = memory.kept();
        CHECK(left == 0);
    }
}

#endif

TEST_CASE("no more are given at once than the limit", "[tag_index]") {
    index_type index;
    for (std::uint32_t slot = 0; slot != 600; ++slot) CHECK(index.add(member(2 * slot), lobby) == tagging::done);
    CHECK(index_type::max_at_once == 256);
    slots const first = who(index, lobby), last = who(index, lobby, 1024);
    CHECK(first.size() == 256);
    CHECK(first.back() == 510);
    CHECK(who(index, lobby, 511).front() == 512);
    CHECK(last.size() == 88);
    CHECK(last.back() == 1198);
}

}
