// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/message.hpp>

#include "support/catch.hpp"
#include "support/count_allocations.hpp"

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace message_tests {

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
    CHECK(message{shared}.frame().data() == shared.frame().data());
    CHECK(message{shared}.frame().size() == shared.frame().size());
    CHECK(view.frame().empty());
    CHECK(message{shared}.share().is_for_many());
    shared_message const own = view.share();
    CHECK_FALSE(message{own}.share(true).is_for_many()); // others may hold it already
    CHECK_FALSE(shared_message{}.is_for_many());
}

namespace {

[[nodiscard]] shared_message long_message(std::size_t size, char filling = 'x') {
    return shared_message::copy_of(std::string(size, filling), message_kind::binary);
}

}

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
TEST_CASE("a thread uses the memory of long messages again", "[message]") {
    std::thread{[] {
        std::string const text(100'000, 'a'), shorter(60'000, 'b'), tiny(20'000, 'c'), longest(300'000, 'd');
        auto const made = [](std::string const& t) {
            test::allocation_count const count;
            auto const m = shared_message::copy_of(t, message_kind::text);
            std::size_t const allocated = count.so_far();
            CHECK(m.data() == t);
            CHECK_FALSE(m.is_for_many());
            CHECK((m.frame() == header(0x81, t.size()) + t));
            return allocated;
        };
        std::size_t const one = BACKCHANNEL_TESTS_COUNT_ALLOCATIONS;
        CHECK(made(text) == one);
        CHECK(made(text) == 0);
        CHECK(made(shorter) == 0); // which needs more than half of it
        CHECK(made(tiny) == one);
        CHECK(made(longest) == one);
        CHECK(made(longest) == one); // it is too long to be kept
    }}.join();
}

TEST_CASE("a thread keeps the memory of four long messages at most, and gives it back when it ends", "[message]") {
    test::allocation_count const outside;
    std::thread{[] {
        test::allocation_count const count;
        std::vector<shared_message> many;
        many.reserve(10);
        for (std::size_t i = 0; i != 10; ++i) many.push_back(long_message(40'000 + i));
        many.clear();
        if (BACKCHANNEL_TESTS_COUNT_ALLOCATIONS != 0) CHECK(count.kept() == 4 + 1); // and `many` itself
    }}.join();
}
#endif

TEST_CASE("a long message may go with another thread than it came with", "[message]") {
    for (int i = 0; i != 20; ++i) {
        shared_message sent = long_message(50'000, 'y');
        std::thread{[kept = std::move(sent)]() mutable {
            CHECK(kept.data() == std::string(50'000, 'y'));
            kept = {};
            CHECK(long_message(50'000).data() == std::string(50'000, 'x'));
        }}.join();
    }
}

TEST_CASE("a thread's own objects may keep long messages to its end", "[message]") {
    std::thread{[] {
        thread_local shared_message first; // goes after what the thread keeps, which is made later
        first = long_message(50'000);
        thread_local shared_message last = long_message(60'000);
        CHECK(first.data().size() + last.data().size() == 110'000);
    }}.join();
}

TEST_CASE("a thread may make long messages when what it keeps has gone", "[message]") {
    static std::size_t made;
    made = 0;
    struct late {
        ~late() {
            auto const one = long_message(50'000, 'l');
            auto const other = long_message(50'000, 'o');
            made = one.data() == std::string(50'000, 'l') && other.data() == std::string(50'000, 'o') ? 2 : 1;
        }
    };
    std::thread{[] {
        thread_local late at_the_end; // made first, destroyed last
        (void)at_the_end;
        for (int i = 0; i != 3; ++i) (void)long_message(50'000);
    }}.join();
    CHECK(made == 2);
}

}
