// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/hub_ref.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace hub_ref_tests {

using namespace backchannel;
using test::lines;
using test::text;

namespace {

/// What wraps a hub, as a node of a cluster does.
struct node {
    std::vector<std::string> executed;
    void execute(command const& c, completion<outcome> done) {
        executed.emplace_back(c.id);
        done({delivery::unavailable});
    }
};

std::vector<outcome> ask(hub_ref const& hub, command const& c) {
    std::vector<outcome> answers;
    hub.execute(c, [&](outcome o) { answers.push_back(std::move(o)); });
    return answers;
}

}

TEST_CASE("a hub_ref is two words and copies", "[hub_ref]") {
    static_assert(sizeof(hub_ref) == 2 * sizeof(void*));
    static_assert(std::is_trivially_copyable_v<hub_ref>);
    SUCCEED();
}

TEST_CASE("a hub_ref sends, finds and closes on the hub it views", "[hub_ref]") {
    test::test_hub<test::direct_transport> t;
    hub_ref const hub{*t.hub};
    auto s = t.open(3, {.source_ip = "192.0.2.9"});
    std::string const id{s.id()};
    message const body = text("body");

    auto answers = ask(hub, {.what = command::kind::send, .id = id, .body = &body});
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].result == delivery::accepted);
    CHECK_FALSE(answers[0].state);

    answers = ask(hub, {.what = command::kind::find, .id = id});
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].result == delivery::accepted);
    REQUIRE(answers[0].state);
    CHECK(answers[0].state->source_ip == "192.0.2.9");

    answers = ask(hub, {.what = command::kind::explain, .id = id});
    REQUIRE(answers.size() == 1);
    CHECK_FALSE(answers[0].closed);
    CHECK_FALSE(answers[0].malformed);

    answers = ask(hub, {.what = command::kind::close, .id = id, .frame = {4001, "why"}});
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].result == delivery::accepted);
    CHECK(t.sent() == lines{"send 3 body", "close 3 4001 why"});

    for (auto const what : {command::kind::send, command::kind::find, command::kind::close}) {
        answers = ask(hub, {.what = what, .id = id, .body = &body});
        REQUIRE(answers.size() == 1);
        CHECK(answers[0].result == delivery::gone);
        CHECK_FALSE(answers[0].state);
    }
    CHECK(ask(hub, {.what = command::kind::explain, .id = id}).at(0).closed);
    CHECK(ask(hub, {.what = command::kind::explain, .id = "no id at all"}).at(0).malformed);
    CHECK_FALSE(ask(hub, {.what = command::kind::explain, .id = "AAAAAAAAAAAAAAAA"}).at(0).closed);
}

TEST_CASE("a plain send of a hub_ref is the hub's send", "[hub_ref]") {
    test::test_hub<test::direct_transport> t;
    hub_ref const hub{*t.hub};
    auto s = t.open(3);
    std::string const id{s.id()};
    message const body = text("body");
    for (auto const wait : {patience::queued, patience::inline_only}) {
        CHECK(hub.send({command::kind::send, id, &body, {}, wait}) == delivery::accepted);
        CHECK(hub.send({command::kind::send, "no id at all", &body, {}, wait}) == delivery::gone);
    }
    CHECK(t.sent() == lines{"send 3 body", "send 3 body"});
}

TEST_CASE("a plain send through what wraps a hub is one of its commands", "[hub_ref]") {
    node n;
    message const body = text("body");
    CHECK(hub_ref{n}.send({command::kind::send, "an id", &body, {}, patience::queued}) == delivery::unavailable);
    CHECK(n.executed == std::vector<std::string>{"an id"});
    struct busy_node {
        void execute(command const& c, completion<outcome> done) {
            done({delivery::unknown, c.wait == patience::inline_only});
        }
    } busy;
    CHECK_FALSE(hub_ref{busy}.send({command::kind::send, "an id", &body, {}, patience::inline_only}));
}

