// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/message_queue.hpp>

#include "support/catch.hpp"

#include <string>

namespace support_message_queue_tests {

using namespace backchannel;

TEST_CASE("messages leave a queue in order, and its size is what waits", "[message_queue]") {
    message_queue queue;
    CHECK(queue.empty());
    CHECK(queue.push({"first", message_kind::text}) == delivery::accepted);
    CHECK(queue.push({"", message_kind::text}) == delivery::accepted);
    CHECK(queue.push({"third", message_kind::binary}) == delivery::accepted);
    CHECK(queue.size() == 10);
    CHECK(queue.front().data() == "first");
    CHECK(queue.front().kind() == message_kind::text);
    queue.pop();
    CHECK(queue.front().data().empty());
    CHECK(queue.size() == 5);
    queue.pop();
    CHECK(queue.front().data() == "third");
    CHECK(queue.front().kind() == message_kind::binary);
    queue.pop();
    CHECK(queue.empty());
    CHECK(queue.size() == 0);
}

TEST_CASE("a message at the front stays where it is while others come", "[message_queue]") {
    message_queue queue;
    REQUIRE(queue.push({"first", message_kind::text}) == delivery::accepted);
    char const* const bytes = queue.front().data().data();
    for (int i = 0; i != 1000; ++i) REQUIRE(queue.push({"more", message_kind::text}) == delivery::accepted);
    CHECK(queue.front().data().data() == bytes);
}

TEST_CASE("a shared message is queued without a copy", "[message_queue]") {
    shared_message const shared = shared_message::copy_of("to all", message_kind::text);
    message_queue queue;
    REQUIRE(queue.push(shared) == delivery::accepted);
    CHECK(queue.front().data().data() == shared.data().data());
}

TEST_CASE("a close has its turn behind the messages, once, and nothing comes behind it", "[message_queue]") {
    message_queue queue;
    CHECK_FALSE(queue.take_close());
    REQUIRE(queue.push({"last", message_kind::text}) == delivery::accepted);
    queue.push_close(4001, std::string(100, 'r'));
    queue.push_close(1000, "too late");
    CHECK(queue.push({"behind", message_kind::text}) == delivery::gone);
    CHECK_FALSE(queue.take_close());
    CHECK(queue.front().data() == "last");
    queue.pop();
    auto const last = queue.take_close();
    REQUIRE(last);
    CHECK(last->code == 4001);
    CHECK(last->reason == std::string(100, 'r'));
    CHECK_FALSE(queue.take_close());
    CHECK(queue.push({"behind", message_kind::text}) == delivery::gone);
}

TEST_CASE("what is cleared is gone; a close is not", "[message_queue]") {
    message_queue queue;
    REQUIRE(queue.push({"message", message_kind::text}) == delivery::accepted);
    queue.push_close(1000, "");
    queue.clear();
    CHECK(queue.empty());
    CHECK(queue.size() == 0);
    CHECK(queue.take_close());
}

}
