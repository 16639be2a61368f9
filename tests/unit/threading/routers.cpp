// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/management_router.hpp>

#include "support/catch.hpp"
#include "support/http_answer.hpp"
#include "support/shared_hub.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace threading_routers_tests {

// A test for each row of docs/threading.md: routers, and requests whose bodies are still arriving.

using namespace backchannel;
using test::at_once;
using test::direct_hub;
using test::lines;
using test::looped_hub;

namespace {

constexpr int threads = 3, rounds = 30;

/// Lets in who says "yes" in the target's query, and takes part in everything that calls a user's code.
struct witness_auth {
    std::shared_ptr<test::witness> seen;

    struct state {
        std::shared_ptr<test::witness> seen;
        bool good;
        void append(std::string_view) { seen->enter(); }
        void finish(completion<auth_decision> done) {
            seen->enter();
            done(good ? auth_decision::allow() : auth_decision::refuse(auth_error::missing_token));
        }
    };

    static bool is_good(request_view const& r) { return r.target.ends_with("?yes"); }
    auth_decision authorize(request_view const& r, operation, std::string_view) {
        seen->enter();
        return is_good(r) ? auth_decision::allow() : auth_decision::refuse(auth_error::missing_token);
    }
    state begin(request_view const& r, operation, std::string_view) {
        seen->enter();
        return {seen, is_good(r)};
    }
    void configure(router_options const&) { seen->look(); }
};

struct denial_hooks {
    std::shared_ptr<test::witness> seen;
    std::shared_ptr<std::atomic<int>> denied = std::make_shared<std::atomic<int>>(0);
    void on_denied(auth_decision const&, operation, std::string_view) noexcept {
        seen->enter();
        denied->fetch_add(1);
    }
};

/// A dialect is made of options alone, so its witness is found elsewhere.
struct witness_dialect : aws_dialect {
    using aws_dialect::aws_dialect;
    static inline std::shared_ptr<test::witness> seen;

    call read(std::string_view method, std::string_view target, target_form form) const {
        seen->glance();
        return aws_dialect::read(method, target, form);
    }
    bool owns(std::string_view target, target_form form) const noexcept {
        seen->glance();
        return aws_dialect::owns(target, form);
    }
    void succeed(response& r, operation what, connection_state const* state, std::string_view id) const {
        seen->glance();
        aws_dialect::succeed(r, what, state, id);
    }
};

struct denial_traits : default_router_traits {
    using clock = test::witness_clock;
    using hooks = denial_hooks;
    using dialect = witness_dialect;
};

request_view request(std::string_view method, std::string_view target, std::string_view body = {}) {
    request_view r;
    r.method = method;
    r.target = target;
    r.body = body;
    return r;
}

/// A router over a shared hub, with connection 2. What is called from inside asks the router again.
template <class Hub>
struct shared_router {
    Hub h;
    session open = h.open(2);
    denial_hooks hooks{h.seen};
    management_router<witness_auth, denial_traits> router{
        h.hub, witness_auth{h.seen}, {.stage = "prod"}, {h.seen, h.clock}, hooks};
    std::string const good = "/prod/@connections/" + std::string{open.id()} + "?yes",
                      bad = good.substr(0, good.size() - 4);

    shared_router() {
        witness_dialect::seen = h.seen;
        h.seen->again = [this, ask_hub = h.seen->again] {
            ask_hub();
            (void)router.owns(good);
            (void)router.handle(request("GET", good));
            router.async_handle(request("GET", bad), [](response) {});
        };
    }
    ~shared_router() {
        h.stop();
        h.seen->again = nullptr;
        h.end(2, open);
    }
};

/// `is_wrong(router, target)` on some threads, while another has requests answered.
template <class F>
void ask_meanwhile(F is_wrong) {
    shared_router<direct_hub> r;
    std::atomic<int> wrong{0};
    at_once(threads, [&](int t) {
        for (int i = 0; i != rounds; ++i)
            wrong += t == 0 ? r.router.handle(request("GET", r.good))->status != 200 : is_wrong(r.router, r.good);
    });
    CHECK(wrong == 0);
}

/// Holds what it is asked for.
struct silent_auth {
    std::vector<completion<auth_decision>> waiting{};
    void async_authorize(request_view const&, operation, std::string_view, completion<auth_decision> done) {
        waiting.push_back(std::move(done));
    }
};

}

