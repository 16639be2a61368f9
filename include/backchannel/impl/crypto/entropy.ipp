// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_CRYPTO_ENTROPY_IPP
#define BACKCHANNEL_IMPL_CRYPTO_ENTROPY_IPP

#include <backchannel/crypto/entropy.hpp>

#if defined(_WIN32)
extern "C" __declspec(dllimport) unsigned char __stdcall SystemFunction036(void* buffer, unsigned long size);
#elif defined(__linux__)
#include <cerrno>
#include <sys/random.h>
#else
#include <unistd.h>
#if defined(__APPLE__)
#include <sys/random.h>
#endif
#endif

namespace backchannel::inline BACKCHANNEL_ABI::crypto {

BACKCHANNEL_DECL bool fill_random(void* buffer, std::size_t size) noexcept {
    auto* bytes = static_cast<unsigned char*>(buffer);
    while (size != 0) {
        std::size_t const piece = size < 256 ? size : 256; // what every source gives in one uninterrupted piece
#if defined(_WIN32)
        if (SystemFunction036(bytes, static_cast<unsigned long>(piece)) == 0) return false;
#elif defined(__linux__)
        ssize_t const got = ::getrandom(bytes, piece, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got != static_cast<ssize_t>(piece)) return false;
#else
        if (::getentropy(bytes, piece) != 0) return false;
#endif
        bytes += piece;
        size -= piece;
    }
    return true;
}

}

#endif
