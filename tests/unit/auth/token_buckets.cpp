// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/token_buckets.hpp>

#include "support/at_once.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace auth_token_buckets_tests {

using namespace backchannel;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

/// Buckets, and a time that only the test moves.
struct bench {
    token_buckets buckets;
    time_point now{1h};

    explicit bench(token_bucket_options options) : buckets{options} {}

    [[nodiscard]] std::optional<milliseconds> wait(std::string_view who = "a") {
        return buckets.admit({short_text{who}, {}}, operation::post, now);
    }
    [[nodiscard]] bool enters(std::string_view who = "a") { return !wait(who); }
    /// How many come in at once.
    [[nodiscard]] int burst(std::string_view who = "a", int most = 100'000) {
        int n = 0;
        while (n != most && enters(who)) ++n;
        return n;
    }
};

}

TEST_CASE("A bucket gives its burst at once, and then as many as come in", "[token_buckets]") {
    bench b{{.per_second = 5, .burst = 12}};
    CHECK(b.burst() == 12);
    CHECK(b.wait() == 200ms);
    b.now += 200ms - 1ns;
    CHECK(b.wait() == 1ms); // rounded up
    b.now += 1ns;
    CHECK(b.burst() == 1);
    b.now += 1s;
    CHECK(b.burst() == 5);
    b.now += 999ms;
    CHECK(b.burst() == 4);
    b.now += 1ms;
    CHECK(b.burst() == 1);
    // what is refused costs nothing
    for (int i = 0; i != 1000; ++i) CHECK(b.wait() == 200ms);
    b.now += 200ms;
    CHECK(b.burst() == 1);
}

TEST_CASE("A bucket holds its burst and no more, however long nobody comes", "[token_buckets]") {
    for (std::uint32_t const burst : {1u, 2u, 7u}) {
        bench b{{.per_second = 5, .burst = burst}};
        for (auto const idle : std::initializer_list<nanoseconds>{0s, 10s, 24h, 24h * 365 * 100}) {
            b.now += idle;
            CHECK(b.burst() == static_cast<int>(burst));
            b.now += burst * 200ms - 1ns;
            CHECK(b.burst() == static_cast<int>(burst) - 1);
        }
    }
}

