// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/message_line.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway_message_line_tests {

using namespace backchannel;
using namespace std::chrono_literals;
using lines = std::vector<std::string>;

namespace {

constexpr time_point start{1h};

struct fixture {
    lines told{}; // before the line, which may owe something at its end
    message_line line{};

    void push(std::string_view text, time_point not_after = time_point::max()) {
        message_line::entry e{shared_message::copy_of(text, message_kind::text), not_after, {}};
        if (e.limited())
            e.written = [this, name = std::string{text}](delivery d) {
                told.push_back(name + " " + std::to_string(static_cast<int>(d)));
            };
        line.push(std::move(e));
    }
    std::string take(bool nothing_before) {
        auto e = line.take(nothing_before);
        if (!e) return "nothing";
        std::string text{e->payload.data()};
        if (e->limited()) line.leave(std::move(*e), 100, 100 + text.size());
        return text;
    }
    void say(message_line::news_list& news) {
        for (auto& one : news) one.told(one.result);
    }
    void taken(std::uint64_t total) {
        message_line::news_list news;
        line.taken(total, news);
        say(news);
    }
    void expire(time_point now, bool can_take_back = false) {
        message_line::news_list news;
        line.expire(now, news, [&](std::uint64_t begin, std::size_t size) {
            told.push_back("take back " + std::to_string(begin) + " " + std::to_string(size));
            return can_take_back;
        });
        say(news);
    }
};

std::string is(std::string name, delivery d) { return name + " " + std::to_string(static_cast<int>(d)); }

}

TEST_CASE("a message with a limit leaves when nothing is before it", "[message_line]") {
    fixture f;
    CHECK(f.line.idle());
    f.push("limited", start + 1s);
    f.push("plain");
    CHECK(f.line.size() == 12);
    CHECK(f.take(false) == "nothing");
    CHECK(f.take(true) == "limited");
    CHECK(f.take(false) == "plain"); // that is not what the limit is about
    CHECK(f.line.empty());
    CHECK_FALSE(f.line.idle());
    f.taken(106);
    CHECK(f.told.empty());
    f.taken(107);
    CHECK(f.told == lines{is("limited", delivery::accepted)});
    CHECK(f.line.idle());
    CHECK(f.line.size() == 0);
}

TEST_CASE("what is over is dropped wherever it stands in the line", "[message_line]") {
    fixture f;
    f.push("a", start + 3s);
    f.push("plain");
    f.push("b", start + 1s);
    f.push("c", start + 2s);
    CHECK(f.line.next_expiry() == start + 1s);
    f.expire(start + 1s - 1ms);
    CHECK(f.told.empty());
    f.expire(start + 2s);
    CHECK(f.told == lines{is("b", delivery::expired), is("c", delivery::expired)});
    CHECK(f.line.next_expiry() == start + 3s);
    CHECK(f.line.size() == 6);
    CHECK(f.take(true) == "a");
    CHECK(f.take(true) == "plain");
    CHECK(f.take(true) == "nothing");
}

TEST_CASE("one on its way is taken back, or nobody knows", "[message_line]") {
    for (bool const can : {true, false}) {
        fixture f;
        f.push("out", start);
        CHECK(f.take(true) == "out");
        CHECK(f.line.next_expiry() == start);
        f.expire(start, can);
        CHECK(f.told == lines{"take back 100 3", is("out", can ? delivery::expired : delivery::unknown)});
        CHECK(f.line.next_expiry() == time_point::max());
        f.taken(1000);
        f.expire(start + 1h);
        CHECK(f.told.size() == 2);
    }
}

TEST_CASE("empty messages count too", "[message_line]") {
    fixture f;
    for (int i = 0; i != 3; ++i) f.push("", start + 1s);
    CHECK(f.line.size() == 0);
    CHECK(f.line.cost() == 3 * sizeof(message_line::entry));
}

TEST_CASE("a line that is given up says so to all", "[message_line]") {
    fixture f;
    f.push("out", start);
    CHECK(f.take(true) == "out");
    f.push("in", start);
    f.push("plain");
    f.line.abandon();
    CHECK(f.line.idle());
    CHECK(f.told == lines{is("out", delivery::unknown), is("in", delivery::gone)}); // the first may still be sent
}

}
