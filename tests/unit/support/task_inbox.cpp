// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/task_inbox.hpp>

#include "support/catch.hpp"
#include "support/other_thread.hpp"

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace support_task_inbox_tests {

using namespace backchannel;

namespace {

/// An inbox of this thread's, or of nobody's, that counts how often the loop was woken.
struct loop {
    explicit loop(bool here) {
        inbox.wake_by([this] { ++wakes; });
        if (here) inbox.enter();
    }
    task note(int value) {
        return [this, value] { ran.push_back(value); };
    }

    std::vector<int> ran;
    int wakes = 0;
    task_inbox inbox;
};

/// Notes what it is given, and where.
struct receiver {
    void take(std::string const& value) { taken.push_back(value); }

    std::vector<std::string> taken{};
    std::shared_ptr<receiver*> self = std::make_shared<receiver*>(this);
};

}

TEST_CASE("an inbox runs what was posted in order, and is woken once for it", "[task_inbox]") {
    loop l{true};
    l.inbox.post(l.note(1));
    l.inbox.post(l.note(2));
    CHECK(l.ran.empty());
    CHECK(l.wakes == 1);
    l.inbox.run();
    CHECK(l.ran == std::vector{1, 2});
    l.inbox.run();
    CHECK(l.ran.size() == 2);
    l.inbox.post(l.note(3));
    CHECK(l.wakes == 2);
}

TEST_CASE("what an inbox's task posts runs with the next turn", "[task_inbox]") {
    loop l{true};
    l.inbox.post([&] { l.inbox.post(l.note(1)); });
    l.inbox.run();
    CHECK(l.ran.empty());
    CHECK(l.wakes == 2);
    l.inbox.run();
    CHECK(l.ran == std::vector{1});
}

TEST_CASE("an inbox that has ended destroys what waits and what still comes, and wakes nobody", "[task_inbox]") {
    loop l{true};
    auto const kept = std::make_shared<int>(0);
    l.inbox.post([kept, run = l.note(1)] { run(); });
    CHECK(kept.use_count() == 2);
    l.inbox.end();
    CHECK(kept.use_count() == 1);
    l.inbox.post([kept, run = l.note(2)] { run(); });
    CHECK(kept.use_count() == 1);
    l.inbox.run();
    l.inbox.post(l.note(3)); // it has ended for good
    l.inbox.run();
    CHECK(l.ran.empty());
    CHECK(l.wakes == 1);
}

TEST_CASE("a task is dispatched at once on the loop's thread, and posted from another", "[task_inbox]") {
    loop l{true};
    CHECK(l.inbox.is_here());
    l.inbox.dispatch(l.note(1));
    CHECK(l.ran == std::vector{1});
    CHECK(l.wakes == 0);

    test::other_thread other;
    bool there = true;
    other.run([&] {
        there = l.inbox.is_here();
        l.inbox.dispatch(l.note(2));
    });
    CHECK_FALSE(there);
    CHECK(l.ran.size() == 1);
    CHECK(l.wakes == 1);
    l.inbox.run();
    CHECK(l.ran == std::vector{1, 2});

    other.run([&] {
        l.inbox.enter();
        there = l.inbox.is_here();
    });
    CHECK(there);
    CHECK_FALSE(l.inbox.is_here());
}

TEST_CASE("an inbox that no thread has entered takes everything in", "[task_inbox]") {
    loop l{false};
    CHECK_FALSE(l.inbox.is_here());
    l.inbox.dispatch(l.note(1));
    CHECK(l.ran.empty());
    l.inbox.run();
    CHECK(l.ran.size() == 1);
}

TEST_CASE("what is brought home is given to the object on the loop's thread, as often as it comes", "[task_inbox]") {
    loop l{true};
    receiver r;
    auto bring = l.inbox.bring_home(r.self, &receiver::take);
    bring(std::string{"now"});
    CHECK(r.taken == std::vector<std::string>{"now"});
    CHECK(l.wakes == 0);
    test::other_thread{}.run([&] { bring(std::string{"later"}); });
    CHECK(r.taken.size() == 1);
    CHECK(l.wakes == 1);
    l.inbox.run();
    CHECK(r.taken == std::vector<std::string>{"now", "later"});
}

TEST_CASE("what is brought home to an object that has gone is given to nobody", "[task_inbox]") {
    loop l{true};
    auto gone = std::make_unique<receiver>();
    int given = 0;
    auto bring = l.inbox.bring_home(gone->self, [&](receiver&, int) { ++given; });
    test::other_thread other;
    other.run([&] { bring(1); });
    gone.reset(); // bringing it must not keep it
    l.inbox.run();
    bring(2);
    other.run([&] { bring(3); });
    l.inbox.run();
    CHECK(given == 0);
}

}
