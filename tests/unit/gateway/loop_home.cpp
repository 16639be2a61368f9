// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/loop_home.hpp>

#include "support/catch.hpp"

#include <memory>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace gateway_loop_home_tests {

using backchannel::homing_completion;
using backchannel::loop_door;
using backchannel::loop_home;
using backchannel::response;

namespace {

/// Stands for a gateway: it has the door, and says when it goes.
struct owner {
    asio::io_context& io;
    std::string& log;
    loop_door door{io};

    ~owner() { log += "owner "; }
};

/// Uses the owner until it is destroyed.
struct request {
    std::string* log;

    explicit request(std::string& l) : log{&l} {}
    request(request&& other) noexcept : log{std::exchange(other.log, nullptr)} {}
    request& operator=(request&&) = delete;
    ~request() {
        if (log != nullptr) *log += "request ";
    }
    void operator()() { *log += "runs "; }
};

struct fixture {
    std::string log;
    std::optional<asio::io_context> io{std::in_place};
    std::shared_ptr<owner> whole{new owner{*io, log}};
    std::optional<loop_home> home{std::shared_ptr<loop_door>{whole, &whole->door}};

    /// What keeps the owner now is only what is on its way.
    void let_go() {
        home.reset();
        whole.reset();
    }
};

}

TEST_CASE("what is brought home runs on the loop, and the owner goes behind it", "[loop_home]") {
    fixture f;
    SECTION("from another thread") {
        std::thread{[&] { (*f.home)(request{f.log}); }}.join();
        CHECK(f.log.empty());
        f.let_go();
        CHECK(f.log.empty());
        f.io->run();
    }
    SECTION("from the loop, where it runs at once") {
        asio::post(*f.io, [&] {
            auto const home = *f.home;
            f.let_go();
            home(request{f.log});
            CHECK(f.log == "runs request ");
        });
        f.io->run();
    }
    CHECK(f.log == "runs request owner ");
}

TEST_CASE("what comes home too late is given up, before the owner goes", "[loop_home]") {
    fixture f;
    SECTION("behind a door that is shut") {
        f.whole->door.shut();
        f.io.reset();
        std::thread{[&] { (*f.home)(request{f.log}); }}.join();
        CHECK(f.log == "request ");
        f.let_go();
    }
    SECTION("when the door has been shut meanwhile") {
        (*f.home)(request{f.log});
        f.whole->door.shut();
        f.let_go();
        CHECK(f.log.empty());
        f.io->run();
    }
    SECTION("behind the loop's last turn") {
        (*f.home)(request{f.log});
        f.let_go();
        CHECK(f.log.empty());
        f.io.reset();
    }
    CHECK(f.log == "request owner ");
}

TEST_CASE("nothing that a request throws gets into the loop", "[loop_home]") {
    fixture f;
    auto const fails = [&] {
        (*f.home)([&, inner = request{f.log}] {
            f.log += "throws ";
            throw std::bad_alloc{};
        });
    };
    SECTION("on its way from elsewhere") { fails(); }
    SECTION("on the loop") { asio::post(*f.io, fails); }
    CHECK_NOTHROW(f.io->run());
    CHECK(f.log == "throws request ");
}

TEST_CASE("a homing completion answers as the one that it has, and knows its home", "[loop_home]") {
    static_assert(backchannel::has_home<homing_completion>);
    fixture f;
    int status = 0;
    homing_completion done{*f.home, [&](response r) { status = r.status; }};
    done.home()([&] { done(response{204}); });
    CHECK(status == 0);
    f.io->run();
    CHECK(status == 204);
}

}
