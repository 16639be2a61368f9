// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/deflate.hpp>

#include "support/catch.hpp"
#include "support/deflate_peer.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace gateway_deflate_tests {

namespace {

using namespace backchannel;
using namespace std::string_literals;
using status = message_codec::status;
using test::agree;

constexpr std::size_t plenty = 1024 * 1024;

deflate_options options(bool takeover = true) {
    deflate_options out;
    out.parameters.server_context_takeover = takeover;
    out.parameters.client_context_takeover = takeover;
    out.min_size = 0;
    return out;
}

// A message in pieces of `step` bytes, with an empty one at either end; `broken`, `too large` or what it stands for.
std::string inflate(message_codec& codec, std::string_view packed, std::size_t limit = plenty,
                    std::size_t step = plenty) {
    std::string out;
    std::size_t longest = 0;
    status result = codec.inflate({}, false, out, limit);
    while (result == status::ok && !packed.empty()) {
        result = codec.inflate(packed.substr(0, step), false, out, limit);
        packed.remove_prefix(std::min(step, packed.size()));
        longest = std::max(longest, out.size());
    }
    if (result == status::ok) result = codec.inflate({}, true, out, limit);
    CHECK(std::max(longest, out.size()) <= limit);
    return result == status::ok ? out : result == status::broken ? "broken" : "too large";
}

std::string fresh_inflate(std::string_view packed, std::size_t limit = plenty, std::size_t step = plenty) {
    return inflate(*agree(permessage_deflate{options()}).codec, packed, limit, step);
}

std::string deflate(message_codec& codec, std::string_view message) {
    std::string out = "front";
    if (codec.deflate(message, out)) return out.substr(5);
    CHECK(out == "front");
    return "as it is";
}

}

