// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// A hub on a machine whose random source does not answer: this program's getrandom stands before the C library's.
#include <backchannel/connection_hub.hpp>

#include "support/catch.hpp"
#include "support/test_hub.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <sys/random.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>

using namespace backchannel;
using test::lines;
using test::text;

namespace {

std::atomic<bool> source_is_gone{false};
std::atomic<int> refusals{0};

/// No random bytes while this exists.
struct no_entropy {
    no_entropy() { source_is_gone = true; }
    no_entropy(no_entropy const&) = delete;
    no_entropy& operator=(no_entropy const&) = delete;
    ~no_entropy() { source_is_gone = false; }
};

/// A server that only shows how many copies of a handle there are.
struct counting_transport {
    using handle = std::shared_ptr<int>;
    static constexpr bool bounds_itself = true;
    delivery send(handle const&, message const&) { return delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

using counting_hub = connection_hub<counting_transport, test::recording_traits>;

}

extern "C" ssize_t getrandom(void* buffer, std::size_t size, unsigned flags) {
    if (!source_is_gone) return syscall(SYS_getrandom, buffer, size, flags);
    ++refusals;
    errno = ENOSYS;
    return -1;
}

TEST_CASE("without random bytes no hub is made and nothing of it stays", "[no_entropy]") {
    test::recording_hooks const hooks;
    test::direct_transport const transport;
    auto const make = [&] {
        return std::make_unique<connection_hub<test::direct_transport, test::recording_traits>>(
            transport, hub_options{}, hub_policies<test::recording_traits>{{}, {}, hooks});
    };
    refusals = 0;
    {
        no_entropy const gone;
        try {
            (void)make();
            FAIL("made");
        } catch (std::system_error const& e) {
            CHECK(e.code() == errc::entropy_unavailable);
        }
    }
    CHECK(refusals == 1);
    CHECK(hooks.log.use_count() == 1);
    CHECK(transport.log.use_count() == 1);
    CHECK(hooks.log->take().empty());

    auto const hub = make();
    auto const s = hub->open(1);
    REQUIRE(s);
    CHECK(hub->send(s.id(), text("x")) == delivery::accepted);
    CHECK(hooks.log.use_count() == 2);
}

TEST_CASE("a connection that gets no id is refused and leaves no trace", "[no_entropy]") {
    test::recording_hooks const hooks;
    auto const handle = std::make_shared<int>();
    {
        counting_hub hub{
            {}, {.max_connections = 2, .retired_kept = 0}, hub_policies<test::recording_traits>{{}, {}, hooks}};
        auto first = hub.open(handle);
        REQUIRE(first);
        auto const deadline = hub.next_deadline();
        refusals = 0;
        {
            no_entropy const gone;
            for (int i = 0; i != 100; ++i) {
                auto refused = hub.open(handle, {.source_ip = "192.0.2.1", .user_agent = std::string(500, 'u')});
                CHECK_FALSE(refused);
                CHECK(refused.id().empty());
                refused.touch();
                refused.closed();
                CHECK_FALSE(hub.reserve());
            }
            // what needs no random bytes goes on
            CHECK(hub.send(first.id(), text("x")) == delivery::accepted);
            CHECK(hub.find(first.id()));
        }
        CHECK(refusals == 200);
        CHECK(handle.use_count() == 2);
        CHECK(hub.next_deadline() == deadline);
        CHECK(hooks.log->take() == lines{"open", "delivery 0 1"});

        // exactly the room that there was before
        auto second = hub.open(handle);
        CHECK(second);
        CHECK_FALSE(hub.open(handle));
        first = session{};
        CHECK(handle.use_count() == 2);
        auto third = hub.open(handle, {.source_ip = "192.0.2.1"});
        REQUIRE(third);
        CHECK(hub.find(third.id())->source_ip == "192.0.2.1");
        CHECK_FALSE(hub.open(handle));
        CHECK(hooks.log->take() == lines{"open", "closed 1006", "open"});
    }
    CHECK(handle.use_count() == 1);
    CHECK(hooks.log.use_count() == 1);
}

TEST_CASE("a closed id is still known after a connection that got no id", "[no_entropy]") {
    counting_hub hub{{}, {.max_connections = 2, .retired_kept = 1}};
    auto closed = hub.open(std::make_shared<int>());
    std::string const id{closed.id()};
    closed = session{};
    {
        no_entropy const gone;
        for (int i = 0; i != 3; ++i) CHECK_FALSE(hub.open(std::make_shared<int>()));
        CHECK(hub.was_open(id));
    }
    auto const next = hub.open(std::make_shared<int>());
    CHECK(next);
    CHECK(hub.was_open(id)); // the failed ones have not brought its slot any nearer to the front
}
