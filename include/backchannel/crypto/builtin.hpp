// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_CRYPTO_BUILTIN_HPP
#define BACKCHANNEL_CRYPTO_BUILTIN_HPP

#include <backchannel/config.hpp>
#include <backchannel/crypto/hmac.hpp>
#include <backchannel/crypto/sha256.hpp>

namespace backchannel::inline BACKCHANNEL_ABI::crypto {

/// The crypto provider of this library, and the default wherever one is chosen: no dependency, no allocation.
///
/// A provider is a type with the members `sha256` and `hmac_sha256`, classes that behave like the two named here.
struct builtin {
    using sha256 = crypto::sha256;
    using hmac_sha256 = crypto::hmac_sha256;
};

}

#endif
