// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_HUB_ID_SOURCE_IPP
#define BACKCHANNEL_IMPL_HUB_ID_SOURCE_IPP

#include <backchannel/crypto/entropy.hpp>
#include <backchannel/hub/id_source.hpp>

namespace backchannel::inline BACKCHANNEL_ABI {

BACKCHANNEL_DECL std::optional<connection_id> id_source::make(std::uint32_t slot) const noexcept {
    std::array<std::uint8_t, 12> random;
    do {
        if (!crypto::fill_random(random.data(), random.size())) return std::nullopt;
    } while (alphabet[random[0] & 63] == '-'); // command lines would take such an id for an option
    std::array<char, connection_id::size> text;
    for (std::size_t i = 0; i != 12; ++i) text[i] = alphabet[random[i] & 63];
    std::uint64_t first;
    std::memcpy(&first, text.data(), sizeof first);
    std::uint32_t const masked = slot ^ mask_of(first);
    for (std::size_t i = 0; i != 4; ++i) text[12 + i] = alphabet[masked >> (18 - 6 * i) & 63];
    return connection_id::from_text({text.data(), text.size()});
}

}

#endif
