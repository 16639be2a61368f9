// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_CRYPTO_SHA256_NI_IPP
#define BACKCHANNEL_IMPL_CRYPTO_SHA256_NI_IPP

// SHA-256 blocks by the SHA extensions of x86-64 (Intel SDM, volume 2, SHA256RNDS2, SHA256MSG1 and SHA256MSG2). Written
// with the compilers' builtins: the header of intrinsics would cost every user's translation unit a multiple of this
// library's compile time.

#include <backchannel/config.hpp>

#include <cstddef>
#include <cstdint>

#if defined(__x86_64__) && defined(__SSE2__) && (defined(__GNUC__) || defined(__clang__))

#include <backchannel/impl/crypto/sha256_constants.ipp>

#include <cpuid.h>
#include <cstring>

namespace backchannel::inline BACKCHANNEL_ABI::crypto::detail_sha256 {

inline constexpr bool has_sha_ni_code = true;

[[nodiscard]] inline bool cpu_has_sha_ni() noexcept {
    constexpr unsigned ssse3 = 1U << 9;   // leaf 1, ecx
    constexpr unsigned sse4_1 = 1U << 19; // leaf 1, ecx
    constexpr unsigned sha = 1U << 29;    // leaf 7, ebx
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & ssse3) == 0 || (c & sse4_1) == 0) return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & sha) != 0;
}

using four_words = std::uint32_t __attribute__((vector_size(16)));
using four_ints = int __attribute__((vector_size(16))); // what the builtins take
using sixteen_bytes = unsigned char __attribute__((vector_size(16)));

[[gnu::target("sha,ssse3,sse4.1"), gnu::always_inline]] inline four_words load_words(void const* from) noexcept {
    four_words words;
    std::memcpy(&words, from, sizeof(words));
    return words;
}

[[gnu::target("sha,ssse3,sse4.1"), gnu::always_inline]] inline four_words
load_message(std::uint8_t const* from) noexcept {
    auto const bytes = reinterpret_cast<sixteen_bytes>(load_words(from));
    return reinterpret_cast<four_words>(
        __builtin_shufflevector(bytes, bytes, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
}

// Two rounds per instruction; it returns the new a, b, e, f while the old ones become the new c, d, g, h. That is why
// the two halves change places from call to call and nothing is moved.
[[gnu::target("sha,ssse3,sse4.1"), gnu::always_inline]] inline void
four_rounds(four_words& abef, four_words& cdgh, four_words message, std::uint32_t const* constants) noexcept {
    four_words const sum = message + load_words(constants);
    four_words const upper = __builtin_shufflevector(sum, sum, 2, 3, 2, 3);
    cdgh = reinterpret_cast<four_words>(__builtin_ia32_sha256rnds2(
        reinterpret_cast<four_ints>(cdgh), reinterpret_cast<four_ints>(abef), reinterpret_cast<four_ints>(sum)));
    abef = reinterpret_cast<four_words>(__builtin_ia32_sha256rnds2(
        reinterpret_cast<four_ints>(abef), reinterpret_cast<four_ints>(cdgh), reinterpret_cast<four_ints>(upper)));
}

// The four words of the message schedule that follow the given sixteen.
[[gnu::target("sha,ssse3,sse4.1"), gnu::always_inline]] inline four_words
next_words(four_words w0, four_words w1, four_words w2, four_words w3) noexcept {
    auto const partial = reinterpret_cast<four_words>(
        __builtin_ia32_sha256msg1(reinterpret_cast<four_ints>(w0), reinterpret_cast<four_ints>(w1)));
    four_words const sum = partial + __builtin_shufflevector(w2, w3, 1, 2, 3, 4);
    return reinterpret_cast<four_words>(
        __builtin_ia32_sha256msg2(reinterpret_cast<four_ints>(sum), reinterpret_cast<four_ints>(w3)));
}

// Everything lives in registers: two for the state, two for its copy, four for the latest words of the schedule.
[[gnu::target("sha,ssse3,sse4.1")]] inline void compress_sha_ni(std::uint32_t* state, std::uint8_t const* blocks,
                                                                std::size_t count) noexcept {
    four_words const abcd = load_words(state);
    four_words const efgh = load_words(state + 4);
    four_words abef = __builtin_shufflevector(abcd, efgh, 5, 4, 1, 0);
    four_words cdgh = __builtin_shufflevector(abcd, efgh, 7, 6, 3, 2);
    for (; count != 0; --count, blocks += 64) {
        four_words const abef_before = abef;
        four_words const cdgh_before = cdgh;
        four_words w0 = load_message(blocks);
        four_words w1 = load_message(blocks + 16);
        four_words w2 = load_message(blocks + 32);
        four_words w3 = load_message(blocks + 48);
        std::uint32_t const* constants = round_constants;
        for (; constants != round_constants + 48; constants += 16) {
            four_rounds(abef, cdgh, w0, constants);
            w0 = next_words(w0, w1, w2, w3);
            four_rounds(abef, cdgh, w1, constants + 4);
            w1 = next_words(w1, w2, w3, w0);
            four_rounds(abef, cdgh, w2, constants + 8);
            w2 = next_words(w2, w3, w0, w1);
            four_rounds(abef, cdgh, w3, constants + 12);
            w3 = next_words(w3, w0, w1, w2);
        }
        four_rounds(abef, cdgh, w0, constants);
        four_rounds(abef, cdgh, w1, constants + 4);
        four_rounds(abef, cdgh, w2, constants + 8);
        four_rounds(abef, cdgh, w3, constants + 12);
        abef += abef_before;
        cdgh += cdgh_before;
    }
    four_words const abcd_after = __builtin_shufflevector(abef, cdgh, 3, 2, 7, 6);
    four_words const efgh_after = __builtin_shufflevector(abef, cdgh, 1, 0, 5, 4);
    std::memcpy(state, &abcd_after, sizeof(abcd_after));
    std::memcpy(state + 4, &efgh_after, sizeof(efgh_after));
}

}

#else

namespace backchannel::inline BACKCHANNEL_ABI::crypto::detail_sha256 {

inline constexpr bool has_sha_ni_code = false;

[[nodiscard]] inline bool cpu_has_sha_ni() noexcept { return false; }

// Never called, because the engine is never available.
inline void compress_sha_ni(std::uint32_t*, std::uint8_t const*, std::size_t) noexcept {}

}

#endif

#endif
