// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/transport.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

#include <set>

namespace gateway_threads_tests {

using namespace test;

TEST_CASE("several loops share the port, and a post reaches a client of any of them", "[transport]") {
    std::mutex mutex;
    std::set<std::thread::id> loops;
    scripted_handler handler;
    handler.open = [&](gateway_client&) {
        std::lock_guard const lock{mutex};
        loops.insert(std::this_thread::get_id());
    };
    running_gateway<> g{handler, prod(), 3};
    std::vector<std::unique_ptr<websocket_client>> clients;
    for (int i = 0; i != 40; ++i) clients.push_back(std::make_unique<websocket_client>(g.port));
    CHECK(loops.size() > 1); // 40 connections on one of three loops: less likely than 3^-38
    test_client caller{g.port};
    for (auto const& client : clients) {
        CHECK(caller.ask(post_to(client->id, client->id)).status == 200);
        CHECK(client->read_text() == client->id);
        CHECK(caller.ask(get("/prod/@connections/" + client->id)).status == 200);
    }
    for (auto const& client : clients) {
        CHECK(caller.ask("DELETE /prod/@connections/" + client->id + " HTTP/1.1\r\nHost: here\r\n\r\n").status == 204);
        CHECK(client->read_frame().code() == 1000);
        CHECK(caller.ask(post_to(client->id, "x")).status == 410);
    }
}

TEST_CASE("pipelined posts to clients of other loops are answered in order and arrive in order", "[transport]") {
    running_gateway<> g{{}, prod(), 2};
    std::vector<std::unique_ptr<websocket_client>> clients;
    for (int i = 0; i != 8; ++i) clients.push_back(std::make_unique<websocket_client>(g.port));
    std::vector<std::thread> callers;
    std::atomic<int> wrong{0};
    for (int c = 0; c != 3; ++c) {
        callers.emplace_back([&, c] {
            test_client caller{g.port};
            std::string all;
            for (int i = 0; i != 200; ++i) {
                std::size_t const to = static_cast<std::size_t>(i) % clients.size();
                all += post_to(clients[to]->id, std::to_string(c) + ":" + std::to_string(i));
                if (i % 10 == 9) all += get("/prod/@connections/" + std::string(16, 'A'));
            }
            caller.send(all);
            for (int i = 0; i != 200; ++i) {
                if (caller.read_response().status != 200) ++wrong;
                if (i % 10 == 9 && caller.read_response().status != 410) ++wrong;
            }
        });
    }
    for (auto& t : callers) t.join();
    CHECK(wrong == 0);
    for (auto const& client : clients) {
        std::vector<int> last(3, -1);
        for (int i = 0; i != 75; ++i) {
            std::string const text = client->read_text();
            std::size_t const who = static_cast<std::size_t>(text[0] - '0');
            int const number = std::stoi(text.substr(2));
            if (number <= last.at(who)) ++wrong;
            last.at(who) = number;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("a status of 200 is the owning loop's: each such message arrives, each other does not", "[transport]") {
    auto options = prod();
    options.hub.queue_limit = 200'000;
    running_gateway<> g{{}, options, 2};
    std::vector<std::unique_ptr<websocket_client>> slow;
    for (int i = 0; i != 6; ++i) slow.push_back(std::make_unique<websocket_client>(g.port, "/prod", "", 4096));
    std::vector<std::vector<int>> accepted(slow.size());
    test_client caller{g.port};
    std::string const filler(50'000, 'x');
    int refused = 0;
    for (int i = 0; i != 200; ++i) {
        for (std::size_t s = 0; s != slow.size(); ++s) {
            int const status = caller.ask(post_to(slow[s]->id, std::to_string(i) + filler)).status;
            if (status == 200)
                accepted[s].push_back(i);
            else if (status == 429)
                ++refused;
            else
                CHECK(status == 429);
        }
    }
    CHECK(refused > 0);
    for (std::size_t s = 0; s != slow.size(); ++s) {
        std::vector<int> got;
        for (std::size_t i = 0; i != accepted[s].size(); ++i) got.push_back(std::stoi(slow[s]->read_text()));
        CHECK(got == accepted[s]);
        CHECK_FALSE(slow[s]->readable(20ms));
    }
}

TEST_CASE("connections that come and go on all loops while posts go on leave nothing behind", "[transport]") {
    std::atomic<int> opened{0}, closed{0};
    scripted_handler handler;
    handler.open = [&](gateway_client&) { ++opened; };
    handler.disconnect = [&](std::string_view, int, std::string_view) { ++closed; };
    running_gateway<> g{handler, prod(), 2};
    std::mutex mutex;
    std::vector<std::string> ids;
    std::atomic<bool> over{false};
    std::atomic<int> odd{0};
    std::thread posting{[&] {
        test_client caller{g.port};
        for (std::size_t i = 0; !over; ++i) {
            std::string id;
            {
                std::lock_guard const lock{mutex};
                if (!ids.empty()) id = ids[i % ids.size()];
            }
            if (id.empty()) continue;
            int const status =
                i % 7 == 0 ? caller.ask("DELETE /prod/@connections/" + id + " HTTP/1.1\r\nHost: h\r\n\r\n").status
                           : caller.ask(post_to(id, "x")).status;
            if (status != 200 && status != 204 && status != 410) ++odd;
        }
    }};
    std::vector<std::thread> churn;
    for (int t = 0; t != 2; ++t) {
        churn.emplace_back([&, t] {
            for (int i = 0; i != 100; ++i) {
                websocket_client client{g.port};
                {
                    std::lock_guard const lock{mutex};
                    ids.push_back(client.id);
                    if (ids.size() > 10) ids.erase(ids.begin());
                }
                if ((i + t) % 3 == 0)
                    client.reset();
                else if ((i + t) % 3 == 1)
                    (void)client.hang_up();
                // else: the end of the connection without a word
            }
        });
    }
    for (auto& t : churn) t.join();
    over = true;
    posting.join();
    CHECK(odd == 0);
    CHECK(opened == 200);
    CHECK(soon([&] { return closed == 200; }));
}

TEST_CASE("stop ends all loops while clients are busy", "[transport]") {
    auto options = prod();
    options.linger_timeout = 300ms;
    auto g = std::make_unique<running_gateway<>>(scripted_handler{}, options, 2);
    std::vector<std::unique_ptr<websocket_client>> clients;
    for (int i = 0; i != 10; ++i) clients.push_back(std::make_unique<websocket_client>(g->port));
    std::atomic<bool> over{false};
    std::thread posting{[&, port = g->port] {
        try {
            test_client caller{port};
            for (std::size_t i = 0; !over; ++i) (void)caller.ask(post_to(clients[i % 10]->id, "x"));
        } catch (std::runtime_error const&) {
            // it was stopped
        }
    }};
    CHECK(clients[9]->read_text() == "x");
    g.reset();
    over = true;
    posting.join();
    for (auto const& client : clients) CHECK(client->read_close() == 1001);
}

}
