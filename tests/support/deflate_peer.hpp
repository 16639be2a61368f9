// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_DEFLATE_PEER_HPP
#define BACKCHANNEL_TESTS_SUPPORT_DEFLATE_PEER_HPP

#include <backchannel/gateway/deflate.hpp>

#include "support/catch.hpp"
#include "support/random.hpp"

#include <zlib.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

/// A codec as the gateway gets one: from an offer.
struct agreed_codec {
    std::string answer;
    std::unique_ptr<backchannel::message_codec> codec;
};

[[nodiscard]] inline agreed_codec agree(backchannel::permessage_deflate const& compression,
                                        std::string_view offer = "permessage-deflate") {
    backchannel::header_view const header{"Sec-WebSocket-Extensions", offer};
    auto agreed = compression.negotiate({&header, 1});
    REQUIRE(agreed.has_value());
    REQUIRE(agreed->codec != nullptr);
    return {std::move(agreed->answer), std::move(agreed->codec)};
}

/// The other end of a connection, on zlib but without the library. Windows are given in bits.
class deflate_peer {
public:
    deflate_peer(int own_bits, bool own_takeover, int server_bits, bool server_takeover)
        : own_takeover_{own_takeover}, server_takeover_{server_takeover} {
        // zlib cannot compress with less
        REQUIRE(deflateInit2(&out_, 9, Z_DEFLATED, own_bits < 9 ? -9 : -own_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
        REQUIRE(inflateInit2(&in_, -server_bits) == Z_OK);
    }
    ~deflate_peer() {
        deflateEnd(&out_);
        inflateEnd(&in_);
    }
    deflate_peer(deflate_peer const&) = delete;
    deflate_peer& operator=(deflate_peer const&) = delete;

    /// A compressed message; `cut` bytes of it are flushed into a block of their own, which is the last of its stream
    /// if `final_block` is set.
    [[nodiscard]] std::string compress(std::string_view message, std::size_t cut = 0, bool final_block = false) {
        std::string packed;
        if (cut != 0) {
            deflate_all(message.substr(0, cut), final_block ? Z_FINISH : Z_FULL_FLUSH, packed);
            message.remove_prefix(cut);
            if (final_block) deflateReset(&out_);
        }
        if (message.empty()) return packed + std::string(1, '\0');
        deflate_all(message, Z_SYNC_FLUSH, packed);
        if (!own_takeover_) deflateReset(&out_);
        return packed.substr(0, packed.size() - 4);
    }

    /// What a compressed message stands for; `nothing` if it is none.
    [[nodiscard]] std::string inflate(std::string packed) {
        packed.append("\0\0\xFF\xFF", 4);
        std::string message;
        std::vector<char> buffer(1000);
        in_.next_in = reinterpret_cast<Bytef*>(packed.data());
        in_.avail_in = static_cast<uInt>(packed.size());
        do {
            in_.next_out = reinterpret_cast<Bytef*>(buffer.data());
            in_.avail_out = static_cast<uInt>(buffer.size());
            int const code = ::inflate(&in_, Z_SYNC_FLUSH);
            if (code != Z_OK && code != Z_BUF_ERROR) return "nothing";
            message.append(buffer.data(), buffer.size() - in_.avail_out);
        } while (in_.avail_out == 0);
        if (!server_takeover_) inflateReset(&in_);
        return in_.avail_in == 0 ? message : "nothing";
    }

private:
    void deflate_all(std::string_view bytes, int flush, std::string& packed) {
        std::vector<Bytef> input(bytes.begin(), bytes.end());
        std::vector<char> buffer(bytes.size() * 2 + 1000);
        out_.next_in = input.data();
        out_.avail_in = static_cast<uInt>(input.size());
        out_.next_out = reinterpret_cast<Bytef*>(buffer.data());
        out_.avail_out = static_cast<uInt>(buffer.size());
        ::deflate(&out_, flush);
        REQUIRE(out_.avail_in == 0);
        REQUIRE(out_.avail_out != 0);
        packed.append(buffer.data(), buffer.size() - out_.avail_out);
    }

    z_stream out_{};
    z_stream in_{};
    bool own_takeover_, server_takeover_;
};

/// Random texts, the same ones in every run.
class random_text : public random_source {
public:
    using random_source::random_source;

    /// Of few different words if `words` is small; incompressible if it is 0.
    [[nodiscard]] std::string of_size(std::size_t size, std::size_t words) {
        std::string out;
        while (out.size() < size)
            out += words == 0 ? std::string(1, static_cast<char>(below(256)))
                              : "word " + std::to_string(below(words) * 104729) + ", ";
        return out.substr(0, size);
    }
};

}

#endif
