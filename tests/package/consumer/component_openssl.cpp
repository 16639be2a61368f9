// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/backchannel.hpp>
#include <backchannel/crypto/sha256.hpp>

#include <openssl/evp.h>

#include <cstring>

int main() {
    unsigned char digest[32] = {};
    unsigned size = sizeof digest;
    if (EVP_Digest("abc", 3, digest, &size, EVP_sha256(), nullptr) != 1) return 1;
    return std::memcmp(digest, backchannel::crypto::sha256::digest("abc").data(), sizeof digest) == 0 ? 0 : 1;
}