TEST_CASE("a send is plain if it has neither key nor terms", "[hub_ref]") {
    CHECK(command{.what = command::kind::send}.is_plain_send());
    CHECK_FALSE(command{.what = command::kind::close}.is_plain_send());
    CHECK_FALSE(command{.what = command::kind::send, .key = "k"}.is_plain_send());
    CHECK_FALSE(command{.what = command::kind::send, .terms = send_terms{}}.is_plain_send());
}

TEST_CASE("a hub_ref tags, untags and selects on the hub it views", "[hub_ref]") {
    test::test_hub<test::direct_transport> t;
    hub_ref const hub{*t.hub};
    auto a = t.open(1, {.source_ip = "192.0.2.1"}), b = t.open(2), c = t.open(3);
    auto const mark = [&](command::kind what, session const& s, std::string_view text) {
        auto const answers = ask(hub, {.what = what, .id = s.id(), .tag_text = text});
        REQUIRE(answers.size() == 1);
        return answers[0].tagged;
    };
    CHECK(mark(command::kind::tag, a, "room") == tagging::done);
    CHECK(mark(command::kind::tag, c, "room") == tagging::done);
    CHECK(mark(command::kind::tag, c, "other") == tagging::done);
    CHECK(mark(command::kind::tag, c, "not one") == tagging::invalid);
    CHECK(mark(command::kind::untag, c, "other") == tagging::done);
    CHECK(mark(command::kind::untag, c, "other") == tagging::done);
    CHECK(mark(command::kind::tag, session{}, "room") == tagging::gone);
    CHECK(mark(command::kind::untag, session{}, "room") == tagging::gone);
    CHECK(t.hub->find(c.id())->tags == lines{"room"});

    lines shown;
    std::size_t limit = 10;
    connection_visitor const visitor = [&](std::string_view id, std::function<connection_state()> const& describe) {
        connection_state const state = describe();
        shown.push_back(std::string{id} + state.source_ip + (state.tags.empty() ? "" : " " + state.tags[0]));
        return shown.size() != limit;
    };
    auto const select = [&](std::string_view tag, std::uint32_t from) {
        shown.clear();
        auto const answers =
            ask(hub, {.what = command::kind::select, .tag_text = tag, .from = from, .visitor = &visitor});
        REQUIRE(answers.size() == 1);
        CHECK(answers[0].result == delivery::accepted);
        return answers[0].next;
    };
    std::string const first = std::string{a.id()} + "192.0.2.1 room", second{b.id()},
                      third = std::string{c.id()} + " room";
    CHECK_FALSE(select({}, 0));
    CHECK(shown == lines{first, second, third});
    CHECK_FALSE(select("room", 0));
    CHECK(shown == lines{first, third});
    CHECK_FALSE(select("nobody", 0));
    CHECK(shown.empty());
    for (std::string_view const tag : {"", "room"}) {
        limit = 1;
        auto const next = select(tag, 0);
        CHECK(shown == lines{first});
        REQUIRE(next);
        limit = 10;
        CHECK_FALSE(select(tag, *next));
        CHECK(shown == (tag.empty() ? lines{second, third} : lines{third}));
    }
}

TEST_CASE("a hub_ref explains how a connection was closed", "[hub_ref]") {
    test::test_hub<test::direct_transport> t;
    hub_ref const hub{*t.hub};
    auto a = t.open(1), b = t.open(2);
    auto const explain = [&](session const& s) {
        return ask(hub, {.what = command::kind::explain, .id = s.id()}).at(0);
    };
    CHECK_FALSE(explain(a).closed);
    t.clock.advance(std::chrono::seconds{3});
    a.closed(4000);
    t.hub->close(b.id(), 4001);
    wall_time const then = t.clock.wall();
    t.clock.advance(std::chrono::seconds{3});
    for (session const* const s : {&a, &b}) {
        auto const why = explain(*s);
        CHECK(why.closed);
        CHECK(why.result == delivery::gone);
        REQUIRE(why.closed);
        CHECK(why.closed->closed_at == then);
        CHECK(why.closed->code == (s == &a ? 4000 : 4001));
        CHECK(why.closed->by == (s == &a ? closed_by::peer : closed_by::server));
    }
    CHECK_FALSE(ask(hub, {.what = command::kind::explain, .id = "no id at all"}).at(0).closed);
}

