// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/hub/change_journal.hpp>

#include "support/at_once.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>

namespace hub_change_journal_tests {

using namespace backchannel;

namespace {

connection_change change_of(std::string id) { return {.what = connection_change::kind::opened, .id = std::move(id)}; }

std::string shown(change_journal::page const& page) {
    std::string text = page.missed ? "missed" : "";
    for (auto const& [number, change] : page.changes) text += std::to_string(number) + change.id + " ";
    return text;
}

}

TEST_CASE("a journal gives its changes to each reader, in order and a page at a time", "[change_journal]") {
    change_journal j{10, wall_time{std::chrono::milliseconds{42}}};
    CHECK(j.epoch() == 42);
    CHECK(j.last() == 0);
    CHECK(shown(j.read(0, 9)).empty());
    for (char const* const id : {"a", "b", "c"}) j.add(change_of(id));
    CHECK(j.last() == 3);
    CHECK(shown(j.read(0, 9)) == "1a 2b 3c ");
    CHECK(shown(j.read(0, 2)) == "1a 2b ");
    CHECK(shown(j.read(2, 2)) == "3c ");
    CHECK(shown(j.read(3, 2)).empty());
}

TEST_CASE("a reader that is too far behind learns that it has missed some", "[change_journal]") {
    change_journal j{2, {}};
    for (char const* const id : {"a", "b", "c"}) j.add(change_of(id));
    CHECK(shown(j.read(0, 9)) == "missed");
    CHECK(shown(j.read(1, 9)) == "2b 3c ");
    CHECK(shown(j.read(4, 9)) == "missed"); // a number that was never given
}

TEST_CASE("who waits is woken once, by the next change", "[change_journal]") {
    change_journal j{2, {}};
    int woken = 0;
    auto const wake = [&] { ++woken; };
    auto const token = j.wait(0, wake);
    CHECK(j.wait(0, wake) != token);
    j.cancel(token);
    CHECK(woken == 0);
    j.add(change_of("a"));
    CHECK(woken == 1);
    j.add(change_of("b"));
    CHECK(woken == 1);
    CHECK(j.wait(1, wake) == 0); // there is one already
    CHECK(woken == 2);
    (void)j.wait(2, [] { throw std::runtime_error{"ignored"}; });
    (void)j.wait(2, wake);
    j.add(change_of("c"));
    CHECK(woken == 3);
    (void)j.wait(3, [&] { (void)j.wait(4, wake); }); // from inside
    j.add(change_of("d"));
    j.add(change_of("e"));
    CHECK(woken == 4);
}

TEST_CASE("threads write, read and wait at once", "[change_journal][threading]") {
    constexpr int writers = 3, each = 300;
    change_journal j{10'000, {}};
    std::atomic<int> woken{0}, wrong{0};
    test::at_once(writers + 1, [&](int t) {
        if (t != writers) {
            for (int i = 0; i != each; ++i) j.add(change_of("x"));
            return;
        }
        std::uint64_t after = 0;
        while (after != writers * each) {
            auto const page = j.read(after, 16);
            wrong += page.missed;
            for (auto const& [number, change] : page.changes) wrong += number != ++after;
            j.cancel(j.wait(after, [&] { ++woken; }));
        }
    });
    CHECK(wrong == 0);
    CHECK(j.last() == writers * each);
}

}