TEST_CASE("management_router::management_router: routers are made for one hub on many threads", "[threading]") {
    direct_hub h;
    session const open = h.open(2);
    std::string const target = "/prod/@connections/" + std::string{open.id()} + "?yes";
    std::atomic<int> good{0};
    at_once(threads, [&](int) {
        management_router router{h.hub, witness_auth{h.seen}, {.stage = "prod"}};
        auto const answer = router.handle(request("POST", target, "x"));
        good += answer && answer->status == 200;
    });
    CHECK(good == threads);
    CHECK(h.told("send 2 x").size() == threads);
}

TEST_CASE("management_router::~management_router: what its Auth owes is answered by the thread that ends it",
          "[threading]") {
    direct_hub h;
    session const open = h.open(2);
    std::string const target = "/@connections/" + std::string{open.id()};
    std::atomic<int> failed{0};
    at_once(threads, [&](int) {
        auto router = std::make_unique<management_router<silent_auth>>(h.hub, silent_auth{});
        auto const here = std::this_thread::get_id();
        router->async_handle(request("POST", target, "x"), [&, here](response r) {
            h.seen->enter();
            failed += r.status == 500 && std::this_thread::get_id() == here;
        });
        router.reset();
    });
    CHECK(failed == threads);
    CHECK(h.told("send 2 ").empty());
    CHECK(h.seen->saw_no_lock());
}

TEST_CASE("management_router::owns: any thread asks while requests are answered", "[threading]") {
    ask_meanwhile([](auto& router, std::string_view good) { return !router.owns(good) || router.owns("/mine"); });
}

TEST_CASE("management_router::max_body: any thread asks while requests are answered", "[threading]") {
    ask_meanwhile([](auto& router, std::string_view good) {
        return router.max_body(good) != 131072 || router.max_body("/mine") != 0;
    });
}

TEST_CASE("management_router::handle: threads post, look and are denied at once", "[threading]") {
    shared_router<looped_hub> r;
    std::atomic<int> wrong{0};
    r.h.start();
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            wrong += r.router.handle(request("POST", r.good, "x"))->status != 200;
            wrong += r.router.handle(request("GET", r.good))->status != 200;
            wrong += r.router.handle(request("POST", r.bad, "x"))->status != 403;
            wrong += r.router.handle(request("GET", "/mine")).has_value();
        }
    });
    std::atomic<int> deleted{0};
    at_once(threads, [&](int) { deleted += r.router.handle(request("DELETE", r.good))->status == 204; });
    r.h.stop();
    CHECK(wrong == 0);
    CHECK(deleted == 1);
    CHECK(*r.hooks.denied >= threads * rounds);
    CHECK(r.h.told("send 2 x").size() == threads * rounds);
    CHECK(r.h.log->wrong_thread == 0);
    CHECK(r.h.seen->saw_no_lock());
}

TEST_CASE("management_router::async_handle, with dispatch: each answer comes once, on the client's loop",
          "[threading]") {
    shared_router<looped_hub> r;
    std::atomic<int> answered{0}, elsewhere{0}, refused{0}, not_ours{0};
    r.h.start();
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            r.router.async_handle(request("POST", r.good, "x"), [&](response a) {
                r.h.seen->enter();
                answered += a.status == 200;
                elsewhere += !r.h.log->loops[0].is_current();
            });
            r.router.async_handle(request("POST", r.bad, "x"), [&](response a) { refused += a.status == 403; });
            not_ours += !r.router.async_handle(request("GET", "/mine"), [](response) {});
        }
    });
    r.h.stop();
    CHECK(answered == threads * rounds);
    CHECK(elsewhere == 0);
    CHECK(refused == threads * rounds);
    CHECK(not_ours == threads * rounds);
    CHECK(r.h.told("send 2 x").size() == threads * rounds);
    CHECK(r.h.seen->saw_no_lock());
}

TEST_CASE("management_router::async_handle, without dispatch: each answer comes once, before it returns",
          "[threading]") {
    shared_router<direct_hub> r;
    std::atomic<int> late{0};
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            int status = 0;
            r.router.async_handle(request("POST", r.good, "x"), [&](response a) {
                r.h.seen->enter();
                status = a.status;
            });
            late += status != 200;
        }
    });
    CHECK(late == 0);
    CHECK(r.h.told("send 2 x").size() == threads * rounds);
    CHECK(r.h.seen->saw_no_lock());
}

TEST_CASE("management_router::begin: threads begin requests at once, each its own", "[threading]") {
    shared_router<direct_hub> r;
    std::atomic<int> ours{0}, others{0};
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            ours += static_cast<bool>(r.router.begin(request("POST", r.good)));
            others += static_cast<bool>(r.router.begin(request("POST", "/mine")));
        }
    });
    CHECK(ours == threads * rounds);
    CHECK(others == 0);
    CHECK(r.h.seen->saw_no_lock());
}

