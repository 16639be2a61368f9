// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_SIGNING_KEY_CACHE_HPP
#define BACKCHANNEL_AUTH_SIGNING_KEY_CACHE_HPP

#include <backchannel/auth/access_keys.hpp>
#include <backchannel/crypto/constant_time.hpp>
#include <backchannel/protocol/sigv4_canonical.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Signing keys of known access keys, as prepared HMAC states.
///
/// Holds at most 64 entries; one that shares its place with a newer one is forgotten. The secret is part of what must
/// be equal, so a key whose secret was changed is derived anew. Only what a right signature was made with is to be
/// kept: strangers choose scopes as they like. Thread-safe if `Mutex` locks.
template <class Hmac, class Mutex>
class signing_key_cache {
public:
    static constexpr std::size_t capacity = 64;

    [[nodiscard]] std::optional<Hmac> find(access_key const& key, protocol::sigv4_scope const& scope) {
        entry const& place = entries_[place_of(key.id, scope)];
        std::lock_guard const lock{mutex_};
        bool const same = place.key && place.id == key.id && place.scope == scope.text &&
                          crypto::constant_time_equal(place.secret, key.secret);
        return same ? place.key : std::nullopt;
    }

    void keep(access_key const& key, protocol::sigv4_scope const& scope, Hmac const& signing_key) {
        entry& place = entries_[place_of(key.id, scope)];
        std::lock_guard const lock{mutex_};
        place.id = key.id;
        place.scope = scope.text;
        place.secret = key.secret;
        place.key = signing_key;
    }

private:
    struct entry {
        std::string id, scope, secret;
        std::optional<Hmac> key;
    };

    [[nodiscard]] static std::size_t place_of(std::string_view id, protocol::sigv4_scope const& scope) noexcept {
        // by the ends of the texts; only who has a key can choose to collide
        std::uint64_t sum = 0;
        for (std::string_view const text : {id, scope.date, scope.region}) {
            std::uint64_t end = 0;
            if (std::size_t const n = std::min<std::size_t>(text.size(), 8); n != 0)
                std::memcpy(&end, text.data() + text.size() - n, n);
            sum = (sum ^ end) * 0x9e3779b97f4a7c15u;
        }
        return static_cast<std::size_t>(sum >> 32) % capacity;
    }

    std::array<entry, capacity> entries_;
    Mutex mutex_{};
};

}

#endif
