// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace connection_hub_tags_tests {

using namespace backchannel;
using test::lines;
using test::text;

namespace {

/// The ids of those that have the tag.
template <class Hub>
[[nodiscard]] lines with_tag(Hub& hub, std::string_view tag) {
    lines ids;
    CHECK_FALSE(hub.visit(0, tag, [&](std::string_view id, auto const&) { return ids.emplace_back(id), true; }));
    return ids;
}

[[nodiscard]] lines ids_of(std::vector<session const*> const& sessions) {
    lines ids;
    for (session const* const s : sessions) ids.emplace_back(s->id());
    return ids;
}

/// Shows the tags that a connection opens with.
struct tag_hooks {
    std::shared_ptr<lines> seen = std::make_shared<lines>();
    session* opening = nullptr; ///< to be tagged inside of on_open
    void on_open(std::string_view, connection_state const& state) noexcept {
        *seen = state.tags;
        if (opening != nullptr) CHECK(opening->tag("inside") == tagging::done);
    }
};
struct tag_traits : default_hub_traits {
    using hooks = tag_hooks;
};

struct letter_ids : plain_ids {
    static constexpr std::size_t max_size = plain_ids::max_size + 1;
    std::size_t encode(connection_id const& id, char* out) const noexcept {
        *out = 'n';
        return 1 + plain_ids::encode(id, out + 1);
    }
    [[nodiscard]] std::optional<connection_id> decode(std::string_view id) const noexcept {
        return id.starts_with('n') ? plain_ids::decode(id.substr(1)) : std::nullopt;
    }
};
struct letter_traits : single_threaded_traits {
    using ids = letter_ids;
};

}

TEST_CASE("connections are tagged by their session and by their id", "[hub_tags]") {
    test::test_hub<test::direct_transport> t;
    auto a = t.open(1), b = t.open(2), c = t.open(3);
    CHECK(t.hub->find(a.id())->tags.empty());
    CHECK(a.tag("user:1") == tagging::done);
    CHECK(t.hub->tag(a.id(), "room") == tagging::done);
    CHECK(t.hub->tag(a.id(), "user:1") == tagging::done);
    CHECK(c.tag("room") == tagging::done);
    CHECK(t.hub->find(a.id())->tags == lines{"user:1", "room"});
    CHECK(with_tag(*t.hub, "room") == ids_of({&a, &c}));
    CHECK(with_tag(*t.hub, "user:1") == ids_of({&a}));
    CHECK(with_tag(*t.hub, "user:2").empty());
    CHECK(with_tag(*t.hub, "") == ids_of({&a, &b, &c}));

    CHECK(a.tag("") == tagging::invalid);
    CHECK(t.hub->tag(a.id(), "a b") == tagging::invalid);
    for (int i = 2; i != static_cast<int>(max_tags); ++i) CHECK(a.tag("t" + std::to_string(i)) == tagging::done);
    CHECK(a.tag("more") == tagging::limit);
    CHECK(t.hub->tag(a.id(), "more") == tagging::limit);

    CHECK(a.untag("room"));
    CHECK_FALSE(a.untag("room"));
    CHECK(with_tag(*t.hub, "room") == ids_of({&c}));
    CHECK(t.hub->untag(c.id(), "room") == tagging::done);
    CHECK(t.hub->untag(c.id(), "room") == tagging::done);
    CHECK(with_tag(*t.hub, "room").empty());
    CHECK(t.hub->find(c.id())->tags.empty());
    CHECK(t.hub->metrics().open == 3);
}

