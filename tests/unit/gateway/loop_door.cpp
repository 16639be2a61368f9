// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/loop_door.hpp>

#include "support/catch.hpp"

#include <asio/executor_work_guard.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace gateway_loop_door_tests {

using backchannel::loop_door;

TEST_CASE("what is posted runs on the loop, and only there is here", "[loop_door]") {
    asio::io_context io;
    loop_door door{io};
    bool here = false;
    door.post([&] { here = door.is_here(); });
    CHECK_FALSE(door.is_here()); // the loop does not run
    io.run();
    CHECK(here);
    CHECK_FALSE(door.is_here());
}

TEST_CASE("behind a door that is shut is no loop", "[loop_door]") {
    std::optional<asio::io_context> io{std::in_place};
    loop_door door{*io};
    bool ran = false, here = true;
    door.post([&] {
        ran = true;
        door.shut();
        here = door.is_here();
    });
    io->run();
    CHECK(ran);
    CHECK_FALSE(here);
    io.reset();
    auto const token = std::make_shared<int>(0);
    door.post([token] { FAIL("there is nobody to run it"); });
    CHECK(token.use_count() == 1);
    CHECK_FALSE(door.is_here());
}

TEST_CASE("a loop may end while other threads are at its door", "[loop_door]") {
    for (int round = 0; round != 20; ++round) {
        std::optional<asio::io_context> io{std::in_place};
        auto const door = std::make_shared<loop_door>(*io);
        auto work = asio::make_work_guard(*io);
        std::atomic<int> ran{0};
        std::atomic<bool> enough{false};
        std::vector<std::thread> others;
        for (int i = 0; i != 2; ++i)
            others.emplace_back([&ran, &enough, door] {
                while (!enough) {
                    door->post([&ran] { ++ran; });
                    if (door->is_here()) ran = -1'000'000;
                }
            });
        while (ran < 10) (void)io->run_one();
        door->shut();
        work.reset();
        io.reset();
        enough = true;
        for (std::thread& t : others) t.join();
        CHECK(ran >= 10);
    }
}

}
