// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/streamed_answer.hpp>

#include "support/catch.hpp"
#include "support/scripted_body.hpp"

#include <string>
#include <vector>

namespace support_streamed_answer_tests {

using namespace backchannel;
using lines = std::vector<std::string>;

namespace {

/// A connection that takes what it is given at once, or later.
struct connection {
    lines told;
    bool takes = true;
    std::vector<task> posted;

    std::size_t run() {
        auto const now = std::exchange(posted, {});
        for (task const& t : now) t();
        return now.size();
    }
};

class answer final : public streamed_answer {
public:
    answer(connection& c, std::shared_ptr<body_stream> body)
        : streamed_answer{std::move(body), [&c](task t) { c.posted.push_back(std::move(t)); }}, connection_{c} {}

private:
    bool write(std::string text) override {
        connection_.told.push_back(text);
        return connection_.takes;
    }
    void end(bool whole) override { connection_.told.push_back(whole ? "end" : "cut off"); }

    connection& connection_;
};

struct fixture {
    std::shared_ptr<test::scripted_body> body = std::make_shared<test::scripted_body>();
    connection there;
    std::shared_ptr<answer> sent = std::make_shared<answer>(there, body);
    time_point now = std::chrono::steady_clock::now();

    void tick(std::chrono::milliseconds after = body_stream::quiet + std::chrono::milliseconds{1}) {
        now += after;
        sent->tick(now);
    }
};

}

TEST_CASE("a streamed answer sends what there is, waits, and is woken on its thread", "[streams]") {
    fixture f;
    f.body->give("one");
    f.body->give("two");
    f.sent->start();
    CHECK(f.there.told == lines{"one", "two"});
    CHECK(f.body->is_waited_for());
    f.body->give("three");
    CHECK(f.there.told.size() == 2);
    CHECK(f.there.run() == 1);
    f.body->end();
    CHECK(f.there.run() == 1);
    CHECK(f.there.told == lines{"one", "two", "three", "end"});
    CHECK(f.sent->over());
    CHECK(f.body.use_count() == 1);
    f.tick();
    f.sent->written();
    CHECK(f.there.told.size() == 4);
}

TEST_CASE("a streamed answer reads no further than its client does, and gives up one that takes nothing", "[streams]") {
    fixture f;
    f.there.takes = false;
    for (auto const* piece : {"one", "two", "three"}) f.body->give(piece);
    f.sent->start();
    CHECK(f.there.told == lines{"one"});
    f.tick();
    f.sent->written();
    CHECK(f.there.told == lines{"one", "two"});
    f.tick();
    CHECK_FALSE(f.sent->over()); // it has taken something
    f.tick();
    CHECK(f.there.told == lines{"one", "two", "cut off"});
    CHECK(f.body.use_count() == 1);
}

TEST_CASE("a streamed answer that is quiet keeps its connection alive", "[streams]") {
    fixture f;
    f.sent->start();
    f.sent->tick(f.now);
    CHECK(f.there.told.empty());
    f.tick();
    CHECK(f.there.told == lines{":\n\n"});
    f.body->give("one");
    f.there.run();
    f.tick(); // that was sent since the last time
    CHECK(f.there.told == lines{":\n\n", "one"});
    f.tick();
    CHECK(f.there.told == lines{":\n\n", "one", ":\n\n"});
    f.tick(); // the comment is not what the stream has
    f.body->give("");
    f.there.run();
    f.tick();
    CHECK(f.there.told == lines{":\n\n", "one", ":\n\n", ":\n\n", ":\n\n"});
}

TEST_CASE("a connection is kept alive 15 s after the last piece, if it ticks often", "[streams]") {
    fixture f;
    f.sent->start();
    auto const seconds_to_next = [&] {
        std::size_t const told = f.there.told.size();
        int passed = 0;
        for (; f.there.told.size() == told && passed != 60; ++passed) f.tick(std::chrono::seconds{1});
        CHECK(f.there.told.back() == ":\n\n");
        return passed;
    };
    f.tick(std::chrono::milliseconds{1});
    for (int i = 0; i != 3; ++i) CHECK(seconds_to_next() == 15);
    for (int i = 0; i != 7; ++i) f.tick(std::chrono::seconds{1});
    f.body->give("one");
    f.there.run();
    f.tick(std::chrono::milliseconds{1}); // sees that
    CHECK(seconds_to_next() == 15);
}

TEST_CASE("a client that does not take what keeps it alive is given up at the second check", "[streams]") {
    fixture f;
    f.there.takes = false;
    f.sent->start();
    f.tick();
    CHECK(f.there.told == lines{":\n\n"});
    f.tick();
    CHECK_FALSE(f.sent->over());
    f.tick();
    CHECK(f.there.told == lines{":\n\n", "cut off"});
}

TEST_CASE("a streamed answer lets other connections have their turn", "[streams]") {
    fixture f;
    for (int i = 0; i != 40; ++i) f.body->give("x");
    f.sent->start();
    CHECK(f.there.told.size() == 16);
    CHECK(f.there.run() == 1);
    CHECK(f.there.told.size() == 32);
    f.there.run();
    CHECK(f.there.told.size() == 40);
}

TEST_CASE("a streamed answer that has gone is not woken, and one without memory is cut off", "[streams]") {
    fixture f;
    f.sent->start();
    f.sent.reset();
    f.body->give("late");
    CHECK(f.there.run() == 1);
    CHECK(f.there.told.empty());

    fixture g;
    g.sent->start();
    g.body->fail();
    g.there.run();
    CHECK(g.there.told == lines{"cut off"});
}

}
