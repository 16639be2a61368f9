// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_CRYPTO_HMAC_IPP
#define BACKCHANNEL_IMPL_CRYPTO_HMAC_IPP

#include <backchannel/crypto/hmac.hpp>

#include <backchannel/impl/crypto/hmac_pads.ipp>

namespace backchannel::inline BACKCHANNEL_ABI::crypto {

BACKCHANNEL_DECL hmac_sha256::hmac_sha256(std::string_view key) noexcept {
    detail_hmac::absorb_key(key, inner_, outer_);
}

BACKCHANNEL_DECL sha256_digest hmac_sha256::finish() noexcept { return detail_hmac::finish(inner_, outer_); }

}

#endif
