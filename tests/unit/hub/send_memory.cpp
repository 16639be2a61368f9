// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/hub/send_memory.hpp>
#include <backchannel/traits.hpp>

#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include "support/manual_clock.hpp"

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace hub_send_memory_tests {

using namespace backchannel;
using namespace std::chrono_literals;

namespace {

struct manual_traits : default_hub_traits {
    using clock = test::manual_clock;
};

using memory_type = send_memory<manual_traits>;
using answers = std::vector<delivery>;

connection_id const somebody = connection_id::from_text("abcdefghijklmnop");

memory_type::digest send_number(int n) {
    return memory_type::digest_of(somebody, "key", {std::to_string(n), message_kind::text});
}

struct fixture {
    test::manual_clock clock{};
    hub_options options{};
    memory_type memory{clock, options};
    answers told{};

    fixture() = default;
    explicit fixture(hub_options const& o) : options{o} {}

    [[nodiscard]] completion<delivery> begin(int n, bool may_wait = true) {
        return memory.begin(
            send_number(n), [this](delivery d) { told.push_back(d); }, may_wait);
    }
    /// Whether it had to be sent.
    [[nodiscard]] bool send(int n, delivery result = delivery::accepted) {
        auto sending = begin(n);
        if (!sending) return false;
        sending(result);
        return true;
    }
};

}

TEST_CASE("a send is known by its connection, key, kind and bytes", "[send_memory]") {
    std::set<memory_type::digest> all;
    auto const add = [&](std::string_view id, std::string_view key, std::string_view body, message_kind kind) {
        all.insert(memory_type::digest_of(connection_id::from_text(id), key, {body, kind}));
    };
    for (int twice = 0; twice != 2; ++twice) {
        add("abcdefghijklmnop", "key", "body", message_kind::text);
        add("abcdefghijklmnoq", "key", "body", message_kind::text);
        add("abcdefghijklmnop", "yek", "body", message_kind::text);
        add("abcdefghijklmnop", "key", "bodi", message_kind::text);
        add("abcdefghijklmnop", "key", "body", message_kind::binary);
        add("abcdefghijklmnop", "keyb", "ody", message_kind::text);
        add("abcdefghijklmnop", "ke", "ybody", message_kind::text);
        add("abcdefghijklmnop", "keybody", "", message_kind::text);
    }
    CHECK(all.size() == 8);
}

TEST_CASE("a repetition is answered as the first, for 60 seconds from its answer on", "[send_memory]") {
    fixture f;
    auto const result = GENERATE(delivery::accepted, delivery::unknown);
    auto sending = f.begin(1);
    f.clock.advance(100s); // under way: however long that takes
    CHECK(f.memory.knows(send_number(1)));
    sending(result);
    CHECK(f.told == answers{result});
    f.clock.advance(60s);
    CHECK(f.memory.knows(send_number(1)));
    CHECK_FALSE(f.send(1, delivery::gone));
    CHECK(f.told == answers{result, result});
    f.clock.advance(1us);
    CHECK_FALSE(f.memory.knows(send_number(1)));
    CHECK(f.send(1, delivery::accepted));
    f.clock.advance(60s);
    CHECK_FALSE(f.send(1)); // it is remembered anew
    CHECK(f.told == answers{result, result, delivery::accepted, delivery::accepted});
}

TEST_CASE("a time of zero is no limit", "[send_memory]") {
    fixture f{{.send_memory_time = 0ms}};
    CHECK(f.send(1));
    f.clock.advance(10000h);
    CHECK_FALSE(f.send(1));
}

TEST_CASE("what was certainly not sent is tried again", "[send_memory]") {
    fixture f;
    auto const result = GENERATE(delivery::backpressure, delivery::gone, delivery::unavailable);
    CHECK(f.send(1, result));
    CHECK_FALSE(f.memory.knows(send_number(1)));
    CHECK(f.send(1, delivery::accepted));
    CHECK(f.told == answers{result, delivery::accepted});
}

TEST_CASE("the newest are remembered, as many as there may be", "[send_memory]") {
    fixture f{{.sends_remembered = 3}};
    for (int n = 0; n != 3; ++n) CHECK(f.send(n));
    CHECK_FALSE(f.send(0));
    CHECK(f.send(3)); // in the place of 0, which is the oldest though it was asked for last
    CHECK_FALSE(f.memory.knows(send_number(0)));
    for (int n = 1; n != 4; ++n) CHECK(f.memory.knows(send_number(n)));
    CHECK(f.send(4, delivery::gone)); // took a place while it was under way
    CHECK_FALSE(f.memory.knows(send_number(1)));
    CHECK(f.send(5)); // the place of 4 is free again
    for (int n : {2, 3, 5}) CHECK(f.memory.knows(send_number(n)));
}

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
TEST_CASE("nothing is allocated before the first send", "[send_memory]") {
    test::manual_clock const clock;
    hub_options const options;
    test::allocation_count const made;
    memory_type memory{clock, options};
    CHECK_FALSE(memory.knows(memory_type::digest{}));
    CHECK(made.so_far() == 0);
}
#endif

TEST_CASE("who repeats a send under way gets its answer with the first", "[send_memory]") {
    fixture f;
    auto sending = f.begin(1);
    CHECK_FALSE(f.begin(1));
    CHECK_FALSE(f.begin(1));
    CHECK(f.told.empty());
    auto const result = GENERATE(delivery::accepted, delivery::gone);
    sending(result);
    CHECK(f.told == answers(3, result));
    CHECK(f.send(1) == (result == delivery::gone));
}

TEST_CASE("who must not wait, or is one too many, is told unknown", "[send_memory]") {
    fixture f;
    auto sending = f.begin(1);
    CHECK_FALSE(f.begin(1, false));
    CHECK(f.told == answers{delivery::unknown});
    for (std::size_t i = 1; i != memory_type::max_waiting; ++i) CHECK_FALSE(f.begin(1));
    CHECK(f.told.size() == 1);
    CHECK_FALSE(f.begin(1));
    CHECK(f.told == answers(2, delivery::unknown));
    f.told.clear();
    sending(delivery::accepted);
    CHECK(f.told == answers(memory_type::max_waiting, delivery::accepted));
}

TEST_CASE("a send that is forgotten while it is under way answers all the same", "[send_memory]") {
    fixture f{{.sends_remembered = 1}};
    auto first = f.begin(1);
    CHECK_FALSE(f.begin(1));
    auto second = f.begin(2);
    CHECK_FALSE(f.memory.knows(send_number(1)));
    auto again = f.begin(1); // as if there had been none; now 2 is forgotten
    CHECK(again);
    first(delivery::accepted);
    CHECK(f.told == answers{delivery::accepted, delivery::accepted});
    CHECK(f.memory.knows(send_number(1))); // the other one
    second(delivery::gone);
    CHECK_FALSE(f.memory.knows(send_number(2)));
    again(delivery::gone);
    CHECK(f.told == answers{delivery::accepted, delivery::accepted, delivery::gone, delivery::gone});
    CHECK_FALSE(f.memory.knows(send_number(1)));
}

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
TEST_CASE("the memory of a hub is bounded", "[send_memory]") {
    fixture f{{.sends_remembered = 3}};
    f.told.reserve(10'000);
    auto const some = [&](int from) {
        std::vector<completion<delivery>> under_way;
        for (int n = from; n != from + 8; ++n) under_way.push_back(f.begin(n)); // most are forgotten at once
        delivery result = delivery::accepted;
        for (auto& sending : under_way)
            sending(std::exchange(result, result == delivery::accepted ? delivery::gone : delivery::accepted));
        for (int n = from; n != from + 8; ++n) (void)f.send(n);
        f.clock.advance(61s);
        CHECK(f.send(from));
    };
    some(0);
    test::allocation_count const made;
    for (int n = 1; n != 50; ++n) some(n * 8);
    CHECK(made.kept() == 0);
}
#endif

TEST_CASE("a send whose answer gets lost is unknown, to all", "[send_memory]") {
    fixture f;
    {
        auto const sending = f.begin(1);
        CHECK_FALSE(f.begin(1));
    }
    CHECK(f.told == answers(2, delivery::unknown));
    CHECK_FALSE(f.send(1));
}

TEST_CASE("completions may come back", "[send_memory]") {
    fixture f;
    int inner = 0;
    auto const d = send_number(1);
    auto const again = [&](delivery) {
        (void)f.memory.begin(
            d, [&](delivery) { ++inner; }, true);
        auto other = f.memory.begin(
            send_number(2), [&](delivery) { ++inner; }, true);
        if (other) other(delivery::accepted);
    };
    auto sending = f.memory.begin(d, again, true);
    CHECK_FALSE(f.memory.begin(d, again, true));
    sending(delivery::accepted);
    CHECK(inner == 4);
}

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS && BACKCHANNEL_EXCEPTIONS
TEST_CASE("without memory a send is done and not remembered, and nobody waits", "[send_memory]") {
    bool failed = true;
    for (std::size_t number = 1; failed; ++number) {
        INFO(number);
        fixture f;
        f.told.reserve(8);
        completion<delivery> sending;
        {
            test::allocation_failure const missing{number};
            sending = f.begin(1);
            failed = missing.happened();
        }
        REQUIRE(sending);
        CHECK(f.memory.knows(send_number(1)) == !failed);
        CHECK(f.told.empty());
        sending(delivery::accepted);
        CHECK(f.told == answers{delivery::accepted});
        CHECK(f.send(1) == failed);
        CHECK(number <= 4);
    }
    fixture f;
    f.told.reserve(8);
    auto sending = f.begin(1);
    {
        test::allocation_failure const missing{1};
        CHECK_FALSE(f.begin(1)); // it cannot join
    }
    CHECK(f.told == answers{delivery::unknown});
    sending(delivery::accepted);
    CHECK(f.told == answers{delivery::unknown, delivery::accepted});
}
#endif

}
