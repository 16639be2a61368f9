// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/session.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"

#include <string>
#include <type_traits>
#include <utility>

namespace session_tests {

using namespace backchannel;
using test::lines;
using test::text;

TEST_CASE("a session is one pointer, moves and is not copied", "[session]") {
    static_assert(sizeof(session) == sizeof(void*));
    static_assert(!std::is_copy_constructible_v<session> && !std::is_copy_assignable_v<session>);
    static_assert(std::is_nothrow_move_constructible_v<session> && std::is_nothrow_move_assignable_v<session>);
    static_assert(std::is_nothrow_default_constructible_v<session>);
    SUCCEED();
}

TEST_CASE("an empty session does nothing", "[session]") {
    session s;
    CHECK_FALSE(s);
    CHECK(s.id().empty());
    CHECK(s.source_ip().empty());
    s.touch();
    s.touch(time_point{});
    s.written(10);
    s.closed();
    CHECK(s.release() == nullptr);
    CHECK_FALSE(session::adopt(nullptr));
}

TEST_CASE("the end of a session is the close event", "[session]") {
    test::test_hub<test::direct_transport> t;
    std::string id;
    {
        auto const s = t.open(1);
        id = s.id();
        CHECK(t.hub->find(id));
    }
    CHECK_FALSE(t.hub->find(id));
    CHECK(t.hub->was_open(id));
    CHECK(t.hooks.log->take() == lines{"open", "closed 1006"});
    CHECK(t.sent().empty()); // the transport is not told what it knows
}

TEST_CASE("a session tells the address that its connection was opened with, also when that is closed", "[session]") {
    test::test_hub<test::direct_transport> t;
    connection_info info;
    info.source_ip = "192.0.2.7";
    auto s = t.hub->open(1, std::move(info));
    CHECK(s.source_ip() == "192.0.2.7");
    s.closed(1001);
    CHECK(s.source_ip() == "192.0.2.7");

    info.source_ip = "2001:db8::1";
    auto late = t.hub->reserve();
    CHECK(late.source_ip().empty());
    t.hub->attach(late, 2, std::move(info));
    CHECK(late.source_ip() == "2001:db8::1");

    CHECK(t.open(3).source_ip().empty());
}

TEST_CASE("closed counts once, and the session stays valid", "[session]") {
    test::test_hub<test::direct_transport> t;
    auto s = t.open(1);
    std::string const id{s.id()};
    s.closed(1001);
    s.closed(1002);
    CHECK(s);
    CHECK(s.id() == id);
    s.touch();
    CHECK(t.hub->send(id, text("x")) == delivery::gone);
    CHECK(t.hooks.log->take() == lines{"open", "closed 1001"});
}

TEST_CASE("a move hands the connection on and closes what was there before", "[session]") {
    test::test_hub<test::direct_transport> t;
    auto a = t.open(1), b = t.open(2);
    std::string const id_a{a.id()}, id_b{b.id()};
    a = std::move(b);
    CHECK_FALSE(b);
    CHECK(a.id() == id_b);
    CHECK_FALSE(t.hub->find(id_a));
    CHECK(t.hub->find(id_b));
    auto& same = a;
    a = std::move(same);
    CHECK(t.hub->find(id_b));
    session c{std::move(a)};
    CHECK_FALSE(a);
    CHECK(t.hub->find(id_b));
}

TEST_CASE("a released session lives on in C user data until it is adopted", "[session]") {
    test::test_hub<test::direct_transport> t;
    std::string id;
    void* user_data = nullptr;
    {
        auto s = t.open(1);
        id = s.id();
        user_data = s.release();
        CHECK_FALSE(s);
    }
    REQUIRE(user_data != nullptr);
    CHECK(t.hub->find(id));
    {
        auto const adopted = session::adopt(user_data);
        CHECK(adopted.id() == id);
    }
    CHECK_FALSE(t.hub->find(id));
}

TEST_CASE("a released session may be adopted after its hub has gone", "[session]") {
    void* user_data = nullptr;
    std::string id;
    {
        test::test_hub<test::direct_transport> t;
        auto s = t.open(1);
        id = s.id();
        user_data = s.release();
    }
    auto const adopted = session::adopt(user_data);
    CHECK(adopted.id() == id);
    adopted.touch();
}

}