TEST_CASE("a send waits for the connection's thread as long as the caller's patience lasts", "[hub_ref]") {
    test::test_hub<test::looping_transport> t;
    hub_ref const hub{*t.hub};
    auto s = t.open(0);
    message const body = text("x");
    std::vector<outcome> answers;
    auto const send = [&](patience wait) {
        hub.execute({.what = command::kind::send, .id = s.id(), .body = &body, .wait = wait},
                    [&](outcome o) { answers.push_back(std::move(o)); });
    };
    send(patience::inline_only);
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].deferred);
    CHECK(answers[0].result == delivery::unknown);
    t.run();
    CHECK(t.sent().empty()); // nothing was done

    t.on_loop(0, [&] { send(patience::inline_only); });
    REQUIRE(answers.size() == 2);
    CHECK_FALSE(answers[1].deferred);
    CHECK(answers[1].result == delivery::accepted);
    CHECK(t.sent() == lines{"send 0 x"});

    send(patience::queued);
    REQUIRE(answers.size() == 3);
    CHECK(answers[2].result == delivery::accepted);
    send(patience::owner);
    CHECK(answers.size() == 3);
    t.wire().on_send = [](int, message const&) { return delivery::gone; };
    t.run();
    REQUIRE(answers.size() == 4);
    CHECK(answers[3].result == delivery::gone);
    send(patience::inline_only);
    REQUIRE(answers.size() == 5);
    CHECK(answers[4].result == delivery::gone);
    CHECK_FALSE(answers[4].deferred);
}

TEST_CASE("a send with a key is done once, whatever the patience", "[hub_ref]") {
    test::test_hub<test::looping_transport> t;
    hub_ref const hub{*t.hub};
    auto s = t.open(0);
    message const body = text("x");
    auto const send = [&](patience wait) {
        return t.on_loop(0, [&] {
            return ask(hub, {.what = command::kind::send, .id = s.id(), .body = &body, .wait = wait, .key = "k"}).at(0);
        });
    };
    CHECK(send(patience::inline_only).deferred); // also where it could be done
    CHECK(t.sent().empty());
    CHECK(send(patience::owner).result == delivery::accepted);
    CHECK(send(patience::owner).result == delivery::accepted);
    CHECK(send(patience::queued).result == delivery::accepted);
    CHECK(t.sent() == lines{"send 0 x"});
    t.on_loop(0, [&] { s.closed(); });
    CHECK(send(patience::inline_only).deferred);
    CHECK(send(patience::owner).result == delivery::accepted);
    message const another = text("y");
    command const late{
        .what = command::kind::send, .id = s.id(), .body = &another, .wait = patience::inline_only, .key = "k"};
    CHECK_FALSE(ask(hub, late).at(0).deferred);
    CHECK(ask(hub, late).at(0).result == delivery::gone);
}

TEST_CASE("an answer that never comes is unknown", "[hub_ref]") {
    std::vector<delivery> answers;
    {
        completion<outcome> const owed{[&](outcome o) { answers.push_back(o.result); }};
    }
    CHECK(answers == std::vector{delivery::unknown});
}

TEST_CASE("what has execute of its own is asked itself", "[hub_ref]") {
    node wrapper;
    hub_ref const hub{wrapper};
    auto const answers = ask(hub, {.what = command::kind::find, .id = "remote"});
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].result == delivery::unavailable);
    CHECK(wrapper.executed == std::vector<std::string>{"remote"});
}

}
