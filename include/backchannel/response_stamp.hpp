// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_RESPONSE_STAMP_HPP
#define BACKCHANNEL_RESPONSE_STAMP_HPP

#include <backchannel/connection.hpp>
#include <backchannel/crypto/siphash.hpp>
#include <backchannel/http.hpp>
#include <backchannel/protocol/hex.hpp>
#include <backchannel/protocol/timestamp.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Puts `Date` and a request id on a response: SDKs set their clock by the one and show the other.
///
/// Request ids are version 4 UUIDs (RFC 9562 5.4) from a counter under a random key. Thread-safe.
class response_stamp {
public:
    response_stamp() noexcept {
        // without random bytes the ids are still distinct; nothing secret hangs on them
        (void)first_.seed();
        (void)second_.seed();
    }

    void apply(response& r, wall_time now, std::string_view id_header) {
        auto const date = protocol::format_http_date(now);
        r.headers.add("Date", {date.data(), date.size()});
        auto const id = next_id();
        r.headers.add(id_header, {id.data(), id.size()});
    }

    [[nodiscard]] std::array<char, 36> next_id() noexcept {
        std::uint64_t const number = counter_.fetch_add(1, std::memory_order_relaxed);
        std::array<std::uint8_t, 16> bytes;
        std::uint64_t high = first_(number), low = second_(number);
        for (std::size_t i = 0; i != 8; ++i, high >>= 8, low >>= 8) {
            bytes[i] = static_cast<std::uint8_t>(high);
            bytes[8 + i] = static_cast<std::uint8_t>(low);
        }
        bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x40);
        bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
        std::array<char, 36> text;
        char* out = text.data();
        std::span<std::uint8_t const> rest{bytes};
        for (std::size_t const group : {std::size_t{4}, std::size_t{2}, std::size_t{2}, std::size_t{2}, std::size_t{6}}) {
            protocol::hex_encode(rest.first(group), out);
            out += 2 * group;
            rest = rest.subspan(group);
            if (!rest.empty()) *out++ = '-';
        }
        return text;
    }

private:
    crypto::siphash_word first_, second_;
    std::atomic<std::uint64_t> counter_{0};
};

}

#endif
