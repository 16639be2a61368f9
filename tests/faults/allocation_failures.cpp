// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// A gateway that runs out of memory for a moment, at each place where it could. This program replaces the global
// operators, and aligned_alloc, which Asio calls itself. BACKCHANNEL_ALLOCATION_FAILURES: how many places, 300 by
// itself.

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"
#include "support/replace_operators.hpp"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

namespace {

// Of the thread that they are set on.
thread_local std::uint64_t until_failure = 0; // allocations; 0: none fails
thread_local std::uint64_t period = 0;        // from one failure to the next; 0: there is one only
thread_local std::uint64_t failures = 0;

std::atomic<std::int64_t> living{0}; // what was allocated by the operators and not freed

bool fails() noexcept {
    if (until_failure == 0 || --until_failure != 0) return false;
    until_failure = period;
    ++failures;
    return true;
}

}

void* test::replaced_new(std::size_t size, std::size_t alignment) noexcept {
    void* const memory = fails() ? nullptr : system_memory(size, alignment);
    if (memory != nullptr) ++living;
    return memory;
}
void test::replaced_delete(void* memory) noexcept {
    --living;
    std::free(memory);
}

extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    void* memory = nullptr;
    if (fails() || ::posix_memalign(&memory, std::max(alignment, sizeof(void*)), size) != 0) errno = ENOMEM;
    return memory;
}

namespace {

using test::running_gateway;
using test::websocket_client;

std::uint64_t places() {
    char const* const text = std::getenv("BACKCHANNEL_ALLOCATION_FAILURES");
    return text == nullptr ? 300 : std::strtoull(text, nullptr, 10);
}

void expect(bool good, char const* what) {
    if (!good) throw std::runtime_error{what};
}

/// What clients do: connect, be posted to, be looked at, talk, be deleted. Throws if the gateway does anything else.
void visit(unsigned short port) {
    websocket_client client{port};
    test::test_client caller{port};
    std::string const large(20'000, 'x'); // is shared, not copied
    for (std::string const& text : {std::string{"small"}, large}) {
        expect(caller.ask(test::post_to(client.id, text)).status == 200, "POST");
        expect(client.read_text() == text, "what was posted");
    }
    expect(caller.ask(test::get("/prod/@connections/" + client.id)).status == 200, "GET");
    expect(caller.ask(test::post("/other", "body")).status == 200, "the application's own route");
    client.send_text("hello");
    expect(client.read_text() == "hello", "the echo");
    expect(caller.ask("DELETE /prod/@connections/" + client.id + " HTTP/1.1\r\nHost: here\r\n\r\n").status == 204,
           "DELETE");
    expect(client.read_close() == 1000, "the close after DELETE");
    expect(caller.ask(test::post_to(client.id, "x")).status == 410, "POST to nobody");
    websocket_client polite{port};
    expect(polite.hang_up() == 1000, "the close that was asked for");
}

/// The number of failures; 0: not one, and the same again would not bring any.
template <class Gateway>
std::uint64_t failures_on_loop(Gateway& gateway, std::uint64_t next, std::uint64_t every) {
    std::uint64_t const so_far = gateway.on_loop([] { return failures; });
    gateway.on_loop([=] {
        failures = 0;
        period = every;
        until_failure = next; // last, as on_loop allocates too
    });
    return so_far;
}

/// A gateway where allocations fail while somebody is there. Empty: it does as it should.
std::string complaint(std::uint64_t first, std::uint64_t every) {
    running_gateway<> gateway;
    websocket_client bystander{gateway.port};
    (void)failures_on_loop(gateway, first, every);
    bool struck = false;
    for (int rounds = 0; rounds != 400 && !struck; ++rounds) {
        try {
            visit(gateway.port);
        } catch (std::exception const& error) {
            // whom it hits is told so, by an answer or by the end; only silence would be wrong
            if (std::string{error.what()}.find("timeout") != std::string::npos) return error.what();
            struck = true;
        }
        struck = struck || gateway.on_loop([] { return failures; }) != 0;
    }
    if (failures_on_loop(gateway, 0, 0) == 0) return "nothing failed";
    try {
        if (every == 0) { // else the bystander may be hit too
            bystander.send_text("still here");
            expect(bystander.read_text() == "still here", "the echo of the one beside it");
            expect(bystander.hang_up() == 1000, "the close of the one beside it");
        }
        visit(gateway.port);
    } catch (std::exception const& error) {
        return std::string{"afterwards: "} + error.what();
    }
    return {};
}

void check_places(bool again_and_again) {
    (void)complaint(1'000'000, 0); // what is made once in a process is made
    for (std::uint64_t k = 1; k <= places(); ++k) {
        std::int64_t const before = living;
        std::string const what = complaint(k, again_and_again ? k : 0);
        std::int64_t const left = living - before - (what.capacity() > 15 ? 1 : 0);
        INFO("allocation " << k);
        REQUIRE(what == "");
        REQUIRE(left == 0);
    }
}

}

TEST_CASE("one allocation that fails ends one connection at most, and leaks nothing", "[allocation_failures]") {
    check_places(false);
}

TEST_CASE("a gateway outlives allocations that fail again and again", "[allocation_failures]") { check_places(true); }
