// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/message.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

using namespace backchannel;

namespace {

/// The header of an unmasked frame with FIN, RFC 6455 5.2, written down byte by byte.
std::string header(unsigned char first, std::size_t size) {
    std::string h(1, static_cast<char>(first));
    auto const put = [&](std::size_t value) { h += static_cast<char>(static_cast<unsigned char>(value)); };
    if (size <= 125) {
        put(size);
    } else if (size <= 65535) {
        put(126), put(size >> 8), put(size);
    } else {
        put(127), put(0), put(0), put(0), put(0), put(size >> 24), put(size >> 16), put(size >> 8), put(size);
    }
    return h;
}

}

TEST_CASE("a shared message's frame is its header and its body in one piece", "[message]") {
    for (std::size_t const size : {0u, 1u, 125u, 126u, 127u, 65535u, 65536u, 70000u}) {
        std::string body(size, 'b');
        if (size != 0) body.front() = '<', body.back() = '>';
        for (message_kind const kind : {message_kind::text, message_kind::binary}) {
            auto const shared = shared_message::copy_of(body, kind);
            REQUIRE(shared);
            CHECK(shared.data() == body);
            CHECK(shared.kind() == kind);
            CHECK((shared.frame() == header(kind == message_kind::text ? 0x81 : 0x82, size) + body));
            CHECK(shared.frame().data() + shared.frame().size() == shared.data().data() + shared.data().size());
        }
    }
}

TEST_CASE("the headroom takes any frame header and its mask", "[message]") {
    static_assert(shared_message::headroom >= 14); // 2 bytes, 8 of length, 4 of mask
    auto const shared = shared_message::copy_of(std::string(70000, 'x'), message_kind::text);
    CHECK(shared.frame().size() - shared.data().size() <= shared_message::headroom);
}

TEST_CASE("an empty shared message has no data", "[message]") {
    shared_message const none;
    CHECK_FALSE(none);
    CHECK(none.data().empty());
    CHECK(none.frame().empty());
    CHECK(none.kind() == message_kind::text);
    auto const copy = none;
    CHECK_FALSE(copy);
}

TEST_CASE("bytes that are no text are kept as they are", "[message]") {
    std::string every;
    for (int c = 0; c != 256; ++c) every += static_cast<char>(c);
    CHECK(shared_message::copy_of(every, message_kind::binary).data() == every);
}

TEST_CASE("copies of a shared message share its bytes", "[message]") {
    auto first = shared_message::copy_of("shared by all", message_kind::text);
    char const* const where = first.data().data();
    shared_message second{first}, third;
    third = second;
    second = std::move(first);
    CHECK_FALSE(first);
    CHECK(second.data().data() == where);
    CHECK(third.data().data() == where);
    second = shared_message{};
    auto& same = third;
    third = same;
    CHECK(third.data() == "shared by all");
}

TEST_CASE("a shared message is copied and destroyed on many threads", "[message]") {
    auto shared = shared_message::copy_of("for everybody", message_kind::text);
    std::vector<std::thread> threads;
    for (int i = 0; i != 4; ++i) {
        threads.emplace_back([mine = shared] {
            for (int k = 0; k != 5000; ++k) {
                auto const copy = mine;
                auto const another = copy;
                if (another.data() != "for everybody") std::terminate();
            }
        });
    }
    shared = shared_message{}; // the last reference goes on one of the threads
    for (auto& t : threads) t.join();
    CHECK_FALSE(shared);
}

TEST_CASE("a message is a view until it is shared", "[message]") {
    std::string body = "body";
    message const view{body, message_kind::binary};
    CHECK(view.data().data() == body.data());
    auto const kept = view.share();
    body = "XXXX";
    CHECK(view.data() == "XXXX");
    CHECK(kept.data() == "body");
    CHECK(kept.kind() == message_kind::binary);
    static_assert(message{"constant", message_kind::text}.data().size() == 8);
}

TEST_CASE("a message made of a shared one shares it again without a copy", "[message]") {
    auto const shared = shared_message::copy_of("once", message_kind::binary);
    message const view = shared;
    CHECK(view.kind() == message_kind::binary);
    CHECK(view.data().data() == shared.data().data());
    CHECK(view.share().data().data() == shared.data().data());
}

TEST_CASE("a message for many receivers says so, also where it was queued", "[message]") {
    message const view{"all", message_kind::text};
    CHECK_FALSE(view.is_for_many());
    CHECK_FALSE(view.share().is_for_many());
    shared_message const shared = view.share(true);
    CHECK(shared.is_for_many());
    CHECK(message{shared}.is_for_many());
    CHECK(message{shared}.share().is_for_many());
    shared_message const own = view.share();
    CHECK_FALSE(message{own}.share(true).is_for_many()); // others may hold it already
    CHECK_FALSE(shared_message{}.is_for_many());
}