TEST_CASE("Without a burst it is a second's worth, without a rate there is no limit", "[token_buckets]") {
    bench b{{.per_second = 5}};
    CHECK(b.burst() == 5);
    bench none{{.burst = 1}};
    CHECK(none.burst("a", 10'000) == 10'000);
    bench neither{{}};
    CHECK(neither.burst("a", 10'000) == 10'000);
}

TEST_CASE("No part of a token is lost or made, whatever the rate and the steps of time", "[token_buckets]") {
    for (std::uint32_t const rate : {1u, 3u, 7u, 11u, 999u}) {
        for (auto const step : {nanoseconds{999'983}, nanoseconds{7'777'777}, nanoseconds{131'071}}) {
            bench b{{.per_second = rate, .burst = 3}};
            std::int64_t admitted = b.burst();
            time_point const begin = b.now, end = b.now + 2s;
            while (b.now < end) {
                b.now += step;
                std::int64_t const due = 3 + (b.now - begin).count() * rate / 1'000'000'000;
                admitted += b.burst();
                if (step.count() * rate < 2'000'000'000) { // else the bucket overflows
                    REQUIRE(admitted == due);
                }
            }
        }
    }
}

TEST_CASE("A token that takes no whole number of nanoseconds comes with the first that is enough", "[token_buckets]") {
    bench b{{.per_second = 3, .burst = 3}};
    time_point const begin = b.now;
    CHECK(b.burst() == 3);
    for (auto const early : {333'333'333ns, 666'666'666ns, 999'999'999ns}) {
        b.now = begin + early;
        CHECK_FALSE(b.enters());
        b.now += 1ns;
        CHECK(b.enters());
    }
}

TEST_CASE("The wait is the shortest that helps", "[token_buckets]") {
    for (std::uint32_t const rate : {1u, 3u, 7u, 640u, 1000u, 1001u, 4'000'000'000u}) {
        for (auto const late : {0ns, 1ns, 123'456ns}) {
            bench b{{.per_second = rate, .burst = 2}};
            CHECK(b.burst() == 2);
            b.now += late;
            auto const wait = b.wait();
            if (!wait) continue; // the rate is that high
            CHECK(*wait >= 1ms);
            CHECK(*wait <= 1s);
            b.now += *wait - 1ms;
            if (*wait > 1ms) {
                CHECK_FALSE(b.enters());
            }
            b.now += 1ms;
            CHECK(b.enters());
        }
    }
}

TEST_CASE("The greatest numbers do not overflow", "[token_buckets]") {
    constexpr std::uint32_t most = 0xFFFFFFFF;
    bench slow{{.per_second = 1, .burst = most}};
    CHECK(slow.burst() == 100'000);
    slow.now += 24h * 365 * 100;
    CHECK(slow.burst() == 100'000);
    bench fast{{.per_second = most, .burst = 1}};
    CHECK(fast.burst() == 1);
    CHECK(fast.wait() == 1ms);
    fast.now += 1ns;
    CHECK(fast.burst() == 1); // 4.29 tokens have come, there is room for one
    bench both{{.per_second = most, .burst = most}};
    CHECK(both.burst() == 100'000);
    for (auto const origin : {time_point{}, time_point{-24h * 365 * 100}, time_point{24h * 365 * 100}}) {
        bench b{{.per_second = 3, .burst = 4}};
        b.now = origin;
        CHECK(b.burst() == 4);
        CHECK(b.wait() == 334ms);
        b.now += 1s;
        CHECK(b.burst() == 3);
    }
}

TEST_CASE("One caller takes nothing of another's", "[token_buckets]") {
    bench b{{.per_second = 2, .burst = 3}};
    CHECK(b.burst("a") == 3);
    CHECK(b.burst("b") == 3);
    b.now += 500ms;
    CHECK(b.burst("b") == 1);
    b.now += 500ms;
    CHECK(b.burst("a") == 2);
    CHECK(b.burst("b") == 1);
    CHECK(b.burst("") == 3); // those without a name have one together
    CHECK(b.burst("") == 0);
    CHECK(b.burst("ab") == 3);
    CHECK(b.burst(std::string(128, 'x')) == 3);
}

TEST_CASE("A thread that is late makes no tokens, a clock that was set back locks nobody out", "[token_buckets]") {
    bench b{{.per_second = 10, .burst = 5}};
    CHECK(b.burst() == 5);
    for (int i = 0; i != 1000; ++i) { // two threads, one of which is always late
        b.now -= 90ms;
        CHECK(b.wait() == 190ms);
        b.now += 90ms;
        CHECK(b.wait() == 100ms);
    }
    b.now -= 1s;
    CHECK(b.wait() == 1100ms);
    b.now += 1s + 100ms;
    CHECK(b.burst() == 1);

    b.now -= 24h;
    CHECK(b.wait() == 100ms); // nothing is given for it either
    b.now += 100ms;
    CHECK(b.burst() == 1);
    b.now += 24h;
    CHECK(b.burst() == 5);
}

TEST_CASE("No more callers are remembered than were allowed, full buckets are forgotten first", "[token_buckets]") {
    bench b{{.per_second = 1, .burst = 10, .max_buckets = 3}};
    CHECK(b.burst("drained", 10) == 10);
    CHECK(b.burst("half", 5) == 5);
    CHECK(b.enters("one"));
    // the fullest has to go: of thousands that come once, each takes the place of the one before
    for (int i = 0; i != 5000; ++i) CHECK(b.enters(std::to_string(i)));
    CHECK_FALSE(b.enters("drained"));
    CHECK(b.burst("half") == 5);
    CHECK(b.burst("one") == 10);
    CHECK(b.burst("other") == 10); // again one has to go
    int remembered = 0;
    for (std::string_view const name : {"drained", "half", "one", "other"}) {
        if (!b.enters(name)) ++remembered;
    }
    CHECK(remembered == 2); // the one that was forgotten came back, in the place of another

    bench full{{.per_second = 1, .burst = 2, .max_buckets = 3}};
    CHECK(full.enters("a")); // full again after 1 s
    full.now += 500ms;
    CHECK(full.burst("b") == 2);
    CHECK(full.enters("c"));
    full.now += 500ms;
    CHECK(full.burst("d") == 2); // in the place of a, as that tells nothing
    CHECK(full.burst("b") == 0);
    CHECK(full.burst("c") == 1);

    bench least{{.per_second = 1, .max_buckets = 0}};
    CHECK(least.enters("a"));
    CHECK_FALSE(least.enters("a"));
    CHECK(least.enters("b"));
}

TEST_CASE("Threads together are given what there is, exactly", "[token_buckets]") {
    constexpr int threads = 4, each = 2000;
    token_buckets buckets{{.per_second = 1, .burst = 3000, .max_buckets = 2}};
    std::atomic<int> common{0}, own{0};
    time_point const now{1h};
    test::at_once(threads, [&](int t) {
        std::string const name = std::to_string(t);
        for (int i = 0; i != each; ++i) {
            common += !buckets.admit({std::string_view{"common"}, {}}, operation::post, now);
            if (i % 100 == 0) own += !buckets.admit({std::string_view{name}, {}}, operation::get, now);
        }
    });
    CHECK(common == 3000);
    CHECK(own == threads * each / 100);
}

}
