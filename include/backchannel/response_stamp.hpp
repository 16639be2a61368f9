// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_RESPONSE_STAMP_HPP
#define BACKCHANNEL_RESPONSE_STAMP_HPP

#include <backchannel/connection.hpp>
#include <backchannel/crypto/entropy.hpp>
#include <backchannel/crypto/siphash.hpp>
#include <backchannel/http.hpp>
#include <backchannel/protocol/hex.hpp>
#include <backchannel/protocol/timestamp.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Puts `Date` and a request id on a response: SDKs set their clock by the one and show the other.
///
/// Request ids are version 4 UUIDs (RFC 9562 5.4) from a counter and random keys. Thread-safe.
class response_stamp {
public:
    response_stamp() noexcept {
        // without random bytes the ids are still distinct; nothing secret hangs on them
        (void)high_.seed();
        (void)crypto::fill_random(&low_, sizeof low_);
    }

    void apply(response& r, wall_time now, std::string_view id_header) {
        r.headers.add_line(date_line(now));
        auto const id = next_id();
        r.headers.add_checked(id_header, {id.data(), id.size()});
    }

    [[nodiscard]] std::array<char, 36> next_id() noexcept {
        std::uint64_t const number = counter_.fetch_add(1, std::memory_order_relaxed);
        std::uint64_t const words[2] = {high_(number), mixed(number + low_)};
        std::array<std::uint8_t, sizeof words> bytes;
        std::memcpy(bytes.data(), words, sizeof words);
        bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x40);
        bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
        std::array<char, 32> digits;
        protocol::hex_encode(bytes, digits.data());
        std::array<char, 36> text;
        text.fill('-');
        std::string_view const all{digits.data(), digits.size()};
        all.copy(text.data(), 8);
        all.copy(text.data() + 9, 4, 8);
        all.copy(text.data() + 14, 4, 12);
        all.copy(text.data() + 19, 4, 16);
        all.copy(text.data() + 24, 12, 20);
        return text;
    }

private:
    /// Each thread keeps the line of the second that it had last.
    [[nodiscard]] static std::string_view date_line(protocol::timestamp now) noexcept {
        constexpr std::size_t begin = 6, size = begin + 29 + 2;
        thread_local auto last = std::chrono::sys_seconds::min(); // no timestamp is in it
        thread_local char line[size + 1] = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n";
        auto const second = std::chrono::floor<std::chrono::seconds>(now);
        if (std::exchange(last, second) != second)
            protocol::text_of(protocol::format_http_date(now)).copy(line + begin, size - begin);
        return {line, size};
    }

    /// One to one, so the last halves of two ids differ, but for the two bits that the variant takes (the finaliser of
    /// SplitMix64).
    [[nodiscard]] static constexpr std::uint64_t mixed(std::uint64_t word) noexcept {
        word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u;
        word = (word ^ word >> 27) * 0x94d049bb133111ebu;
        return word ^ word >> 31;
    }

    crypto::siphash_word high_;
    std::uint64_t low_ = 0;
    std::atomic<std::uint64_t> counter_{0};
};

}

#endif