TEST_CASE("incoming_request::append: bodies arrive on many threads at once, each in its own request", "[threading]") {
    shared_router<direct_hub> r;
    std::atomic<int> wrong{0};
    std::string const too_long(131072, 'x');
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            auto request_in_pieces = r.router.begin(request("POST", r.good));
            wrong += !request_in_pieces.append("a") || !request_in_pieces.append("b");
            if (i % 2 == 0) continue;
            wrong += request_in_pieces.append(too_long);
            request_in_pieces.finish([&](response a) { wrong += a.status != 413; });
        }
    });
    CHECK(wrong == 0);
    CHECK(r.h.seen->saw_no_lock());
}

TEST_CASE("incoming_request::finish: each answer comes once, on the client's loop, whoever finishes", "[threading]") {
    shared_router<looped_hub> r;
    std::atomic<int> answered{0}, elsewhere{0}, denied{0};
    r.h.start();
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            for (std::string const* const target : {&r.good, &r.bad}) {
                auto request_in_pieces = r.router.begin(request("POST", *target));
                (void)request_in_pieces.append("a");
                (void)request_in_pieces.append("b");
                request_in_pieces.finish([&](response a) {
                    r.h.seen->enter();
                    if (a.status == 403) {
                        ++denied;
                    } else {
                        answered += a.status == 200;
                        elsewhere += !r.h.log->loops[0].is_current();
                    }
                });
            }
        }
    });
    r.h.stop();
    CHECK(answered == threads * rounds);
    CHECK(denied == threads * rounds);
    CHECK(elsewhere == 0);
    CHECK(r.h.told("send 2 ab").size() == threads * rounds);
    CHECK(r.h.seen->saw_no_lock());
}

TEST_CASE("incoming_request::room: each thread receives into its own request", "[threading]") {
    shared_router<direct_hub> r;
    std::atomic<int> wrong{0};
    at_once(threads, [&](int number) {
        for (int i = 0; i != rounds; ++i) {
            auto request_in_pieces = r.router.begin(request("POST", r.good), 2);
            auto const room = request_in_pieces.room();
            wrong += room.size() < 2;
            room[0] = room[1] = static_cast<char>('a' + number);
            wrong += !request_in_pieces.append({room.data(), 2});
            request_in_pieces.finish([&](response a) { wrong += a.status != 200; });
        }
    });
    CHECK(wrong == 0);
}

TEST_CASE("incoming_request::refuse_as_too_large: each thread refuses its own request", "[threading]") {
    shared_router<direct_hub> r;
    std::atomic<int> refused{0};
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            auto request_in_pieces = r.router.begin(request("POST", r.good));
            request_in_pieces.refuse_as_too_large();
            request_in_pieces.finish([&](response a) { refused += a.status == 413; });
        }
    });
    CHECK(refused == threads * rounds);
}

TEST_CASE("incoming_request::incoming_request, operator=, operator bool: a request moves from thread to thread", "[threading]") {
    shared_router<direct_hub> r;
    std::atomic<int> sent{0}, wrong{0};
    at_once(threads, [&](int) {
        for (int i = 0; i != 10; ++i) {
            auto first = r.router.begin(request("POST", r.good));
            (void)first.append("x");
            decltype(first) second{std::move(first)}, third;
            wrong += static_cast<bool>(first) || !second || static_cast<bool>(third);
            std::thread{[&] {
                third = std::move(second);
                third.finish([&](response a) { sent += a.status == 200; });
            }}.join();
            wrong += static_cast<bool>(second);
        }
    });
    CHECK(wrong == 0);
    CHECK(sent == threads * 10);
}

TEST_CASE("the dialect and the clock of a router are called without a lock, and may call it again", "[threading]") {
    shared_router<direct_hub> r;
    r.h.seen->deep = true;
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) {
        wrong += !r.router.owns(r.good) || r.router.max_body(r.good) != 131072;
        wrong += r.router.handle(request("GET", r.good))->status != 200;
        wrong += r.router.handle(request("POST", r.good, "x"))->status != 200;
    });
    CHECK(wrong == 0);
    CHECK(r.h.told("send 2 x").size() == threads);
    CHECK(r.h.seen->entered >= 4 * threads);
    CHECK(r.h.seen->saw_no_lock());
}

}
