// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/support/outbox.hpp>

#include "support/catch.hpp"

#include <array>
#include <new>
#include <random>
#include <string>
#include <vector>

namespace support_outbox_tests {

using backchannel::message_kind;
using backchannel::outbox;
using backchannel::shared_message;

namespace {

std::vector<std::string_view> gathered(outbox& box, std::size_t most = 64) {
    std::vector<std::string_view> pieces(most);
    pieces.resize(box.gather(pieces));
    return pieces;
}

std::string joined(std::vector<std::string_view> const& pieces) {
    std::string all;
    for (auto const piece : pieces) all += piece;
    return all;
}

}

TEST_CASE("an outbox is empty until something is put into it", "[outbox]") {
    outbox box;
    CHECK(box.empty());
    CHECK(gathered(box).empty());
    box.append("");
    CHECK(box.empty());
    box.append("x");
    CHECK(box.size() == 1);
    box.clear();
    CHECK(box.empty());
    CHECK(gathered(box).empty());
}

TEST_CASE("texts are gathered into one piece, shared messages stay what they are", "[outbox]") {
    outbox box;
    box.append("a");
    box.append("b");
    auto const shared = shared_message::copy_of("shared", message_kind::text);
    box.append(shared);
    box.append("c");
    box.tail().append("de");
    box.appended(2);
    auto const pieces = gathered(box);
    REQUIRE(pieces.size() == 3);
    CHECK(pieces[0] == "ab");
    CHECK(pieces[1] == "\x81\x06shared");
    CHECK(pieces[1].data() == shared.frame().data());
    CHECK(pieces[2] == "cde");
    CHECK(box.size() == 13);
}

TEST_CASE("what was gathered stays where it is while more is put behind it", "[outbox]") {
    outbox box;
    box.append("first");
    auto const pieces = gathered(box);
    REQUIRE(pieces.size() == 1);
    for (int i = 0; i != 100; ++i) {
        box.append(std::string(100, 'x'));
        box.append(shared_message::copy_of("y", message_kind::binary));
    }
    CHECK(pieces[0] == "first");
    box.consume(3);
    CHECK(gathered(box, 1)[0] == "st");
    CHECK(box.size() == 2 + 100 * 103);
}

TEST_CASE("only as many pieces are gathered as there is room for", "[outbox]") {
    outbox box;
    for (int i = 0; i != 10; ++i) box.append(shared_message::copy_of(std::to_string(i), message_kind::text));
    CHECK(gathered(box, 3).size() == 3);
    box.append("behind"); // what was not gathered may still grow
    box.consume(7);
    auto const rest = gathered(box);
    CHECK(rest.size() == 9);
    CHECK(joined(rest) == "\x01"
                          "2\x81\x01"
                          "3\x81\x01"
                          "4\x81\x01"
                          "5\x81\x01"
                          "6\x81\x01"
                          "7\x81\x01"
                          "8\x81\x01"
                          "9behind");
}

TEST_CASE("bytes leave in the order in which they came, however they are taken", "[outbox]") {
    std::mt19937 random{11};
    for (int round = 0; round != 50; ++round) {
        outbox box;
        std::string expected, got;
        for (int step = 0; step != 300; ++step) {
            std::string const text(random() % 40, static_cast<char>('a' + step % 26));
            if (random() % 3 == 0) {
                auto const shared = shared_message::copy_of(text, message_kind::binary);
                expected += shared.frame();
                box.append(shared);
            } else {
                expected += text;
                box.append(text);
            }
            if (random() % 4 != 0) continue;
            auto const all = joined(gathered(box, 1 + random() % 5)); // a write begins
            if (random() % 2 == 0) {
                expected += "meanwhile";
                box.append("meanwhile");
            }
            std::size_t const n = all.empty() ? 0 : random() % (all.size() + 1);
            got += all.substr(0, n);
            box.consume(n);
            REQUIRE(box.size() == expected.size() - got.size());
        }
        while (!box.empty()) {
            auto const all = joined(gathered(box, 2));
            got += all;
            box.consume(all.size());
        }
        REQUIRE(got == expected);
        CHECK(gathered(box).empty());
    }
}

TEST_CASE("an outbox that has been emptied takes new bytes", "[outbox]") {
    outbox box;
    for (std::size_t const size : {10u, 5000u, 10u}) {
        box.append(std::string(size, 'x'));
        CHECK(joined(gathered(box)).size() == size);
        box.consume(size);
        CHECK(box.empty());
    }
}

TEST_CASE("what could not be finished is not queued", "[outbox]") {
    outbox box;
    box.append("a");
    CHECK_FALSE(box.append_by([](std::string& text) {
        text.append("refused");
        return false;
    }));
    CHECK_THROWS_AS(box.append_by([](std::string& text) -> bool {
        text.append("thrown");
        throw std::bad_alloc{};
    }),
                    std::bad_alloc);
    CHECK(box.append_by([](std::string& text) {
        text.append("bc");
        return true;
    }));
    CHECK(box.size() == 3);
    CHECK(joined(gathered(box)) == "abc");
    CHECK_FALSE(box.append_by([](std::string& text) { // behind what is being written
        text.append("refused");
        return false;
    }));
    box.consume(3);
    CHECK(box.empty());
    CHECK(gathered(box).empty());
}

}
