// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/completion.hpp>

#include "support/catch.hpp"
#include "support/count_allocations.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace completion_tests {
namespace {

struct verdict {
    int code = 0;
};

}
}

template <>
struct backchannel::lost<completion_tests::verdict> {
    static completion_tests::verdict value() { return {503}; }
};

namespace completion_tests {

using namespace backchannel;

TEST_CASE("a completion reports its result once", "[completion]") {
    std::vector<delivery> seen;
    {
        completion<delivery> done{[&](delivery d) { seen.push_back(d); }};
        CHECK(done);
        done(delivery::backpressure);
        CHECK_FALSE(done);
    }
    CHECK(seen == std::vector{delivery::backpressure});
}

TEST_CASE("a completion destroyed uncalled reports that the result is lost", "[completion]") {
    std::vector<delivery> seen;
    {
        completion<delivery> const done{[&](delivery d) { seen.push_back(d); }};
    }
    CHECK(seen == std::vector{delivery::unknown});

    int code = 0;
    {
        completion<verdict> const done{[&](verdict v) { code = v.code; }};
    }
    CHECK(code == 503);

    std::optional<std::pair<int, std::string>> both;
    {
        completion<int, std::string> const done{[&](int i, std::string s) { both.emplace(i, std::move(s)); }};
    }
    CHECK(both == std::pair<int, std::string>{});
}

TEST_CASE("an empty completion owes nothing", "[completion]") {
    completion<delivery> empty;
    CHECK_FALSE(empty);
    completion<delivery> moved{std::move(empty)};
    CHECK_FALSE(moved);
}

TEST_CASE("a completion moves and is not copied", "[completion]") {
    static_assert(!std::is_copy_constructible_v<completion<int>> && !std::is_copy_assignable_v<completion<int>>);
    static_assert(std::is_nothrow_move_constructible_v<completion<int>>);
    static_assert(std::is_nothrow_move_assignable_v<completion<int>>);
    static_assert(!std::is_constructible_v<completion<int>, int> &&
                  !std::is_constructible_v<completion<int*>, void (*)(std::string)>);

    std::vector<int> seen;
    completion<int> first{[&](int i) { seen.push_back(i); }};
    completion<int> second{std::move(first)};
    CHECK(second);
    completion<int> third{[&](int i) { seen.push_back(100 + i); }};
    third = std::move(second); // what it held is lost, and says so
    CHECK(seen == std::vector{100});
    auto& same = third;
    third = std::move(same);
    CHECK(third);
    third(5);
    CHECK(seen == std::vector{100, 5});
}

TEST_CASE("move-only callables and move-only results pass through", "[completion]") {
    auto held = std::make_unique<int>(4);
    int result = 0;
    completion<std::unique_ptr<int>> done{
        [held = std::move(held), &result](std::unique_ptr<int> more) { result = *held + *more; }};
    auto moved = std::move(done);
    moved(std::make_unique<int>(3));
    CHECK(result == 7);
}

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
TEST_CASE("a callable of six pointers needs no allocation, a larger one needs one", "[completion]") {
    int calls = 0;
    std::array<void*, 5> const five{};
    std::array<void*, 6> const six{};
    {
        test::allocation_count const count;
        completion<int> small{[five, &calls](int) { calls += five.size() == 5; }};
        completion<int> moved{std::move(small)};
        moved(1);
        CHECK(count.so_far() == 0);
    }
    {
        test::allocation_count const count;
        completion<int> large{[six, &calls](int) { calls += six.size() == 6; }};
        completion<int> moved{std::move(large)};
        moved(1);
        CHECK(count.so_far() == 1);
    }
    CHECK(calls == 2);
}
#endif

TEST_CASE("a callable is destroyed once it has been called", "[completion]") {
    for (bool const large : {false, true}) {
        auto const watched = std::make_shared<int>();
        std::array<char, 100> const ballast{};
        completion<int> done =
            large ? completion<int>{[watched, ballast](int) { (void)ballast; }} : completion<int>{[watched](int) {}};
        CHECK(watched.use_count() == 2);
        done(1);
        CHECK(watched.use_count() == 1);
    }
}

TEST_CASE("a callable may destroy what holds its completion", "[completion]") {
    struct holder {
        std::string text = "some text that is on the heap, where a sanitizer sees it";
        completion<int> done;
    };
    for (bool const called : {true, false}) {
        auto owner = std::make_unique<holder>();
        std::string read;
        owner->done = [&owner, &read, kept = std::string(60, 'k')](int) {
            if (owner != nullptr) {
                auto const last = std::exchange(owner, nullptr);
                read = last->text;
            }
            read += kept;
        };
        if (called)
            owner->done(1);
        else
            owner = nullptr;
        CHECK(read.ends_with(std::string(60, 'k')));
        CHECK(owner == nullptr);
    }
}

namespace {

struct plain {
    void operator()(int) const {}
};

struct with_home {
    int* calls;
    void operator()(int) const {}
    [[nodiscard]] auto home() const {
        return [calls_ = calls](auto f) {
            ++*calls_;
            f();
        };
    }
};

struct with_wrong_home {
    void operator()(int) const {}
    int home = 0;
};

static_assert(!has_home<plain>);
static_assert(has_home<with_home>);
static_assert(!has_home<with_wrong_home>);

}

TEST_CASE("a completion says where its request goes on, or it goes on right here", "[completion]") {
    int calls = 0, ran = 0;
    auto const next = [&ran] { return [&ran, only_moved = std::make_unique<int>(2)] { ran += *only_moved; }; };
    home_of(plain{})(next());
    CHECK(ran == 2);
    CHECK(calls == 0);
    home_of(with_home{&calls})(next());
    CHECK(ran == 4);
    CHECK(calls == 1);
}

}
