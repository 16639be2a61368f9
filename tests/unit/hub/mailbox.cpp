// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/hub/mailbox.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace hub_mailbox_tests {

using namespace backchannel;

namespace {

std::unique_ptr<mail> numbered(std::uint64_t n) {
    auto made = std::make_unique<mail>();
    made->number = n;
    return made;
}

}

TEST_CASE("mails leave in the order they came", "[mailbox]") {
    mail_list list;
    CHECK(list.empty());
    CHECK(list.pop() == nullptr);
    std::uint64_t pushed = 0, popped = 0;
    for (int round = 1; round != 20; ++round) {
        for (int i = 0; i != round % 5; ++i) list.push(numbered(pushed++));
        for (int i = 0; i != round % 3; ++i) {
            auto const m = list.pop();
            if (popped == pushed)
                CHECK(m == nullptr);
            else
                CHECK(m->number == popped++);
        }
        CHECK(list.empty() == (popped == pushed));
    }
    while (auto const m = list.pop()) CHECK(m->number == popped++);
    CHECK(popped == pushed);
}

TEST_CASE("mails that nobody took are destroyed and their senders told", "[mailbox]") {
    std::vector<delivery> answers;
    {
        mail_list list;
        for (int i = 0; i != 3; ++i) {
            auto m = numbered(0);
            m->done = [&](delivery d) { answers.push_back(d); };
            list.push(std::move(m));
        }
        mail_list const moved{std::move(list)};
        CHECK(list.empty());
        CHECK_FALSE(moved.empty());
    }
    CHECK(answers == std::vector(3, delivery::unknown));
}

TEST_CASE("an empty mail costs something, a long one what it holds", "[mailbox]") {
    mail m;
    CHECK(m.cost() == sizeof(mail));
    m.payload = shared_message::copy_of("12345", message_kind::text);
    CHECK(m.cost() == sizeof(mail) + 5);
}

}
