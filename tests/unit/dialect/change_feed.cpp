// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/dialect/extensions.hpp>

#include "support/catch.hpp"
#include "support/router_fixture.hpp"

#include <backchannel/auth/allow_all.hpp>
#include <backchannel/management_router.hpp>

#include <memory>
#include <set>
#include <string>

namespace dialect_change_feed_tests {

using namespace backchannel;

namespace {

/// Hides connections that it has heard of.
struct secretive {
    std::shared_ptr<std::set<std::string>> hidden = std::make_shared<std::set<std::string>>();

    auth_decision authorize(request_view const&, operation, std::string_view) const {
        return auth_decision::allow({std::string_view{"ann"}, {}});
    }
    bool permits(request_view const& r, principal const& who, operation op, std::string_view id) const {
        CHECK(r.target == "/prod/@connections?events"); // which is there long after the request
        CHECK(who.name.view() == "ann");
        CHECK(op == operation::get);
        return hidden->count(std::string{id}) == 0;
    }
};

struct fixture {
    secretive auth;
    test::test_hub<test::direct_transport> hub;
    management_router<secretive, test::still_traits_for<extended_dialect>> router;

    explicit fixture(std::size_t kept = 100)
        : hub{{.changes_kept = kept}}, router{*hub.hub, auth, {.stage = "prod"}, test::still()} {}

    response ask(std::string_view last_id = {}, std::string_view query = "?events", bool streams = true) {
        std::string const target = "/prod/@connections" + std::string{query};
        header_view const headers[] = {{"Last-Event-ID", last_id}};
        request_view r{.method = "GET", .target = target, .streams = streams};
        if (!last_id.empty()) r.headers = headers;
        return router.handle(r).value();
    }
    static std::string read(response const& r, std::size_t room = 10'000) {
        std::string out;
        bool const more = r.stream->read(out, room);
        return more ? out : out + "end";
    }
    /// The id of an event.
    [[nodiscard]] std::string number(std::uint64_t n) const {
        return std::to_string(hub.hub->changes()->epoch()) + "-" + std::to_string(n);
    }
    [[nodiscard]] std::string event(std::uint64_t n, std::string const& name, std::string const& data) const {
        return "id: " + number(n) + "\nevent: " + name + "\ndata: " + data + "\n\n";
    }
};

std::string without_times(std::string text) {
    for (auto from = text.find("\"at\":"); from != std::string::npos; from = text.find("\"at\":", from))
        text.erase(from, text.find_first_of(",}", from) - from + (text[text.find_first_of(",}", from)] == ',' ? 1 : 0));
    return text;
}

}

TEST_CASE("the feed tells of each change as a server-sent event", "[extensions]") {
    fixture f;
    response const r = f.ask();
    CHECK(r.status == 200);
    CHECK(r.headers.find("Content-Type") == "text/event-stream");
    CHECK(r.headers.find("Cache-Control") == "no-store");
    REQUIRE(r.stream);
    CHECK(f.read(r) == f.event(0, "ready", "{}"));
    CHECK(f.read(r).empty());
    int woken = 0;
    r.stream->wait([&] { ++woken; });
    session s = f.hub.open(1);
    CHECK(woken == 1);
    std::string const id{s.id()}, who = "{\"connectionId\":\"" + id + "\",";
    CHECK(s.tag("room:7") == tagging::done);
    CHECK(s.untag("room:7"));
    s.closed(4002, "enough \"1\"");
    CHECK(without_times(f.read(r)) == f.event(1, "opened", who + "\"tags\":[]}") +
                                          f.event(2, "tagged", who + "\"tag\":\"room:7\"}") +
                                          f.event(3, "untagged", who + "\"tag\":\"room:7\"}") +
                                          f.event(4, "closed",
                                                  who + "\"closeCode\":4002,\"reason\":\"enough \\\"1\\\"\","
                                                        "\"closedBy\":\"peer\"}"));
    std::string kept;
    r.stream->keep_alive(kept);
    CHECK(kept == ":\n\n");
}

TEST_CASE("a reader goes on where it was, or hears that it has missed something", "[extensions]") {
    fixture f{4};
    std::vector<session> open;
    for (int i = 1; i != 4; ++i) open.push_back(f.hub.open(i));
    auto const text = f.read(f.ask(f.number(1)));
    CHECK(text.starts_with("id: " + f.number(2) + "\nevent: opened"));
    CHECK(text.find("id: " + f.number(3)) != std::string::npos);
    CHECK(f.read(f.ask(f.number(3))).empty());
    for (std::string const& strange : {std::string{"1-1"}, f.number(4), f.number(1) + "x", std::string{"x"}})
        CHECK(f.read(f.ask(strange)) == f.event(3, "missed", "{}")); // and goes on
    for (int i = 4; i != 6; ++i) open.push_back(f.hub.open(i));
    CHECK(f.read(f.ask(f.number(0))) == f.event(5, "missed", "{}"));

    response const slow = f.ask();
    (void)f.read(slow);
    for (int i = 6; i != 20; ++i) open.push_back(f.hub.open(i));
    CHECK(f.read(slow) == f.event(19, "missed", "{}") + "end");
}

TEST_CASE("the feed shows only what its reader may see, and no more at a time than there is room", "[extensions]") {
    fixture f;
    response const r = f.ask();
    (void)f.read(r);
    session const a = f.hub.open(1), b = f.hub.open(2), c = f.hub.open(3);
    f.auth.hidden->insert(std::string{b.id()});
    std::string const some = f.read(r, 1), rest = f.read(r, 1);
    CHECK(some.starts_with("id: " + f.number(1) + "\nevent: opened"));
    CHECK(some.find(a.id()) != std::string::npos);
    CHECK(rest.starts_with("id: " + f.number(3) + "\nevent: opened"));
    CHECK(rest.find(c.id()) != std::string::npos);
    CHECK((some + rest).find(b.id()) == std::string::npos);
    CHECK(f.read(r).empty());
}

TEST_CASE("a feed that waits is woken and ends when its hub goes", "[extensions]") {
    auto f = std::make_unique<fixture>();
    response const r = f->ask(), unread = f->ask();
    (void)f->read(r);
    int woken = 0;
    r.stream->wait([&] { ++woken; });
    session s = f->hub.open(1);
    CHECK(woken == 1);
    (void)f->read(r);
    r.stream->wait([&] { ++woken; });
    f.reset();
    CHECK(woken == 2);
    CHECK(fixture::read(r) == "end");
    CHECK(fixture::read(unread).ends_with("event: ready\ndata: {}\n\nend"));
    r.stream->wait([&] { ++woken; });
    CHECK(woken == 3);
}

TEST_CASE("a feed shows nothing more when its router has gone", "[extensions]") {
    fixture f;
    auto router =
        std::make_unique<decltype(f.router)>(*f.hub.hub, f.auth, router_options{.stage = "prod"}, test::still());
    response const r =
        router->handle({.method = "GET", .target = "/prod/@connections?events", .streams = true}).value();
    (void)f.read(r);
    router.reset();
    session const s = f.hub.open(1);
    CHECK(f.read(r).empty());
}

TEST_CASE("where nothing can stream, or no changes are kept, the feed is 501", "[extensions]") {
    constexpr std::string_view unsupported = "501 NotImplementedException";
    fixture f;
    CHECK(test::shown(f.ask({}, "?events", false)).starts_with(unsupported));
    fixture none{0};
    CHECK(test::shown(none.ask()).starts_with(unsupported));
    for (std::string const query : {"?events&tag=a", "?events=&limit=1", "?count=true&events", "?cursor=1&events"})
        CHECK(f.ask({}, query).status == 400);
}

}
