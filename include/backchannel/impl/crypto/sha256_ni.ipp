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

// One message on its way through the rounds: two registers for the state, two for its copy, four for the latest words
// of the schedule.
struct sha_ni_lane {
    four_words abef, cdgh, abef_before, cdgh_before, w0, w1, w2, w3;
};

[[gnu::target("sha,ssse3,sse4.1"), gnu::always_inline]] inline void load_state(sha_ni_lane& l,
                                                                               std::uint32_t const* state) noexcept {
    four_words const abcd = load_words(state);
    four_words const efgh = load_words(state + 4);
    l.abef = __builtin_shufflevector(abcd, efgh, 5, 4, 1, 0);
    l.cdgh = __builtin_shufflevector(abcd, efgh, 7, 6, 3, 2);
}

[[gnu::target("sha,ssse3,sse4.1"), gnu::always_inline]] inline void store_state(sha_ni_lane const& l,
                                                                                std::uint32_t* state) noexcept {
    four_words const abcd = __builtin_shufflevector(l.abef, l.cdgh, 3, 2, 7, 6);
    four_words const efgh = __builtin_shufflevector(l.abef, l.cdgh, 1, 0, 5, 4);
    std::memcpy(state, &abcd, sizeof(abcd));
    std::memcpy(state + 4, &efgh, sizeof(efgh));
}

[[gnu::target("sha,ssse3,sse4.1"), gnu::always_inline]] inline void load_block(sha_ni_lane& l,
                                                                               std::uint8_t const* block) noexcept {
    l.abef_before = l.abef;
    l.cdgh_before = l.cdgh;
    l.w0 = load_message(block);
    l.w1 = load_message(block + 16);
    l.w2 = load_message(block + 32);
    l.w3 = load_message(block + 48);
}

[[gnu::target("sha,ssse3,sse4.1"), gnu::always_inline]] inline void end_block(sha_ni_lane& l) noexcept {
    l.abef += l.abef_before;
    l.cdgh += l.cdgh_before;
}

// The rounds of one block of each lane. The instructions of different lanes don't wait for each other.
template <class... Lanes>
[[gnu::target("sha,ssse3,sse4.1"), gnu::always_inline]] inline void all_rounds(Lanes&... l) noexcept {
    std::uint32_t const* constants = round_constants;
    for (; constants != round_constants + 48; constants += 16) {
        (four_rounds(l.abef, l.cdgh, l.w0, constants), ...);
        ((l.w0 = next_words(l.w0, l.w1, l.w2, l.w3)), ...);
        (four_rounds(l.abef, l.cdgh, l.w1, constants + 4), ...);
        ((l.w1 = next_words(l.w1, l.w2, l.w3, l.w0)), ...);
        (four_rounds(l.abef, l.cdgh, l.w2, constants + 8), ...);
        ((l.w2 = next_words(l.w2, l.w3, l.w0, l.w1)), ...);
        (four_rounds(l.abef, l.cdgh, l.w3, constants + 12), ...);
        ((l.w3 = next_words(l.w3, l.w0, l.w1, l.w2)), ...);
    }
    (four_rounds(l.abef, l.cdgh, l.w0, constants), ...);
    (four_rounds(l.abef, l.cdgh, l.w1, constants + 4), ...);
    (four_rounds(l.abef, l.cdgh, l.w2, constants + 8), ...);
    (four_rounds(l.abef, l.cdgh, l.w3, constants + 12), ...);
}

[[gnu::target("sha,ssse3,sse4.1")]] inline void compress_sha_ni(std::uint32_t* state, std::uint8_t const* blocks,
                                                                std::size_t count) noexcept {
    sha_ni_lane l;
    load_state(l, state);
    for (; count != 0; --count, blocks += 64) {
        load_block(l, blocks);
        all_rounds(l);
        end_block(l);
    }
    store_state(l, state);
}

// The rounds of one message leave the processor's units idle while they wait for their own results.
[[gnu::target("sha,ssse3,sse4.1")]] inline void compress_two_sha_ni(std::uint32_t* state_a, std::uint8_t const* a,
                                                                    std::uint32_t* state_b, std::uint8_t const* b,
                                                                    std::size_t count) noexcept {
    sha_ni_lane la;
    sha_ni_lane lb;
    load_state(la, state_a);
    load_state(lb, state_b);
    for (; count != 0; --count, a += 64, b += 64) {
        load_block(la, a);
        load_block(lb, b);
        all_rounds(la, lb);
        end_block(la);
        end_block(lb);
    }
    store_state(la, state_a);
    store_state(lb, state_b);
}

}

#else

namespace backchannel::inline BACKCHANNEL_ABI::crypto::detail_sha256 {

inline constexpr bool has_sha_ni_code = false;

[[nodiscard]] inline bool cpu_has_sha_ni() noexcept { return false; }

// Never called, because the engine is never available.
inline void compress_sha_ni(std::uint32_t*, std::uint8_t const*, std::size_t) noexcept {}
inline void compress_two_sha_ni(std::uint32_t*, std::uint8_t const*, std::uint32_t*, std::uint8_t const*,
                                std::size_t) noexcept {}

}

#endif

#endif
