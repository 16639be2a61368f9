// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/message_buffer.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace support_message_buffer_tests {

using namespace backchannel;

TEST_CASE("A buffer's bytes become a message without a copy", "[message_buffer]") {
    std::string const text(1000, 'x');
    for (std::size_t const expected : {std::size_t{0}, std::size_t{500}, std::size_t{1000}, std::size_t{5000}}) {
        CAPTURE(expected);
        message_buffer buffer;
        CHECK(buffer.size() == 0);
        CHECK_FALSE(buffer.share(message_kind::text));
        buffer.expect(expected);
        for (std::size_t at = 0; at != text.size(); at += 100) buffer.append(std::string_view{text}.substr(at, 100));
        buffer.append({});
        CHECK(buffer.data() == text);

        shared_message const shared = buffer.share(message_kind::binary);
        CHECK(shared.data().data() == buffer.data().data());
        CHECK(shared.data() == text);
        CHECK(shared.kind() == message_kind::binary);
        CHECK_FALSE(shared.is_for_many());
        CHECK(shared.frame() == shared_message::copy_of(text, message_kind::binary).frame());
        CHECK(buffer.share(message_kind::binary).data().data() == shared.data().data());
    }
}

TEST_CASE("A message outlives its buffer", "[message_buffer]") {
    shared_message shared;
    {
        message_buffer buffer;
        buffer.append("hello");
        shared = buffer.share(message_kind::text);
    }
    CHECK(shared.frame() == "\x81\x05hello");
}

TEST_CASE("What was received in a buffer's room is not copied", "[message_buffer]") {
    message_buffer buffer;
    buffer.expect(5000);
    std::string all;
    char next = 'a';
    while (buffer.size() != 5000) {
        std::span<char> const room = buffer.room();
        REQUIRE_FALSE(room.empty());
        REQUIRE(buffer.size() + room.size() <= 5000); // what comes behind the message is not received with it
        std::size_t const n = std::min<std::size_t>(room.size(), 700);
        std::fill_n(room.begin(), n, next);
        all.append(n, next++);
        buffer.append({room.data(), n});
        CHECK(buffer.data() == all);
    }
    std::size_t const size = buffer.size();
    CHECK_FALSE(buffer.room().empty()); // more than was expected has room as well
    CHECK(buffer.size() == size);
    CHECK(buffer.data() == all);
}

TEST_CASE("A buffer's memory grows with what comes, not with what is announced", "[message_buffer]") {
    message_buffer buffer;
    buffer.expect(1'000'000);
    buffer.append("a");
    CHECK(buffer.room().size() < 1000);
    for (std::size_t i = 0; i != 100; ++i) {
        buffer.append(std::string(100, 'b'));
        CHECK(buffer.room().size() <= std::max<std::size_t>(3 * buffer.size(), 1024));
    }
    message_buffer whole;
    whole.expect(131072);
    whole.append(std::string(60000, 'c'));
    CHECK(whole.room().size() == 131072 - 60000); // no second allocation for a body that comes in a few pieces
}

}