TEST_CASE("deflate reads the examples of RFC 7692 section 7.2.3", "[deflate]") {
    std::string const hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
    for (std::size_t const step : {1u, 2u, 3u, 100u}) {
        CHECK(fresh_inflate(hello, plenty, step) == "Hello");
        CHECK(fresh_inflate("\x00\x05\x00\xfa\xffHello\x00"s, plenty, step) == "Hello");
        CHECK(fresh_inflate("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s, plenty, step) == "Hello");
        CHECK(fresh_inflate("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s, plenty, step) == "Hello");
        CHECK(fresh_inflate("\x00"s, plenty, step).empty());
    }
    // the window is shared by messages, with whatever block the first one ends
    for (std::string const& first : {hello, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s}) {
        auto const keeping = agree(permessage_deflate{options()});
        CHECK(inflate(*keeping.codec, first) == "Hello");
        CHECK(inflate(*keeping.codec, "\xf2\x00\x11\x00\x00"s) == "Hello");
        CHECK(inflate(*keeping.codec, "\x00"s).empty());
        CHECK(inflate(*keeping.codec, "\xf2\x00\x11\x00\x00"s) == "Hello");

        auto const forgetting = agree(permessage_deflate{options(false)});
        CHECK(inflate(*forgetting.codec, first) == "Hello");
        CHECK(inflate(*forgetting.codec, first) == "Hello");
        CHECK(inflate(*forgetting.codec, "\xf2\x00\x11\x00\x00"s) == "broken");
    }
}

TEST_CASE("deflate writes the examples of RFC 7692 section 7.2.3", "[deflate]") {
    auto const peer = agree(permessage_deflate{options()});
    CHECK(deflate(*peer.codec, "Hello") == "\xf2\x48\xcd\xc9\xc9\x07\x00"s);
    CHECK(deflate(*peer.codec, "Hello") == "\xf2\x00\x11\x00\x00"s);
}

TEST_CASE("deflate says so if what came is no compressed data", "[deflate]") {
    test::deflate_peer peer{15, false, 15, true};
    std::string const packed = peer.compress(test::random_text{1}.of_size(5000, 50));
    for (std::size_t const step : {1u, 7u, 100000u}) {
        for (std::size_t size = 0; size < packed.size(); size += 1 + size / 8) {
            INFO(size);
            CHECK(fresh_inflate(packed.substr(0, size), plenty, step) == "broken");
        }
        CHECK(fresh_inflate("\xFF"s, plenty, step) == "broken");                 // no type of block
        CHECK(fresh_inflate("\xf2\x00\x11\x00\x00"s, plenty, step) == "broken"); // refers to what was never sent
        CHECK(fresh_inflate("\x00\x05\x00\xfa\xfeHello\x00"s, plenty, step) == "broken");
        CHECK(fresh_inflate("\xf3\x48\xcd\xc9\xc9\x07\x00\x00\x00"s, plenty, step) == "broken");
        CHECK(fresh_inflate("\xf3\x48\xcd\xc9\xc9\x07\x00"s, plenty, step) == "broken"); // no room for the tail
        CHECK(fresh_inflate("Hello", plenty, step) == "broken");
    }
}

TEST_CASE("deflate goes on behind the last block of a stream", "[deflate]") {
    test::random_text random{2};
    std::string const message = random.of_size(3000, 30);
    for (std::size_t const cut : {1u, 1000u, 3000u})
        for (bool const final_block : {false, true})
            for (std::size_t const step : {1u, 5u, 100000u}) {
                test::deflate_peer peer{15, true, 15, true};
                auto const server = agree(permessage_deflate{options()});
                for (int i = 0; i != 3; ++i)
                    CHECK(inflate(*server.codec, peer.compress(message, cut, final_block), plenty, step) == message);
            }
    // many streams in one message cost no more than their bytes
    std::string many;
    for (int i = 0; i != 50000; ++i) many += "\x03\x00"s;
    CHECK(fresh_inflate("\xf3\x48\xcd\xc9\xc9\x07\x00"s + many + "\xf2\x00\x11\x00\x00"s) == "HelloHello");
    // and the tail itself may be the last one
    auto const server = agree(permessage_deflate{options()});
    for (int i = 0; i != 2; ++i) CHECK(inflate(*server.codec, "\xf3\x48\xcd\xc9\xc9\x07\x00\x01"s) == "Hello");
}

TEST_CASE("deflate stops at the limit", "[deflate]") {
    test::random_text random{3};
    for (std::size_t const size : {1u, 2u, 300u, 16384u, 16385u, 40000u})
        for (std::size_t const words : {0u, 1u, 100u}) {
            std::string const message = random.of_size(size, words);
            test::deflate_peer peer{15, false, 15, true};
            for (std::string const& packed :
                 {peer.compress(message), peer.compress(message, size / 2), peer.compress(message, size / 2, true)})
                for (std::size_t const step : {3u, 100000u}) {
                    CHECK(fresh_inflate(packed, size, step) == message);
                    CHECK(fresh_inflate(packed, size - 1, step) == "too large");
                    CHECK(fresh_inflate(packed, size / 2, step) == "too large");
                    CHECK(fresh_inflate(packed, 0, step) == "too large");
                }
        }
    CHECK(fresh_inflate("\x00"s, 0).empty());

    // what is there already counts, and is left alone
    std::string out = "12345";
    CHECK(agree(permessage_deflate{options()}).codec->inflate("\xf2\x48\xcd\xc9\xc9\x07\x00"s, true, out, 10) ==
          status::ok);
    CHECK(out == "12345Hello");
    for (std::size_t const limit : {9u, 5u, 4u, 0u}) {
        out = "12345";
        CHECK(agree(permessage_deflate{options()}).codec->inflate("\xf2\x48\xcd\xc9\xc9\x07\x00"s, true, out, limit) ==
              status::too_large);
        CHECK(out == std::string_view{"12345Hello"}.substr(0, std::max<std::size_t>(limit, 5)));
    }
}

TEST_CASE("deflate sets little aside for a bomb", "[deflate]") {
    test::deflate_peer peer{15, true, 15, true};
    std::string const bomb = peer.compress(std::string(64 * 1024 * 1024, '\0'));
    REQUIRE(bomb.size() < 80000);
    for (std::size_t const step : {100u, 100000u})
        for (std::size_t const limit : {0u, 1000u, 131072u, 200000u}) {
            auto const server = agree(permessage_deflate{options()});
            std::string out;
            std::size_t taken = 0;
            status result = status::ok;
            for (std::string_view rest = bomb; result == status::ok && !rest.empty();
                 rest.remove_prefix(std::min(step, rest.size()))) {
                taken += std::min(step, rest.size());
                result = server.codec->inflate(rest.substr(0, step), false, out, limit);
            }
            CHECK(result == status::too_large);
            CHECK(out == std::string(limit, '\0'));
            CHECK(out.capacity() <= 2 * limit + std::string{}.capacity());
            CHECK(taken <= limit / 1000 + 2 * step); // a thousandth is the most that deflate can make of something
        }
}

TEST_CASE("deflate leaves alone what does not pay", "[deflate]") {
    deflate_options chosen = options(false);
    chosen.min_size = 100;
    std::string const short_one(99, 'a'), long_one(100, 'a');
    std::string const noise = test::random_text{4}.of_size(50000, 0);
    auto const forgetting = agree(permessage_deflate{chosen});
    CHECK(deflate(*forgetting.codec, "") == "as it is");
    CHECK(deflate(*forgetting.codec, short_one) == "as it is");
    CHECK(deflate(*forgetting.codec, noise) == "as it is");
    CHECK(fresh_inflate(deflate(*forgetting.codec, long_one)) == long_one);

    // with context takeover noise is sent compressed: what comes next may refer to it
    auto const keeping = agree(permessage_deflate{options()});
    test::deflate_peer peer{15, true, 15, true};
    CHECK(deflate(*keeping.codec, "") == "as it is");
    std::string const packed = deflate(*keeping.codec, noise);
    CHECK(packed.size() < noise.size() + 64);
    CHECK(peer.inflate(packed) == noise);
    std::string const again = deflate(*keeping.codec, noise.substr(40000));
    CHECK(again.size() < 200);
    CHECK(peer.inflate(again) == noise.substr(40000));
}

TEST_CASE("deflate and a peer understand each other with all parameters", "[deflate]") {
    constexpr std::array<std::size_t, 7> sizes{0, 1, 60, 1000, 3000, 20000, 500};
    test::random_text random{5};
    for (int const flags : {0, 1, 2, 3})
        for (int server_bits = 9; server_bits != 16; ++server_bits)
            for (int client_bits = 8; client_bits != 16; ++client_bits) {
                bool const server_keeps = (flags & 1) != 0, client_keeps = (flags & 2) != 0;
                deflate_options chosen = options();
                chosen.parameters = {server_keeps, client_keeps, server_bits, client_bits};
                chosen.level = 1 + (server_bits + client_bits) % 9;
                chosen.memory_level = 1 + (server_bits * client_bits) % 9;
                auto const server = agree(permessage_deflate{chosen}, "permessage-deflate; client_max_window_bits");
                INFO(server.answer);
                test::deflate_peer client{client_bits, client_keeps, server_bits, server_keeps};
                std::string const base = random.of_size(2000, 40);
                for (std::size_t const size : sizes) {
                    std::string const message = base.substr(0, size) + random.of_size(size, size == 3000 ? 0 : 90);
                    std::string packed;
                    if (server.codec->deflate(message, packed)) CHECK(client.inflate(packed) == message);
                    packed = client.compress(message, random.below(message.size() + 1), random.below(2) == 0);
                    CHECK(inflate(*server.codec, packed, message.size(), 1 + random.below(3000)) == message);
                }
            }
}

TEST_CASE("deflate takes over what it was allowed to, and nothing else", "[deflate]") {
    std::string const message = test::random_text{6}.of_size(3000, 1000000);
    for (std::string_view const offer : {"permessage-deflate", "permessage-deflate; server_no_context_takeover"})
        for (bool const allowed : {false, true}) {
            auto const server = agree(permessage_deflate{options(allowed)}, offer);
            std::size_t const first = deflate(*server.codec, message).size();
            std::size_t const second = deflate(*server.codec, message).size();
            bool const takes_over = allowed && offer == "permessage-deflate";
            CHECK((takes_over ? second < 100 : second == first));
        }
}

TEST_CASE("deflate keeps to the window of each connection, also with streams that others have used", "[deflate]") {
    permessage_deflate const compression{options(false)};
    std::string const half = test::random_text{8}.of_size(3000, 1000000);
    for (int const bits : {15, 9, 12, 9, 15}) {
        auto const server = agree(compression, "permessage-deflate; server_max_window_bits=" + std::to_string(bits));
        test::deflate_peer client{15, false, bits, false};
        std::string packed;
        CHECK(server.codec->deflate(half + half, packed));
        CHECK((client.inflate(packed) == half + half));
    }
}

TEST_CASE("deflate compresses on several threads at once", "[deflate]") {
    permessage_deflate const compression{options(false)};
    auto const run = [&](std::uint64_t seed, bool& good) {
        test::random_text random{seed};
        test::deflate_peer client{15, false, 15, false};
        for (int i = 0; i != 200 && good; ++i) {
            header_view const header{"Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=15"};
            auto const agreed = compression.negotiate({&header, 1});
            std::string const message = random.of_size(200 + random.below(5000), 20);
            std::string packed;
            good = agreed->codec->deflate(message, packed) && client.inflate(packed) == message;
        }
    };
    std::array<bool, 3> good{true, true, true};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i != good.size(); ++i) threads.emplace_back([&, i] { run(i + 1, good[i]); });
    for (std::thread& thread : threads) thread.join();
    CHECK(good == std::array<bool, 3>{true, true, true});
}

TEST_CASE("deflate puts options out of range right", "[deflate]") {
    std::string const message = test::random_text{7}.of_size(3000, 30);
    for (int const value : {-1000, -1, 0, 10, 1000}) {
        deflate_options chosen = options();
        chosen.level = chosen.memory_level = chosen.parameters.server_max_window_bits = value;
        auto const server = agree(permessage_deflate{chosen});
        CHECK(fresh_inflate(deflate(*server.codec, message)) == message);
    }
}

TEST_CASE("deflate has codecs that outlive it, and none for strangers", "[deflate]") {
    auto const server = agree(permessage_deflate{options(false)}); // a temporary
    std::string const message = test::random_text{8}.of_size(3000, 30);
    CHECK(fresh_inflate(deflate(*server.codec, message)) == message);

    header_view const header{"Sec-WebSocket-Extensions", "x-webkit-deflate-frame"};
    CHECK_FALSE(permessage_deflate{}.negotiate({&header, 1}).has_value());
    CHECK_FALSE(permessage_deflate{}.negotiate({}).has_value());
}

}