TEST_CASE("what is not open has no tags and gets none", "[hub_tags]") {
    test::test_hub<test::looping_transport> t;
    session empty;
    CHECK(empty.tag("room") == tagging::gone);
    CHECK_FALSE(empty.untag("room"));
    for (std::string_view const id : {"", "no id at all", "AAAAAAAAAAAAAAAA"}) {
        CHECK(t.hub->tag(id, "room") == tagging::gone);
        CHECK(t.hub->tag(id, "") == tagging::gone);
        CHECK(t.hub->untag(id, "room") == tagging::gone);
    }
    auto reported = t.open(2), retired = t.open(4);
    for (session const* const s : {&reported, &retired}) CHECK(s->tag("room") == tagging::done);
    t.on_loop(2, [&] { reported.closed(1000); });
    CHECK(t.hub->close(retired.id()));
    for (session const* const s : {&reported, &retired}) { // the server may still hold the session
        CHECK(s->tag("room") == tagging::gone);
        CHECK(s->tag("other") == tagging::gone);
        CHECK(t.hub->tag(s->id(), "other") == tagging::gone);
        CHECK(t.hub->untag(s->id(), "room") == tagging::gone);
    }
    CHECK(with_tag(*t.hub, "room").empty());
    CHECK(t.hub->send_tagged("room", text("x")).matched == 0);
    CHECK(t.hub->send_tagged("", text("x")).matched == 0);

    auto orphan = t.open(6);
    CHECK(orphan.tag("room") == tagging::done);
    t.hub.reset();
    CHECK(orphan.tag("other") == tagging::gone);
    CHECK(orphan.untag("room"));
}

TEST_CASE("tags end with the session, and the slot's next connection has none of them", "[hub_tags]") {
    test::test_hub<test::direct_transport> t{{.max_connections = 1, .retired_kept = 0}};
    {
        auto first = t.open(1);
        CHECK(first.tag("room") == tagging::done);
        CHECK(first.tag("user:1") == tagging::done);
    }
    auto second = t.open(2);
    REQUIRE(second);
    CHECK(t.hub->find(second.id())->tags.empty());
    CHECK_FALSE(second.untag("room"));
    CHECK(t.hub->send_tagged("room", text("x")).matched == 0);
    CHECK(second.tag("user:1") == tagging::done);
    CHECK(with_tag(*t.hub, "user:1") == ids_of({&second}));
    CHECK(t.sent().empty());
    second = session{};
    {
        auto reserved = t.hub->reserve(); // one that never opens
        CHECK(reserved.tag("room") == tagging::done);
    }
    auto third = t.open(3);
    CHECK(t.hub->find(third.id())->tags.empty());
}

TEST_CASE("a reserved connection is tagged before it opens, and is sent to from then on", "[hub_tags]") {
    tag_hooks const hooks;
    connection_hub<test::direct_transport, tag_traits> hub{{}, {}, {{}, {}, hooks}};
    auto s = hub.reserve();
    CHECK(s.tag("room") == tagging::done);
    CHECK(s.tag("gone again") == tagging::invalid);
    CHECK(s.tag("early") == tagging::done);
    CHECK(s.untag("early"));
    CHECK(hub.tag(s.id(), "room") == tagging::gone); // nobody can find it
    CHECK(with_tag(hub, "room").empty());
    CHECK(hub.send_tagged("room", text("x")).matched == 0);
    hub.attach(s, 1);
    CHECK(*hooks.seen == lines{"room"});
    CHECK(hub.find(s.id())->tags == lines{"room"});
    auto const sent = hub.send_tagged("room", text("x"));
    CHECK(sent.matched == 1);
    CHECK(sent.accepted == 1);
}

TEST_CASE("a hook may tag the connection that opens", "[hub_tags]") {
    session s;
    connection_hub<test::direct_transport, tag_traits> hub{{}, {}, {{}, {}, {std::make_shared<lines>(), &s}}};
    s = hub.reserve();
    hub.attach(s, 1);
    CHECK(hub.find(s.id())->tags == lines{"inside"});
    CHECK(with_tag(hub, "inside") == ids_of({&s}));
}

TEST_CASE("a hub whose ids look otherwise has tags too", "[hub_tags]") {
    connection_hub<test::direct_transport, letter_traits> hub;
    auto a = hub.open(1), b = hub.open(2);
    CHECK(a.id().starts_with('n'));
    CHECK(hub.tag(b.id(), "room") == tagging::done);
    CHECK(with_tag(hub, "room") == ids_of({&b}));
    CHECK(with_tag(hub, "") == ids_of({&a, &b}));
    CHECK(hub.send_tagged("room", text("x")).accepted == 1);
}

}
