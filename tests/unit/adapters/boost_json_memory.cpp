// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/adapters/boost_json/message_router.hpp>

#include "support/catch.hpp"
#include "support/count_allocations.hpp"

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS

#include "support/replace_operators.hpp"

#include <limits>
#include <string>

namespace {

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
thread_local std::size_t asked_for = 0, allowed = unlimited; // bytes; allocations

}

void* test::replaced_new(std::size_t size, std::size_t alignment) noexcept {
    asked_for += size;
    if (allowed == 0) return nullptr;
    if (allowed != unlimited) --allowed;
    return system_memory(size, alignment);
}
void test::replaced_delete(void* memory) noexcept { std::free(memory); }

namespace {

std::string hostile(std::string const& filling) {
    std::string body = R"({"action":"join","rest":[)";
    while (body.size() < 1'000'000) body += filling;
    return body + "0]}";
}

}

TEST_CASE("the memory that route selection takes does not depend on the message", "[message_router]") {
    backchannel::message_router<int> routes{"${request.body.action}${request.body.rest[0].action}"};
    routes.on("join", 1);
    for (std::string const& filling :
         {std::string{"0,"}, std::string{"[],"}, std::string{R"({"":{"action":1}},)"},
          "\"" + std::string(50'000, 'x') + "\",", "{\"" + std::string(50'000, '\n') + "\":1},",
          "{\"" + std::string(50'000, 'x') + "\":1},", std::string(50'000, '1') + ",", std::string{"1e1,"}}) {
        std::string const body = hostile(filling);
        std::size_t const before = asked_for;
        auto const* const route = routes.select({body, backchannel::message_kind::text});
        std::size_t const taken = asked_for - before;
        INFO(filling.substr(0, 20));
        CHECK(taken < 8192);
        CHECK((route != nullptr) == (filling.find('\n') == std::string::npos)); // which is no JSON
    }
}

TEST_CASE("a long value where the key should be takes no memory", "[message_router]") {
    backchannel::message_router<int> routes{"$request.body.action"};
    std::string text;
    for (int i = 0; i != 200'000; ++i) text += "\\n1234"; // with escapes it comes in parts
    for (std::string const& value :
         {'"' + text + '"', '"' + std::string(1'000'000, 'x') + '"', std::string(1'000'000, '1')}) {
        std::string const body = R"({"action":)" + value + "}";
        std::size_t const before = asked_for;
        CHECK(routes.select({body, backchannel::message_kind::text}) == nullptr);
        CHECK(asked_for - before < 8192);
    }
}

TEST_CASE("route selection without memory is the default route", "[message_router]") {
    backchannel::message_router<int> routes{"${request.body.action}/${request.body['a name that is not short']}"};
    std::string const text(100, 'x');
    routes.on(text + "/" + text, 1).on("$default", 2);
    std::string const body = R"({"action":")" + text + R"(","a name that is not short":")" + text + "\"}";
    int selected = 0;
    std::size_t limit = 0;
    for (; selected != 1 && limit != 1000; ++limit) {
        allowed = limit;
        selected = routes.select({body, backchannel::message_kind::text})->handler;
        allowed = unlimited;
    }
    CHECK(selected == 1);
    CHECK(limit > 3); // it was refused a few times
}

#endif
