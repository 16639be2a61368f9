// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/deflate.hpp>

#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include "support/deflate_peer.hpp"

#include <cstddef>
#include <new>
#include <string>
#include <string_view>

#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS

namespace gateway_deflate_memory_tests {
namespace {

// What zlib has asked for so far, and how often it still gets something. It alone asks without wanting an exception.
constexpr std::size_t unlimited = static_cast<std::size_t>(-1);
thread_local std::size_t asked = 0;
thread_local std::size_t left = unlimited;

}
}

void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
    using namespace gateway_deflate_memory_tests;
    asked += size;
    if (left == 0) return nullptr;
    if (left != unlimited) --left;
    try {
        return ::operator new(size);
    } catch (std::bad_alloc const&) {
        return nullptr;
    }
}

namespace gateway_deflate_memory_tests {

using namespace backchannel;
using status = message_codec::status;

namespace {

struct limited_memory {
    explicit limited_memory(std::size_t allocations) { left = allocations; }
    ~limited_memory() { left = unlimited; }
    limited_memory(limited_memory const&) = delete;
    limited_memory& operator=(limited_memory const&) = delete;
};

// The bytes that zlib asks for while `act` runs.
template <class Act>
std::size_t zlib_bytes(Act act) {
    std::size_t const before = asked;
    act();
    return asked - before;
}

deflate_options options(bool takeover, int bits = 15, int memory_level = 8) {
    deflate_options out;
    out.parameters = {takeover, takeover, bits, bits};
    out.memory_level = memory_level;
    return out;
}

test::agreed_codec agree(permessage_deflate const& compression) {
    return test::agree(compression, "permessage-deflate; client_max_window_bits");
}

// Long enough for the default of `min_size`.
std::string const sent_text = test::random_text{1}.of_size(3000, 30);

std::string packed_message() { return test::deflate_peer{9, false, 15, true}.compress(sent_text); }

void send(message_codec& codec, std::string_view text = sent_text) {
    std::string out;
    CHECK(codec.deflate(text, out) == (text.size() >= 1024));
}

void receive(message_codec& codec, std::string_view packed) {
    std::string out;
    CHECK(codec.inflate(packed.substr(0, 10), false, out, 10000) == status::ok);
    CHECK(codec.inflate(packed.substr(10), true, out, 10000) == status::ok);
    CHECK(out == sent_text);
}

}

TEST_CASE("deflate asks for memory with the first compressed message", "[deflate]") {
    permessage_deflate const compression{options(true)};
    test::agreed_codec server;
    CHECK(zlib_bytes([&] { server = agree(compression); }) == 0);
    CHECK(zlib_bytes([&] { send(*server.codec, "short"); }) == 0);
    CHECK(zlib_bytes([&] { send(*server.codec); }) != 0);
    CHECK(zlib_bytes([&] { send(*server.codec); }) == 0);
    std::string const packed = packed_message();
    CHECK(zlib_bytes([&] { receive(*server.codec, packed); }) != 0);
    CHECK(zlib_bytes([&] { receive(*server.codec, packed); }) == 0);
}

TEST_CASE("deflate without context takeover shares what compresses and keeps nothing that inflates", "[deflate]") {
    permessage_deflate const compression{options(false)};
    auto const one = agree(compression), other = agree(compression);
    std::size_t const first = zlib_bytes([&] { send(*one.codec); });
    CHECK(first != 0);
    CHECK(zlib_bytes([&] { send(*other.codec); }) == 0);
    CHECK(zlib_bytes([&] { send(*one.codec); }) == 0);
    // another window is another stream
    auto const narrow = test::agree(compression, "permessage-deflate; server_max_window_bits=9");
    std::size_t const smaller = zlib_bytes([&] { send(*narrow.codec); });
    CHECK(smaller != 0);
    CHECK(smaller < first);
    CHECK(zlib_bytes([&] { send(*narrow.codec); }) == 0);
    CHECK(zlib_bytes([&] { send(*one.codec); }) == 0);

    std::string const packed = packed_message();
    std::size_t const inflating = zlib_bytes([&] { receive(*one.codec, packed); });
    CHECK(inflating != 0);
    CHECK(zlib_bytes([&] { receive(*one.codec, packed); }) == inflating);
}

TEST_CASE("deflate takes about the memory that its options tell", "[deflate]") {
    struct row {
        int bits, memory_level;
        std::size_t compressing, inflating; // KiB
    };
    std::string const packed = packed_message();
    for (row const& expected :
         {row{15, 8, 262, 39}, row{15, 5, 150, 39}, row{12, 5, 38, 11}, row{10, 4, 18, 8}, row{9, 1, 9, 8}}) {
        INFO(expected.bits << ", " << expected.memory_level);
        permessage_deflate const compression{options(true, expected.bits, expected.memory_level)};
        auto const server = agree(compression);
        // other versions of zlib may differ by a little
        CHECK(zlib_bytes([&] { send(*server.codec); }) <= expected.compressing * 1024 * 5 / 4);
        CHECK(zlib_bytes([&] { receive(*server.codec, packed); }) <= expected.inflating * 1024 * 5 / 4);
    }
}

TEST_CASE("deflate throws bad_alloc if there is no memory and leaves what is there", "[deflate]") {
    std::string const packed = packed_message();
    for (bool const takeover : {false, true}) {
        int sent = 0, received = 0;
        for (std::size_t allowed = 0; allowed != 10; ++allowed) {
            permessage_deflate const compression{options(takeover)};
            auto const sender = agree(compression), receiver = agree(compression);
            std::string out = "front";
            bool failed = false;
            try {
                limited_memory const limit{allowed};
                (void)sender.codec->deflate(sent_text, out);
            } catch (std::bad_alloc const&) {
                failed = true;
            }
            CHECK((failed == (out == "front")));
            sent += failed ? 0 : 1;

            failed = false;
            out.clear();
            status result = status::broken;
            try {
                limited_memory const limit{allowed};
                result = receiver.codec->inflate(packed, true, out, 10000);
            } catch (std::bad_alloc const&) {
                failed = true;
            }
            CHECK((failed || (result == status::ok && out == sent_text)));
            received += failed ? 0 : 1;
        }
        CHECK(sent > 0);
        CHECK(sent < 10);
        CHECK(received > 0);
        CHECK(received < 10);
    }
}

}

#endif
